import { type ChatRequest, isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { splitInstructions } from '../instructions.ts'
import { encodeConfig } from './encode-config.ts'
import { encodeContents } from './encode-contents.ts'
import { encodeTools } from './encode-tools.ts'
import { Encoding } from './encoding.ts'

/**
 * A request for an upstream of this dialect. The model and the wish for a stream stand in the address. The keys always
 * stand in the same order, so that two turns of one conversation share their beginning to the byte.
 *
 * @throws SluiceError `unsupported` with `param`
 */
export function encodeRequest(
  request: ChatRequest,
  target: Target,
  operation: 'chat' | 'count' = 'chat',
): EncodedRequest {
  const encoding = new Encoding(request, target)
  const config = encodeConfig(encoding)
  const body: JsonObject = {
    ...prompt(encoding),
    ...(config && { generationConfig: config }),
    ...serviceTier(encoding),
  }
  const { verbosity, user, metadata } = request
  encoding.lacks('the Gemini API has no such field', { verbosity, user, metadata })
  const whole = withExtra(encoding, body)
  if (operation === 'chat') return encoding.encoded(whole, {})
  const model = target.model.includes('/') ? target.model : `models/${target.model}`
  return encoding.encoded({ generateContentRequest: { model, ...whole } }, {})
}

function prompt(encoding: Encoding): JsonObject {
  const { instructions, turns } = splitInstructions(encoding.request)
  const system: JsonObject[] = instructions.filter(({ text }) => text !== '').map(({ text }) => ({ text }))
  const tools = encodeTools(encoding)
  let contents = encodeContents(encoding, turns)
  if (contents.length === 0 && system.length > 0) {
    encoding.changed('messages', 'the instructions are sent as a message, since there is no other')
    contents = [{ role: 'user', parts: system.splice(0) }]
  }
  return { ...(system.length > 0 && { systemInstruction: { parts: system } }), ...tools, contents }
}

const tiers: ReadonlySet<string> = new Set(['flex', 'standard', 'priority'])

function serviceTier(encoding: Encoding): JsonObject {
  const { serviceTier: tier } = encoding.request
  if (tier === undefined || tier === 'auto') return {}
  const word = tier === 'default' ? 'standard' : tier
  if (tiers.has(word)) return { serviceTier: word }
  encoding.dropped('service_tier', `the Gemini API knows no tier "${tier}"`)
  return {}
}

/** The fields that no dialect but the client's knows: sent on to the same dialect, reported for any other. */
function withExtra(encoding: Encoding, body: JsonObject): JsonObject {
  const { fields, dialect } = encoding.request.extra
  if (!encoding.own) {
    for (const field of Object.keys(fields)) encoding.dropped(field, `only ${dialect} knows it`)
    return body
  }
  const own = Object.entries(fields).map(([field, value]) => {
    const written = body[field]
    return [field, isJsonObject(written) && isJsonObject(value) ? { ...written, ...value } : value] as const
  })
  return { ...body, ...Object.fromEntries(own) }
}
