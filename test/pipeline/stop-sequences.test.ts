import { describe, expect, it } from 'vitest'
import { StopSequences } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { at, delta, finish, saying, start, step, through, told } from './streams.ts'

describe('StopSequences', () => {
  it('cuts at a sequence that is torn over deltas and says which it was', () => {
    const out = through(
      new StopSequences({ sequences: ['\n\nHuman:', 'END'] }),
      saying('Hi.\n', '\nHum', 'an: me', 'END'),
    )
    expect(out).toEqual([
      ...[start, { type: 'text-start', ...at }, delta('Hi.'), { type: 'text-end', ...at }],
      { type: 'finish', choice: 0, reason: 'stop_sequence', stopSequence: '\n\nHuman:' },
    ])
  })

  it('of several the one that is complete first ends it', () => {
    const out = through(new StopSequences({ sequences: ['abcd', 'bc'] }), saying('xabcd'))
    expect(out.at(-1)).toMatchObject({ stopSequence: 'bc' })
    expect(told(out)[0]).toBe('text 0 xa')
  })

  it('what only looked like one comes as soon as that is clear', () => {
    expect(step(new StopSequences({ sequences: ['STOP'] }), ['a S', 'TO', 'RE', 'S'])).toEqual(['a ', '', 'STORE', ''])
    expect(told(through(new StopSequences({ sequences: ['STOP'] }), saying('a S', 'TO')))).toEqual([
      'text 0 a STO',
      'finish 0 stop',
    ])
  })

  it('a sequence at the very end of the answer counts', () => {
    expect(told(through(new StopSequences({ sequences: ['END'] }), saying('a', 'E', 'ND')))).toEqual([
      'text 0 a',
      'finish 0 stop_sequence',
    ])
  })

  it('usage and facts that come later still go on; blocks, raw events and a late error do not', () => {
    const usage: StreamToken = { type: 'usage', usage: { output: 3 } }
    const metadata: StreamToken = { type: 'metadata', dialect: 'openai-chat', fields: { a: 1 } }
    const raw: StreamToken = { type: 'raw', dialect: 'openai-chat', data: 'x' }
    const late = [
      metadata,
      { type: 'text-start' as const, choice: 0, index: 1 },
      delta('b', undefined, { choice: 0, index: 1 }),
    ]
    const end: StreamToken = { type: 'text-end', choice: 0, index: 1 }
    const tokens = [...saying('a|b').slice(0, -1), ...late, end, finish(), usage, raw]
    const out = through(new StopSequences({ sequences: ['|'] }), tokens)
    expect(out.slice(3).map(({ type }) => type)).toEqual(['text-end', 'finish', 'metadata', 'usage'])
  })

  it('is not looked for in reasoning or in arguments', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at },
      { type: 'reasoning-delta', ...at, text: 'a|b' },
      { type: 'reasoning-end', ...at },
      finish(),
    ]
    expect(through(new StopSequences({ sequences: ['|'] }), tokens)).toEqual(tokens)
  })

  it('with several answers it is done when all have ended, by a sequence or by themselves', () => {
    const stop = new StopSequences({ sequences: ['|'], choices: 2 })
    const two = { choice: 1, index: 0 }
    const seen: boolean[] = []
    for (const token of [
      start,
      { type: 'text-start' as const, ...at },
      { type: 'text-start' as const, ...two },
      delta('a|'),
      delta('b', undefined, two),
      { type: 'text-end' as const, ...two },
      finish('stop', 1),
    ]) {
      stop.transform(token)
      seen.push(stop.done)
    }
    expect(seen).toEqual([false, false, false, false, false, false, true])
  })

  it('no sequence at all is a mistake', () => {
    expect(() => new StopSequences({ sequences: [] })).toThrow('`sequences` is empty')
  })
})
