import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSealed, unseal } from '../../../src/dialects/envelope.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { collect } from '../../../src/flow/index.ts'
import type { SseMessage } from '../../../src/sse/index.ts'
import { fold, type JsonObject, merge, type ReplyPart, type StreamToken } from '../../../src/tokens/index.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'
import { anyTokens } from './any-tokens.ts'
import { cases, checkOrder, client, decode, encode, encodeOptions, fixture, plain, read } from './stream-of.ts'

const begin: StreamToken = { type: 'message-start', id: 'msg_up', model: 'm' }
const at = (index: number) => ({ choice: 0, index })
const say = (index: number, ...texts: string[]): StreamToken[] => [
  { type: 'text-start', ...at(index) },
  ...texts.map((text): StreamToken => ({ type: 'text-delta', ...at(index), text })),
  { type: 'text-end', ...at(index) },
]
const done: StreamToken = { type: 'finish', choice: 0, reason: 'stop' }
const callStart = (index: number, id = `call_${index}`, kind: 'function' | 'custom' = 'function'): StreamToken => ({
  type: 'tool-call-start',
  ...at(index),
  id,
  name: 'f',
  kind,
})
const args = (index: number, fragment: string): StreamToken => ({
  type: 'tool-call-delta',
  ...at(index),
  arguments: fragment,
})
const callEnd = (index: number): StreamToken => ({ type: 'tool-call-end', ...at(index) })

/** The events but for the envelope, each as the few words that matter. */
function brief(data: JsonObject[]): string[] {
  return data.flatMap((event) => {
    const block = event.content_block as JsonObject | undefined
    const delta = event.delta as JsonObject | undefined
    switch (event.type) {
      case 'content_block_start':
        return [`${event.index} ${block!.type}`]
      case 'content_block_delta':
        return [`${event.index} + ${delta!.text ?? delta!.thinking ?? delta!.partial_json ?? delta!.signature}`]
      case 'content_block_stop':
        return [`${event.index} .`]
      default:
        return []
    }
  })
}

describe('laws', () => {
  it('any tokens make one start, dense blocks that never overlap, and one end', () => {
    fc.assert(
      fc.property(anyTokens, (tokens) => {
        expect(checkOrder(encode(tokens).messages)).toBe('finished')
      }),
      { numRuns: 300 },
    )
  })

  it('a stream that breaks anywhere has its block closed, one error, and no end', () => {
    fc.assert(
      fc.property(anyTokens, fc.nat(), fc.boolean(), (tokens, where, asToken) => {
        const error = new SluiceError('upstream_overloaded', 'busy')
        const encoder = client.encodeStream(encodeOptions())
        const messages: SseMessage[] = []
        const emit = (message: SseMessage): void => {
          messages.push(message)
        }
        for (const token of tokens.slice(0, where % (tokens.length + 1))) encoder.push(token, emit)
        if (asToken) encoder.push({ type: 'error', error }, emit)
        encoder.fail?.(error, emit)
        encoder.end?.(emit)
        encoder.push(begin, emit)
        expect(checkOrder(messages)).toBe('failed')
        if (messages.length === 1) expect(messages[0]!.event).toBe('error')
      }),
      { numRuns: 300 },
    )
  })

  it('nothing that the dialect can say is lost: reading it back gives the same blocks', () => {
    const parts = (tokens: StreamToken[]): ReplyPart[] => fold(tokens).choices[0]!.parts
    fc.assert(
      fc.property(anyTokens, (tokens) => {
        const kept = parts(tokens).filter(
          (part) =>
            !('dialect' in part && part.dialect !== 'anthropic-messages') &&
            !(part.type === 'text' && part.text === '') &&
            !(part.type === 'reasoning' && part.text === '' && !part.opaque),
        )
        const found = parts(
          read(encode(tokens).messages, { vendor: 'anthropic', family: 'claude', customTools: new Set() }),
        )
        const texts = (type: ReplyPart['type'], list: ReplyPart[]) =>
          list
            .filter((part) => part.type === type)
            .map((part) => ('text' in part ? part.text : 'arguments' in part ? part.arguments : part))
        expect(texts('text', found)).toEqual(texts('text', kept))
        expect(texts('hosted-call', found)).toEqual(texts('hosted-call', kept))
        expect(texts('reasoning', found).filter(Boolean)).toEqual(texts('reasoning', kept).filter(Boolean))
        expect(found.filter((part) => part.type === 'tool-call').map((part) => part.arguments)).toEqual(
          kept
            .filter((part) => part.type === 'tool-call')
            .map((part) => (part.kind === 'custom' ? JSON.stringify({ input: part.arguments }) : part.arguments)),
        )
        // Every opaque value comes back, in an envelope or as the vendor's own.
        const opaques = (list: ReplyPart[]) => list.flatMap((part) => ('opaque' in part ? (part.opaque ?? []) : []))
        const values = opaques(found).map(({ value }) => (isSealed(value) ? unseal(value)!.value : value))
        expect(values.sort()).toEqual(
          opaques(kept)
            .map(({ value }) => value)
            .sort(),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('texts and arguments of the first choice come back to the letter, custom tools as custom', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        const said = fold(tokens)
        const custom = tokens.flatMap((token) =>
          token.type === 'tool-call-start' && token.choice === 0 && token.kind === 'custom' ? [token.name] : [],
        )
        const { messages } = encode(tokens)
        expect(checkOrder(messages)).toBe('finished')
        const found = fold(read(messages, { vendor: 'anthropic', family: 'claude', customTools: new Set(custom) }))
        const words = (parts: ReplyPart[]) =>
          parts.flatMap((part): unknown[] => {
            if (part.type === 'text' || part.type === 'reasoning') return part.text === '' ? [] : [part.text]
            return part.type === 'tool-call' ? [[part.id, part.name, part.kind, part.arguments]] : []
          })
        expect(words(found.choices[0]!.parts)).toEqual(words(said.choices[0]!.parts))
        if (said.usage) expect(found.usage).toMatchObject({ ...said.usage })
      }),
      { numRuns: 300 },
    )
  })

  it.each(
    cases.filter((name) => decode([fixture(name)]).some(({ type }) => type === 'finish') && name !== 'unknown-events'),
  )('what came from this dialect goes out the same: %s', (name) => {
    const tokens = decode([fixture(name)])
    const again = read(encode(tokens).messages)
    const content = (list: StreamToken[]) =>
      plain([...merge(list)]).filter(({ type }) => type !== 'usage' && type !== 'metadata')
    const inOrder = fold(tokens)
    if (name !== 'interleaved-calls' && name !== 'blocks-that-come-whole' && name !== 'stops-are-missing') {
      expect(content(again)).toEqual(content(tokens))
    }
    expect(fold(again).choices[0]!.parts).toEqual(inOrder.choices[0]!.parts)
    expect(fold(again).usage).toMatchObject({ ...fold(tokens).usage })
  })
})

describe('blocks', () => {
  const think = (index: number, text: string): StreamToken[] => [
    { type: 'reasoning-start', ...at(index) },
    { type: 'reasoning-delta', ...at(index), text },
    { type: 'reasoning-end', ...at(index) },
  ]
  it.each<[string, StreamToken[], string[]]>([
    [
      'a second stretch of thinking after text gets a block of its own',
      [...think(0, 'a'), ...say(1, 'b'), ...think(2, 'c')],
      ['0 thinking', '0 + a', '0 .', '1 text', '1 + b', '1 .', '2 thinking', '2 + c', '2 .'],
    ],
    [
      'a call with no text before it has index 0',
      [callStart(5), args(5, '{}'), callEnd(5)],
      ['0 tool_use', '0 + {}', '0 .'],
    ],
    ['a call without arguments has an empty input', [callStart(0), callEnd(0)], ['0 tool_use', '0 .']],
    [
      'empty texts and thinking make no block',
      [...say(0), ...say(1, '', ''), { type: 'reasoning-start', ...at(2) }, { type: 'reasoning-end', ...at(2) }],
      [],
    ],
    [
      'parallel calls whose fragments alternate come one after the other',
      [
        callStart(0),
        args(0, '{"a"'),
        callStart(1),
        args(1, '{"b"'),
        args(0, ':1}'),
        args(1, ':2}'),
        callEnd(1),
        callEnd(0),
      ],
      ['0 tool_use', '0 + {"a"', '0 + :1}', '0 .', '1 tool_use', '1 + {"b"', '1 + :2}', '1 .'],
    ],
    [
      'a waiting block streams on as soon as the one before it ends',
      [
        callStart(0),
        callStart(1),
        args(1, 'x'),
        callStart(2),
        callEnd(0),
        args(1, 'y'),
        callEnd(1),
        args(2, 'z'),
        callEnd(2),
      ],
      ['0 tool_use', '0 .', '1 tool_use', '1 + x', '1 + y', '1 .', '2 tool_use', '2 + z', '2 .'],
    ],
    [
      'the input of a custom tool is one JSON string',
      [callStart(0, 'c', 'custom'), args(0, 'ls "a"\n'), args(0, '\ud83d'), args(0, '\ude00'), callEnd(0)],
      ['0 tool_use', '0 + {"input":"', '0 + ls \\"a\\"\\n', '0 + \\ud83d', '0 + \\ude00', '0 + "}', '0 .'],
    ],
    [
      'spoken audio goes out as its text',
      [
        { type: 'media-start', ...at(0), kind: 'audio' },
        { type: 'media-delta', ...at(0), data: 'AAAA', transcript: 'hi' },
        { type: 'media-end', ...at(0) },
      ],
      ['0 text', '0 + hi', '0 .'],
    ],
  ])('%s', (_name, tokens, expected) => {
    expect(brief(encode([begin, ...tokens, done]).data)).toEqual(expected)
  })

  it('the first block that is open streams while others wait', () => {
    const encoder = client.encodeStream(encodeOptions())
    const messages: SseMessage[] = []
    for (const token of [begin, callStart(0), callStart(1), args(1, 'later'), args(0, 'now')]) {
      encoder.push(token, (message) => messages.push(message))
    }
    expect(messages.at(-1)!.data).toContain('now')
  })

  it.each([
    ['call_ok-1', 'call_ok-1'],
    ['functions.f:0', expect.stringMatching(/^call_[a-z0-9]+$/)],
    ['x'.repeat(65), expect.stringMatching(/^call_[a-z0-9]+$/)],
    ['', expect.stringMatching(/^call_req1_0$/)],
  ])('the call id %j is made legal', (id, expected) => {
    const { data } = encode([begin, callStart(0, id), callEnd(0), done])
    expect((data[1]!.content_block as JsonObject).id).toEqual(expected)
  })
})

describe('opaque state', () => {
  const thought = (text: string, opaque: JsonObject): StreamToken[] => [
    { type: 'reasoning-start', ...at(0) },
    ...(text ? [{ type: 'reasoning-delta', ...at(0), text } satisfies StreamToken] : []),
    { type: 'opaque', ...at(0), family: 'f', value: 'v', ...opaque } as StreamToken,
    { type: 'reasoning-end', ...at(0) },
  ]
  it.each<[string, string, JsonObject, string[]]>([
    ['own signature', 'hm', { vendor: 'anthropic', kind: 'signature' }, ['0 thinking', '0 + hm', '0 + v', '0 .']],
    ['own signature, text kept back', '', { vendor: 'anthropic', kind: 'signature' }, ['0 thinking', '0 + v', '0 .']],
    ['own redacted', '', { vendor: 'anthropic', kind: 'redacted' }, ['0 redacted_thinking', '0 .']],
    [
      'own redacted beside text',
      'hm',
      { vendor: 'anthropic', kind: 'redacted' },
      ['0 thinking', '0 + hm', '0 .', '1 redacted_thinking', '1 .'],
    ],
    [
      'foreign signature',
      'hm',
      { vendor: 'google', kind: 'signature' },
      ['0 thinking', '0 + hm', '0 + slc1.google.f.s.dg', '0 .'],
    ],
    [
      'foreign encrypted with a summary',
      'hm',
      { vendor: 'openai', kind: 'encrypted' },
      ['0 thinking', '0 + hm', '0 + slc1.openai.f.e.dg', '0 .'],
    ],
    ['foreign encrypted alone', '', { vendor: 'openai', kind: 'encrypted' }, ['0 redacted_thinking', '0 .']],
  ])('%s', (_name, text, opaque, expected) => {
    expect(brief(encode([begin, ...thought(text, opaque), done]).data)).toEqual(expected)
  })

  it('of a call comes back on that call, although the call has no slot for it', () => {
    const tokens: StreamToken[] = [
      begin,
      callStart(0),
      args(0, '{}'),
      { type: 'opaque', ...at(0), vendor: 'google', family: 'gemini', kind: 'signature', value: 'thought' },
      callEnd(0),
      done,
    ]
    const reply = client.encodeReply(fold(tokens), encodeOptions())
    const request = client.decodeRequest({
      model: 'm',
      max_tokens: 1,
      messages: [{ role: 'assistant', content: reply.content! }],
    })
    expect(request.messages[0]!.parts).toEqual([
      expect.objectContaining({
        type: 'tool-call',
        opaque: [{ vendor: 'google', family: 'gemini', kind: 'signature', value: 'thought' }],
      }),
    ])
  })
})

describe('the end', () => {
  const final = (...tokens: StreamToken[]): JsonObject => {
    const { data } = encode([begin, ...tokens])
    return data.find(({ type }) => type === 'message_delta') as JsonObject
  }
  const finish = (reason: string, more: JsonObject = {}): StreamToken =>
    ({ type: 'finish', choice: 0, reason, ...more }) as StreamToken
  const call = [callStart(0), callEnd(0)]
  it.each<[string, StreamToken[], string]>([
    ['stop', [...say(0, 'a'), finish('stop')], 'end_turn'],
    ['calls although the provider says stop', [...call, finish('stop')], 'tool_use'],
    ['calls that were cut', [...call, finish('length')], 'max_tokens'],
    ['a stop sequence', [finish('stop_sequence', { stopSequence: 'END' })], 'stop_sequence'],
    ['a full context', [finish('context_full')], 'model_context_window_exceeded'],
    ['a filter', [finish('content_filter')], 'refusal'],
    [
      'a refusal in text',
      [
        { type: 'text-start', ...at(0), refusal: true },
        { type: 'text-delta', ...at(0), text: 'no' },
        { type: 'text-end', ...at(0) },
        finish('stop'),
      ],
      'refusal',
    ],
    ['a pause', [finish('paused')], 'pause_turn'],
    ['a pause with its own word', [finish('paused', { native: 'compaction' })], 'compaction'],
    ['a word of another vendor', [finish('length', { native: 'MAX_TOKENS' })], 'max_tokens'],
    ['a call that cannot be read', [finish('malformed_call')], 'end_turn'],
    ['no reason', [finish('unknown')], 'end_turn'],
  ])('%s', (_name, tokens, word) => {
    expect(final(...tokens).delta).toMatchObject({ stop_reason: word })
  })

  it('names the stop sequence and the details of a refusal', () => {
    expect(final(finish('stop_sequence', { stopSequence: 'END' })).delta).toMatchObject({ stop_sequence: 'END' })
    expect(final(finish('length', { stopSequence: 'END' })).delta).toMatchObject({ stop_sequence: null })
    const details = { type: 'refusal', category: 'cyber', explanation: 'No.' }
    expect(final(finish('content_filter', { details })).delta).toMatchObject({ stop_details: details })
    expect(final(finish('content_filter', { details: ['other'] })).delta).toMatchObject({ stop_details: null })
  })

  it('counts: cached tokens are no input, and what comes behind the finish counts', () => {
    expect(
      final(finish('stop'), {
        type: 'usage',
        usage: { input: 100, cacheRead: 60, cacheWrite: 30, output: 7, reasoning: 3 },
      }).usage,
    ).toEqual({
      input_tokens: 10,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 60,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 3 },
    })
  })

  it('unknown input is not zero: the estimate of the start stays', () => {
    const { data, warnings } = encode([begin, ...say(0, 'eight ch'), done], { inputEstimate: 42 })
    expect((data[0]!.message as JsonObject).usage).toMatchObject({ input_tokens: 42 })
    expect(data.at(-2)!.usage).toEqual({ output_tokens: 2 })
    expect(warnings.map(({ field }) => field)).toEqual(['usage.output_tokens'])
  })

  it('counts that are known at the start are said at the start', () => {
    const { data } = encode([begin, { type: 'usage', usage: { input: 9, output: 1 } }, ...say(0, 'a'), done])
    expect((data[0]!.message as JsonObject).usage).toMatchObject({ input_tokens: 9, output_tokens: 1 })
  })

  it('an end without a finish is an error, never a message', () => {
    const messages = collect(client.encodeStream(encodeOptions()), [begin, ...say(0, 'a')])
    expect(checkOrder(messages)).toBe('failed')
    expect(JSON.parse(messages.at(-1)!.data)).toMatchObject({
      type: 'error',
      error: { type: 'api_error' },
      request_id: 'req1',
    })
  })

  it('an error before any content is the only event', () => {
    const error = new SluiceError('upstream_overloaded', 'busy')
    const { messages } = encode([begin, { type: 'text-start', ...at(0) }, { type: 'error', error }])
    expect(messages).toEqual([
      {
        event: 'error',
        data: '{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req1"}',
      },
    ])
  })

  it('an error behind the signature leaves the thinking signed, so that the client can send it back', () => {
    const error = new SluiceError('idle_timeout', 'silent')
    const { data } = encode([
      begin,
      { type: 'reasoning-start', ...at(0) },
      { type: 'reasoning-delta', ...at(0), text: 'hm' },
      { type: 'opaque', ...at(0), vendor: 'anthropic', family: 'claude', kind: 'signature', value: 'sig' },
      { type: 'error', error },
    ])
    expect(brief(data)).toEqual(['0 thinking', '0 + hm', '0 + sig', '0 .'])
  })

  it('a custom call that is cut does not look whole', () => {
    const error = new SluiceError('idle_timeout', 'silent')
    const { data } = encode([begin, callStart(0, 'c', 'custom'), args(0, 'rm -rf /tmp'), { type: 'error', error }])
    expect(brief(data).join('')).not.toContain('"}')
  })
})

it('says once what could not be carried over', () => {
  const citation = (index: number): StreamToken => ({
    type: 'citation',
    ...at(index),
    dialect: 'openai-chat',
    citation: { type: 'url_citation' },
  })
  const { warnings, messages } = encode([
    begin,
    { type: 'text-start', ...at(0) },
    { type: 'text-delta', ...at(0), text: 'a' },
    citation(0),
    citation(0),
    { type: 'text-end', ...at(0) },
    { type: 'hosted-result', ...at(1), dialect: 'openai-responses', block: {} },
    { type: 'text-start', choice: 1, index: 0 },
    { type: 'text-end', choice: 1, index: 0 },
    { type: 'raw', dialect: 'gemini', data: '{}' },
    done,
    { type: 'finish', choice: 1, reason: 'stop' },
    { type: 'usage', usage: { output: 1 } },
  ])
  expect(warnings.map(({ field }) => field)).toEqual(['citations', 'hosted_result', 'n', 'event'])
  expect(checkOrder(messages)).toBe('finished')
})

it('passes on events of its own dialect that it does not know', () => {
  const { data } = encode(decode([fixture('unknown-events')]))
  expect(data.filter(({ type }) => type === 'weather_report')).toHaveLength(1)
  expect(JSON.stringify(data)).not.toContain('hologram')
})
