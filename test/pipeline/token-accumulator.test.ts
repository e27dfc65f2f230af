import { describe, expect, it } from 'vitest'
import { TokenAccumulator, TransformerStage } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { at, delta, finish, saying, start, textBlock, through } from './streams.ts'

describe('TokenAccumulator', () => {
  it('says at any time what has come', () => {
    const call = { choice: 0, index: 1 }
    const accumulator = new TokenAccumulator()
    const stage = new TransformerStage(accumulator)
    const push = (...tokens: StreamToken[]): void => {
      for (const token of tokens) stage.push(token, () => {})
    }
    push(start, { type: 'text-start', ...at }, delta('Hel'))
    expect(accumulator.text).toBe('Hel')
    push(delta('lo'), { type: 'text-end', ...at })
    push({ type: 'tool-call-start', ...call, id: 'c', name: 'f', kind: 'function' })
    push({ type: 'tool-call-delta', ...call, arguments: '{"a":1' })
    expect(accumulator.toolCalls).toEqual([
      { ...call, kind: 'tool-call', id: 'c', name: 'f', text: '{"a":1', complete: false },
    ])
    push({ type: 'tool-call-delta', ...call, arguments: '}' }, { type: 'tool-call-end', ...call })
    push({ type: 'usage', usage: { output: 4 } })
    expect(accumulator.finish()).toBeUndefined()
    push(finish('tool_calls'))
    expect(accumulator).toMatchObject({ text: 'Hello', usage: { output: 4 }, truncated: false })
    expect(accumulator.toolCalls).toMatchObject([{ text: '{"a":1}', complete: true }])
    expect(accumulator.finish()).toEqual({ reason: 'tool_calls' })
  })

  it('tells choices, reasoning and refusals apart', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at },
      { type: 'reasoning-delta', ...at, text: 'hm' },
      { type: 'reasoning-end', ...at },
      { type: 'text-start', choice: 0, index: 1, refusal: true },
      delta('no', undefined, { choice: 0, index: 1 }),
      { type: 'text-end', choice: 0, index: 1 },
      ...textBlock(['other'], { choice: 1, index: 0 }),
      finish(),
      finish('stop', 1),
    ]
    const accumulator = new TokenAccumulator()
    expect(through(accumulator, tokens)).toEqual(tokens)
    expect(accumulator).toMatchObject({ text: '', reasoning: 'hm' })
    expect(accumulator.blocks().map(({ choice, kind, text }) => `${choice} ${kind} ${text}`)).toEqual([
      ...['0 reasoning hm', '0 refusal no', '1 text other'],
    ])
  })

  it('keeps no more than it may, and says so; the stream itself goes on', () => {
    const accumulator = new TokenAccumulator({ maxCharacters: 70 })
    const tokens = saying('abcd', 'efgh', 'ijkl')
    expect(through(accumulator, tokens)).toEqual(tokens)
    expect(accumulator).toMatchObject({ text: 'abcd', truncated: true })
    expect(accumulator.blocks()).toMatchObject([{ complete: false }])
  })

  it('many small pieces come out as one text', () => {
    const pieces = Array.from({ length: 5000 }, (_, i) => `${i} is a piece of text; `)
    const accumulator = new TokenAccumulator()
    through(accumulator, saying(...pieces))
    expect(accumulator.text).toBe(pieces.join(''))
  })
})
