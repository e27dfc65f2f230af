import type { FinishReason } from './finish.ts'
import { isJsonObject } from './json.ts'
import { jsonFault } from './json-fault.ts'
import type { Usage } from './usage.ts'

/**
 * What is wrong with the fields of a token, whatever stands before it. Undefined: nothing, and every encoder can write it.
 * Where blocks lie is for the grammar to say. A delta of text costs a few comparisons.
 *
 * @param deep looks at all that only a dialect knows, too. Not needed where that comes out of a decoder
 */
export function tokenFault(token: unknown, deep = true): string | undefined {
  if (!isJsonObject(token)) return `${shown(token)} is no token`
  const { type } = token
  if (type === 'text-delta' && typeof token.text === 'string' && token.logprobs === undefined) return undefined
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return `there is no token of type ${shown(type)}`
  for (const [field, is] of shapes[type]!) {
    const value = token[field]
    if (is(value, deep)) continue
    const why = typeof value === 'object' && value !== null ? jsonFault(value) : undefined
    return `${type}: \`${field}\` is ${shown(value)}${why ? ` (${why})` : ''}`
  }
  return undefined
}

type Is = (value: unknown, deep: boolean) => boolean
type Shape = ReadonlyArray<readonly [field: string, is: Is]>

const text: Is = (value) => typeof value === 'string'
const maybeText: Is = (value) => value === undefined || typeof value === 'string'
const number: Is = (value) => typeof value === 'number' && Number.isFinite(value)
const maybeNumber: Is = (value, deep) => value === undefined || number(value, deep)
const place: Is = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const maybePlace: Is = (value, deep) => value === undefined || place(value, deep)
const sayable: Is = (value, deep) => !deep || value === undefined || jsonFault(value) === undefined
const object: Is = (value, deep) => isJsonObject(value) && sayable(value, deep)
const maybeObject: Is = (value, deep) => value === undefined || object(value, deep)
const maybeList: Is = (value, deep) => value === undefined || (Array.isArray(value) && sayable(value, deep))
const oneOf = (words: readonly unknown[]): Is => {
  const known = new Set(words)
  return (value) => known.has(value)
}
const line: Is = (value) => value === undefined || (typeof value === 'string' && !/[\r\n]/.test(value))
/** Some events have no data at all. */
const json: Is = (value, deep) => {
  if (typeof value !== 'string') return false
  if (!deep || value === '') return true
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

const reasons: Readonly<Record<FinishReason, true>> = {
  stop: true,
  stop_sequence: true,
  tool_calls: true,
  length: true,
  context_full: true,
  content_filter: true,
  paused: true,
  malformed_call: true,
  unknown: true,
}

const usages: Readonly<Record<keyof Usage, Is>> = {
  input: maybeNumber,
  cacheRead: maybeNumber,
  cacheWrite: maybeNumber,
  cacheWrite5m: maybeNumber,
  cacheWrite1h: maybeNumber,
  output: maybeNumber,
  reasoning: maybeNumber,
  inputAudio: maybeNumber,
  outputAudio: maybeNumber,
  acceptedPrediction: maybeNumber,
  rejectedPrediction: maybeNumber,
  serverTools: maybeObject,
  tier: maybeText,
  cost: maybeObject,
  estimated: oneOf([undefined, true, false]),
}
const usageRows = Object.entries(usages)
const usage: Is = (value, deep) =>
  object(value, deep) && usageRows.every(([field, is]) => is((value as Record<string, unknown>)[field], deep))

const inBlock: Shape = [
  ['choice', place],
  ['index', place],
]
const shapes: Readonly<Record<string, Shape>> = {
  'message-start': [
    ['id', maybeText],
    ['model', maybeText],
    ['created', maybeNumber],
  ],
  // In which block a delta lies is looked up, and only a block with a number can have been opened.
  'text-delta': [
    ['text', text],
    ['logprobs', maybeList],
  ],
  'reasoning-delta': [['text', text]],
  'tool-call-delta': [['arguments', text]],
  'hosted-call-delta': [['arguments', text]],
  'media-delta': [
    ['data', maybeText],
    ['transcript', maybeText],
    ['expiresAt', maybeNumber],
  ],
  'text-start': [...inBlock, ['refusal', oneOf([undefined, true, false])], ['id', maybeText], ['meta', maybeObject]],
  'reasoning-start': [...inBlock, ['id', maybeText], ['meta', maybeObject]],
  'tool-call-start': [
    ...inBlock,
    ['id', text],
    ['name', text],
    ['kind', oneOf(['function', 'custom'])],
    ['meta', maybeObject],
  ],
  'hosted-call-start': [...inBlock, ['dialect', text], ['block', object]],
  'hosted-result': [...inBlock, ['dialect', text], ['block', object]],
  'media-start': [
    ...inBlock,
    ['kind', oneOf(['audio', 'image'])],
    ['id', maybeText],
    ['mediaType', maybeText],
    ['meta', maybeObject],
  ],
  'text-end': [],
  'reasoning-end': [],
  'tool-call-end': [],
  'hosted-call-end': [],
  'media-end': [],
  opaque: [
    ['kind', oneOf(['signature', 'redacted', 'encrypted'])],
    ['value', text],
    ['vendor', maybeText],
    ['family', maybeText],
  ],
  citation: [
    ['dialect', text],
    ['citation', object],
  ],
  metadata: [
    ['dialect', text],
    ['choice', maybePlace],
    ['fields', object],
  ],
  usage: [['usage', usage]],
  finish: [
    ['choice', place],
    ['reason', oneOf(Object.keys(reasons))],
    ['native', maybeText],
    ['stopSequence', maybeText],
    ['details', sayable],
  ],
  // Its data stands in the stream of the client as it is.
  raw: [
    ['dialect', text],
    ['event', line],
    ['data', json],
  ],
  error: [['error', isJsonObject]],
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 50))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return value === undefined ? 'missing' : typeof value === 'function' ? 'a function' : String(value)
}
