import { describe, expect, it } from 'vitest'
import { MaxTokens } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { at, delta, finish, saying, start, textBlock, through, told } from './streams.ts'

describe('MaxTokens', () => {
  it('cuts in the middle of a delta, closes the block and says `length`', () => {
    const usage: StreamToken = { type: 'usage', usage: { output: 9 } }
    const max = new MaxTokens({ characters: 5 })
    expect(through(max, [...saying('abc', 'defg', 'h'), usage])).toEqual([
      ...[
        start,
        { type: 'text-start', ...at },
        delta('abc'),
        delta('de'),
        { type: 'text-end', ...at },
        finish('length'),
      ],
      usage,
    ])
    expect(max.done).toBe(true)
  })

  it('an answer that fits exactly keeps its own finish', () => {
    expect(through(new MaxTokens({ tokens: 2 }), saying('abcd', 'efgh', ''))).toEqual(saying('abcd', 'efgh', ''))
    expect(told(through(new MaxTokens({ tokens: 2 }), saying('abcd', 'efgh', 'i'))).at(-1)).toBe('finish 0 length')
  })

  it('never ends inside a character', () => {
    expect(told(through(new MaxTokens({ characters: 2 }), saying('a😀')))[0]).toBe('text 0 a')
  })

  it('a call that is open comes to its end, so that its arguments are whole; the choice ends behind it', () => {
    const call = { choice: 0, index: 1 }
    const tokens: StreamToken[] = [
      start,
      ...textBlock(['ab']),
      { type: 'tool-call-start', ...call, id: 'c', name: 'f', kind: 'function' },
      { type: 'tool-call-delta', ...call, arguments: '{"a":' },
      { type: 'tool-call-delta', ...call, arguments: '1}' },
      { type: 'tool-call-end', ...call },
      { type: 'tool-call-start', choice: 0, index: 2, id: 'd', name: 'f', kind: 'function' },
      { type: 'tool-call-end', choice: 0, index: 2 },
      finish('tool_calls'),
    ]
    const out = through(new MaxTokens({ characters: 4 }), tokens)
    expect(out).toEqual([...tokens.slice(0, 8), finish('length')])
  })

  it('no call begins when nothing is left', () => {
    const call = { choice: 0, index: 1 }
    const tokens: StreamToken[] = [
      start,
      ...textBlock(['abcd']),
      { type: 'tool-call-start', ...call, id: 'c', name: 'f', kind: 'function' },
      { type: 'tool-call-delta', ...call, arguments: '{}' },
      { type: 'tool-call-end', ...call },
      finish('tool_calls'),
    ]
    expect(through(new MaxTokens({ characters: 4 }), tokens)).toEqual([...tokens.slice(0, 4), finish('length')])
  })

  it('reasoning counts, and each choice for itself', () => {
    const two = { choice: 1, index: 0 }
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at },
      { type: 'text-start', ...two },
      { type: 'reasoning-delta', ...at, text: 'abcdef' },
      delta('xyz', undefined, two),
      { type: 'text-end', ...two },
      { type: 'reasoning-end', ...at },
      finish(),
      finish('stop', 1),
    ]
    expect(told(through(new MaxTokens({ characters: 4, choices: 2 }), tokens))).toEqual([
      ...['reasoning 0 abcd', 'finish 0 length', 'text 0 xyz', 'finish 1 stop'],
    ])
  })

  it('a limit is needed, and a number', () => {
    expect(() => new MaxTokens({})).toThrow('write `tokens` or `characters`')
    expect(() => new MaxTokens({ tokens: -1 })).toThrow('write a number from 0')
  })
})
