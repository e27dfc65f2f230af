import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aiSdk } from '../../../src/dialects/index.ts'
import type { SluiceError } from '../../../src/errors/index.ts'
import { join } from '../../../src/flow/index.ts'
import { NdjsonParser } from '../../../src/framing/index.ts'
import { type ChatReply, fold, grammar, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'

const by = { vendor: 'ai-sdk:x', family: 'm' }

/** The tokens of stream parts, checked by the grammar of tokens, torn at every kind of byte. */
function decode(parts: readonly unknown[], more: object = {}, size = 7): StreamToken[] {
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  const decoder = join(aiSdk.upstream.decodeStream({ ...by, ...more }), grammar())
  const parser = new NdjsonParser()
  const bytes = new TextEncoder().encode(parts.map((part) => `${JSON.stringify(part)}\n`).join(''))
  for (let at = 0; at < bytes.length; at += size) {
    parser.push(bytes.subarray(at, at + size), (event) => {
      if (tokens.at(-1)?.type !== 'error') decoder.push(event, emit)
    })
  }
  if (tokens.at(-1)?.type !== 'error') decoder.end?.(emit)
  return tokens
}

const finish = { type: 'finish', finishReason: { unified: 'stop', raw: 'end' }, usage: {} }
const replyOf = (parts: readonly unknown[]): ChatReply => fold(decode([...parts, finish]))
const partsOf = (parts: readonly unknown[]) => replyOf(parts).choices[0]?.parts
const errorOf = (tokens: StreamToken[]): SluiceError | undefined => {
  const last = tokens.at(-1)
  return last?.type === 'error' ? last.error : undefined
}
const say = (id: string, ...pieces: string[]) => [
  { type: 'text-start', id },
  ...pieces.map((delta) => ({ type: 'text-delta', id, delta })),
  { type: 'text-end', id },
]

describe('parts of the AI SDK as tokens', () => {
  it('text comes through as it is, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (pieces, size) => {
          const tokens = decode([...say('0', ...pieces), finish], {}, size)
          expect(tokens.map((one) => (one.type === 'text-delta' ? one.text : '')).join('')).toBe(pieces.join(''))
        },
      ),
    )
  })

  it('says who answers, and when', () => {
    const head = { type: 'response-metadata', id: 'r1', modelId: 'm1', timestamp: '2026-01-02T03:04:05.678Z' }
    expect(replyOf([{ type: 'stream-start', warnings: [] }, head, ...say('0', 'a')])).toMatchObject({
      id: 'r1',
      model: 'm1',
      created: 1_767_323_045,
    })
  })

  it('two texts at once, and deltas whose start is missing', () => {
    expect(
      partsOf([
        { type: 'text-start', id: 'a' },
        { type: 'text-start', id: 'b' },
        { type: 'text-delta', id: 'a', delta: 'one ' },
        { type: 'text-delta', id: 'b', delta: 'two ' },
        { type: 'text-delta', id: 'a', delta: 'more' },
        { type: 'text-delta', id: 'c', delta: 'three' },
      ]),
    ).toMatchObject([{ text: 'one more' }, { text: 'two ' }, { text: 'three' }])
  })

  it('a call in pieces, a call at once, and one without arguments', () => {
    const parts = partsOf([
      { type: 'tool-input-start', id: 'c1', toolName: 'look' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"a"' },
      { type: 'tool-input-delta', id: 'c1', delta: ':1}' },
      { type: 'tool-input-end', id: 'c1' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"a":1}' },
      { type: 'tool-call', toolCallId: 'c2', toolName: 'look', input: '{"b":2}' },
      { type: 'tool-call', toolCallId: 'c3', toolName: 'look', input: '{}' },
    ])
    expect(parts).toMatchObject([
      { type: 'tool-call', id: 'c1', name: 'look', arguments: '{"a":1}' },
      { id: 'c2', arguments: '{"b":2}' },
      { id: 'c3', arguments: '' },
    ])
  })

  it('a call whose pieces are no JSON is taken whole', () => {
    const parts = partsOf([
      { type: 'tool-input-start', id: 'c1', toolName: 'run', inputEncoding: 'text' },
      { type: 'tool-input-delta', id: 'c1', delta: 'ls -l' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'run', input: '{"input":"ls -l"}' },
    ])
    expect(parts).toMatchObject([{ arguments: '{"input":"ls -l"}' }])
  })

  it('a call of a tool of free text, under a name that was made for it', () => {
    const more = { customTools: new Set(['my tool']), toolNames: new Map([['my_tool_1', 'my tool']]) }
    const tokens = decode(
      [{ type: 'tool-call', toolCallId: 'c1', toolName: 'my_tool_1', input: '{"input":"ls\\n"}' }, finish],
      more,
    )
    expect(fold(tokens).choices[0]).toMatchObject({
      parts: [{ kind: 'custom', name: 'my tool', arguments: 'ls\n' }],
      finish: { reason: 'tool_calls' },
    })
  })

  it('a call that runs at the vendor is none of the client’s', () => {
    const { choices } = replyOf([
      { type: 'tool-input-start', id: 's1', toolName: 'web_search', providerExecuted: true },
      { type: 'tool-input-delta', id: 's1', delta: '{"q":1}' },
      { type: 'tool-call', toolCallId: 's1', toolName: 'web_search', input: '{"q":1}', providerExecuted: true },
      { type: 'tool-result', toolCallId: 's1', toolName: 'web_search', result: [1] },
      ...say('0', 'Found.'),
    ])
    expect(choices[0]).toMatchObject({
      parts: [{ type: 'hosted-call', arguments: '{"q":1}' }, { type: 'hosted-result' }, { text: 'Found.' }],
      finish: { reason: 'stop' },
    })
  })

  it('what a package hangs on a block is kept, and reasoning without any is marked', () => {
    const parts = partsOf([
      { type: 'reasoning-start', id: 'r', providerMetadata: { a: { id: 1 } } },
      { type: 'reasoning-delta', id: 'r', delta: 'Hm.' },
      { type: 'reasoning-delta', id: 'r', delta: '', providerMetadata: { a: { signature: 's' } } },
      { type: 'reasoning-end', id: 'r' },
      { type: 'reasoning-start', id: 'r2' },
      { type: 'reasoning-delta', id: 'r2', delta: 'Ah.' },
      { type: 'reasoning-end', id: 'r2' },
      { type: 'text-start', id: '0', providerMetadata: { a: { item: 2 } } },
      { type: 'text-delta', id: '0', delta: 'So.' },
      { type: 'text-end', id: '0' },
      { type: 'tool-call', toolCallId: 'c', toolName: 't', input: '{}', providerMetadata: { a: { item: 3 } } },
    ])
    const state = (on: string, options: object) => [
      { ...by, kind: 'signature', value: JSON.stringify({ on, options }) },
    ]
    expect(parts).toMatchObject([
      { text: 'Hm.', opaque: state('reasoning', { a: { id: 1, signature: 's' } }) },
      { text: 'Ah.', opaque: [{ ...by, kind: 'signature', value: 'text' }] },
      { text: 'So.', opaque: state('text', { a: { item: 2 } }) },
      { id: 'c', opaque: state('call', { a: { item: 3 } }) },
    ])
  })

  it('a text that nothing was thought for carries no state', () => {
    const start = { type: 'text-start', id: '0', providerMetadata: { a: { item: 2 } } }
    expect(partsOf([start, { type: 'text-delta', id: '0', delta: 'So.' }])![0]).not.toHaveProperty('opaque')
  })

  it('sources before, inside and behind a text, each once', () => {
    const source = (url: string): object => ({ type: 'source', sourceType: 'url', id: url, url, title: url })
    const cited = { source: source('b'), startIndex: 0, endIndex: 3, citedText: 'why' }
    const parts = partsOf([
      source('a'),
      { type: 'text-start', id: '0' },
      source('b'),
      { type: 'text-delta', id: '0', delta: 'So.' },
      { type: 'text-end', id: '0', citations: [cited], providerMetadata: { x: { citations: [1] } } },
      source('c'),
      { type: 'source', sourceType: 'document', id: 'd', title: 'D', mediaType: 'application/pdf', filename: 'd.pdf' },
    ])
    expect(parts).toHaveLength(1)
    const [part] = parts as unknown as [{ citations: Array<{ citation: JsonObject }>; opaque?: unknown }]
    expect(part.citations.map(({ citation }) => citation.url ?? citation.filename)).toEqual(['a', 'b', 'c', 'd.pdf'])
    expect(part.opaque).toBeUndefined()
  })

  it('sources of an answer without a text are not lost', () => {
    expect(partsOf([{ type: 'source', sourceType: 'url', id: '1', url: 'a' }])).toMatchObject([
      { type: 'text', citations: [{ citation: { url: 'a' } }] },
    ])
  })

  it('images and sounds, of every version; other files as they are', () => {
    expect(
      partsOf([
        { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
        { type: 'file', mediaType: 'audio/wav', data: 'AQID' },
        { type: 'file', mediaType: 'application/pdf', data: 'AQID' },
        { type: 'file', mediaType: 'image/png', data: { type: 'url', url: 'https://a.example/' } },
      ]),
    ).toMatchObject([
      { type: 'media', kind: 'image', mediaType: 'image/png', data: 'AQID' },
      { type: 'media', kind: 'audio', data: 'AQID' },
      { type: 'hosted-result', block: { mediaType: 'application/pdf' } },
      { type: 'hosted-result', block: { mediaType: 'image/png' } },
    ])
  })

  it('pings, raw chunks and what is new are no content', () => {
    const tokens = decode([
      { type: 'ping' },
      { type: 'raw', rawValue: 1 },
      { type: 'new', n: 1 },
      ...say('0', 'a'),
      finish,
    ])
    expect(tokens.filter(({ type }) => type === 'raw')).toHaveLength(1)
    expect(fold(tokens).choices[0]!.parts).toMatchObject([{ text: 'a' }])
  })
})

describe('the counts', () => {
  it.each([
    [
      {
        inputTokens: { total: 10, noCache: 3, cacheRead: 5, cacheWrite: 2 },
        outputTokens: { total: 7, text: 3, reasoning: 4 },
      },
      { input: 10, cacheRead: 5, cacheWrite: 2, output: 7, reasoning: 4 },
    ],
    [
      { inputTokens: 10, outputTokens: 7, totalTokens: 17, cachedInputTokens: 5, reasoningTokens: 4 },
      { input: 10, cacheRead: 5, output: 7, reasoning: 4 },
    ],
    [{ inputTokens: { total: 10 }, outputTokens: {} }, { input: 10 }],
    [{}, undefined],
  ])('%o', (usage, told) => {
    expect(fold(decode([...say('0', 'a'), { ...finish, usage }])).usage).toEqual(told)
  })
})

describe('how it ended', () => {
  const ended = (finishReason: unknown, providerMetadata?: object, before: object[] = say('0', 'a')) =>
    decode([...before, { type: 'finish', finishReason, usage: {}, ...(providerMetadata && { providerMetadata }) }])
  const call = [{ type: 'tool-call', toolCallId: 'c', toolName: 't', input: '{}' }]

  it.each([
    [{ unified: 'stop', raw: 'end_turn' }, 'stop'],
    ['stop', 'stop'],
    [{ unified: 'length', raw: 'max_tokens' }, 'length'],
    ['content-filter', 'content_filter'],
    [{ unified: 'tool-calls', raw: 'tool_use' }, 'tool_calls'],
    [{ unified: 'stop', raw: 'pause_turn' }, 'paused'],
    [{ unified: 'length', raw: 'model_context_window_exceeded' }, 'context_full'],
    [{ unified: 'error', raw: 'MALFORMED_FUNCTION_CALL' }, 'malformed_call'],
    [{ unified: 'other', raw: 'something_new' }, 'unknown'],
    [{ unified: 'stop' }, 'stop'],
  ])('%o', (reason, told) => {
    expect(fold(ended(reason)).choices[0]!.finish).toMatchObject({ reason: told })
  })

  it('by a stop sequence, and which', () => {
    const found = fold(ended({ unified: 'stop', raw: 'stop_sequence' }, { any: { stopSequence: 'END' } }))
    expect(found.choices[0]!.finish).toEqual({ reason: 'stop_sequence', native: 'stop_sequence', stopSequence: 'END' })
  })

  it('a package that says `stop` behind a call means the call', () => {
    expect(fold(ended('stop', undefined, call)).choices[0]!.finish.reason).toBe('tool_calls')
  })

  it.each([
    [{ unified: 'interrupted' }, 'upstream_truncated'],
    [{ unified: 'other' }, 'upstream_truncated'],
    ['unknown', 'upstream_truncated'],
    [undefined, 'upstream_truncated'],
    [{ unified: 'error' }, 'upstream_server'],
  ])('%o is no end', (reason, code) => {
    const tokens = ended(reason)
    expect(errorOf(tokens)).toMatchObject({ code })
    expect(tokens.some(({ type }) => type === 'finish')).toBe(false)
  })

  it('an answer that came whole needs no reason', () => {
    const tokens = aiSdk.upstream.decodeReply(
      { content: [{ type: 'text', text: 'a' }], finishReason: { unified: 'other' }, usage: {} },
      by,
    )
    expect(fold(tokens).choices[0]).toMatchObject({ parts: [{ text: 'a' }], finish: { reason: 'unknown' } })
  })

  it('a stream without a finish is not whole', () => {
    expect(errorOf(decode(say('0', 'a')))).toMatchObject({ code: 'upstream_truncated' })
    expect(errorOf(decode([]))).toMatchObject({ code: 'upstream_truncated' })
  })
})

describe('an error in a stream', () => {
  it.each([
    [{ message: 'slow down', type: 'rate_limit_error' }, 'upstream_rate_limit'],
    [{ name: 'AI_APICallError', message: 'busy', statusCode: 529 }, 'upstream_overloaded'],
    [{ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }, 'upstream_overloaded'],
    [{ name: 'AI_JSONParseError', message: 'bad' }, 'upstream_protocol'],
    [{ name: 'AI_InvalidResponseDataError', message: 'the stream ended without a finish' }, 'upstream_truncated'],
    ['the prompt is too long', 'upstream_context_length'],
    [{}, 'upstream_server'],
    [null, 'upstream_server'],
    [7, 'upstream_server'],
  ])('%o', (error, code) => {
    const tokens = decode([...say('0', 'a'), { type: 'error', error }, finish])
    expect(errorOf(tokens)).toMatchObject({ code })
  })

  it('a line that is no object, and input for no call', () => {
    expect(errorOf(decode([[1]]))).toMatchObject({ code: 'upstream_protocol' })
    expect(errorOf(decode([{ type: 'tool-input-delta', id: 'x', delta: '{' }]))).toMatchObject({
      code: 'upstream_protocol',
    })
  })
})

describe('a refusal', () => {
  const refusal = (status: number, body: string, message = 'why') =>
    aiSdk.upstream.decodeError(status, JSON.stringify({ message, body }))

  it.each([
    [400, '{"error":{"message":"x","code":"context_length_exceeded"}}', 'upstream_context_length', 'why'],
    [400, '[{"error":{"status":"INVALID_ARGUMENT","message":"x"}}]', 'upstream_invalid_request', 'why'],
    [401, '{}', 'upstream_auth', 'why'],
    [429, '', 'upstream_rate_limit', 'why'],
    [529, '{"type":"error","error":{"type":"overloaded_error"}}', 'upstream_overloaded', 'why'],
    [502, '<title>Bad Gateway</title>', 'upstream_server', 'Bad Gateway'],
  ])('%i %s', (status, body, code, message) => {
    expect(refusal(status, body)).toMatchObject({ code, message })
  })
})

it('a whole answer gives the tokens that its stream would', () => {
  const content = [
    { type: 'reasoning', text: 'Hm.', providerMetadata: { a: { signature: 's' } } },
    { type: 'text', text: 'So.', providerMetadata: { a: { item: 1 } } },
    { type: 'source', sourceType: 'url', id: '1', url: 'a' },
    { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"a":1}' },
    { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
  ]
  const { finishReason } = finish
  const response = { id: 'r1', modelId: 'm1', timestamp: '2026-01-02T03:04:05.678Z' }
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 2 } }
  const whole = aiSdk.upstream.decodeReply({ content, finishReason, usage, response } as JsonObject, by)
  const streamed = decode([
    { type: 'response-metadata', ...response },
    { type: 'reasoning-start', id: '0' },
    { type: 'reasoning-delta', id: '0', delta: 'Hm.' },
    { type: 'reasoning-end', id: '0', providerMetadata: { a: { signature: 's' } } },
    { type: 'text-start', id: '1' },
    { type: 'text-delta', id: '1', delta: 'So.' },
    { type: 'text-end', id: '1', providerMetadata: { a: { item: 1 } } },
    ...content.slice(2),
    { ...finish, usage },
  ])
  expect(whole).toEqual(streamed)
})
