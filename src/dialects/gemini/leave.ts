import { SluiceError } from '../../errors/index.ts'
import { type ChatRequest, isJsonObject, type JsonObject, type Message } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'
import { isSet, lostFields, partsOf } from '../lost-fields.ts'

/** Fields on which the answer depends and which only the vendor can read. */
const bound: ReadonlyMap<string, string> = new Map([
  ['cachedContent', 'a prompt that the upstream keeps'],
  ['continuationToken', 'an answer that the upstream keeps'],
])

/** Of parts: what is read elsewhere, and what says nothing to a model. */
const silent: ReadonlySet<string> = new Set(['mimeType', 'response', 'partMetadata', 'displayName'])

/** Of functions and formats: the same in the vendor's own kind of schema. */
const silentSchemas: ReadonlySet<string> = new Set(['parameters', 'responseSchema', 'behavior'])

/** A request on its way to an upstream of another dialect. @throws SluiceError `unsupported` */
export function leave(request: ChatRequest): Warning[] {
  const { fields } = request.extra
  for (const [field, what] of bound) {
    if (isSet(fields[field])) refuse(field, `refers to ${what}`, 'send the whole conversation')
  }
  const config = isJsonObject(fields.generationConfig) ? fields.generationConfig : {}
  const tools = isJsonObject(fields.toolConfig) ? fields.toolConfig : {}
  // They are told one by one, below.
  delete fields.generationConfig
  delete fields.toolConfig
  delete fields.store
  const { responseModalities, responseMimeType, ...settings } = config
  const modalities = Array.isArray(responseModalities) ? responseModalities.map(String) : []
  if (modalities.some((one) => one.toUpperCase() !== 'TEXT')) {
    refuse('generationConfig.responseModalities', `asks for ${modalities.join(' and ')}`, 'ask for text')
  }
  if (responseMimeType === 'text/x.enum') {
    refuse('generationConfig.responseMimeType', 'asks for one word of a list', 'ask for application/json and a schema')
  }
  const { functionCallingConfig: _, ...toolSettings } = tools
  return [
    ...lostFields(settings, 'generationConfig', silentSchemas),
    ...lostFields(toolSettings, 'toolConfig', none),
    ...request.messages.flatMap((message, index) => leaveMessage(message, `contents[${index}].parts`)),
    ...request.tools.flatMap((tool, index) =>
      tool.kind === 'hosted' ? [] : lostFields(tool.extra, `tools[${index}]`, silentSchemas),
    ),
  ]
}

const none: ReadonlySet<string> = new Set()

function leaveMessage(message: Message, at: string): Warning[] {
  const lost: Warning[] = []
  if (message.role === 'assistant') {
    // Pictures of an earlier answer, which no other API takes back.
    const kept = message.parts.filter((part) => part.type !== 'hosted' || !isMedia(part.block))
    if (kept.length < message.parts.length) {
      lost.push({ field: `${at}.inlineData`, action: 'dropped', reason: 'other APIs take no media in answers' })
      message.parts = kept
    }
  }
  for (const part of partsOf(message)) {
    if ('extra' in part) lost.push(...lostFields(part.extra, at, silent))
  }
  return lost
}

function isMedia(block: JsonObject): boolean {
  return block.inlineData !== undefined || block.fileData !== undefined
}

function refuse(field: string, found: string, advice: string): never {
  throw new SluiceError(
    'unsupported',
    `cannot send the request to this model: \`${field}\` ${found}, and the provider does not speak the Gemini API; ${advice}`,
    { param: field },
  )
}
