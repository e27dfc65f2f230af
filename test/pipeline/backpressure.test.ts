import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { BackpressureController, MemoryBudget } from '../../src/pipeline/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { controlling, later } from './controlling.ts'

const KiB = 1024

/** What has become of a promise so far. */
async function fate(promise: Promise<void>): Promise<string> {
  return Promise.race([
    promise.then(
      () => 'room',
      (error) => error.code ?? String(error),
    ),
    later().then(() => 'waits'),
  ])
}

describe('a sender that is faster than its receiver', () => {
  it('is paused above the capacity, and goes on when half of it has been taken', () => {
    const { control, told } = controlling()
    expect([control.added(600), control.added(400), told]).toEqual([true, true, []])
    expect(control.added(1)).toBe(false)
    expect(control.added(200)).toBe(false)
    expect([told, control.paused]).toEqual([['pause'], true])
    control.removed(700)
    expect(told).toEqual(['pause'])
    control.removed(1)
    expect([told, control.paused]).toEqual([['pause', 'resume'], false])
    control.removed(500)
    expect(told).toEqual(['pause', 'resume'])
  })

  it('is followed by the length of a queue that is not ours', () => {
    const { control, told } = controlling()
    expect([900, 0, 1000, 1001, 1500, 600].map((bytes) => control.level(bytes))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(control.level(500)).toBe(true)
    expect([told, control.stats.queued, control.stats.peak]).toEqual([['pause', 'resume'], 500, 1500])
  })

  it('may be ahead by what the receiver takes in a tenth of a second, in steps of two upwards and at once down', () => {
    const { control, clock } = controlling()
    /** Fills it, and lets half of it go within so many milliseconds. */
    const cycle = (ms: number): number => {
      while (control.added(100)) {}
      clock.pass(ms)
      const { queued, capacity } = control.stats
      control.removed(queued - capacity / 2)
      return control.stats.capacity
    }
    expect([0, 0, 0, 0, 0].map(cycle)).toEqual([2000, 4000, 8000, 16_000, 16_000])
    // 8,100 bytes in a second, then 310 bytes in half a second.
    expect(cycle(1000)).toBe(1000)
    expect(cycle(0)).toBe(2000)
    // 1,100 bytes in 100 ms.
    expect(cycle(100)).toBe(1100)
  })

  it('is given less as soon as somebody asks while nothing is taken', () => {
    const { control, clock } = controlling()
    for (let i = 0; i < 3; i++) {
      while (control.added(100)) {}
      control.removed(control.stats.queued)
    }
    expect(control.adaptCapacity()).toBe(16_000)
    while (control.added(100)) {}
    clock.pass(50)
    control.removed(100)
    expect(control.adaptCapacity()).toBe(1000)
    expect(control.paused).toBe(true)
    expect(control.stats.drainRate).toBe(2000)
  })

  it('is told how it was: waits, rates and what is queued', () => {
    const { control, clock } = controlling()
    expect(control.stats).toEqual({
      queued: 0,
      capacity: 1000,
      peak: 0,
      paused: false,
      pauses: 0,
      pausedMs: 0,
      drainRate: undefined,
      processingMs: undefined,
      waiting: 0,
    })
    control.added(1200)
    clock.pass(300)
    expect(control.stats).toMatchObject({ paused: true, pauses: 1, pausedMs: 300, drainRate: undefined })
    clock.pass(100)
    control.removed(800)
    clock.pass(100)
    expect(control.stats).toEqual({
      queued: 400,
      capacity: 1000,
      peak: 1200,
      paused: false,
      pauses: 1,
      pausedMs: 400,
      drainRate: 2000,
      processingMs: 200,
      waiting: 0,
    })
  })

  it('asks the clock at pauses only, and sets no timer', () => {
    const clock = new FakeClock()
    let asked = 0
    const { control } = controlling({ clock: { now: () => asked++, after: clock.after.bind(clock) } })
    for (let i = 0; i < 1000; i++) {
      control.added(900)
      control.removed(900)
    }
    expect([asked, clock.set]).toEqual([0, 0])
    control.added(1001)
    control.removed(1001)
    expect(asked).toBeLessThan(4)
  })

  it('may send from within the callback', () => {
    const budget = new MemoryBudget()
    let rounds = 0
    const control: BackpressureController = new BackpressureController({
      budget,
      floor: 10,
      onPause: () => control.removed(4),
      onResume: () => {
        while (rounds++ < 50 && control.added(3)) {}
      },
    })
    control.added(11)
    while (control.stats.queued > 0) control.removed(2)
    expect(rounds).toBeGreaterThan(50)
    expect([budget.used, control.paused]).toEqual([0, false])
  })
})

describe('streams that share a budget', () => {
  const four = (limit: number) => {
    const budget = new MemoryBudget({ limit })
    return { budget, streams: Array.from({ length: 4 }, () => controlling({ budget, floor: 1000, ceiling: 64_000 })) }
  }
  const grow = (control: BackpressureController): void => {
    while (control.stats.capacity < 64_000) {
      while (control.added(100)) {}
      control.removed(control.stats.queued)
    }
  }

  it('may each hold what its receiver deserves while half of it is free, then the floor, then a piece at a time', () => {
    const { budget, streams } = four(20_000)
    const [a, b, c] = streams.map((stream) => stream.control) as [
      BackpressureController,
      BackpressureController,
      BackpressureController,
    ]
    grow(a)
    while (a.added(100)) {}
    expect([a.stats.queued, a.stats.capacity]).toEqual([10_100, 64_000])
    grow(b)
    while (b.added(100)) {}
    expect(b.stats.queued).toBe(1100)
    c.added(10_000)
    expect(budget.used).toBe(21_200)
    expect(a.paused && b.paused && c.paused).toBe(true)
    const d = streams[3]!.control
    expect(d.added(1)).toBe(false)
    d.removed(1)
    expect(d.paused).toBe(false)
    // Who was paused for lack of memory goes on when half of its share has been taken.
    c.removed(10_000)
    a.removed(9000)
    expect([a.paused, b.paused]).toEqual([false, true])
    b.removed(100)
    expect(b.paused).toBe(false)
    expect([budget.used, budget.peak]).toEqual([2100, 21_201])
    for (const { control } of streams) control.close()
    expect(budget.used).toBe(0)
  })

  it('get their part back when one is closed, once, and it takes no more', () => {
    const { budget, streams } = four(20_000)
    const { control, told } = streams[0]!
    control.added(5000)
    control.close()
    control.close()
    control.removed(5000)
    expect([control.added(5000), control.level(700)]).toEqual([true, true])
    expect([budget.used, told, control.stats.queued, control.stats.paused]).toEqual([0, ['pause'], 0, false])
  })

  it('fit into it a thousand at a time, of 200 MB each in reads of 64 KiB, however slowly they are taken', () => {
    const clock = new FakeClock()
    const budget = new MemoryBudget()
    const all = Array.from({ length: 1000 }, () => ({
      control: new BackpressureController({ budget, clock }),
      sent: 0,
    }))
    for (let second = 0; second < 60; second++) {
      for (const one of all) {
        while (!one.control.paused && one.sent < 200e6) {
          one.sent += 64 * KiB
          one.control.added(64 * KiB)
        }
        one.control.removed(10_000 + (second % 7) * 5000)
      }
      clock.pass(1000)
    }
    expect(budget.peak).toBeLessThanOrEqual(budget.limit)
    expect(all.every(({ sent }) => sent > 1e6)).toBe(true)
    for (const { control } of all) control.close()
    expect(budget.used).toBe(0)
  })

  it('are one family where none is named', () => {
    const one = new BackpressureController()
    const mega = KiB * KiB
    for (let i = 0; i < 33; i++) one.added(mega)
    const other = new BackpressureController()
    other.added(16 * KiB)
    expect(other.paused).toBe(false)
    for (let i = 0; i < 32; i++) one.added(mega)
    other.added(0)
    expect(other.paused).toBe(true)
    one.close()
    other.close()
  })
})

describe('a sender that awaits room', () => {
  it('gets it at once while there is some, and in its turn when half has been taken', async () => {
    const { control, told } = controlling()
    expect(await fate(control.acquire(700))).toBe('room')
    expect(control.stats.queued).toBe(700)
    const served: string[] = []
    const line = [300, 301, 100, 100].map((bytes, i) => control.acquire(bytes).then(() => served.push(`${i}`)))
    await later()
    expect([served, told, control.stats.waiting]).toEqual([['0'], ['pause'], 3])
    control.removed(499)
    await later()
    expect(served).toEqual(['0'])
    control.removed(1)
    await Promise.all(line)
    expect([served, told]).toEqual([
      ['0', '1', '2', '3'],
      ['pause', 'resume'],
    ])
    expect(control.stats).toMatchObject({ queued: 1001, waiting: 0, capacity: 2000 })
  })

  it('is let in alone with a piece that is larger than everything', async () => {
    const { control } = controlling()
    control.added(10)
    const large = control.acquire(1e6)
    const small = control.acquire(1)
    expect([await fate(large), await fate(small)]).toEqual(['waits', 'waits'])
    for (let i = 0; i < 9; i++) control.removed(1)
    expect(control.stats).toMatchObject({ pauses: 1, waiting: 2, capacity: 1000 })
    control.removed(1)
    expect([await fate(large), await fate(small)]).toEqual(['room', 'waits'])
    control.removed(1e6)
    expect(await fate(small)).toBe('room')
  })

  it('is told when there is no room in time, and is out of the line then', async () => {
    const { control, clock, told } = controlling()
    control.added(900)
    const first = control.acquire(200, { timeoutMs: 50 })
    const second = control.acquire(100, { timeoutMs: 1000 })
    control.removed(450)
    expect([await fate(first), await fate(second)]).toEqual(['room', 'room'])
    const late = control.acquire(5000, { timeoutMs: 50 })
    const behind = control.acquire(100, { timeoutMs: 1000 })
    control.removed(50)
    clock.pass(49)
    expect([await fate(late), await fate(behind)]).toEqual(['waits', 'waits'])
    clock.pass(1)
    expect([await fate(late), await fate(behind)]).toEqual(['backpressure_timeout', 'room'])
    await expect(late).rejects.toThrow(/^cannot send 5000 bytes: .* 50 ms; /)
    expect([clock.waiting, control.stats.waiting, told.at(-1)]).toEqual([0, 0, 'resume'])
  })

  it('can give up, before and meanwhile', async () => {
    const { control, clock } = controlling()
    control.added(900)
    const leaving = new AbortController()
    const waiting = control.acquire(200, { signal: leaving.signal, timeoutMs: 100 })
    leaving.abort('enough')
    expect(await fate(waiting)).toBe('enough')
    expect(await fate(control.acquire(1, { signal: leaving.signal }))).toBe('enough')
    expect([control.stats.queued, control.stats.waiting, clock.waiting]).toEqual([900, 0, 0])
  })

  it('is refused when the stream is over', async () => {
    const { control, clock, budget } = controlling()
    control.added(900)
    const waiting = [control.acquire(200, { timeoutMs: 100 }), control.acquire(200)]
    control.close()
    expect(await Promise.all([...waiting, control.acquire(1)].map(fate))).toEqual(Array(3).fill('client_closed'))
    expect([clock.waiting, budget.used]).toEqual([0, 0])
    const other = controlling().control
    other.added(900)
    const told = other.acquire(200)
    other.close(new SluiceError('draining', 'over'))
    other.close(new SluiceError('internal', 'over'))
    expect([await fate(told), await fate(other.acquire(1))]).toEqual(['draining', 'draining'])
  })

  it('is held back by what others hold, as far as it goes', async () => {
    const budget = new MemoryBudget({ limit: 10_000 })
    budget.take(20_000)
    const { control } = controlling({ budget })
    expect(await fate(control.acquire(100))).toBe('room')
    const next = control.acquire(100)
    expect(await fate(next)).toBe('waits')
    budget.give(20_000)
    control.removed(50)
    expect(await fate(next)).toBe('room')
    budget.take(4000)
    // What is asked for counts, too: with it more than half would be taken, and that is for floors.
    expect(control.stats.capacity).toBeGreaterThan(1500)
    expect(await fate(control.acquire(1300))).toBe('waits')
  })
})

describe('numbers that are none', () => {
  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('are refused and change nothing: %d', (bytes) => {
    const { control, budget } = controlling()
    control.added(10)
    for (const step of [
      () => control.added(bytes),
      () => control.removed(bytes),
      () => control.acquire(bytes),
      () => control.level(bytes === -1 ? Number.NaN : bytes),
    ]) {
      expect(step).toThrow(/^cannot count what is queued: found /)
    }
    expect([control.stats.queued, budget.used]).toEqual([10, 10])
  })

  it('make no controller and no budget', () => {
    expect(() => new BackpressureController({ floor: 0 })).toThrow(/floor/)
    expect(() => new BackpressureController({ floor: 2000, ceiling: 1000 })).toThrow(/ceiling/)
    expect(() => new BackpressureController({ floor: Number.NaN })).toThrow(/floor/)
    expect(() => new MemoryBudget({ limit: 0 })).toThrow(/limit/)
    expect(new BackpressureController({ floor: 1 << 22 }).stats.capacity).toBe(1 << 22)
  })
})
