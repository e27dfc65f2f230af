import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { Admission, type AdmissionLimits } from '../../src/gateway/admission.ts'
import { FakeClock } from '../flow/fake-clock.ts'

/** Applicants are numbers; what becomes of each is written down in order. */
function rig(limits: Partial<AdmissionLimits> = {}) {
  const clock = new FakeClock()
  const admission = new Admission({ streams: 2, queue: 3, queueTimeoutMs: 1000, ...limits }, clock)
  const told: string[] = []
  const leaves = new Map<number, () => void>()
  const errors: SluiceError[] = []
  return {
    clock,
    admission,
    told,
    errors,
    leave: (n: number) => leaves.get(n)?.(),
    come: (n: number, owner?: string) =>
      admission.apply({
        ...(owner !== undefined && { owner }),
        admit(leave) {
          told.push(`in ${n}`)
          leaves.set(n, leave)
        },
        refuse(error) {
          told.push(`${error.code} ${n}`)
          errors.push(error)
        },
      }),
    counts: () => [admission.running, admission.waiting],
  }
}

it('as many as there is room for go in, some wait in order, and the rest is told at once', () => {
  const { come, leave, told, counts } = rig()
  for (let n = 1; n <= 7; n++) come(n)
  expect(told).toEqual(['in 1', 'in 2', 'overloaded 6', 'overloaded 7'])
  expect(counts()).toEqual([2, 3])
  leave(2)
  // Leaving twice makes no second place.
  leave(2)
  expect(told.slice(4)).toEqual(['in 3'])
  leave(1)
  leave(3)
  expect(told.slice(4)).toEqual(['in 3', 'in 4', 'in 5'])
  expect(counts()).toEqual([2, 0])
})

it('whoever waits too long is told so, and one that comes later does not get its place first', () => {
  const { come, leave, told, clock, counts, errors } = rig()
  for (let n = 1; n <= 3; n++) come(n)
  clock.pass(600)
  come(4)
  clock.pass(400)
  expect(told).toEqual(['in 1', 'in 2', 'overloaded 3'])
  expect(errors[0]?.message).toMatch(/2 requests are being answered and it has waited for 1 s; send it again in \d+ s$/)
  leave(1)
  expect(told.at(-1)).toBe('in 4')
  expect(counts()).toEqual([2, 0])
  expect(clock.waiting).toBe(0)
})

it('one that leaves the queue makes room in it at once, wherever it stands', () => {
  for (const leaver of [3, 4, 5]) {
    const { come, leave, told, counts, clock } = rig()
    const withdraw = [1, 2, 3, 4, 5].map((n) => come(n))
    expect(withdraw[leaver - 1]?.()).toBe(true)
    expect(withdraw[leaver - 1]?.()).toBe(false)
    expect(counts()).toEqual([2, 2])
    come(6)
    expect(counts()).toEqual([2, 3])
    for (const n of [1, 2, ...[3, 4, 5].filter((one) => one !== leaver)]) leave(n)
    const order = [1, 2, 3, 4, 5, 6].filter((n) => n !== leaver).map((n) => `in ${n}`)
    expect(told).toEqual(order)
    expect(clock.waiting).toBe(0)
  }
})

it('nobody who waits is forgotten when all are sent away', () => {
  const { come, leave, told, counts, admission } = rig({ perKey: 3 })
  for (let n = 1; n <= 5; n++) come(n, `key ${n % 2}`)
  admission.dismiss(new SluiceError('draining', 'it stops'))
  expect(told.slice(2)).toEqual(['draining 3', 'draining 4', 'draining 5'])
  expect(counts()).toEqual([2, 0])
  leave(1)
  leave(2)
  for (let n = 6; n <= 8; n++) come(n, 'key 1')
  expect(told.slice(5)).toEqual(['in 6', 'in 7'])
})

it('a key that has its share is refused, and another is not', () => {
  const { come, leave, told, errors } = rig({ streams: 10, perKey: 2 })
  come(1, 'a')
  come(2, 'a')
  come(3, 'a')
  come(4, 'b')
  leave(1)
  come(5, 'a')
  expect(told).toEqual(['in 1', 'in 2', 'too_many_requests 3', 'in 4', 'in 5'])
  expect(errors[0]).toMatchObject({ status: 429 })
})

it('a request that waits counts for its key as well', () => {
  const { come, told } = rig({ streams: 1, perKey: 2 })
  const withdraw = [come(1, 'a'), come(2, 'a'), come(3, 'a')]
  expect(told).toEqual(['in 1', 'too_many_requests 3'])
  withdraw[1]?.()
  come(4, 'a')
  expect(told).toEqual(['in 1', 'too_many_requests 3'])
})

it('how long to stay away goes by how quickly places become free', () => {
  const { come, leave, clock, errors } = rig({ streams: 1, queue: 0 })
  const refusedAfter = (): number => {
    const before = errors.length
    come(0)
    expect(errors.length).toBe(before + 1)
    return errors.at(-1)?.retryAfterMs ?? 0
  }
  come(1)
  clock.pass(20_000)
  // In all that time nobody has left: a place in ten seconds is the best that can be hoped for.
  expect(refusedAfter()).toBe(10_000)
  for (let n = 2; n <= 40; n++) {
    clock.pass(500)
    leave(n - 1)
    come(n)
  }
  // Two places a second, and whoever was sent away before is expected back.
  const first = refusedAfter()
  expect(first).toBeGreaterThanOrEqual(1000)
  expect(first).toBeLessThan(1500)
  for (let i = 0; i < 20; i++) refusedAfter()
  expect(refusedAfter()).toBeGreaterThan(8000)
  expect(refusedAfter()).toBeLessThan(14_000)
  for (let i = 0; i < 1000; i++) refusedAfter()
  expect(refusedAfter()).toBe(60_000)
  clock.pass(40_000)
  expect(refusedAfter()).toBe(10_000)
})

it('a place that is given up where it is called goes to the next, without a stack as deep as the queue', () => {
  const clock = new FakeClock()
  const admission = new Admission({ streams: 1, queue: 20_000, queueTimeoutMs: 1000 }, clock)
  let seen = 0
  let first = (): void => {}
  admission.apply({
    admit: (leave) => {
      first = leave
    },
    refuse() {},
  })
  for (let i = 0; i < 20_000; i++) {
    admission.apply({
      admit(leave) {
        seen++
        if (i % 2 === 0) leave()
        else throw new SluiceError('invalid_request', 'it is wrong')
      },
      refuse: () => {
        seen += 0.5
      },
    })
  }
  first()
  expect(seen).toBe(25_000)
  expect([admission.running, admission.waiting, clock.waiting]).toEqual([0, 0, 0])
})

it('other limits hold for those who wait as soon as they are set', () => {
  const { come, leave, told, admission, counts } = rig()
  for (let n = 1; n <= 5; n++) come(n)
  admission.limits = { ...admission.limits, streams: 4 }
  expect(told).toEqual(['in 1', 'in 2', 'in 3', 'in 4'])
  admission.limits = { ...admission.limits, streams: 1, queue: 1 }
  leave(1)
  come(6)
  expect(counts()).toEqual([3, 1])
  for (const n of [2, 3, 4]) leave(n)
  expect(told.slice(4)).toEqual(['overloaded 6', 'in 5'])
})

type Step = ['come'] | ['leave', number] | ['withdraw', number] | ['pass', number]

it('whatever happens in whatever order: limits hold, the order holds, everybody hears exactly one thing', () => {
  const steps = fc.array(
    fc.oneof(
      fc.constant<Step>(['come']),
      fc.tuple(fc.constant('leave' as const), fc.nat(30)),
      fc.tuple(fc.constant('withdraw' as const), fc.nat(30)),
      fc.tuple(fc.constant('pass' as const), fc.nat(600)),
    ),
    { maxLength: 120 },
  )
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), fc.nat(4), (list, streams, queue) => {
      const { come, leave, told, admission, clock } = rig({ streams, queue })
      const withdraws: Array<(() => boolean) | undefined> = []
      const gone = new Set<number>()
      for (const step of list) {
        if (step[0] === 'come') withdraws.push(come(withdraws.length))
        else if (step[0] === 'leave') leave(step[1])
        else if (step[0] === 'withdraw') {
          if (withdraws[step[1]]?.()) gone.add(step[1])
        } else clock.pass(step[1])
        expect(admission.running).toBeLessThanOrEqual(streams)
        expect(admission.waiting).toBeLessThanOrEqual(queue)
        if (admission.waiting > 0) expect(admission.running).toBe(streams)
        expect(clock.waiting).toBe(admission.waiting)
      }
      clock.pass(2000)
      const all = told.map((one) => Number(one.split(' ')[1]))
      expect(new Set(all).size).toBe(all.length)
      expect(all.length + gone.size).toBe(withdraws.length)
      const admitted = told.filter((one) => one.startsWith('in ')).map((one) => Number(one.slice(3)))
      expect(admitted).toEqual(admitted.toSorted((a, b) => a - b))
    }),
    { numRuns: 500 },
  )
})
