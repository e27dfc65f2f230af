import { describe, expect, it } from 'vitest'
import type { Warning } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import type { SseMessage } from '../../../src/sse/index.ts'
import { fold, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { encodeOptions, payloadsOf } from '../../fixtures/openai-chat/read.ts'

const at = { choice: 0, index: 0 }
const start: StreamToken = { type: 'message-start', id: 'id-1', model: 'model-1', created: 17 }
const finish: StreamToken = { type: 'finish', choice: 0, reason: 'stop' }
const say = (text: string, index = 0): StreamToken[] => [
  { type: 'text-start', choice: 0, index },
  { type: 'text-delta', choice: 0, index, text },
  { type: 'text-end', choice: 0, index },
]
const chunksOf = (tokens: StreamToken[], options = {}) =>
  payloadsOf(tokens, options)
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data))
const deltas = (tokens: StreamToken[]) =>
  chunksOf(tokens).flatMap(({ choices }) => choices.map((one: { delta: object }) => one.delta))

describe('the chunks of an answer', () => {
  it('look as the official API writes them', () => {
    const head = '"id":"id-1","object":"chat.completion.chunk","created":17,"model":"model-1"'
    const choice = (delta: string, word = 'null') =>
      `{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${word}}`
    expect(payloadsOf([start, ...say('a"b'), finish, { type: 'usage', usage: { input: 1, output: 2 } }])).toEqual([
      `{${head},"choices":[${choice('{"role":"assistant","content":"","refusal":null}')}],"usage":null}`,
      `{${head},"choices":[${choice('{"content":"a\\"b"}')}],"usage":null}`,
      `{${head},"choices":[${choice('{}', '"stop"')}],"usage":null}`,
      `{${head},"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}`,
      '[DONE]',
    ])
  })

  it('say nothing of usage to a client that did not ask, and nothing untrue when it is not known', () => {
    const usage: StreamToken = { type: 'usage', usage: { input: 1 } }
    for (const chunk of chunksOf([start, finish, usage], { includeUsage: false }))
      expect(chunk).not.toHaveProperty('usage')
    expect(chunksOf([start, finish]).every((chunk) => chunk.usage === null && chunk.choices.length === 1)).toBe(true)
  })

  it('are all of one message, even when the provider calls one of them otherwise', () => {
    const data = JSON.stringify({ id: 'other', brand_new: 1, choices: [] })
    const chunks = chunksOf([start, { type: 'raw', dialect: 'openai-chat', data }, finish])
    expect(chunks.map(({ id }) => id)).toEqual(['id-1', 'id-1', 'id-1'])
    expect(chunks[1].brand_new).toBe(1)
  })

  it('are all of one message, even when the provider gives it no name', () => {
    const [first] = chunksOf([{ type: 'message-start' }, finish])
    expect([first.id, first.model, first.created]).toEqual(['chatcmpl-req_1', 'gpt-x', 1790000000])
  })

  it('number the calls from 0 without a gap, name them once, and give a call without arguments an empty object', () => {
    const call = (index: number, name: string): StreamToken => ({
      type: 'tool-call-start',
      choice: 0,
      index,
      id: `id_${name}`,
      name,
      kind: 'function',
    })
    const tokens: StreamToken[] = [
      start,
      ...say('x', 3),
      call(5, 'f'),
      { type: 'tool-call-end', choice: 0, index: 5 },
      call(9, 'g'),
      { type: 'tool-call-delta', choice: 0, index: 9, arguments: '{"a"' },
      { type: 'tool-call-delta', choice: 0, index: 9, arguments: ':1}' },
      { type: 'tool-call-end', choice: 0, index: 9 },
      { type: 'finish', choice: 0, reason: 'stop' },
    ]
    expect(deltas(tokens).slice(2)).toEqual([
      { tool_calls: [{ index: 0, id: 'id_f', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      { tool_calls: [{ index: 1, id: 'id_g', type: 'function', function: { name: 'g', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{"a"' } }] },
      { tool_calls: [{ index: 1, function: { arguments: ':1}' } }] },
      {},
    ])
    expect(chunksOf(tokens).at(-1).choices[0].finish_reason).toBe('tool_calls')
  })

  it('bring the state of the answer once, whole, before the finish', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at },
      { type: 'opaque', ...at, kind: 'encrypted', value: 'v1', vendor: 'a', family: 'b' },
      { type: 'reasoning-delta', ...at, text: 'hm' },
      { type: 'opaque', ...at, kind: 'signature', value: 'v2', vendor: 'a', family: 'b' },
      { type: 'reasoning-end', ...at },
      ...say('x', 1),
      finish,
    ]
    const all = deltas(tokens)
    expect(all.filter((delta) => 'reasoning_details' in delta)).toEqual([all.at(-2)])
    const entries = (all.at(-2) as { reasoning_details: Array<Record<string, unknown>> }).reasoning_details
    expect(entries.map(({ data, ...rest }) => ({ ...rest, sealed: String(data).slice(0, 12) }))).toEqual([
      { type: 'reasoning.encrypted', format: 'sluice-v1', index: 0, sealed: 'slc1.a.b.e.e' },
      { type: 'reasoning.encrypted', format: 'sluice-v1', index: 0, sealed: 'slc1.a.b.s.e' },
    ])
    // The text comes back with the signature over it, wherever that stood.
    const message = { role: 'assistant', content: 'x', reasoning_details: entries } as JsonObject
    const { parts } = openaiChat.client.decodeRequest({ model: 'm', messages: [message] }).messages[0]!
    expect(parts).toMatchObject([
      { type: 'reasoning', text: '', opaque: { value: 'v1' } },
      { type: 'reasoning', text: 'hm', opaque: { value: 'v2' } },
      { type: 'text', text: 'x' },
    ])
  })

  it('carry the facts of the same API: the tier on every chunk, others once', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'metadata', dialect: 'openai-chat', fields: { service_tier: 'flex', citations: ['u'] } },
      {
        type: 'metadata',
        dialect: 'openai-chat',
        choice: 0,
        fields: { content_filter_results: { hate: 1 }, delta: { mood: 'good' } },
      },
      { type: 'metadata', dialect: 'gemini', fields: { grounding: 1 } },
      ...say('x'),
      { type: 'text-start', choice: 0, index: 1 },
      { type: 'text-delta', choice: 0, index: 1, text: 'y' },
      { type: 'text-end', choice: 0, index: 1 },
      finish,
    ]
    const chunks = chunksOf(tokens).slice(1)
    expect(chunks.map((one) => [one.service_tier, one.citations])).toEqual([
      ['flex', ['u']],
      ['flex', undefined],
      ['flex', undefined],
    ])
    expect(chunks[0].choices[0]).toEqual({
      index: 0,
      delta: { content: 'x', mood: 'good' },
      logprobs: null,
      finish_reason: null,
      content_filter_results: { hate: 1 },
    })
    expect(chunks[1].choices[0].delta).toEqual({ content: 'y' })
    expect(JSON.stringify(chunks)).not.toContain('grounding')
  })

  it('show web citations of another API as annotations of the text they stand for', () => {
    const citation = { type: 'web_search_result_location', url: 'https://a.example', title: 'A', cited_text: 'c' }
    const tokens: StreamToken[] = [
      start,
      ...say('abc'),
      { type: 'text-start', choice: 0, index: 1 },
      { type: 'text-delta', choice: 0, index: 1, text: 'd' },
      { type: 'citation', choice: 0, index: 1, dialect: 'anthropic-messages', citation },
      { type: 'text-delta', choice: 0, index: 1, text: 'e' },
      { type: 'text-end', choice: 0, index: 1 },
      finish,
    ]
    const annotation = {
      type: 'url_citation',
      url_citation: { start_index: 3, end_index: 5, title: 'A', url: 'https://a.example' },
    }
    expect(deltas(tokens)).toContainEqual({ annotations: [annotation] })
    const { choices } = openaiChat.client.encodeReply(fold(tokens), encodeOptions)
    expect(choices).toMatchObject([{ message: { content: 'abcde', annotations: [annotation] } }])
  })

  it('carry spoken answers and images', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'media-start', ...at, kind: 'audio', id: 'audio_1' },
      { type: 'media-delta', ...at, transcript: 'He' },
      { type: 'media-delta', ...at, data: 'AAAA', expiresAt: 5 },
      { type: 'media-end', ...at },
      { type: 'media-start', choice: 0, index: 1, kind: 'image', mediaType: 'image/webp' },
      { type: 'media-delta', choice: 0, index: 1, data: 'UklG' },
      { type: 'media-end', choice: 0, index: 1 },
      finish,
    ]
    expect(deltas(tokens).slice(1, 4)).toEqual([
      { audio: { id: 'audio_1', transcript: 'He' } },
      { audio: { data: 'AAAA', expires_at: 5 } },
      { images: [{ type: 'image_url', image_url: { url: 'data:image/webp;base64,UklG' } }] },
    ])
  })

  it('warn once of what has no place, however often it comes', () => {
    const warnings: Warning[] = []
    const hosted = (index: number): StreamToken => ({
      type: 'hosted-result',
      choice: 0,
      index,
      dialect: 'anthropic-messages',
      block: {},
    })
    const raw: StreamToken = { type: 'raw', dialect: 'anthropic-messages', event: 'weather_report', data: '{}' }
    const tokens = [start, hosted(0), raw, hosted(1), raw, finish]
    payloadsOf(tokens, { onWarning: (one: Warning) => warnings.push(one) })
    expect(warnings.map(({ field, action }) => [field, action])).toEqual([
      ['hosted tools', 'dropped'],
      ['weather_report', 'dropped'],
    ])
  })
})

describe('an answer that breaks', () => {
  const error = new SluiceError('upstream_overloaded', 'the provider is busy', {
    upstream: { dialect: 'anthropic-messages', type: 'overloaded_error' },
  })

  it.each<[string, StreamToken[], string]>([
    ['an error token', [start, ...say('a'), { type: 'error', error }], 'service_unavailable_error'],
    ['an end without a finish', [start, ...say('a')], 'server_error'],
    ['an end without anything', [], 'server_error'],
    ['a choice that never ended', [start, finish, { type: 'text-start', choice: 1, index: 0 }], 'server_error'],
    [
      'a call that is cut',
      [start, { type: 'tool-call-start', ...at, id: 'a', name: 'f', kind: 'function' }],
      'server_error',
    ],
  ])('ends with the error and the end marker, and with no finish: %s', (_, tokens, type) => {
    const payloads = payloadsOf(tokens)
    expect(payloads.at(-1)).toBe('[DONE]')
    expect(JSON.parse(payloads.at(-2)!).error.type).toBe(type)
    expect(payloads.filter((data) => data === '[DONE]' || data.startsWith('{"error"'))).toHaveLength(2)
    if (!tokens.includes(finish)) expect(payloads.join()).not.toMatch(/"finish_reason":"/)
  })

  it('ends once, whatever comes behind', () => {
    const messages: SseMessage[] = []
    const emit = (message: SseMessage): void => {
      messages.push(message)
    }
    const stage = openaiChat.client.encodeStream(encodeOptions)
    stage.push(start, emit)
    stage.fail?.(error, emit)
    const length = messages.length
    for (const token of [...say('late'), finish]) stage.push(token, emit)
    stage.fail?.(error, emit)
    stage.end?.(emit)
    expect(messages).toHaveLength(length)
  })

  it('writes nothing behind a finish but facts', () => {
    const words = chunksOf([start, ...say('a'), finish, finish, ...say('late', 1)]).map(
      (one) => one.choices[0]?.finish_reason,
    )
    expect(words).toEqual([null, null, 'stop'])
  })
})

describe('a whole answer', () => {
  it('has every field that clients take for granted', () => {
    const reply = fold([
      start,
      { type: 'tool-call-start', ...at, id: 'a', name: 'f', kind: 'function' },
      { type: 'tool-call-end', ...at },
      { type: 'finish', choice: 0, reason: 'tool_calls' },
      { type: 'usage', usage: { input: 4 } },
    ])
    expect(openaiChat.client.encodeReply(reply, encodeOptions)).toMatchObject({
      id: 'id-1',
      object: 'chat.completion',
      created: 17,
      model: 'model-1',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          logprobs: null,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
          },
        },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4 },
    })
  })

  it('with an error inside a 200 throws it', () => {
    const read = (body: object) => () => openaiChat.upstream.decodeReply(body as never, { vendor: 'v', family: 'f' })
    expect(read({ error: { message: 'no', code: 402 } })).toThrow(expect.objectContaining({ code: 'upstream_billing' }))
    expect(read({ id: 'x' })).toThrow(expect.objectContaining({ code: 'upstream_protocol' }))
  })
})
