import { describe, expect, it } from 'vitest'
import { type ChatReply, fold, type StreamToken } from '../../../src/tokens/index.ts'
import { clientNames } from './parties.ts'
import { clientStream, readStream } from './wire.ts'

/** Odd streams as providers have sent them, told to clients of every language. */
function told(client: string, upstream: string, bytes: string): StreamToken[] {
  const tokens = readStream(upstream, new TextEncoder().encode(bytes), 'provider', {})
  return readStream(
    client,
    clientStream(client, tokens, { includeThoughts: true }, () => {}),
    'client',
    {},
  )
}

const reply = (client: string, upstream: string, bytes: string): ChatReply => fold(told(client, upstream, bytes))

const sse = (...events: object[]): string =>
  events.map((one) => `${'type' in one ? `event: ${one.type}\n` : ''}data: ${JSON.stringify(one)}\n\n`).join('')
const done = 'data: [DONE]\n\n'

const chunk = (delta: unknown, more: object = {}, finish: string | null = null): object => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
})
const usage = { usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } }
const toolDelta = (index: number, args: string, head?: { id?: string; name?: string }): object => ({
  tool_calls: [
    { index, ...(head?.id && { id: head.id, type: 'function' }), function: { name: head?.name, arguments: args } },
  ],
})

const calls = ({ choices }: ChatReply): unknown =>
  choices[0]?.parts.flatMap((part) =>
    part.type === 'tool-call' ? [[part.name, part.arguments === '' ? 'nothing' : JSON.parse(part.arguments)]] : [],
  )
const text = ({ choices }: ChatReply): string =>
  choices[0]?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''

describe.each(clientNames)('told to a client of %s', (client) => {
  it('a usage object in every chunk does not end the call that is being written', () => {
    const stream =
      sse(
        chunk(toolDelta(0, '', { id: 'call_1', name: 'weather' }), usage),
        chunk(toolDelta(0, '{"city":'), usage),
        chunk(toolDelta(0, '"Bonn"}'), usage),
        chunk({}, usage, 'tool_calls'),
      ) + done
    expect(calls(reply(client, 'openai-chat', stream))).toEqual([['weather', { city: 'Bonn' }]])
  })

  it('a call whose name comes late is not dropped', () => {
    const stream =
      sse(
        chunk(toolDelta(0, '', { id: 'call_1', name: '' })),
        chunk(toolDelta(0, '{}', { name: 'clock' })),
        chunk({}, {}, 'tool_calls'),
      ) + done
    expect(calls(reply(client, 'openai-chat', stream))).toEqual([['clock', {}]])
  })

  it('content beside usage in one chunk comes once', () => {
    const stream = sse(chunk({ content: 'whole' }, usage), chunk({}, usage, 'stop')) + done
    expect(text(reply(client, 'openai-chat', stream))).toBe('whole')
  })

  it('a last chunk whose delta is null still ends the answer, with its usage', () => {
    const stream = sse(chunk({ content: 'a' }), chunk(null, usage, 'stop')) + done
    expect(reply(client, 'openai-chat', stream)).toMatchObject({
      choices: [{ finish: { reason: 'stop' } }],
      usage: { input: 9, output: 4 },
    })
  })

  it('two finish reasons are one, and the calls are kept', () => {
    const stream =
      sse(
        chunk(toolDelta(0, '{}', { id: 'call_1', name: 'clock' })),
        chunk({}, {}, 'tool_calls'),
        chunk({}, usage, 'stop'),
      ) + done
    const found = reply(client, 'openai-chat', stream)
    expect([calls(found), found.choices[0]?.finish.reason]).toEqual([[['clock', {}]], 'tool_calls'])
  })

  it('comments between events and in front of them are no text', () => {
    const comment = ': OPENROUTER PROCESSING\n\n'
    const stream = comment + sse(chunk({ content: 'sa' })) + comment + sse(chunk({ content: 'id' }, {}, 'stop')) + done
    expect(text(reply(client, 'openai-chat', stream))).toBe('said')
  })

  it('every source comes once, the later ones too', () => {
    const source = (url: string) => ({
      annotations: [{ type: 'url_citation', url_citation: { url, title: 't', start_index: 0, end_index: 1 } }],
    })
    const stream =
      sse(
        chunk({ content: 'one ', ...source('https://a.example') }),
        chunk({ content: 'two', ...source('https://b.example') }),
        chunk({}, {}, 'stop'),
      ) + done
    const parts = reply(client, 'openai-chat', stream).choices[0]?.parts ?? []
    const found = parts.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
    const addresses = found.map((one) => /https:\/\/\w\.example/.exec(JSON.stringify(one))?.[0])
    // The other two have no sources that are pages.
    const has = client !== 'anthropic-messages' && client !== 'ollama'
    expect(addresses.sort()).toEqual(has ? ['https://a.example', 'https://b.example'] : [])
  })

  it('arguments that break off never look like a call to be made', () => {
    const stream = sse(chunk(toolDelta(0, '{"path":"/tm', { id: 'call_1', name: 'remove' })))
    const tokens = told(client, 'openai-chat', stream)
    expect(tokens.at(-1)?.type).toBe('error')
    expect(tokens.filter(({ type }) => type === 'finish')).toEqual([])
  })

  const start = {
    type: 'message_start',
    message: {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      usage: { input_tokens: 3, output_tokens: 1 },
    },
  }
  const end = (reason: string, more: object = { output_tokens: 7 }): object[] => [
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: more },
    { type: 'message_stop' },
  ]
  const block = (index: number, content_block: object, ...deltas: object[]): object[] => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
  const toolUse = (id: string) => ({ type: 'tool_use', id, name: 'clock', input: {} })

  it('the empty input that opens a call is no part of its arguments', () => {
    const deltas = ['{"a"', ':1}'].map((partial_json) => ({ type: 'input_json_delta', partial_json }))
    const stream = sse(start, ...block(0, toolUse('toolu_1'), ...deltas), ...end('tool_use'))
    expect(calls(reply(client, 'anthropic-messages', stream))).toEqual([['clock', { a: 1 }]])
  })

  it('a call without arguments can be read as JSON by who reads it strictly', () => {
    const stream = sse(start, ...block(0, toolUse('toolu_1')), ...end('tool_use'))
    const tokens = readStream('anthropic-messages', new TextEncoder().encode(stream), 'provider', {})
    const wire = new TextDecoder().decode(clientStream(client, tokens, undefined, () => {}))
    // Only a language whose calls open with an empty object may leave the rest away.
    if (client === 'anthropic-messages') expect(wire).toContain('"input":{}')
    else expect(wire).toMatch(/"(arguments|args)":\s*("\{\}"|\{\})/)
  })

  it('usage that counts up is not added up', () => {
    const stream = sse(
      start,
      ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'a' }),
      { type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 4 } },
      ...end('end_turn', { input_tokens: 30, output_tokens: 7 }),
    )
    expect(reply(client, 'anthropic-messages', stream).usage).toMatchObject({ input: 30, output: 7 })
  })

  it('a second thought behind a text is a thought of its own', () => {
    const thought = (index: number, thinking: string) =>
      block(index, { type: 'thinking', thinking: '', signature: '' }, { type: 'thinking_delta', thinking })
    const stream = sse(
      start,
      ...thought(0, 'one'),
      ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'said' }),
      ...thought(2, 'two'),
      ...block(3, toolUse('toolu_1')),
      ...end('tool_use'),
    )
    const parts = reply(client, 'anthropic-messages', stream).choices[0]?.parts ?? []
    expect(parts.flatMap((part) => (part.type === 'reasoning' ? [part.text] : []))).toEqual(['one', 'two'])
  })

  const part = (parts: object[], more: object = {}): object => ({
    candidates: [{ index: 0, content: { role: 'model', parts }, ...more }],
    modelVersion: 'm',
    responseId: 'r',
  })

  it('calls that come in chunks of their own are calls of their own', () => {
    const call = (city: string) => ({ functionCall: { name: 'weather', args: { city } } })
    const stream = sse(part([call('Bonn')]), part([call('Köln')]), part([{ text: '' }], { finishReason: 'STOP' }))
    const found = reply(client, 'gemini', stream)
    expect(calls(found)).toEqual([
      ['weather', { city: 'Bonn' }],
      ['weather', { city: 'Köln' }],
    ])
    expect(found.choices[0]?.finish.reason).toBe('tool_calls')
  })

  it('a finish reason in every chunk ends the answer once, behind all of it', () => {
    const stop = { finishReason: 'STOP' }
    const stream = sse(part([{ text: 'all ' }], stop), part([{ text: 'of ' }], stop), part([{ text: 'it' }], stop))
    const tokens = told(client, 'gemini', stream)
    expect(text(fold(tokens))).toBe('all of it')
    expect(tokens.filter(({ type }) => type === 'finish')).toHaveLength(1)
  })

  const response = (status: string, output: object[] = []): object => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status,
    model: 'm',
    output,
    usage: { input_tokens: 9, output_tokens: 4, total_tokens: 13 },
    ...(status === 'incomplete' && { incomplete_details: { reason: 'max_output_tokens' } }),
  })
  const message = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [] }
  const delta = {
    type: 'response.output_text.delta',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta: 'said',
  }

  it('text that comes before its item was opened is not lost', () => {
    const stream = sse({ type: 'response.created', response: response('in_progress') }, delta, {
      type: 'response.completed',
      response: response('completed'),
    })
    expect(text(reply(client, 'openai-responses', stream))).toBe('said')
  })

  it('a response is over with its last event, and its output may be empty there', () => {
    const stream = sse(
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: message },
      delta,
      { type: 'response.completed', response: response('completed') },
    )
    expect(text(reply(client, 'openai-responses', stream))).toBe('said')
  })

  it('an incomplete response has its usage', () => {
    const stream = sse(
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: message },
      delta,
      { type: 'response.incomplete', response: response('incomplete') },
    )
    expect(reply(client, 'openai-responses', stream)).toMatchObject({
      choices: [{ finish: { reason: 'length' } }],
      usage: { input: 9, output: 4 },
    })
  })
})
