import { describe, expect, it } from 'vitest'
import { collect, join } from '../../../src/flow/index.ts'
import { fold, grammar, type JsonObject } from '../../../src/tokens/index.ts'
import { cases, client, decode, encode, encodeOptions, fixture, home, upstream } from './stream-of.ts'

const message: JsonObject = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [
    { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'ZA==' },
    { type: 'text', text: 'Look.', citations: [{ type: 'char_location', cited_text: 'x' }] },
    { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
    { type: 'tool_use', id: 't', name: 'f', input: { a: [1, { b: 'ü' }] } },
    { type: 'tool_use', id: 'u', name: 'g', input: {}, caller: { type: 'direct' } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  stop_details: null,
  container: { id: 'c' },
  usage: {
    input_tokens: 5,
    cache_creation_input_tokens: 3,
    cache_read_input_tokens: 2,
    cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 },
    output_tokens: 9,
    output_tokens_details: { thinking_tokens: 4 },
    server_tool_use: { web_search_requests: 1 },
    service_tier: 'standard',
    inference_geo: 'eu',
  },
}

it('a whole answer goes through the tokens and comes out equal', () => {
  const tokens = upstream.decodeReply(message, home)
  collect(grammar(), tokens)
  expect(client.encodeReply(fold(tokens), encodeOptions())).toEqual(message)
})

it.each(cases.filter((name) => decode([fixture(name)]).some(({ type }) => type === 'finish')))(
  'says the same whole as in a stream: %s',
  (name) => {
    const folded = fold(decode([fixture(name)]))
    const whole = client.encodeReply(folded, encodeOptions())
    const again = fold(
      collect(join(grammar(), { push: (token, emit) => emit(token) }), upstream.decodeReply(whole, home)),
    )
    const { reason } = folded.choices[0]!.finish
    expect(again.choices[0]!.parts.map(loose)).toEqual(folded.choices[0]!.parts.map(loose))
    expect(again.choices[0]!.finish.reason).toBe(reason === 'unknown' ? 'stop' : reason)
  },
)

/** Arguments come back as the same JSON, not in the same letters. */
function loose(part: object): object {
  return 'arguments' in part ? { ...part, arguments: JSON.parse(String(part.arguments) || '{}') as unknown } : part
}

describe('no answer', () => {
  it.each<[string, JsonObject, string]>([
    [
      'an error under a 200',
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
      'upstream_overloaded',
    ],
    ['an error without a type', { error: { message: 'gone' } }, 'upstream_server'],
    ['something else', { choices: [] }, 'upstream_protocol'],
    ['content that is no list of blocks', { content: ['text'] }, 'upstream_protocol'],
  ])('%s', (_name, body, code) => {
    expect(() => upstream.decodeReply(body, home)).toThrow(expect.objectContaining({ code }))
  })
})

it('arguments that are no JSON are shown as they are', () => {
  const { data } = encode([
    { type: 'message-start' },
    { type: 'tool-call-start', choice: 0, index: 0, id: 't', name: 'f', kind: 'function' },
    { type: 'tool-call-end', choice: 0, index: 0 },
    { type: 'finish', choice: 0, reason: 'stop' },
  ])
  expect(data[0]).toMatchObject({ message: { id: 'msg_req1', model: 'asked' } })
  const reply = client.encodeReply(
    {
      choices: [
        {
          choice: 0,
          parts: [{ type: 'tool-call', id: 't', name: 'f', kind: 'function', arguments: '{"a":' }],
          finish: { reason: 'length' },
        },
      ],
      metadata: [],
    },
    encodeOptions(),
  )
  expect(reply).toMatchObject({ content: [{ input: { __raw: '{"a":' } }], stop_reason: 'max_tokens' })
})
