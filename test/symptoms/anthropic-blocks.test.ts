import type Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { checkStream } from '../faults/check-stream.ts'
import {
  callDelta,
  candidate,
  chatUsage,
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
import { openHouse } from './house.ts'

/** What breaks clients of Messages in the order and the numbers of the blocks. */

interface Told {
  /** `start 0 text`, `stop 0`, … */
  marks: string[]
  message: Anthropic.Message
}

/** The answer of a provider as Anthropic's SDK reads it, and as a strict reader of the raw events does. */
async function told(upstream: string, body: string): Promise<Told> {
  const { anthropic, post } = await openHouse(body, { normalise: true })
  const ask = { model: `${upstream}/m`, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const stream = anthropic.messages.stream(ask)
  const marks: string[] = []
  stream.on('streamEvent', (event) => {
    if (event.type === 'content_block_start') marks.push(`start ${event.index} ${event.content_block.type}`)
    if (event.type === 'content_block_stop') marks.push(`stop ${event.index}`)
  })
  const message = await stream.finalMessage()
  const raw = await post('/v1/messages', { ...ask, stream: true })
  expect(checkStream('anthropic-messages', Buffer.from(raw.text)).outcome).toBe('clean')
  return { marks, message }
}

/** The marks of blocks that come one at a time, each opened and closed once, from 0 without a gap. */
function inOrder(...types: string[]): string[] {
  return types.flatMap((type, index) => [`start ${index} ${type}`, `stop ${index}`])
}

const inputs = ({ content }: Anthropic.Message): unknown =>
  content.flatMap((one) => (one.type === 'tool_use' ? [[one.name, one.input]] : []))

const clock = { id: 'call_1', name: 'clock' }
const weather = { id: 'call_2', name: 'weather' }

describe('a client of anthropic-messages', () => {
  it('the SDK runs past its list of blocks: their numbers have no gap, and each starts and stops once', async () => {
    const body =
      sse(
        chunk({ role: 'assistant', content: 'a' }),
        chunk(callDelta(3, '{"z":', clock)),
        chunk(callDelta(5, '{"city":', weather)),
        chunk(callDelta(3, '1}')),
        chunk(callDelta(5, '"Bonn"}')),
        chunk({ content: 'b' }),
        chunk({}, 'tool_calls', { usage: chatUsage }),
      ) + done
    const { marks, message } = await told('openai-chat', body)
    expect(marks).toEqual(inOrder('text', 'tool_use', 'tool_use', 'text'))
    expect(inputs(message)).toEqual([
      ['clock', { z: 1 }],
      ['weather', { city: 'Bonn' }],
    ])
  })

  it('a delta for a block that was never opened: the block is opened first, whatever the provider left out', async () => {
    const delta = { item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'said' }
    const body = sse(
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.output_text.delta', ...delta },
      { type: 'response.completed', response: response('completed') },
    )
    const { marks, message } = await told('openai-responses', body)
    expect(marks).toEqual(inOrder('text'))
    expect(message.content).toMatchObject([{ type: 'text', text: 'said' }])
  })

  it('a crash at reasoning that nothing announced: it has a block of its own all the same', async () => {
    const delta = { item_id: 'rs_1', output_index: 0, summary_index: 0, delta: 'hm' }
    const body = sse(
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.reasoning_summary_text.delta', ...delta },
      { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 1, content_index: 0, delta: 'said' },
      { type: 'response.completed', response: response('completed') },
    )
    const { marks, message } = await told('openai-responses', body)
    expect(marks).toEqual(inOrder('thinking', 'text'))
    expect(message.content).toMatchObject([{ thinking: 'hm' }, { text: 'said' }])
  })

  it('"not a thinking block": a second thought, behind a text or a call, opens a block of its own', async () => {
    const body =
      sse(
        chunk({ reasoning_content: 'one' }),
        chunk({ content: 'said' }),
        chunk({ reasoning_content: 'two' }),
        chunk(callDelta(0, '{}', clock)),
        chunk({ reasoning_content: 'three' }),
        chunk({ content: 'again' }),
        chunk({}, 'tool_calls'),
      ) + done
    const { marks, message } = await told('openai-chat', body)
    expect(marks).toEqual(inOrder('thinking', 'text', 'thinking', 'tool_use', 'thinking', 'text'))
    expect(message.content.flatMap((one) => (one.type === 'thinking' ? [one.thinking] : []))).toEqual([
      'one',
      'two',
      'three',
    ])
  })

  it('"block not found" where no text came before the call: the call is block 0', async () => {
    const body = sse(chunk(callDelta(0, '{}', clock)), chunk({}, 'tool_calls')) + done
    expect((await told('openai-chat', body)).marks).toEqual(inOrder('tool_use'))
  })

  it.each([
    ['an empty one first', [callDelta(0, '', { id: 'call_1', name: '' }), callDelta(0, '{"z":1}', { name: 'clock' })]],
    ['behind the arguments', [callDelta(0, '{"z":1}', { id: 'call_1' }), callDelta(0, '', { name: 'clock' })]],
  ])('a call vanishes whose name comes late (%s): it waits for the name', async (_, deltas) => {
    const body = sse(...deltas.map((delta) => chunk(delta)), chunk({}, 'tool_calls')) + done
    const { message } = await told('openai-chat', body)
    expect(message.content).toMatchObject([{ type: 'tool_use', id: 'call_1', name: 'clock', input: { z: 1 } }])
    expect(message.stop_reason).toBe('tool_use')
  })

  it('a call vanishes that has no id: it is given one', async () => {
    const body = sse(chunk(callDelta(0, '{"z":1}', { id: '', name: 'clock' })), chunk({}, 'tool_calls')) + done
    const { message } = await told('openai-chat', body)
    expect(message.content).toMatchObject([
      { id: expect.stringMatching(/^[\w-]{8,}$/), name: 'clock', input: { z: 1 } },
    ])
  })

  it('a call vanishes that never gets a name: the answer ends in an error and not as if nothing had been', async () => {
    const { anthropic } = await openHouse(
      sse(chunk(callDelta(0, '{}', { id: 'call_1' })), chunk({}, 'tool_calls')) + done,
    )
    const ask = { model: 'openai-chat/m', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
    await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow(/never said its name/)
  })

  it('input arrives as {} where every chunk carries usage: counting is no end', async () => {
    const counted = { usage: chatUsage }
    const body =
      sse(
        chunk(callDelta(0, '', weather), null, counted),
        chunk(callDelta(0, '{"city":'), null, counted),
        chunk(callDelta(0, '"Bonn"}'), null, counted),
        chunk({}, 'tool_calls', counted),
      ) + done
    expect(inputs((await told('openai-chat', body)).message)).toEqual([['weather', { city: 'Bonn' }]])
  })

  const item = { type: 'function_call', id: 'fc_1', call_id: 'call_2', name: 'weather', status: 'in_progress' }
  it.each<[string, string]>([
    [
      'openai-chat',
      sse(chunk(callDelta(0, '', weather)), chunk(callDelta(0, '{"city":"Bonn"}')), chunk({}, 'tool_calls')) + done,
    ],
    ['gemini', sse(candidate([functionCall('weather', { city: 'Bonn' })], { finishReason: 'STOP' }))],
    [
      'anthropic-messages',
      sse(messageStart(), ...toolUse(0, 'c', 'weather', '{"city":', '"Bonn"}'), ...messageEnd('tool_use')),
    ],
    [
      'openai-responses',
      sse(
        { type: 'response.created', response: response('in_progress') },
        { type: 'response.output_item.added', output_index: 0, item: { ...item, arguments: '' } },
        { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 0, delta: '{"city":"Bonn"}' },
        { type: 'response.completed', response: response('completed') },
      ),
    ],
  ])(
    'the client crashes on a call (from %s): it is one block with id and name, and its input follows in fragments',
    async (upstream, body) => {
      const { marks, message } = await told(upstream, body)
      expect(marks).toEqual(inOrder('tool_use'))
      expect(inputs(message)).toEqual([['weather', { city: 'Bonn' }]])
      expect(message.stop_reason).toBe('tool_use')
      const { post } = await openHouse(body, { normalise: true })
      const { data } = await post('/v1/messages', {
        model: `${upstream}/m`,
        max_tokens: 9,
        stream: true,
        messages: [{ role: 'user', content: 'Hi' }],
      })
      const [start, ...rest] = data.filter(({ type }) => /^content_block_(start|delta)$/.test(String(type)))
      expect(start).toMatchObject({
        content_block: { type: 'tool_use', id: expect.any(String), name: 'weather', input: {} },
      })
      for (const one of rest) expect(one).toMatchObject({ index: 0, delta: { type: 'input_json_delta' } })
    },
  )

  it('a text is still open when a call starts: it is stopped before', async () => {
    const body =
      sse(chunk({ content: 'Let me see.' }), chunk(callDelta(0, '{}', clock)), chunk({}, 'tool_calls')) + done
    expect((await told('openai-chat', body)).marks).toEqual(['start 0 text', 'stop 0', 'start 1 tool_use', 'stop 1'])
  })

  it('numbers of a provider of the same language that skip: they are dense again when told anew', async () => {
    const body = sse(
      messageStart(),
      ...thought(1, ['hm'], 'sig'),
      ...textBlock(4, 'said'),
      ...toolUse(9, 'toolu_1', 'clock', '{}'),
      ...messageEnd('tool_use'),
    )
    expect((await told('anthropic-messages', body)).marks).toEqual(inOrder('thinking', 'text', 'tool_use'))
  })
})
