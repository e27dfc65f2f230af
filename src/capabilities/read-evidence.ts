import type { Capability } from './capability.ts'

/** What a request asked for that a provider may have no way to do. */
export interface AskedFor {
  /** Its name, which a refusal may repeat and which may be of streams: it says nothing of them. */
  model?: string
  /** An answer as a stream; false: in one piece. */
  stream: boolean
  /** Usage in the stream. */
  streamOptions: boolean
  tools: boolean
  /** The last message is the beginning of the answer. */
  prefill: boolean
}

/** What a refusal shows: what the provider cannot do, and the words that say so. */
export interface Evidence {
  cannot: Capability
  said: string
}

/** The statuses with which servers say that they do not know a field, a way or a method. */
const statuses: ReadonlySet<number> = new Set([400, 404, 405, 415, 422, 501])

/**
 * Whether a provider refused a request for the way it asked for its answer, and not for anything else in it. Only what
 * the provider says itself is read: a server that repeats the request in its error names every field of it.
 *
 * @param text the body of the refusal, as it came
 */
export function readEvidence(status: number, text: string, asked: AskedFor): Evidence | undefined {
  if (!statuses.has(status)) return undefined
  const told = spoken(text)
  const said = `status ${status}: ${readable(told)}`
  const words = without(told.map((piece) => piece.text).join(' '), asked.model)
  if (asked.streamOptions && /stream_options|include_usage/i.test(words)) return { cannot: 'stream_options', said }
  if (namesStreaming.test(words)) {
    if (!asked.stream) return { cannot: 'whole', said }
    return { cannot: asked.tools && /\btools?\b|function/i.test(words) ? 'tool_stream' : 'stream', said }
  }
  return asked.prefill && namesPrefill.test(words) ? { cannot: 'prefill', said } : undefined
}

const namesPrefill = /prefill|last message|final message|end with a user/i

/** Without the name of a model that is called after streams, which is all that may be wrong. */
function without(words: string, model = ''): string {
  return namesStreaming.test(model) ? words.replaceAll(model, ' ') : words
}

/** `stream`, `streaming`, `streamGenerateContent`, and not `upstream`. */
const namesStreaming = /(?<![a-z])stream/i

/** The keys under which servers put words of their own. */
const wordKeys: ReadonlySet<string> = new Set([
  'error',
  'errors',
  'message',
  'msg',
  'detail',
  'details',
  'title',
  'reason',
  'description',
])

/** The keys under which stands the name of what is wrong, or of what they refuse. */
const nameKeys: ReadonlySet<string> = new Set(['param', 'code', 'type', 'status', 'loc', 'field', 'path'])

/** Something that a server says, and the key that it stands under; none where it is all there is. */
interface Piece {
  key: string
  text: string
}

function spoken(text: string): Piece[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // A web page, or a line of text: its beginning says it.
    const page = text.slice(0, 4000).replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
    return [{ key: '', text: page.slice(0, 1000) }]
  }
  const pieces: Piece[] = []
  collect(json, '', pieces, 0)
  let room = 2000
  return pieces.map(({ key, text }) => {
    const cut = text.slice(0, Math.max(0, room))
    room -= cut.length + 1
    return { key, text: cut }
  })
}

function collect(value: unknown, key: string, pieces: Piece[], depth: number): void {
  if (typeof value === 'string') pieces.push({ key, text: value })
  else if (depth > 6 || pieces.length > 40 || typeof value !== 'object' || value === null) return
  else if (Array.isArray(value)) for (const one of value) collect(one, key, pieces, depth + 1)
  else {
    for (const [name, one] of Object.entries(value)) {
      if (wordKeys.has(name) || nameKeys.has(name)) collect(one, name, pieces, depth + 1)
    }
  }
}

/** The sentences first, and in brackets the names beside them, as far as there is room. */
function readable(pieces: readonly Piece[]): string {
  const sentences = new Set<string>()
  const names = new Map<string, string[]>()
  for (const { key, text } of pieces) {
    const plain = text.replace(/\s+/g, ' ').trim()
    if (plain === '') continue
    if (nameKeys.has(key)) names.set(key, [...(names.get(key) ?? []), plain])
    else sentences.add(plain)
  }
  let said = [...sentences].join('; ')
  if (said.length > longestSaid) return `${said.slice(0, longestSaid)}…`
  const beside: string[] = []
  for (const [key, all] of names) {
    const name = `${key} ${all.join('.')}`
    if (said.length + beside.join(', ').length + name.length + 5 <= longestSaid) beside.push(name)
  }
  if (beside.length > 0) said += said === '' ? beside.join(', ') : ` (${beside.join(', ')})`
  return said
}

/** In UTF-16 code units: no more is kept of what a provider says. */
const longestSaid = 120
