import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClientDialectName, DialectName } from '../../src/dialects/index.ts'
import { type ChatReply, type FinishReason, fold } from '../../src/tokens/index.ts'
import { bytesOf, clientEnding, clientNames, decode, dialectNames, goldens } from '../fixtures/goldens.ts'
import { SdkReaders, type Seen } from '../fixtures/sdk-readers.ts'

// The vendors' own clients read what the goldens say that a client of theirs is sent, over a real connection.
const readers = new SdkReaders()
beforeAll(() => readers.listen())
afterAll(() => readers.close())

const finishes: Record<ClientDialectName, Partial<Record<FinishReason, string>>> = {
  'openai-chat': {
    stop: 'stop',
    stop_sequence: 'stop',
    tool_calls: 'tool_calls',
    content_filter: 'content_filter',
    paused: 'stop',
    unknown: 'stop',
    malformed_call: 'stop',
    length: 'length',
  },
  'anthropic-messages': {
    stop_sequence: 'stop_sequence',
    stop: 'end_turn',
    unknown: 'end_turn',
    malformed_call: 'end_turn',
    content_filter: 'refusal',
    tool_calls: 'tool_use',
    length: 'max_tokens',
    context_full: 'model_context_window_exceeded',
  },
  'openai-responses': {
    stop: 'completed',
    stop_sequence: 'completed',
    tool_calls: 'completed',
    content_filter: 'content_filter',
    paused: 'completed',
    unknown: 'completed',
    length: 'max_output_tokens',
    context_full: 'max_output_tokens',
  },
  gemini: {
    stop: 'STOP',
    stop_sequence: 'STOP',
    tool_calls: 'STOP',
    content_filter: 'SAFETY',
    paused: 'MAX_TOKENS',
    unknown: 'OTHER',
    length: 'MAX_TOKENS',
    context_full: 'MAX_TOKENS',
  },
  ollama: {
    stop: 'stop',
    stop_sequence: 'stop',
    tool_calls: 'stop',
    content_filter: 'stop',
    paused: 'stop',
    unknown: 'stop',
    length: 'length',
    context_full: 'length',
    malformed_call: 'stop',
  },
}

const refusals: Partial<Record<ClientDialectName, string>> = { 'anthropic-messages': 'refusal', gemini: 'SAFETY' }

const answers: ReadonlyArray<{ from: DialectName; to: ClientDialectName; name: string; bytes: Uint8Array }> =
  dialectNames.flatMap((from) =>
    clientNames
      .filter((to) => to !== from)
      .flatMap((to) => goldens(from).map(({ name, bytes }) => ({ from, to, name: `${from}/${name}`, bytes }))),
  )

/** What there is to be seen of an answer in another dialect than its own. */
function expected(to: ClientDialectName, { choices, usage }: ChatReply): Seen {
  const { parts, finish } = choices[0]!
  const seen: Seen = {
    text: '',
    refusal: '',
    reasoning: '',
    calls: [],
    finish: finishes[to][finish.reason] ?? `no word for ${finish.reason}`,
    // A count that nobody knows is 0 where clients take every one for granted.
    usage: usage && { input: usage.input ?? 0, output: usage.output ?? 0 },
  }
  for (const part of parts) {
    if (part.type === 'text') seen[part.refusal && to.startsWith('openai') ? 'refusal' : 'text'] += part.text
    else if (part.type === 'reasoning') seen.reasoning += part.text
    else if (part.type === 'media') seen.text += part.transcript
    else if (part.type === 'tool-call') {
      // Free text is what it is where there are tools for it, and the one field of an object elsewhere.
      const custom = part.kind === 'custom'
      const input = custom ? { input: part.arguments } : JSON.parse(part.arguments || '{}')
      const written = custom && to.startsWith('openai') ? part.arguments : JSON.stringify(input)
      seen.calls.push({ id: part.id, name: part.name, arguments: written })
    }
  }
  // Where a refusal is no kind of text, the end says that it was one.
  const refused = parts.some((part) => part.type === 'text' && part.refusal)
  if (refused && finish.reason === 'stop') seen.finish = refusals[to] ?? seen.finish
  // Anthropic's prompt count leaves the cache out.
  if (seen.usage && to === 'anthropic-messages') seen.usage.input -= (usage?.cacheRead ?? 0) + (usage?.cacheWrite ?? 0)
  return seen
}

describe.each(answers)('$name, given to a client of $to', ({ from, to, name, bytes }) => {
  const [, file] = name.split('/')
  const tokens = decode(from, [bytes])
  const sent = bytesOf(from, `${file}.${clientEnding(to)}`)
  const last = tokens.at(-1)!

  if (last.type === 'error') {
    it('is an error for it, with the words of the reason', async () => {
      await expect(readers.read(to, sent)).rejects.toThrow(last.error.message)
    })
  } else {
    it('is the whole answer for it', async () => {
      // An answer that was not done is one that failed here.
      if (to === 'openai-responses' && last.type === 'finish' && last.reason === 'malformed_call') {
        await expect(readers.read(to, sent)).rejects.toThrow('a call of a tool that cannot be read')
        return
      }
      const seen = await readers.read(to, sent)
      const wanted = expected(to, fold(tokens))
      // A client of Anthropic's always reads counts, guessed ones where the provider gave none.
      expect(wanted.usage ? seen : { ...seen, usage: undefined }).toEqual(wanted)
    })
  }
})
