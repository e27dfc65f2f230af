import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../src/pipeline/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { controlling, later } from './controlling.ts'

describe('whatever happens in whatever order', () => {
  const largest = 3000
  const bytes = fc.integer({ min: 0, max: largest })
  const stream = fc.nat({ max: 3 })
  type Step =
    | { do: 'add' | 'remove' | 'level'; on: number; bytes: number }
    | { do: 'acquire'; on: number; bytes: number; timeoutMs: number | undefined; abortable: boolean }
    | { do: 'abort'; which: number }
    | { do: 'pass'; ms: number }
    | { do: 'adapt' | 'close'; on: number }
  const counted = (kind: 'add' | 'remove' | 'level') => fc.record({ do: fc.constant(kind), on: stream, bytes })
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      { arbitrary: counted('add'), weight: 6 },
      { arbitrary: counted('remove'), weight: 6 },
      { arbitrary: counted('level'), weight: 1 },
      {
        arbitrary: fc.record({
          do: fc.constant('acquire' as const),
          on: stream,
          bytes,
          timeoutMs: fc.option(fc.nat({ max: 200 }), { nil: undefined }),
          abortable: fc.boolean(),
        }),
        weight: 5,
      },
      { arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat({ max: 50 }) }), weight: 1 },
      { arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 100 }) }), weight: 3 },
      { arbitrary: fc.record({ do: fc.constantFrom('adapt' as const, 'close' as const), on: stream }), weight: 1 },
    ),
    { maxLength: 120 },
  )

  it('no byte is lost from the count, nobody is forgotten or overtaken, and the budget holds', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 2000, max: 30_000 }), async (all, limit) => {
        const clock = new FakeClock()
        const budget = new MemoryBudget({ limit })
        const streams = Array.from({ length: 4 }, () => {
          const made = controlling({ clock, budget, floor: 500, ceiling: 4000 })
          return { ...made, queued: 0, closed: false, tickets: 0, served: [] as number[], settled: 0 }
        })
        const leaving: AbortController[] = []
        let listeners = 0
        for (const step of all) {
          if (step.do === 'pass') clock.pass(step.ms)
          else if (step.do === 'abort') leaving[step.which]?.abort('left')
          else {
            const one = streams[step.on]!
            const { control } = one
            switch (step.do) {
              case 'add':
                // A sender that is paused does not send.
                if (control.paused) break
                control.added(step.bytes)
                if (!one.closed) one.queued += step.bytes
                break
              case 'level':
                if (control.paused && step.bytes > one.queued) break
                control.level(step.bytes)
                if (!one.closed) one.queued = step.bytes
                break
              case 'remove':
                control.removed(step.bytes)
                one.queued = Math.max(0, one.queued - step.bytes)
                if (control.paused && control.stats.waiting === 0) {
                  expect(one.queued).toBeGreaterThan(budget.share(500, control.stats.capacity) / 2)
                }
                break
              case 'adapt':
                expect(control.adaptCapacity()).toBeLessThanOrEqual(4000)
                break
              case 'close':
                control.close()
                one.closed = true
                one.queued = 0
                break
              case 'acquire': {
                const leave = new AbortController()
                const { addEventListener, removeEventListener } = leave.signal
                leave.signal.addEventListener = (...args: unknown[]) => {
                  listeners++
                  return Reflect.apply(addEventListener, leave.signal, args)
                }
                leave.signal.removeEventListener = (...args: unknown[]) => {
                  listeners--
                  return Reflect.apply(removeEventListener, leave.signal, args)
                }
                leaving.push(leave)
                const ticket = one.tickets++
                const options = { timeoutMs: step.timeoutMs, ...(step.abortable && { signal: leave.signal }) }
                control.acquire(step.bytes, options).then(
                  () => {
                    one.settled++
                    one.served.push(ticket)
                    one.queued += one.closed ? 0 : step.bytes
                  },
                  () => one.settled++,
                )
              }
            }
          }
          await later()
          let sum = 0
          for (const { control, queued, told, tickets, settled } of streams) {
            const { stats } = control
            sum += queued
            expect(stats.queued).toBe(queued)
            expect(stats.waiting).toBe(tickets - settled)
            expect(stats.capacity).toBeGreaterThanOrEqual(500)
            if (queued === 0) expect([stats.paused, stats.waiting]).toEqual([false, 0])
            if (stats.waiting > 0) expect(stats.paused).toBe(true)
            expect(queued).toBeLessThanOrEqual(4000 + largest)
            for (const [i, word] of told.entries()) expect(word).toBe(i % 2 === 0 ? 'pause' : 'resume')
          }
          expect(budget.used).toBe(sum)
          expect(sum).toBeLessThanOrEqual(limit + 4 * largest)
          expect(clock.waiting).toBeLessThanOrEqual(streams.reduce((n, one) => n + one.control.stats.waiting, 0))
        }
        for (const one of streams) {
          one.control.removed(one.control.stats.queued)
          // Half of the line may fit at a time; each round lets at least one in.
          for (let i = 0; i < one.tickets && one.control.stats.waiting > 0; i++) {
            await later()
            one.control.removed(one.control.stats.queued)
          }
          await later()
          expect(one.settled).toBe(one.tickets)
          expect(one.served).toEqual([...one.served].sort((a, b) => a - b))
          expect(one.control.paused).toBe(false)
          one.control.close()
        }
        expect([budget.used, clock.waiting, listeners]).toEqual([0, 0, 0])
      }),
      { numRuns: 400 },
    )
  })
})
