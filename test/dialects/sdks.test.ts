import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DialectName } from '../../src/dialects/index.ts'
import { type ChatReply, type FinishReason, fold } from '../../src/tokens/index.ts'
import { bytesOf, decode, dialectNames, goldens } from '../fixtures/goldens.ts'
import { SdkReaders, type Seen } from '../fixtures/sdk-readers.ts'

// The vendors' own clients read what the goldens say that a client of theirs is sent, over a real connection.
const readers = new SdkReaders()
beforeAll(() => readers.listen())
afterAll(() => readers.close())

const finishes: Record<DialectName, Partial<Record<FinishReason, string>>> = {
  'openai-chat': {
    stop: 'stop',
    stop_sequence: 'stop',
    tool_calls: 'tool_calls',
    content_filter: 'content_filter',
    paused: 'stop',
    unknown: 'stop',
  },
  'anthropic-messages': { stop: 'end_turn', tool_calls: 'tool_use', context_full: 'model_context_window_exceeded' },
}

const answers: ReadonlyArray<{ from: DialectName; to: DialectName; name: string }> = dialectNames.flatMap((from) =>
  dialectNames
    .filter((to) => to !== from)
    .flatMap((to) => goldens(from).map(({ name }) => ({ from, to, name: `${from}/${name}` }))),
)

/** What there is to be seen of an answer in another dialect than its own. */
function expected(to: DialectName, { choices, usage }: ChatReply): Seen {
  const { parts, finish } = choices[0]!
  const seen: Seen = {
    text: '',
    refusal: '',
    reasoning: '',
    calls: [],
    finish: finishes[to][finish.reason] ?? `no word for ${finish.reason}`,
    usage: usage && { input: usage.input!, output: usage.output! },
  }
  for (const part of parts) {
    if (part.type === 'text') seen[part.refusal && to === 'openai-chat' ? 'refusal' : 'text'] += part.text
    else if (part.type === 'reasoning') seen.reasoning += part.text
    else if (part.type === 'media') seen.text += part.transcript
    else if (part.type === 'tool-call') {
      const input = part.kind === 'custom' ? { input: part.arguments } : JSON.parse(part.arguments || '{}')
      seen.calls.push({ id: part.id, name: part.name, arguments: JSON.stringify(input) })
    }
  }
  // Anthropic's prompt count leaves the cache out.
  if (seen.usage && to === 'anthropic-messages') seen.usage.input -= (usage?.cacheRead ?? 0) + (usage?.cacheWrite ?? 0)
  return seen
}

describe.each(answers)('$name, given to a client of $to', ({ from, to, name }) => {
  const [, file] = name.split('/')
  const tokens = decode(from, [bytesOf(from, `${file}.sse`)])
  const sent = bytesOf(from, `${file}.${to}.sse`)
  const last = tokens.at(-1)!

  if (last.type === 'error') {
    it('is an error for it, with the words of the reason', async () => {
      await expect(readers.read(to, sent)).rejects.toThrow(last.error.message)
    })
  } else {
    it('is the whole answer for it', async () => {
      const seen = await readers.read(to, sent)
      const wanted = expected(to, fold(tokens))
      // A client of Anthropic's always reads counts, guessed ones where the provider gave none.
      expect(wanted.usage ? seen : { ...seen, usage: undefined }).toEqual(wanted)
    })
  }
})
