import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { decoded } from './decoded.ts'

/** What a path of this API asks for: the model stands in it, and whether a stream is wanted. */
export interface GeminiPath {
  model: string
  operation: 'chat' | 'count'
  stream: boolean
}

/** `path` without its version. */
export function geminiPath(path: string): GeminiPath | undefined {
  const [, model, method] = /^\/(?:models\/)?(.+):(generateContent|streamGenerateContent|countTokens)$/.exec(path) ?? []
  if (model === undefined || method === undefined) return undefined
  const operation = method === 'countTokens' ? 'count' : 'chat'
  return { model: decoded(model), operation, stream: method === 'streamGenerateContent' }
}

/** A request of this API in the words in which others are read: blocks with a type, and the model beside them. */
export function geminiBody(written: JsonObject, { model, stream }: GeminiPath): JsonObject {
  const all = camelled(written) as JsonObject
  const body = isJsonObject(all.generateContentRequest) ? all.generateContentRequest : all
  const { contents, systemInstruction, tools, generationConfig } = body
  const config = isJsonObject(generationConfig) ? generationConfig : {}
  return {
    model,
    stream,
    ...(typeof config.candidateCount === 'number' && { n: config.candidateCount }),
    ...(config.responseLogprobs === true && { logprobs: true }),
    ...(typeof config.logprobs === 'number' && { top_logprobs: config.logprobs }),
    ...(config.stopSequences !== undefined && { stop: config.stopSequences }),
    system: isJsonObject(systemInstruction) ? objects(systemInstruction.parts) : [],
    messages: contents === undefined ? contents : objects(contents).reduce<JsonObject[]>(addTurn, []),
    tools: objects(tools).flatMap((tool) => objects(tool.functionDeclarations).map(declaration)),
  }
}

function declaration({ name, parameters, parametersJsonSchema }: JsonObject): JsonObject {
  return { name, parameters: parametersJsonSchema ?? parameters }
}

/** Every chunk of an answer may stand in the history as a turn of its own. */
function addTurn(turns: JsonObject[], { role, parts }: JsonObject): JsonObject[] {
  const content = objects(parts).flatMap(blockOf)
  const last = turns.at(-1)
  if (role === 'model' && last?.role === 'assistant') last.content = [...(last.content as Json[]), ...content]
  else turns.push({ role: role === 'model' ? 'assistant' : 'user', content })
  return turns
}

function blockOf({ text, thought, inlineData, fileData, functionCall, functionResponse }: JsonObject): JsonObject[] {
  if (typeof text === 'string') return thought === true || text === '' ? [] : [{ type: 'text', text }]
  if (isJsonObject(inlineData)) {
    const source = { type: 'base64', media_type: inlineData.mimeType, data: inlineData.data }
    return [{ type: 'image', source }]
  }
  if (isJsonObject(fileData)) return [{ type: 'image', source: { type: 'url', url: fileData.fileUri } }]
  if (isJsonObject(functionCall)) return [{ type: 'tool_use', name: functionCall.name, input: functionCall.args }]
  if (!isJsonObject(functionResponse)) return []
  return [{ type: 'tool_result', content: resultText(functionResponse.response) }]
}

function resultText(response: Json | undefined): string {
  const only = isJsonObject(response) ? (response.result ?? response.output ?? response.error) : undefined
  return typeof only === 'string' ? only : JSON.stringify(response ?? {})
}

/** What the client wrote in these is its own. */
const apart: ReadonlySet<string> = new Set(['args', 'response', 'parametersJsonSchema', 'responseJsonSchema'])

/** Names may be written in snake_case as well. */
export function camelled(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((one) => camelled(one) ?? null)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([written, one]) => {
      const key = written.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
      return [key, apart.has(key) ? one : camelled(one)]
    }),
  )
}

/** A lone object stands for a list of one. */
export function objects(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isJsonObject)
}
