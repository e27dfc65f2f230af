import type { ClientDialectName, DialectName } from '../../src/dialects/index.ts'
import type { FinishReason } from '../../src/tokens/index.ts'
import type { Outcome, Reading } from './reading.ts'

/**
 * What clients of a language cannot be told, or only in another form, and why. Everything else comes through as the
 * vendor's own SDK reads it.
 */
export interface Loss {
  name: string
  clients: readonly ClientDialectName[]
  why: string
  /** What is left to read; undefined: there is nothing of the kind in it. */
  without(reading: Reading): Outcome | undefined
}

const chat = 'openai-chat'
const responses = 'openai-responses'
const messages = 'anthropic-messages'
const gemini = 'gemini'
const ollama = 'ollama'

const contents: Loss[] = [
  {
    name: 'hosted tools',
    clients: [chat, responses, messages, gemini, ollama],
    why: 'Tools that run at a provider, and blocks of other kinds, have shapes that only its own language knows.',
    without: (reading) => (reading.hosted.length > 0 ? { ...reading, hosted: [] } : undefined),
  },
  {
    name: 'sound',
    clients: [responses],
    why: 'Answers have no sound here; what is spoken comes through as text.',
    without({ media, ...reading }) {
      const seen = media.filter((kind) => kind === 'image')
      return seen.length < media.length ? { ...reading, media: seen } : undefined
    },
  },
  {
    name: 'images and sound',
    clients: [messages, ollama],
    why: 'Answers are text here; what is spoken comes through as that.',
    without: (reading) => (reading.media.length > 0 ? { ...reading, media: [] } : undefined),
  },
  {
    name: 'refusal as such',
    clients: [messages, gemini, ollama],
    why: 'It is shown as text: there is nothing else for it, but for two that say at the end that it was one.',
    without: (reading) =>
      reading.refusal === '' ? undefined : { ...reading, text: reading.text + reading.refusal, refusal: '' },
  },
  {
    name: 'sources',
    clients: [messages, ollama],
    why: 'There are none in the one; in the other they vouch for passages of documents.',
    without: (reading) => (reading.sources.length > 0 ? { ...reading, sources: [] } : undefined),
  },
  {
    name: 'files as sources',
    clients: [chat, responses, gemini],
    why: 'Sources are pages with an address here; a file lies with the vendor that keeps it.',
    without(reading) {
      const sources = reading.sources.filter((one) => URL.canParse(one))
      return sources.length < reading.sources.length ? { ...reading, sources } : undefined
    },
  },
  {
    name: 'free text for a tool',
    clients: [messages, gemini, ollama],
    why: 'Tools take objects here: the text is the field `input` of one.',
    without: (reading) =>
      reading.calls.some((call) => typeof call.arguments === 'string')
        ? { ...reading, calls: reading.calls.map(inObject) }
        : undefined,
  },
]

function inObject({ name, arguments: input }: Reading['calls'][number]): Reading['calls'][number] {
  return { name, arguments: typeof input === 'string' ? { input } : input }
}

const counts: Loss[] = [
  counted('cacheRead', [ollama]),
  counted('cacheWrite', [gemini, ollama]),
  counted('reasoning', [ollama]),
]

const endings: Loss[] = [
  ending([chat, responses, ollama], { stop_sequence: 'stop', context_full: 'length', paused: 'stop', unknown: 'stop' }),
  ending([gemini], { stop_sequence: 'stop', context_full: 'length', paused: 'length' }),
  ending([messages], { unknown: 'stop' }),
  ending([chat, messages, ollama], { malformed_call: 'stop' }),
  ending([ollama], { content_filter: 'stop' }),
  {
    name: 'a call that was none',
    clients: [responses],
    why: 'It is told as a failure of the provider.',
    without: (reading) => (reading.finish === 'malformed_call' ? 'fails' : undefined),
  },
]

function counted(count: 'cacheRead' | 'cacheWrite' | 'reasoning', clients: ClientDialectName[]): Loss {
  return {
    name: `the count of ${{ cacheRead: 'cache reads', cacheWrite: 'cache writes', reasoning: 'reasoning' }[count]}`,
    clients,
    why: 'There is no field for it: it is within the sum.',
    without({ usage, ...reading }) {
      if (usage?.[count] === undefined) return undefined
      const { [count]: _, ...rest } = usage
      return { ...reading, usage: rest }
    },
  }
}

function ending(clients: ClientDialectName[], words: Partial<Record<FinishReason, FinishReason>>): Loss {
  return {
    name: 'how it ended',
    clients,
    why: 'There is no word of its own for it: it is told as the usual end, or as the longest length.',
    without(reading) {
      const finish = words[reading.finish]
      return finish && { ...reading, finish }
    },
  }
}

export const losses: readonly Loss[] = [...contents, ...counts, ...endings]

export interface Expected {
  outcome: Outcome
  /** What of it is not told, or otherwise. */
  losses: Loss[]
}

/** What a client has to read of an answer that was translated for it, and which its vendor's SDK reads so. */
export function expectedFor(client: ClientDialectName, from: DialectName, own: Outcome): Expected {
  if (own === 'fails') return { outcome: own, losses: [] }
  let outcome: Outcome = { ...own, finish: meant(client, own) }
  const found: Loss[] = []
  // In its own language nothing is lost, but the words for an end are those of the language and no others.
  for (const loss of client === from ? endings : losses) {
    const rest: Outcome | undefined =
      outcome === 'fails' || !loss.clients.includes(client) ? undefined : loss.without(outcome)
    if (rest === undefined) continue
    outcome = rest
    found.push(loss)
  }
  return { outcome, losses: found }
}

/** Some servers say a plain stop behind calls, and those who have no such text say of a refusal that it was one. */
function meant(client: ClientDialectName, { finish, calls, refusal }: Reading): FinishReason {
  if (finish !== 'stop') return finish
  if (calls.length > 0) return 'tool_calls'
  return refusal !== '' && (client === messages || client === gemini) ? 'content_filter' : finish
}

/**
 * Usage always holds both counts in these languages. Where the provider said nothing, Chat Completions has a zero, and
 * the others a count of sluice's own.
 */
export function withUnknownCounts(client: ClientDialectName, wanted: Outcome, found: Outcome): Outcome {
  if (wanted === 'fails' || found === 'fails') return wanted
  if (client === chat) return wanted.usage ? { ...wanted, usage: { input: 0, output: 0, ...wanted.usage } } : wanted
  if (client !== messages && client !== responses) return wanted
  const { input = 0, output = 0 } = found.usage ?? {}
  return { ...wanted, usage: { input, output, ...wanted.usage } }
}
