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
  const said = `status ${status}: ${told.replace(/\s+/g, ' ').slice(0, 120)}`
  const words = without(told, asked.model)
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

/** The keys under which servers put words of their own, or the name of what they refuse. */
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
  'param',
  'code',
  'type',
  'status',
  'loc',
  'field',
  'path',
])

function spoken(text: string): string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // A web page, or a line of text: its beginning says it.
    return text
      .slice(0, 4000)
      .replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
      .slice(0, 1000)
  }
  const words: string[] = []
  collect(json, words, 0)
  return words.join(' ').slice(0, 2000)
}

function collect(value: unknown, words: string[], depth: number): void {
  if (typeof value === 'string') words.push(value)
  else if (depth > 6 || words.length > 40 || typeof value !== 'object' || value === null) return
  else if (Array.isArray(value)) for (const one of value) collect(one, words, depth + 1)
  else for (const [key, one] of Object.entries(value)) if (wordKeys.has(key)) collect(one, words, depth + 1)
}
