import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { checkStream } from '../faults/check-stream.ts'
import { languages, played, spoken } from './answers.ts'
import { candidate, chatUsage, chunk, done, sse } from './events.ts'
import { type House, openHouse } from './house.ts'

/** What clients of Chat Completions break on in the form of a chunk. */

const messages = [{ role: 'user' as const, content: 'Hi' }]
const counted = { stream_options: { include_usage: true } }
const ask = (upstream: string) => ({ model: `${upstream}/m`, messages, stream: true as const })

async function chunksOf(
  { openai }: House,
  upstream: string,
  more: object = counted,
): Promise<OpenAI.ChatCompletionChunk[]> {
  const found: OpenAI.ChatCompletionChunk[] = []
  for await (const one of await openai.chat.completions.create({ ...ask(upstream), ...more })) found.push(one)
  return found
}

const text = (chunks: OpenAI.ChatCompletionChunk[]): string =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
const finishes = (chunks: OpenAI.ChatCompletionChunk[]): string[] =>
  chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])

describe.each(languages)('an answer of %s', (upstream) => {
  const house = () => openHouse(spoken(upstream, 'sa', 'id'), { normalise: true })

  it('the helper of the SDK misses the role: the first chunk says it, and no other', async () => {
    const roles = (await chunksOf(await house(), upstream)).map(({ choices }) => choices[0]?.delta.role)
    expect(roles.filter((role) => role !== undefined)).toEqual([roles[0]])
    expect(roles[0]).toBe('assistant')
  })

  it('a strict client refuses the chunk of usage: its choices are an empty list, and every other has one', async () => {
    const { data } = await (await house()).post('/v1/chat/completions', { ...ask(upstream), ...counted })
    expect(data.filter(({ choices }) => !Array.isArray(choices))).toEqual([])
    expect(data.filter(({ choices }) => (choices as unknown[]).length === 0)).toEqual([data.at(-1)])
    expect(data.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } })
  })

  it('a client that did not ask for usage falls over a chunk without a choice: it gets none', async () => {
    const chunks = await chunksOf(await openHouse(spoken(upstream, 'said')), upstream, {})
    expect(chunks.filter(({ choices }) => choices.length !== 1)).toEqual([])
  })

  it.each([false, true])('a sign of life is taken for a chunk (normalise: %s): it is a comment', async (normalise) => {
    const { start, texts, end } = played(upstream, 'sa', 'id')
    const alive = Promise.withResolvers<void>()
    const { post } = await openHouse(
      async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(start + texts[0]!)
        await alive.promise
        response.end(texts[1]! + end)
      },
      { normalise, streaming: { heartbeat: '20ms' } },
    )
    const answer = await post('/v1/chat/completions', ask(upstream), {}, (text) => {
      if (/^:|\n:/.test(text)) alive.resolve()
    })
    const seen = checkStream('openai-chat', Buffer.from(answer.text))
    expect(seen).toMatchObject({ outcome: 'clean', text: 'said' })
    expect(seen.comments).toBeGreaterThan(0)
    expect(answer.data.filter(({ choices }) => (choices as unknown[]).length === 0)).toEqual([])
  })
})

describe('a chunk that is odd', () => {
  it('every chunk of Gemini says how the answer ended: the client hears it once, behind all of the text', async () => {
    const stop = { finishReason: 'STOP' }
    const body = sse(...['all ', 'of ', 'it'].map((one) => candidate([{ text: one }], stop)))
    const chunks = await chunksOf(await openHouse(body), 'gemini')
    expect([text(chunks), finishes(chunks)]).toEqual(['all of it', ['stop']])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  })

  it.each<[string, object]>([
    ['null', chunk(null, 'length', { usage: chatUsage })],
    ['nowhere', { ...chunk({}), choices: [{ index: 0, finish_reason: 'length' }], usage: chatUsage }],
  ])('the last chunk is lost, finish and usage with it, since its delta is %s: both come', async (_, last) => {
    const house = await openHouse(sse(chunk({ role: 'assistant', content: 'said' }), last) + done, { normalise: true })
    const chunks = await chunksOf(house, 'openai-chat')
    expect([text(chunks), finishes(chunks), chunks.at(-1)?.usage]).toMatchObject(['said', ['length'], chatUsage])
  })

  const { choices: _, ...bare } = chunk({}) as { choices: unknown }
  const filters = { prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] }
  it.each<[string, boolean]>([
    ['as it is', false],
    ['told anew', true],
  ])(
    'chunks without a choice, in front and behind, take usage or the whole process with them (%s)',
    async (_, normalise) => {
      const said = [chunk({ role: 'assistant', content: 'said' }), chunk({}, 'stop')]
      const good = sse({ ...bare, choices: [], ...filters }, ...said, { ...bare, choices: [], usage: chatUsage }) + done
      const worse = sse(...said, { ...bare, choices: null }, { ...bare, choices: [null], usage: chatUsage }) + done
      const bad = `${sse(said[0]!)}data: {"choices":[{"delta"\n\n`
      const house = await openHouse([bad, worse, good], { normalise })
      await expect(chunksOf(house, 'openai-chat')).rejects.toThrow()
      if (normalise) expect(text(await chunksOf(house, 'openai-chat'))).toBe('said')
      else await house.post('/v1/chat/completions', ask('openai-chat'))
      const chunks = await chunksOf(house, 'openai-chat')
      expect([text(chunks), chunks.at(-1)?.usage]).toMatchObject(['said', chatUsage])
    },
  )

  it.each(['openai-chat', 'gemini'])(
    'all of several answers are number 0 (from %s): each keeps its own',
    async (upstream) => {
      const body =
        upstream === 'openai-chat'
          ? sse(
              ...[0, 1, 2].map((index) => chunk({ role: 'assistant', content: `${index}` }, null, {}, index)),
              ...[2, 0, 1].map((index) => chunk({}, 'stop', {}, index)),
            ) + done
          : sse(...[0, 1, 2].map((index) => candidate([{ text: `${index}` }], { index, finishReason: 'STOP' })))
      const { openai } = await openHouse(body, { normalise: true })
      const stream = openai.chat.completions.stream({ ...ask(upstream), n: 3 })
      const { choices } = await stream.finalChatCompletion()
      expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
        [0, '0'],
        [1, '1'],
        [2, '2'],
      ])
    },
  )
})
