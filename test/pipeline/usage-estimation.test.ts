import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { UsageEstimation } from '../../src/pipeline/index.ts'
import { estimateText, fold, type StreamToken } from '../../src/tokens/index.ts'
import { at, finish, saying, start, textBlock, through } from './streams.ts'

describe('UsageEstimation', () => {
  it('estimates what nobody reported, and says that it is an estimate', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at },
      { type: 'reasoning-delta', ...at, text: 'thinking about it' },
      { type: 'reasoning-end', ...at },
      ...textBlock(['that', 'is it'], { choice: 0, index: 1 }),
      finish(),
    ]
    const reasoning = Math.ceil(estimateText('thinking about it'))
    const output = Math.ceil(estimateText('thinking about itthatis it'))
    expect(output).toBeGreaterThan(reasoning)
    expect(fold(through(new UsageEstimation({ input: 5 }), tokens)).usage).toEqual({
      ...{ input: 5, output, reasoning, estimated: true },
    })
  })

  it('adds nothing to a report, however little it says and however late it comes', () => {
    const tokens: StreamToken[] = [...saying('abcd'), { type: 'usage', usage: { input: 3 } }]
    expect(through(new UsageEstimation(), tokens)).toEqual(tokens)
  })

  it('of a broken answer it estimates what came, before the error', () => {
    const error = new SluiceError('upstream_server', 'x')
    const out = through(new UsageEstimation(), [...saying('abcd').slice(0, 3), { type: 'error', error }])
    expect(out.slice(3)).toEqual([
      { type: 'usage', usage: { output: 1, estimated: true } },
      { type: 'error', error },
    ])
  })

  it('says nothing about an answer that never began', () => {
    expect(new UsageEstimation().flush()).toEqual([])
  })
})
