import { describe, expect, it } from 'vitest'
import { systemClock, Watchdog } from '../../src/flow/index.ts'
import { FakeClock } from './fake-clock.ts'

function watched(ms: number) {
  const clock = new FakeClock()
  const barks: number[] = []
  const dog = new Watchdog(clock, ms, () => barks.push(clock.now()))
  return { clock, barks, dog }
}

describe('Watchdog', () => {
  it('barks once when nobody feeds it, at its time and not before', () => {
    const { clock, barks } = watched(100)
    clock.pass(99)
    expect(barks).toEqual([])
    clock.pass(1000)
    expect(barks).toEqual([100])
    expect(clock.waiting).toBe(0)
  })

  it('never barks early, whenever it was fed last', () => {
    const { clock, barks, dog } = watched(100)
    for (const at of [10, 50, 99, 150, 249]) {
      clock.pass(at - clock.now())
      dog.feed()
    }
    clock.pass(1000)
    expect(barks).toEqual([349])
  })

  it('sets no timer when it is fed: a timer per token would cost more than the token', () => {
    const { clock, dog } = watched(100)
    for (let i = 0; i < 1000; i++) dog.feed()
    expect(clock.set).toBe(1)
    clock.pass(99)
    dog.feed(clock.now())
    clock.pass(99)
    expect(clock.set).toBe(2)
  })

  it('does not take for silence that the process itself stood still: what came meanwhile may still be read', () => {
    const { clock, barks, dog } = watched(100)
    clock.pass(50)
    dog.feed()
    clock.freeze(400)
    expect(barks).toEqual([])
    // The reads that waited.
    dog.feed()
    clock.pass(99)
    expect(barks).toEqual([])
    clock.pass(1)
    expect(barks).toEqual([550])
  })

  it('barks after such a stop when nothing had come, once', () => {
    const { clock, barks } = watched(100)
    clock.freeze(140)
    expect(barks).toEqual([])
    clock.pass(1000)
    expect(barks).toEqual([180])
  })

  it('takes the time from a caller who has just asked the clock', () => {
    const { clock, barks, dog } = watched(100)
    clock.pass(60)
    dog.feed(40)
    clock.pass(100)
    expect(barks).toEqual([140])
  })

  it('is silent once it was stopped, and starts afresh', () => {
    const { clock, barks, dog } = watched(100)
    dog.stop()
    dog.stop()
    expect(clock.waiting).toBe(0)
    clock.pass(500)
    dog.restart()
    clock.pass(99)
    dog.restart()
    clock.pass(100)
    expect(barks).toEqual([699])
    dog.restart()
    clock.pass(100)
    expect(barks).toEqual([699, 799])
  })

  it('can be restarted from inside its bark, as a heartbeat does', () => {
    const clock = new FakeClock()
    const barks: number[] = []
    const dog: Watchdog = new Watchdog(clock, 10, () => {
      barks.push(clock.now())
      dog.restart()
    })
    clock.pass(35)
    expect([barks, clock.waiting]).toEqual([[10, 20, 30], 1])
  })

  it.each([0, -1, Number.POSITIVE_INFINITY])('never barks with %s ms', (ms) => {
    const { clock, barks } = watched(ms)
    clock.pass(1e9)
    expect([barks, clock.set]).toEqual([[], 0])
  })
})

describe('systemClock', () => {
  it('calls back once, after the time and not before, unless it was cancelled', async () => {
    const calls: string[] = []
    const cancel = systemClock.after(5, () => calls.push('cancelled'))
    cancel()
    cancel()
    const from = systemClock.now()
    await new Promise<void>((resolve) => {
      const keepAlive = setTimeout(() => {}, 5000)
      systemClock.after(20, () => {
        clearTimeout(keepAlive)
        calls.push('late')
        resolve()
      })
    })
    expect(calls).toEqual(['late'])
    expect(systemClock.now() - from).toBeGreaterThanOrEqual(18)
  })
})
