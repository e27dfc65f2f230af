import { describe, expect, it } from 'vitest'
import { fold, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { added, answer, call, done, message, tokensOf } from './read.ts'

const text = (tokens: StreamToken[]): string =>
  tokens.map((token) => (token.type === 'text-delta' ? token.text : '')).join('')
const calls = (tokens: StreamToken[]): object[] =>
  fold(tokens).choices[0]!.parts.flatMap((part) =>
    part.type === 'tool-call' ? [{ id: part.id, name: part.name, arguments: part.arguments }] : [],
  )
const delta = (output_index: number, piece: string, more: JsonObject = {}): JsonObject => ({
  type: 'response.output_text.delta',
  item_id: 'msg_1',
  output_index,
  content_index: 0,
  delta: piece,
  ...more,
})
const fragment = (output_index: number, piece: string): JsonObject => ({
  type: 'response.function_call_arguments.delta',
  item_id: `fc_${output_index}`,
  output_index,
  delta: piece,
})

describe('a server that leaves things out', () => {
  it.each<[string, JsonObject[]]>([
    [
      'deltas before their item and their part',
      [delta(0, 'Hello '), delta(0, 'world'), done(0, message('msg_1', 'Hello world'))],
    ],
    [
      'no deltas at all',
      [added(0, { ...message('msg_1', ''), content: [] }), done(0, message('msg_1', 'Hello world'))],
    ],
    ['items that come only whole', [done(0, message('msg_1', 'Hello world'))]],
    [
      'the end of the text only in the whole',
      [
        added(0, message('msg_1', '')),
        delta(0, 'Hello '),
        { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello world' },
      ],
    ],
    ['no end of anything', [added(0, message('msg_1', '')), delta(0, 'Hello '), delta(0, 'world')]],
    ['no places', [added(0, message('msg_1', '')), { type: 'response.output_text.delta', delta: 'Hello world' }]],
    ['signs of life of its own', [{ type: 'keepalive' }, delta(0, 'Hello '), { type: 'keepalive' }, delta(0, 'world')]],
  ])('%s', (_, events) => {
    const tokens = tokensOf(answer(events))
    expect(text(tokens)).toBe('Hello world')
    expect(tokens.filter((token) => token.type === 'raw')).toEqual([])
  })

  it('everything but the last event', () => {
    const output = [message('msg_1', 'Hello world'), call('call_a', 'f', '{"a":1}')]
    const tokens = tokensOf(answer([], { output }))
    expect(text(tokens)).toBe('Hello world')
    expect(calls(tokens)).toEqual([{ id: 'call_a', name: 'f', arguments: '{"a":1}' }])
    expect(tokens.at(-1)).toMatchObject({ type: 'finish', reason: 'tool_calls' })
  })

  it('another place for every item', () => {
    const second = { ...message('msg_2', ''), content: [] }
    const tokens = tokensOf(
      answer(
        [
          added(0, message('msg_1', '')),
          delta(0, 'Hello '),
          done(0, message('msg_1', 'Hello ')),
          added(0, second),
          delta(0, 'wor', { item_id: 'msg_2' }),
          delta(0, 'ld', { item_id: 'msg_2' }),
          done(0, message('msg_2', 'world')),
        ],
        { output: [message('msg_1', 'Hello '), message('msg_2', 'world')] },
      ),
    )
    const pieces = tokens.flatMap((token) => (token.type === 'text-delta' ? [token.text] : []))
    expect(pieces).toEqual(['Hello ', 'wor', 'ld'])
  })

  it('the output in the last event', () => {
    const tokens = tokensOf(answer([added(0, call('call_a', 'f', '')), fragment(0, '{}')], { output: [] }))
    expect(calls(tokens)).toEqual([{ id: 'call_a', name: 'f', arguments: '{}' }])
  })

  it('the name of a call until its end', () => {
    const tokens = tokensOf(
      answer([added(0, call('', '', '')), fragment(0, '{"a"'), done(0, call('call_a', 'f', '{"a":1}'))]),
    )
    expect(calls(tokens)).toEqual([{ id: 'call_a', name: 'f', arguments: '{"a":1}' }])
  })
})

describe('a relay', () => {
  it('that changes every id still gives one answer', () => {
    const events = answer([
      added(0, message('msg_1', '')),
      delta(0, 'Hello ', { item_id: 'x1' }),
      delta(0, 'world', { item_id: 'x2' }),
      done(0, message('x3', 'Hello world')),
    ])
    for (const [at, one] of events.entries())
      if (one.response) one.response = { ...(one.response as JsonObject), id: `r${at}` }
    const { choices, id } = fold(tokensOf(events))
    expect(choices[0]!.parts).toHaveLength(1)
    expect(id).toBe('r0')
  })

  it('whose arguments do not go on to the whole is not believed, unless the provider is known for it', () => {
    const events = answer([
      added(0, call('call_a', 'f', '')),
      fragment(0, '{"b":'),
      { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' },
      done(0, call('call_a', 'f', '{"a":1}')),
    ])
    expect(tokensOf(events).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_protocol' } })
    expect(calls(tokensOf(events, { wholeArguments: true }))).toEqual([
      { id: 'call_a', name: 'f', arguments: '{"a":1}' },
    ])
  })

  it('whose text does not go on to the whole is not believed', () => {
    const events = answer([added(0, message('msg_1', '')), delta(0, 'Hallo'), done(0, message('msg_1', 'Hello world'))])
    expect(tokensOf(events).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_protocol' } })
  })
})

describe('calls side by side', () => {
  it('keep their fragments apart', () => {
    const tokens = tokensOf(
      answer([
        added(0, call('call_a', 'f', '')),
        added(1, call('call_b', 'g', '')),
        fragment(1, '{"b"'),
        fragment(0, '{"a"'),
        fragment(1, ':2}'),
        fragment(0, ':1}'),
        done(1, call('call_b', 'g', '{"b":2}')),
        done(0, call('call_a', 'f', '{"a":1}')),
      ]),
    )
    expect(calls(tokens)).toEqual([
      { id: 'call_a', name: 'f', arguments: '{"a":1}' },
      { id: 'call_b', name: 'g', arguments: '{"b":2}' },
    ])
  })
})

describe('how an answer ends', () => {
  it.each([
    ['response.incomplete', { incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    ['response.incomplete', { incomplete_details: { reason: 'content_filter' } }, 'content_filter'],
    ['response.incomplete', {}, 'unknown'],
    ['response.completed', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    ['response.completed', {}, 'stop'],
  ])('%s %o', (type, response, reason) => {
    const usage = { input_tokens: 5, output_tokens: 2, input_tokens_details: { cached_tokens: 3 } }
    const tokens = tokensOf([
      { type: 'response.created', response: {} },
      delta(0, 'x'),
      { type, response: { ...response, usage } },
    ])
    expect(tokens.at(-1)).toMatchObject({ type: 'finish', reason })
    expect(tokens.find((token) => token.type === 'usage')).toEqual({
      type: 'usage',
      usage: { input: 5, output: 2, cacheRead: 3 },
    })
  })

  it.each<[string, JsonObject, string, string]>([
    [
      'a response that failed',
      { type: 'response.failed', response: { error: { code: 'rate_limit_exceeded', message: 'slow down' } } },
      'upstream_rate_limit',
      'slow down',
    ],
    [
      'a response that failed without a word',
      { type: 'response.failed', response: {} },
      'upstream_server',
      'the provider failed without a reason',
    ],
    [
      'a flat error',
      { type: 'error', code: 'server_error', message: 'oops', param: null, sequence_number: 1 },
      'upstream_server',
      'oops',
    ],
    [
      'an error in an object',
      { type: 'error', error: { type: 'invalid_request_error', code: 'context_length_exceeded', message: 'too long' } },
      'upstream_context_length',
      'too long',
    ],
    ['an error without a type', { error: { message: 'no', code: 503 } }, 'upstream_overloaded', 'no'],
  ])('%s ends it with an error, and nothing follows', (_, event, code, words) => {
    const tokens = tokensOf([...answer([delta(0, 'x')]).slice(0, 3), event, delta(0, 'y'), event])
    expect(tokens.at(-1)).toMatchObject({ type: 'error', error: { code, message: words } })
    expect(text(tokens)).toBe('x')
  })

  it('without its last event it is not whole', () => {
    const tokens = tokensOf(answer([delta(0, 'x')]).slice(0, -1))
    expect(tokens.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_truncated' } })
  })
})

describe('reasoning', () => {
  const item = { type: 'reasoning', id: 'rs_1', summary: [] }
  const piece = (summary_index: number, words: string): JsonObject => ({
    type: 'response.reasoning_summary_text.delta',
    item_id: 'rs_1',
    output_index: 0,
    summary_index,
    delta: words,
  })

  it('in several parts is one text with paragraphs, and its state is an item', () => {
    const whole = {
      ...item,
      summary: ['One', 'Two'].map((words) => ({ type: 'summary_text', text: words })),
      encrypted_content: 'gAAAA-final',
    }
    const started = { ...item, encrypted_content: 'gAAAA-partial' }
    const tokens = tokensOf(answer([added(0, started), piece(0, 'On'), piece(0, 'e'), piece(1, 'Two'), done(0, whole)]))
    const [part] = fold(tokens).choices[0]!.parts
    expect(part).toMatchObject({ type: 'reasoning', id: 'rs_1', text: 'One\n\nTwo' })
    expect(part).toMatchObject({ opaque: [{ vendor: 'openai', family: 'gpt', kind: 'encrypted' }] })
    const [opaque] = (part as { opaque: Array<{ value: string }> }).opaque
    expect(JSON.parse(opaque!.value)).toEqual({ type: 'reasoning', id: 'rs_1', encrypted_content: 'gAAAA-final' })
  })

  it('in full is told once, also where a summary comes beside it', () => {
    const full = {
      type: 'response.reasoning_text.delta',
      item_id: 'rs_1',
      output_index: 0,
      content_index: 0,
      delta: 'hmm',
    }
    const whole = {
      ...item,
      content: [{ type: 'reasoning_text', text: 'hmm' }],
      summary: [{ type: 'summary_text', text: 'short' }],
    }
    const [part] = fold(tokensOf(answer([added(0, item), full, done(0, whole)]))).choices[0]!.parts
    expect(part).toMatchObject({ type: 'reasoning', text: 'hmm', meta: { 'openai-responses': { form: 'content' } } })
  })
})

describe('what only this API has', () => {
  it('comes whole, without the news of how far it is', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } }
    const tokens = tokensOf(
      answer([
        added(0, { ...search, status: 'in_progress' }),
        { type: 'response.web_search_call.searching', item_id: 'ws_1', output_index: 0 },
        done(0, search),
        delta(1, 'found'),
      ]),
    )
    expect(tokens.filter((token) => token.type === 'hosted-result')).toEqual([
      { type: 'hosted-result', choice: 0, index: 0, dialect: 'openai-responses', block: search },
    ])
    expect(tokens.some((token) => token.type === 'raw')).toBe(false)
  })

  it('may fail without the answer', () => {
    const failed = {
      type: 'response.mcp_list_tools.failed',
      output_index: 5,
      item_id: 'mcpl_1',
      error: { message: 'no' },
    }
    expect(text(tokensOf(answer([failed, delta(0, 'x')])))).toBe('x')
  })

  it('and is not known here either is counted, not lost', () => {
    const tokens = tokensOf(answer([{ type: 'response.brand_new', thing: 1 }, delta(0, 'x')]))
    expect(tokens.find((token) => token.type === 'raw')).toMatchObject({ event: 'response.brand_new' })
  })
})
