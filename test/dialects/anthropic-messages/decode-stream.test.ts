import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/flow/index.ts'
import { fold, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { decode, events, home, upstream } from './stream-of.ts'

const start = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'm', usage: { input_tokens: 1, output_tokens: 1 } },
}
const textDelta = (index: number, text: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text },
})
const inputDelta = (index: number, partial_json: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json },
})
const stop = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
]

function run(...list: JsonObject[]): StreamToken[] {
  return collect(upstream.decodeStream(home), events(...list))
}

describe('the way without parsing', () => {
  it('gives what JSON.parse gives, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1 }), (texts) => {
        const found = run(
          start,
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
          ...texts.map((text) => textDelta(0, text)),
          ...stop,
        )
        const deltas = found.filter((token) => token.type === 'text-delta').map((token) => token.text)
        expect(deltas).toEqual(texts)
      }),
    )
  })

  it('does not take a delta of another block for one of the open block', () => {
    const open = (index: number) => ({
      type: 'content_block_start',
      index,
      content_block: { type: 'tool_use', id: `t${index}`, name: 'f', input: {} },
    })
    const found = run(
      start,
      open(0),
      open(1),
      inputDelta(1, '{"a"'),
      inputDelta(1, ':'),
      inputDelta(0, '{"b":2}'),
      inputDelta(1, '1}'),
      ...stop,
    )
    const { parts } = fold(found).choices[0]!
    expect(parts.map((part) => part.type === 'tool-call' && part.arguments)).toEqual(['{"b":2}', '{"a":1}'])
  })

  it('keeps what else a delta carries', () => {
    const found = run(
      start,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      textDelta(0, 'a'),
      textDelta(0, 'b'),
      { ...textDelta(0, 'c'), type: 'content_block_stop' },
      ...stop,
    )
    expect(found.filter((token) => token.type === 'text-delta')).toHaveLength(2)
  })
})

describe('custom tools that were offered as functions', () => {
  const pieces = (json: string, cuts: number[]): string[] => {
    const at = [0, ...cuts.map((cut) => cut % (json.length + 1)).sort((a, b) => a - b), json.length]
    return at.slice(1).map((end, index) => json.slice(at[index], end))
  }
  const call = (fragments: string[]): StreamToken[] =>
    collect(
      upstream.decodeStream({ ...home, customTools: new Set(['shell']), toolNames: new Map([['sh_1', 'shell']]) }),
      events(
        start,
        {
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'tool_use', id: 't', name: 'sh_1', input: {} },
        },
        ...fragments.map((fragment) => inputDelta(0, fragment)),
        { type: 'content_block_stop', index: 0 },
        ...stop,
      ),
    )

  it('come out as their text, wherever the JSON is cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.boolean(),
        (text, cuts, spaced) => {
          const json = spaced ? `{ "input" : ${JSON.stringify(text)} }` : JSON.stringify({ input: text })
          const part = fold(call(pieces(json, cuts))).choices[0]!.parts[0]!
          expect(part).toMatchObject({ type: 'tool-call', kind: 'custom', name: 'shell', arguments: text })
        },
      ),
    )
  })

  it.each([
    ['other keys first', '{"note":1,"input":"ls"}', 'ls'],
    ['no object at all', '"ls"', '"ls"'],
    [
      'a long object of another form',
      JSON.stringify({ command: 'x'.repeat(200) }),
      JSON.stringify({ command: 'x'.repeat(200) }),
    ],
    ['nothing', '', ''],
    ['an empty object', '{}', ''],
  ])('come out whole with %s', (_name, json, text) => {
    const part = fold(call([...json])).choices[0]!.parts[0]!
    expect(part).toMatchObject({ kind: 'custom', arguments: text })
  })
})

it.each([
  ['end_turn', 'tool_calls'],
  ['a word of its own', 'tool_calls'],
  ['max_tokens', 'length'],
  ['refusal', 'content_filter'],
])('a server that calls a tool and stops with %s means %s', (stop_reason, reason) => {
  const call = { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'f' } }
  const found = run(start, call, { type: 'message_delta', delta: { stop_reason } }, { type: 'message_stop' })
  expect(found.at(-1)).toEqual({ type: 'finish', choice: 0, reason, native: stop_reason })
})

it('a call without an id gets one, and never the same one twice', () => {
  const nameless = { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', name: 'f', input: {} } }
  const ids = [run(start, nameless, ...stop), run(start, nameless, ...stop)].map(
    (tokens) => tokens.find((token) => token.type === 'tool-call-start')!.id,
  )
  expect(ids[0]).toMatch(/^[a-zA-Z0-9_-]{8,40}$/)
  expect(ids[0]).not.toBe(ids[1])
})

it('reads nothing behind the end marker', () => {
  const decoder = upstream.decodeStream(home)
  const found = collect(
    decoder,
    events(start, ...stop, start, textDelta(0, 'late'), { type: 'error', error: { type: 'api_error' } }),
  )
  expect(decoder.done).toBe(true)
  expect(found.at(-1)?.type).toBe('finish')
})

describe('any garbage ends in one error and never throws', () => {
  it.each([
    ['an array', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['no type', '{"a":1}'],
    ['a block start without a block', '{"type":"content_block_start","index":0}'],
    ['an error without a type', '{"error":{"message":"gone"}}'],
  ])('%s', (_name, data) => {
    const found = collect(upstream.decodeStream(home), [{ event: 'message', data, id: '', end: 0 }, ...events(...stop)])
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ type: 'error' })
  })

  it('wrong types in every place', () => {
    const value = fc.constantFrom<JsonObject[string][]>(null, 1, 'x', [], {}, true)
    const event = fc.record({
      type: fc.constantFrom(
        'message_start',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'ping',
      ),
      index: value,
      message: fc.oneof(value, fc.record({ usage: value, id: value, content: value })),
      content_block: fc.oneof(
        value,
        fc.record({
          type: fc.constantFrom('text', 'tool_use', 'thinking', 'redacted_thinking', 'x_tool_use', 'y'),
          text: value,
          input: value,
          citations: value,
        }),
      ),
      delta: fc.oneof(
        value,
        fc.record({
          type: fc.constantFrom(
            'text_delta',
            'input_json_delta',
            'signature_delta',
            'thinking_delta',
            'citations_delta',
          ),
          text: value,
          partial_json: value,
          thinking: value,
          stop_reason: value,
        }),
      ),
      usage: fc.oneof(value, fc.record({ input_tokens: value, cache_creation: value, server_tool_use: value })),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (list) => {
        const tokens = decode([
          new TextEncoder().encode(list.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')),
        ])
        expect(['finish', 'error', 'metadata']).toContain(tokens.at(-1)?.type)
      }),
    )
  })
})
