import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { checkStream } from '../faults/check-stream.ts'
import { type Language, languages, overloaded, played } from './answers.ts'
import { callDelta, chunk, done, messageEnd, messageStart, sse, textBlock, toolUse } from './events.ts'
import { type House, openHouse } from './house.ts'

/** What clients of Messages miss at the beginning, at the end and in between. */

const messages = [{ role: 'user' as const, content: 'Say something to me.' }]
const ask = (upstream: string) => ({ model: `${upstream}/m`, max_tokens: 100, messages })
const streamed = ({ anthropic }: House, upstream: string) => anthropic.messages.stream(ask(upstream)).finalMessage()
const raw = ({ post }: House, upstream: string) => post('/v1/messages', { ...ask(upstream), stream: true })

/** Each provider, and that of the client's own language told on as it is and told anew. */
const ways = [
  ...languages.map((upstream) => ({ upstream, normalise: false })),
  { upstream: 'anthropic-messages' as Language, normalise: true },
]

describe.each(ways)(
  'a client of anthropic-messages before $upstream (normalise: $normalise)',
  ({ upstream, normalise }) => {
    const { start, texts, end } = played(upstream, 'one ', 'two')

    it('message_start went out and then nothing but an error: the error has its HTTP status, and no start came', async () => {
      const house = await openHouse(start + overloaded[upstream], { normalise })
      const error = await streamed(house, upstream).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Anthropic.APIError)
      expect([503, 529]).toContain((error as InstanceType<typeof Anthropic.APIError>).status)
      expect((await raw(house, upstream)).text).not.toContain('message_start')
    })

    it('message_start comes twice: one answer has one', async () => {
      const { events } = await raw(await openHouse(start + texts.join('') + end, { normalise }), upstream)
      expect(events.filter(({ event }) => event === 'message_start')).toHaveLength(1)
    })

    it('the history of the next turn is broken by an answer that was cut: its block is closed, then comes the error', async () => {
      const { text, events } = await raw(await openHouse(start + texts[0]!, { normalise }), upstream)
      expect(checkStream('anthropic-messages', Buffer.from(text))).toMatchObject({ outcome: 'error', text: 'one ' })
      expect(events.slice(-2).map(({ event }) => event)).toEqual(['content_block_stop', 'error'])
    })

    it('the SDK does not see an error inside the stream: it is an event of that name, in the shape that is thrown', async () => {
      const house = await openHouse(start + texts[0]! + overloaded[upstream], { normalise })
      const { events } = await raw(house, upstream)
      expect(events.at(-1)).toMatchObject({
        event: 'error',
        data: expect.stringMatching(/^\{"type":"error","error":\{"type":"/),
      })
      await expect(streamed(house, upstream)).rejects.toThrow(/overloaded_error/)
    })
  },
)

describe('a client of anthropic-messages', () => {
  it.each([false, true])(
    'two starts of a provider that changed horses (normalise: %s): there is one',
    async (normalise) => {
      const said = [...textBlock(0, 'said'), ...messageEnd('end_turn')]
      const house = await openHouse(sse(messageStart(), { type: 'ping' }, messageStart(), ...said), { normalise })
      const { text } = await raw(house, 'anthropic-messages')
      expect(checkStream('anthropic-messages', Buffer.from(text))).toMatchObject({ outcome: 'clean', text: 'said' })
    },
  )

  it.each(['openai-chat', 'anthropic-messages'])(
    'the client gives up while arguments are being written (by %s): pings come meanwhile',
    async (upstream) => {
      const [head, rest] =
        upstream === 'openai-chat'
          ? [
              sse(chunk(callDelta(0, '{"a":', { id: 'call_1', name: 'write' }))),
              sse(chunk(callDelta(0, '1}')), chunk({}, 'tool_calls')) + done,
            ]
          : [
              sse(messageStart(), toolUse(0, 'call_1', 'write')[0]!),
              sse(...toolUse(0, 'call_1', 'write', '{"a":1}').slice(1), ...messageEnd('tool_use')),
            ]
      const alive = Promise.withResolvers<void>()
      const house = await openHouse(
        async (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.write(head)
          await alive.promise
          response.end(rest)
        },
        { streaming: { heartbeat: '20ms' } },
      )
      const { events } = await house.post('/v1/messages', { ...ask(upstream), stream: true }, {}, (text) => {
        if (text.includes('event: ping')) alive.resolve()
      })
      const names = events.map(({ event }) => event)
      expect(names.slice(names.indexOf('content_block_start'), names.lastIndexOf('content_block_delta'))).toContain(
        'ping',
      )
      expect((await streamed(house, upstream)).content).toMatchObject([{ name: 'write', input: { a: 1 } }])
    },
  )

  it('the prompt counts nothing at the start: there stands an estimate, and the numbers at the end hold', async () => {
    const usage = {
      prompt_tokens: 90,
      completion_tokens: 4,
      total_tokens: 94,
      prompt_tokens_details: { cached_tokens: 60 },
    }
    const body = sse(chunk({ content: 'a' }), chunk({}, 'stop'), { ...chunk({}), choices: [], usage }) + done
    const house = await openHouse(body)
    const { data } = await raw(house, 'openai-chat')
    const { message } = data[0] as unknown as { message: Anthropic.Message }
    expect(message.usage.input_tokens).toBeGreaterThan(0)
    const told = { input_tokens: 30, cache_read_input_tokens: 60, output_tokens: 4 }
    expect(data.find(({ type }) => type === 'message_delta')).toMatchObject({ usage: told })
    expect((await streamed(house, 'openai-chat')).usage).toMatchObject(told)
  })

  it.each([
    ['in both dialects', false],
    ['told anew', true],
  ])(
    'the client cannot tell a stop sequence from an end (%s): the reason and the sequence come through',
    async (_, normalise) => {
      const body = sse(messageStart(), ...textBlock(0, 'said'), ...messageEnd('stop_sequence', undefined, 'END'))
      const told = { stop_reason: 'stop_sequence', stop_sequence: 'END' }
      const house = await openHouse(body, { normalise })
      expect(await streamed(house, 'anthropic-messages')).toMatchObject(told)
      expect(await house.anthropic.messages.create(ask('anthropic-messages'))).toMatchObject(told)
    },
  )
})

describe('what a provider of anthropic-messages counts', () => {
  const usageOf = async (...events: object[]) => {
    const { openai } = await openHouse(sse(...events))
    const body = { model: 'anthropic-messages/m', messages }
    const stream = openai.chat.completions.stream({ ...body, stream: true, stream_options: { include_usage: true } })
    return (await stream.finalChatCompletion()).usage
  }

  it('the prompt stays at what message_start said, though the end knows better: the last number stands', async () => {
    const end = messageEnd('end_turn', { input_tokens: 30, output_tokens: 7 })
    const start = messageStart({ input_tokens: 0, output_tokens: 0 })
    expect(await usageOf(start, ...textBlock(0, 'a'), ...end)).toMatchObject({
      prompt_tokens: 30,
      completion_tokens: 7,
    })
  })

  it('a null at the end wipes out what was known: it says nothing', async () => {
    const end = messageEnd('end_turn', { input_tokens: null, cache_read_input_tokens: null, output_tokens: 7 })
    const start = messageStart({ input_tokens: 3, cache_read_input_tokens: 20, output_tokens: 1 })
    expect(await usageOf(start, ...textBlock(0, 'a'), ...end)).toMatchObject({
      prompt_tokens: 23,
      prompt_tokens_details: { cached_tokens: 20 },
    })
  })

  it('tokens count double: what counts up is not added up', async () => {
    const more = { type: 'message_delta', delta: { stop_reason: null }, usage: { input_tokens: 3, output_tokens: 4 } }
    const end = messageEnd('end_turn', { input_tokens: 3, output_tokens: 7 })
    expect(await usageOf(messageStart(), ...textBlock(0, 'a'), more, ...end)).toMatchObject({
      prompt_tokens: 3,
      completion_tokens: 7,
      total_tokens: 10,
    })
  })
})
