import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { describe, expect, it } from 'vitest'
import { type House, openHouse } from './house.ts'
import { ask, crossed, hello, type Pair, pairs, pairsOf, titled } from './pairs.ts'

const usage = { input: 1200, cacheRead: 1000, cacheWrite: 100, output: 80, reasoning: 30 }
const script = { steps: [{ reasoning: 'Hm.' }, { text: 'Counted.' }], usage }

const inChat = {
  prompt_tokens: 1200,
  completion_tokens: 80,
  total_tokens: 1280,
  prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 100 },
  completion_tokens_details: { reasoning_tokens: 30 },
}
const inMessages = {
  input_tokens: 100,
  cache_read_input_tokens: 1000,
  cache_creation_input_tokens: 100,
  output_tokens: 80,
}

describe.each(titled(pairs))('%s', (_, pair) => {
  it('every count arrives, in the arithmetic of the client', async () => {
    const house = await openHouse({ script })
    const heard = await ask(house, pair, hello)
    expect(heard.usage).toMatchObject(pair.client === 'openai-chat' ? inChat : inMessages)
  })
})

it.each(titled([...pairsOf({ client: 'openai-chat' }), ...crossed]))(
  'counts that the provider does not say are not made up: %s',
  async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ text: 'Uncounted.' }], usage: false } })
    const heard = await ask(house, pair, hello)
    expect(heard.text).toBe('Uncounted.')
    if (pair.client === 'openai-chat') expect(heard.usage ?? undefined).toBeUndefined()
    else expect(heard.usage).toMatchObject({ cache_read_input_tokens: null })
  },
)

async function chunksOf(
  { openai }: House,
  pair: Pair,
  includeUsage: boolean | undefined,
): Promise<ChatCompletionChunk[]> {
  const stream = await openai.chat.completions.create({
    model: pair.model(),
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
    ...(includeUsage !== undefined && { stream_options: { include_usage: includeUsage } }),
  })
  const chunks: ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

describe('a chat client gets the usage of a stream if, and only if, it asks for it', () => {
  const streamed = titled(pairsOf({ client: 'openai-chat', stream: true }))

  it.each(streamed)('asked for: one last chunk without choices: %s', async (_, pair) => {
    const chunks = await chunksOf(await openHouse({ script }), pair, true)
    const last = chunks.at(-1)!
    expect(last).toMatchObject({ choices: [], usage: inChat })
    expect(chunks.slice(0, -1).filter((chunk) => chunk.usage || chunk.choices.length === 0)).toEqual([])
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
  })

  it.each(streamed.flatMap(([title, pair]) => [undefined, false].map((include) => [title, include, pair] as const)))(
    'not asked for: %s, include_usage %s',
    async (_, include, pair) => {
      const house = await openHouse({ script })
      const chunks = await chunksOf(house, pair, include)
      expect(chunks.filter((chunk) => chunk.usage || chunk.choices.length === 0)).toEqual([])
      if (pair.upstream === 'openai-chat') expect(house.sent().stream_options).toEqual({ include_usage: true })
    },
  )
})

describe('the counts of a Messages stream', () => {
  it.each(titled(pairsOf({ client: 'anthropic-messages', stream: true })))(
    'a first number at the start, and the true ones at the end: %s',
    async (_, pair) => {
      const house = await openHouse({ script })
      const stream = await house.anthropic.messages.create({
        model: pair.model(),
        max_tokens: 100,
        stream: true,
        system: 'x'.repeat(4000),
        messages: [{ role: 'user', content: 'Hi' }],
      })
      const events: RawMessageStreamEvent[] = []
      for await (const event of stream) events.push(event)
      const start = events.find((event) => event.type === 'message_start')!
      const end = events.find((event) => event.type === 'message_delta')!
      expect(end.usage).toMatchObject({ ...inMessages, output_tokens_details: { thinking_tokens: 30 } })
      if (pair.upstream === 'anthropic-messages') {
        expect(start.message.usage).toMatchObject({ input_tokens: 100, cache_read_input_tokens: 1000 })
      } else {
        // An estimate from the prompt's length: OpenAI counts only at the end.
        expect(start.message.usage.input_tokens).toBeGreaterThan(900)
        expect(start.message.usage.input_tokens).toBeLessThan(1500)
        expect(start.message.usage).toMatchObject({ cache_read_input_tokens: null, output_tokens: 1 })
      }
    },
  )
})
