import { isJsonObject, type JsonObject } from './json.ts'
import { jsonFault } from './json-fault.ts'
import { type ChatRequest, efforts } from './request.ts'

/**
 * Why something is no request that encoders can write; undefined: it is one. What it has in common with `given`, which is a
 * request, is not looked at again; nor is what is frozen looked at in depth. So it costs about what is new in it.
 */
export function requestFault(request: unknown, given: ChatRequest): string | undefined {
  if (!isJsonObject(request)) return `it is ${kindOf(request)}`
  const before = given as unknown as JsonObject
  for (const [field, rule] of Object.entries(fields)) {
    const value = request[field]
    if (value === before[field]) continue
    const old = before[field]
    const fault = rule(value, field, Array.isArray(old) ? new Set(old) : nothing)
    if (fault) return fault
  }
  return jsonFault(request, { trusted: Object.isFrozen })
}

/** @param old what of a list was there before */
type Rule = (value: unknown, at: string, old: ReadonlySet<unknown>) => string | undefined

const nothing: ReadonlySet<unknown> = new Set()

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function must(ok: boolean, value: unknown, at: string, what: string): string | undefined {
  return ok ? undefined : `\`${at}\` is ${kindOf(value)} and has to be ${what}`
}

const text: Rule = (value, at) => must(typeof value === 'string', value, at, 'a text')
const flag: Rule = (value, at) => must(typeof value === 'boolean', value, at, 'true or false')
const number: Rule = (value, at) => must(typeof value === 'number', value, at, 'a number')
const plain: Rule = (value, at) => must(isJsonObject(value), value, at, 'an object')
const count: Rule = (value, at) => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return undefined
  const found = typeof value === 'number' ? String(value) : kindOf(value)
  return `\`${at}\` is ${found} and has to be a whole number, not below 0`
}

function oneOf(words: readonly string[]): Rule {
  return (value, at) => {
    if (typeof value === 'string' && words.includes(value)) return undefined
    const found = typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : kindOf(value)
    return `\`${at}\` is ${found} and has to be ${words.map((word) => `"${word}"`).join(' or ')}`
  }
}

function maybe(rule: Rule): Rule {
  return (value, at, old) => (value === undefined ? undefined : rule(value, at, old))
}

function listOf(rule: Rule): Rule {
  return (value, at, old) => {
    if (!Array.isArray(value)) return must(false, value, at, 'a list')
    for (let i = 0; i < value.length; i++) {
      if (typeof value[i] === 'object' && old.has(value[i])) continue
      const fault = rule(value[i], `${at}[${i}]`, nothing)
      if (fault) return fault
    }
    return undefined
  }
}

function objectOf(rules: Readonly<Record<string, Rule>>): Rule {
  const rows = Object.entries(rules)
  return (value, at) => {
    if (!isJsonObject(value)) return must(false, value, at, 'an object')
    for (const [field, rule] of rows) {
      const fault = rule(value[field], `${at}.${field}`, nothing)
      if (fault) return fault
    }
    return undefined
  }
}

function textsOf(value: unknown, at: string): string | undefined {
  if (!isJsonObject(value)) return must(false, value, at, 'an object')
  for (const [key, one] of Object.entries(value)) {
    if (one !== undefined && typeof one !== 'string') return text(one, `${at}.${key}`, nothing)
  }
  return undefined
}

/** Objects of several kinds, told apart by one field. */
function byKind(field: string, kinds: Readonly<Record<string, Rule>>): Rule {
  const known = oneOf(Object.keys(kinds))
  return (value, at, old) => {
    if (!isJsonObject(value)) return must(false, value, at, 'an object')
    const kind = value[field]
    return known(kind, `${at}.${field}`, old) ?? kinds[kind as string]!(value, at, old)
  }
}

const sources = {
  base64: objectOf({ mediaType: text, data: text }),
  url: objectOf({ url: text }),
  file: objectOf({ id: text }),
}
const extras = { cache: maybe(plain), extra: maybe(plain) }
const words = objectOf({ text, citations: maybe(listOf(() => undefined)), opaque: maybe(listOf(plain)), ...extras })
const image = objectOf({ source: byKind('kind', sources), detail: maybe(text), ...extras })
const audio = objectOf({ data: text, format: text, ...extras })
const file = objectOf({
  source: byKind('kind', { ...sources, text: objectOf({ text }) }),
  filename: maybe(text),
  title: maybe(text),
  context: maybe(text),
  ...extras,
})
const reasoning = objectOf({ text, opaque: maybe(plain) })
const callKind = oneOf(['function', 'custom'])
const call = objectOf({
  id: text,
  name: text,
  kind: callKind,
  arguments: text,
  opaque: maybe(listOf(plain)),
  ...extras,
})
const hosted = objectOf({ dialect: text, block: plain })
const shownPart = byKind('type', { text: words, image, file, hosted })
const result = objectOf({ id: text, content: listOf(shownPart), isError: maybe(flag), ...extras })

const textParts = listOf(byKind('type', { text: words }))
const named = { name: maybe(text), extra: maybe(plain) }
const message = byKind('role', {
  system: objectOf({ parts: textParts, ...named }),
  user: objectOf({ parts: listOf(byKind('type', { text: words, image, audio, file, hosted })), ...named }),
  assistant: objectOf({
    parts: listOf(byKind('type', { text: words, reasoning, 'tool-call': call, hosted })),
    ...named,
  }),
  tool: objectOf({ parts: listOf(byKind('type', { 'tool-result': result })) }),
})

const offered = { name: text, description: maybe(text), ...extras }
const tool = byKind('kind', {
  function: objectOf({ ...offered, parameters: maybe(plain), strict: maybe(flag) }),
  custom: objectOf({ ...offered, format: maybe(plain) }),
  hosted: objectOf({ dialect: text, name: text, definition: plain }),
})

const always: Rule = () => undefined
const fields: Readonly<Record<keyof ChatRequest, Rule>> = {
  model: text,
  stream: flag,
  system: textParts,
  messages: listOf(message),
  tools: listOf(tool),
  toolChoice: maybe(
    byKind('mode', {
      auto: always,
      required: always,
      none: always,
      one: objectOf({ name: text, kind: maybe(callKind) }),
      subset: objectOf({ names: listOf(text), required: flag }),
    }),
  ),
  parallelToolCalls: maybe(flag),
  maxOutput: maybe(count),
  sampling: objectOf({
    temperature: maybe(number),
    topP: maybe(number),
    topK: maybe(number),
    seed: maybe(number),
    presencePenalty: maybe(number),
    frequencyPenalty: maybe(number),
    logitBias: maybe(plain),
    logprobs: maybe(flag),
    topLogprobs: maybe(number),
  }),
  stop: maybe(listOf(text)),
  choices: maybe(count),
  output: maybe(byKind('type', { json: always, 'json-schema': objectOf({ schema: plain, name: maybe(text) }) })),
  reasoning: maybe(
    objectOf({ effort: maybe(oneOf(efforts)), budget: maybe(number), adaptive: maybe(flag), visible: maybe(flag) }),
  ),
  verbosity: maybe(text),
  cache: maybe(plain),
  user: maybe(text),
  metadata: maybe(textsOf),
  serviceTier: maybe(text),
  includeUsage: maybe(flag),
  extra: objectOf({ dialect: text, fields: plain }),
}
