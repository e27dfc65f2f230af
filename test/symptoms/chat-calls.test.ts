import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/tokens/index.ts'
import { checkStream } from '../faults/check-stream.ts'
import { called, languages } from './answers.ts'
import {
  callDelta,
  candidate,
  chunk,
  done,
  functionCall,
  messageEnd,
  messageStart,
  response,
  sse,
  textBlock,
  thought,
  toolUse,
} from './events.ts'
import { type House, openHouse } from './house.ts'

/** Calls of tools that clients of Chat Completions read wrongly, or not at all. */

type Delta = OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall

const messages = [{ role: 'user' as const, content: 'Hi' }]

/** The answer as the SDK puts it together, the fragments of its calls, and what a strict reader says of the events. */
async function told(upstream: string, body: string) {
  const { openai, post } = await openHouse(body, { normalise: true })
  const ask = { model: `${upstream}/m`, messages, stream: true as const }
  const fragments: Delta[] = []
  const stream = openai.chat.completions.stream(ask)
  stream.on('chunk', ({ choices }) => {
    for (const { delta } of choices) fragments.push(...(delta.tool_calls ?? []))
  })
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0]!
  const raw = await post('/v1/chat/completions', ask)
  expect(checkStream('openai-chat', Buffer.from(raw.text)).outcome).toBe('clean')
  const calls = message.tool_calls?.map((call) =>
    call.type === 'function' ? [call.function.name, JSON.parse(call.function.arguments) as unknown] : [],
  )
  return { fragments, calls, finish: finish_reason }
}

/** What goes wrong with a stream, as the SDK throws it. */
async function failing({ openai }: House, upstream: string): Promise<unknown> {
  const ask = { model: `${upstream}/m`, messages, stream: true as const }
  return openai.chat.completions
    .stream(ask)
    .finalChatCompletion()
    .then(
      ({ choices }) => choices,
      (error: unknown) => error,
    )
}

describe('a client of openai-chat', () => {
  const behindText = sse(
    messageStart(),
    ...thought(0, ['hm'], 'c2ln'),
    ...textBlock(1, 'Let me see.'),
    ...toolUse(2, 'toolu_1', 'clock', '{"z":', '1}'),
    ...textBlock(3, 'And'),
    ...toolUse(5, 'toolu_2', 'weather', '{"city":"Bonn"}'),
    ...messageEnd('tool_use'),
  )

  it('the numbers of calls begin at 1 or skip: they are 0, 1, …, whatever stands before and between', async () => {
    const { fragments } = await told('anthropic-messages', behindText)
    expect([...new Set(fragments.map(({ index }) => index))]).toEqual([0, 1])
  })

  it('the second call runs into the first: each has its own number, id, name and arguments', async () => {
    const { calls, fragments } = await told('anthropic-messages', behindText)
    expect(calls).toEqual([
      ['clock', { z: 1 }],
      ['weather', { city: 'Bonn' }],
    ])
    const heads = fragments.filter(({ id }) => id !== undefined)
    expect(heads).toMatchObject([
      { index: 0, function: { name: 'clock' } },
      { index: 1, function: { name: 'weather' } },
    ])
    expect(new Set(heads.map(({ id }) => id)).size).toBe(2)
  })

  const [bonn, ulm, rome] = ['Bonn', 'Ulm', 'Rome'].map((city) => functionCall('weather', { city }))
  it.each([
    ['in one chunk', [[bonn!, ulm!, rome!]]],
    ['in chunks of their own', [[bonn!], [ulm!], [rome!]]],
    ['in both', [[bonn!, ulm!], [rome!]]],
  ])('parallel calls of Gemini run together (%s): they are calls of their own', async (_, chunks) => {
    const body = sse(...chunks.map((parts) => candidate(parts)), candidate([], { finishReason: 'STOP' }))
    const { calls, finish } = await told('gemini', body)
    expect(calls).toEqual(['Bonn', 'Ulm', 'Rome'].map((city) => ['weather', { city }]))
    expect(finish).toBe('tool_calls')
  })

  it('arguments become {}{"a":1}: the empty input that opens a call is none of its arguments', async () => {
    const body = sse(messageStart(), ...toolUse(0, 'toolu_1', 'clock', '', '{"a"', ':1}'), ...messageEnd('tool_use'))
    expect((await told('anthropic-messages', body)).calls).toEqual([['clock', { a: 1 }]])
  })

  it.each([
    ['anthropic-messages', 'nothing', called('anthropic-messages')],
    ['openai-chat', 'nothing', called('openai-chat')],
    ['openai-chat', 'a space', called('openai-chat', ' ')],
    ['openai-responses', 'nothing', called('openai-responses')],
    ['gemini', 'nothing', sse(candidate([{ functionCall: { name: 'look' } }], { finishReason: 'STOP' }))],
  ])(
    'a call without arguments is empty text, which no JSON reader takes (from %s, which says %s): it is {}',
    async (upstream, _, body) => {
      expect((await told(upstream, body)).calls).toEqual([['look', {}]])
    },
  )

  it.each(['openai-responses', 'anthropic-messages', 'gemini'] as const)(
    'the history holds a call with empty arguments and is refused (by %s): they go on as {}',
    async (upstream) => {
      const { openai, asked } = await openHouse(called(upstream, '{}'), { normalise: true })
      const call = { id: 'call_1', type: 'function' as const, function: { name: 'look', arguments: '' } }
      await openai.chat.completions.create({
        model: `${upstream}/m`,
        stream: true,
        messages: [
          ...messages,
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
        ],
      })
      expect(JSON.stringify(asked[0]!.body)).toMatch(
        {
          'openai-responses': /"arguments":"\{\}"/,
          'anthropic-messages': /"name":"look","input":\{\}/,
          gemini: /"name":"look","args":\{\}/,
        }[upstream],
      )
    },
  )

  it('the reader falls over a fragment without a name: only the first has one, whether the provider repeats it or not', async () => {
    const again = { id: 'call_1', name: 'clock' }
    for (const later of [{}, again]) {
      const body =
        sse(
          chunk({ role: 'assistant', ...callDelta(0, '', again) }),
          chunk(callDelta(0, '{"a"', later)),
          chunk(callDelta(0, ':1}', later)),
          chunk({}, 'tool_calls'),
        ) + done
      const { calls, fragments } = await told('openai-chat', body)
      expect(calls).toEqual([['clock', { a: 1 }]])
      expect(fragments.map((one) => one.function?.name)).toEqual(['clock', undefined, undefined])
    }
  })

  it('tool_calls and then stop: the client drops its calls. There is one finish, and it is tool_calls', async () => {
    const body =
      sse(
        chunk({ role: 'assistant', ...callDelta(0, '{}', { id: 'call_1', name: 'clock' }) }),
        chunk({}, 'tool_calls'),
        chunk({}, 'stop'),
      ) + done
    expect(await told('openai-chat', body)).toMatchObject({ calls: [['clock', {}]], finish: 'tool_calls' })
  })

  it('a call and a finish of stop: the client drops its calls. The finish says tool_calls', async () => {
    const body =
      sse(chunk({ role: 'assistant', ...callDelta(0, '{}', { id: 'call_1', name: 'clock' }) }), chunk({}, 'stop')) +
      done
    expect((await told('openai-chat', body)).finish).toBe('tool_calls')
  })
})

describe('arguments that break off are run as if they were whole', () => {
  const half = '{"path":"/tmp'
  const cut = {
    'openai-chat': sse(chunk({ role: 'assistant', ...callDelta(0, half, { id: 'call_1', name: 'remove' }) })),
    'anthropic-messages': sse(messageStart(), ...toolUse(0, 'toolu_1', 'remove', half).slice(0, -1)),
    'openai-responses': sse(
      { type: 'response.created', response: response('in_progress') },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'remove', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 0, delta: half },
    ),
    gemini: sse(
      candidate([
        {
          functionCall: {
            name: 'remove',
            partialArgs: [{ jsonPath: '$.path', stringValue: '/tmp' }],
            willContinue: true,
          },
        },
      ]),
    ),
  }

  it.each(languages)('from %s: the stream ends in an error, and no finish is said', async (upstream) => {
    const house = await openHouse(cut[upstream])
    const { text } = await house.post('/v1/chat/completions', { model: `${upstream}/m`, messages, stream: true })
    expect(text).not.toMatch(/"finish_reason":"/)
    expect(await failing(house, upstream)).toBeInstanceOf(Error)
  })

  it.each(['openai-responses', 'anthropic-messages', 'gemini'] as const)(
    'a client of %s is told of no finished call',
    async (client) => {
      const { anthropic, openai, google } = await openHouse(cut['openai-chat'])
      const ask = { model: 'openai-chat/m', messages, max_tokens: 9 }
      const runs = {
        'openai-responses': async () => openai.responses.stream({ model: ask.model, input: 'Hi' }).finalResponse(),
        'anthropic-messages': async () => anthropic.messages.stream(ask).finalMessage(),
        async gemini() {
          for await (const { functionCalls } of await google.models.generateContentStream({
            model: ask.model,
            contents: 'Hi',
          }))
            expect(functionCalls ?? []).toEqual([])
        },
      }
      const found = await runs[client]().then(
        (answer) => answer,
        (error: unknown) => error,
      )
      if (found instanceof Error) return
      const { status, output } = found as JsonObject & { output: JsonObject[] }
      expect([status, output.filter((item) => item.status === 'completed')]).toEqual(['failed', []])
    },
  )
})

describe('arguments that are no JSON, in an answer that calls itself finished, become {} or a part of what was meant', () => {
  const broken = (finish: string): string =>
    sse(
      chunk({ role: 'assistant', ...callDelta(0, '{"path":"/tmp', { id: 'call_1', name: 'remove' }) }),
      chunk({}, finish),
    ) + done
  const ask = { model: 'openai-chat/m', messages, max_tokens: 9 }

  it('the SDK of Anthropic, which makes the best of them, gets an error and no call to run', async () => {
    const { anthropic, records } = await openHouse(broken('tool_calls'))
    await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow(/input that is no JSON/)
    // The log says so, too: this is no answer that went well.
    await expect.poll(() => records.at(-1)).toMatchObject({ outcome: 'error', code: 'upstream_protocol' })
    await expect(anthropic.messages.create(ask)).rejects.toMatchObject({ status: 502 })
  })

  it('a call that the end of the room cut off is told as that', async () => {
    const { anthropic } = await openHouse(broken('length'))
    expect(await anthropic.messages.stream(ask).finalMessage()).toMatchObject({ stop_reason: 'max_tokens' })
  })

  it('that of OpenAI gets the text as the model wrote it', async () => {
    const { openai } = await openHouse(broken('tool_calls'), { normalise: true })
    const stream = openai.chat.completions.stream({ ...ask, stream: true })
    const { message } = (await stream.finalChatCompletion()).choices[0]!
    expect(message.tool_calls).toMatchObject([{ function: { arguments: '{"path":"/tmp' } }])
  })

  it('that of Google gets no call, and is told that there was one', async () => {
    const { google } = await openHouse(broken('tool_calls'))
    const told: unknown[] = []
    for await (const one of await google.models.generateContentStream({ model: ask.model, contents: 'Hi' }))
      told.push(one.functionCalls, one.candidates?.[0]?.finishReason)
    expect(told.filter((one) => one !== undefined)).toEqual(['MALFORMED_FUNCTION_CALL'])
  })
})
