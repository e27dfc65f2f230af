import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { camelled, objects } from './gemini-ask.ts'
import type { Refusal } from './refusal.ts'

const fields = new Set(
  `model contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent serviceTier store
  labels continuationToken`.split(/\s+/),
)

const configFields = new Set(
  `temperature topP topK candidateCount maxOutputTokens stopSequences seed presencePenalty frequencyPenalty
  responseLogprobs logprobs responseMimeType responseSchema responseJsonSchema responseModalities mediaResolution
  speechConfig imageConfig thinkingConfig enableEnhancedCivicAnswers`.split(/\s+/),
)

const dataFields = new Set(
  `text inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall
  toolResponse`.split(/\s+/),
)

const besideData = new Set('thought thoughtSignature videoMetadata mediaResolution partMetadata'.split(' '))

/** The rules on fields, on parts, and on the order of calls and their results, as the vendor enforces them. */
export function geminiRefusal(asked: JsonObject, operation: 'chat' | 'count'): Refusal | undefined {
  const written = camelled(asked) as JsonObject
  const within = operation === 'count' && isJsonObject(written.generateContentRequest)
  const body = within ? (written.generateContentRequest as JsonObject) : written
  const unknown = Object.keys(body).find((key) => !fields.has(key))
  if (unknown) return invalid(unknown, `Unknown name "${unknown}": Cannot find field.`)
  const config = isJsonObject(body.generationConfig) ? body.generationConfig : {}
  const strange = Object.keys(config).find((key) => !configFields.has(key))
  if (strange) return invalid('generation_config', `Unknown name "${strange}" at 'generation_config'`)
  const thinking = isJsonObject(config.thinkingConfig) ? config.thinkingConfig : {}
  if (thinking.thinkingBudget !== undefined && thinking.thinkingLevel !== undefined) {
    return invalid('thinking_config', 'You can only set only one of thinking budget and thinking level.')
  }
  if (Array.isArray(config.stopSequences) && config.stopSequences.length > 5) {
    return invalid('stop_sequences', 'The number of stop sequences must be at most 5.')
  }
  return toolsRefusal(body) ?? turnsRefusal(objects(body.contents))
}

function toolsRefusal({ tools }: JsonObject): Refusal | undefined {
  const names = objects(tools).flatMap((tool) => objects(tool.functionDeclarations).map(({ name }) => String(name)))
  const bad = names.find((name) => !/^[A-Za-z_][\w.:-]{0,127}$/.test(name))
  if (bad !== undefined) return invalid('tools', `Invalid function name: ${bad}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : invalid('tools', `Duplicate function declaration found: ${twice}`)
}

function turnsRefusal(contents: JsonObject[]): Refusal | undefined {
  let open: JsonObject[] = []
  let before = ''
  for (const [index, { role = 'user', parts }] of contents.entries()) {
    const at = `contents[${index}]`
    if (role !== 'user' && role !== 'model' && role !== 'function') {
      return invalid(at, 'Please use a valid role: user, model.')
    }
    const list = objects(parts)
    if (list.length === 0) return invalid(at, `${at}.parts must not be empty.`)
    const odd = list.find((part) => !isPart(part))
    if (odd) return invalid(at, `${at}.parts: required oneof field 'data' must have one initialized field`)
    const calls = list.map((part) => part.functionCall).filter(isJsonObject)
    const results = list.map((part) => part.functionResponse).filter(isJsonObject)
    if (calls.length > 0 && before !== 'user') {
      return invalid(at, 'Please ensure that function call turn comes immediately after a user turn.')
    }
    if (role !== 'model' && results.length !== open.length) {
      const rule = 'the number of function response parts is equal to the number of function call parts'
      return invalid(at, `Please ensure that ${rule} of the function call turn.`)
    }
    if (results.some((result, i) => result.name !== open[i]?.name || !isJsonObject(result.response))) {
      return invalid(at, 'Please ensure that function responses name the functions that were called.')
    }
    // Every chunk of an answer may stand here as a turn of its own.
    open = role === 'model' ? [...open, ...calls] : []
    before = role === 'model' && calls.length === 0 && before === 'user' ? before : role === 'model' ? 'model' : 'user'
  }
  return open.length > 0 ? invalid('contents', 'Please ensure that every function call has a response.') : undefined
}

/** Exactly one field of data, and nothing that is unknown beside it. */
function isPart(part: JsonObject): boolean {
  const keys = Object.keys(part)
  const data = keys.filter((key) => dataFields.has(key))
  return data.length === 1 && keys.every((key) => dataFields.has(key) || besideData.has(key))
}

function invalid(param: string, message: string): Refusal {
  return { param, message }
}
