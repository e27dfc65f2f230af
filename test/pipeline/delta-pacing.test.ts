import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/flow/index.ts'
import { DeltaPacing } from '../../src/pipeline/index.ts'
import { delta, start } from './streams.ts'

/** A clock that stands still but for what is waited for. */
function stepClock(): Clock & { waits: number[]; cancelled: number; held: boolean } {
  let now = 0
  const clock = {
    waits: [] as number[],
    cancelled: 0,
    held: false,
    now: () => now,
    after(ms: number, callback: () => void) {
      clock.waits.push(ms)
      if (!clock.held) {
        now += ms
        queueMicrotask(callback)
      }
      return () => {
        clock.cancelled++
      }
    },
  }
  return clock
}

const signal = new AbortController().signal

describe('DeltaPacing', () => {
  it('gives each delta its time; what is not text goes on at once', async () => {
    const clock = stepClock()
    const pacing = new DeltaPacing({ perSecond: 10, clock })
    for (const token of [start, delta('a'), delta('b'), start, delta('c')]) {
      expect(await pacing.transform(token, signal)).toEqual({ action: 'pass' })
    }
    expect(clock.waits).toEqual([100, 100])
  })

  it('stops waiting when the stream is given up', async () => {
    const clock = stepClock()
    clock.held = true
    const pacing = new DeltaPacing({ perSecond: 1, clock })
    await pacing.transform(delta('a'), signal)
    const controller = new AbortController()
    const waiting = pacing.transform(delta('b'), controller.signal)
    controller.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    await expect(pacing.transform(delta('c'), controller.signal)).rejects.toThrow('gone')
    expect(clock.cancelled).toBe(1)
  })

  it('waits in real time when given no clock', async () => {
    const pacing = new DeltaPacing({ perSecond: 1000 })
    await pacing.transform(delta('a'), signal)
    expect(await pacing.transform(delta('b'), signal)).toEqual({ action: 'pass' })
  })
})
