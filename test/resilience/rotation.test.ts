import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorCodes, SluiceError } from '../../src/errors/index.ts'
import { defineProvider } from '../../src/providers/index.ts'
import { backoffMs, Health, judge, type Leg, Rotation, type RotationTarget } from '../../src/resilience/index.ts'

function start(names: string[], { retries = 0, keys = 1, health = new Health(), now = { at: 0 } } = {}) {
  const targets = names.map((name) => ({
    provider: defineProvider({
      name,
      dialect: 'openai-chat',
      base_url: 'http://127.0.0.1:9/v1',
      api_keys: Array.from({ length: keys }, (_, i) => `${name}-${i}`),
    }),
    model: 'm',
  }))
  const rotation = new Rotation({ targets, retries, health, now: () => now.at, random: () => 0 })
  return { rotation, targets, health, now }
}

const fails = (code: ErrorCode, more: { retryAfterMs?: number } = {}) => new SluiceError(code, 'no', more)

/** Asks until an answer or the end; each failure in its turn. */
function run<T extends RotationTarget>(rotation: Rotation<T>, codes: SluiceError[]) {
  const asked: string[] = []
  let step: Leg<T> | undefined = rotation.first()
  for (const error of [...codes, undefined]) {
    if (!step) break
    asked.push(`${step.key ?? step.target.provider.name}${step.waitMs > 0 ? ` after ${step.waitMs}` : ''}`)
    step.begin()
    if (!error) break
    step = rotation.next(step, error, false)
  }
  return asked
}

describe('the targets of one request', () => {
  it('are asked in their order, each once, whatever their failures are', () => {
    const { rotation } = start(['a', 'b', 'c'])
    const codes = (['upstream_server', 'upstream_invalid_request', 'upstream_not_found'] as const).map((code) =>
      fails(code),
    )
    expect(run(rotation, codes)).toEqual(['a-0', 'b-0', 'c-0'])
    expect(rotation.failed.map(({ target, code }) => [target, code])).toEqual([
      ['a/m', 'upstream_server'],
      ['b/m', 'upstream_invalid_request'],
      ['c/m', 'upstream_not_found'],
    ])
  })

  it('are asked once more where the failure may pass, after all others, and after a wait that grows', () => {
    const { rotation } = start(['a', 'b'], { retries: 2 })
    const codes = [
      fails('upstream_server'),
      fails('upstream_invalid_request'),
      fails('upstream_server'),
      fails('upstream_server'),
    ]
    expect(run(rotation, codes)).toEqual(['a-0', 'b-0', 'a-0 after 250', 'a-0 after 500'])
  })

  it('are waited for as long as they ask, but not for longer than a person waits', () => {
    const patient = start(['a'], { retries: 1 })
    expect(run(patient.rotation, [fails('upstream_rate_limit', { retryAfterMs: 3000 })])).toEqual([
      'a-0',
      'a-0 after 3000',
    ])
    const impatient = start(['a'], { retries: 1 })
    expect(run(impatient.rotation, [fails('upstream_rate_limit', { retryAfterMs: 60_000 })])).toEqual(['a-0'])
  })

  it('are asked with another key at once where it was the key, and the key rests for all', () => {
    const health = new Health()
    const { rotation, targets } = start(['a', 'b'], { keys: 2, health })
    expect(run(rotation, [fails('upstream_auth'), fails('upstream_rate_limit'), fails('upstream_server')])).toEqual([
      'a-0',
      'a-1',
      'b-0',
    ])
    expect(
      health.keyStates(
        targets.map(({ provider }) => provider),
        0,
      ),
    ).toMatchObject([
      { provider: 'a', keys: [{ state: 'benched' }, { state: 'cooling' }] },
      { provider: 'b', keys: [{ state: 'ready' }, { state: 'ready' }] },
    ])
  })

  it('are not asked with a key that may not use the model, while another may', () => {
    const health = new Health()
    const denied = new SluiceError('upstream_auth', 'no', { upstream: { status: 403 } })
    const { rotation, targets } = start(['a', 'b'], { keys: 2, health })
    expect(run(rotation, [denied, denied])).toEqual(['a-0', 'a-1', 'b-0'])
    // Both are benched for it by now: it comes last, and one of them is enough to hear the same again.
    const again = new Rotation({ targets, retries: 0, health, now: () => 0 })
    expect(run(again, [fails('upstream_not_found'), denied])).toEqual(['b-1', 'a-0'])
    const other = new Rotation({
      targets: targets.map((one) => ({ ...one, model: 'n' })),
      retries: 0,
      health,
      now: () => 0,
    })
    expect(run(other, [])).toEqual(['a-1'])
    const third = start(['c'], { keys: 2, health })
    run(third.rotation, [denied])
    const next = new Rotation({ targets: third.targets, retries: 0, health, now: () => 0 })
    expect(run(next, [])).toEqual(['c-1'])
  })

  it('are not asked again once one had begun to answer, but another may be', () => {
    const { rotation } = start(['a', 'b'], { retries: 3 })
    const first = rotation.first()
    first.begin()
    const next = rotation.next(first, fails('upstream_server'), true)
    expect(next?.target.provider.name).toBe('b')
    next?.begin()
    expect(next && rotation.next(next, fails('upstream_server'), true)).toBe(undefined)
  })

  it('that are unhealthy come last, but they do come', () => {
    const health = new Health({ failures: 1 })
    const first = start(['a', 'b'], { health })
    run(first.rotation, [fails('upstream_server'), fails('upstream_invalid_request')])
    const second = start(['a', 'b'], { health })
    expect(run(second.rotation, [fails('upstream_not_found'), fails('upstream_server')])).toEqual(['b-0', 'a-0'])
    const alone = start(['a'], { health })
    expect(run(alone.rotation, [fails('upstream_server')])).toEqual(['a-0'])
  })

  it('cost a target its health only where it is to blame', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const health = new Health({ failures: 1 })
      const { rotation, targets } = start(['a'], { health })
      run(rotation, [fails(code)])
      const open = health.known(targets[0]!.provider, 'm')?.admits(0) === false
      expect([code, open]).toEqual([code, judge(fails(code), false).blame === 'target'])
    }
    for (const code of ['client_closed', 'invalid_request', 'draining', 'upstream_invalid_request'] as const) {
      expect([code, judge(fails(code), false).blame]).toEqual([code, 'nobody'])
    }
  })

  it('are not busy for ever with a request that was asked in another way when the first one was refused', () => {
    const { rotation, health } = start(['a'])
    const leg = rotation.first()
    leg.begin()
    leg.begin()
    expect([rotation.attempts, health.states(0)[0]?.running]).toEqual([1, 1])
    leg.end()
    expect(health.states(0)).toMatchObject([{ running: 0, requests: 1, failedRequests: 0 }])
  })

  it('are asked two at a time where somebody wants it so, and the slower one has failed nobody', () => {
    const { rotation, health, now } = start(['a', 'b', 'c'], { keys: 1 })
    const slow = rotation.first()
    slow.begin()
    now.at = 100
    const quick = rotation.beside()!
    expect([quick.target.provider.name, rotation.othersLeft]).toEqual(['b', true])
    quick.begin()
    expect(rotation.attempts).toBe(2)
    now.at = 150
    rotation.outrun(slow)
    quick.answered()
    quick.end()
    expect(rotation.failed).toEqual([{ target: 'a/m', code: 'outrun' }])
    expect(health.states(now.at)).toMatchObject([
      { target: 'a/m', running: 0, failedRequests: 0, failures: 0, firstMs: 150 },
      { target: 'b/m', running: 0, failedRequests: 0, firstMs: 50 },
    ])
  })

  it('are not asked beside another one when they are unhealthy, or nobody is left', () => {
    const health = new Health({ failures: 1 })
    const first = start(['a', 'b', 'c'], { health })
    run(first.rotation, [fails('upstream_not_found'), fails('upstream_server'), fails('upstream_not_found')])
    const { rotation } = start(['a', 'b', 'c'], { health })
    expect(rotation.first().target.provider.name).toBe('a')
    expect(rotation.beside()?.target.provider.name).toBe('c')
    expect(rotation.beside()).toBe(undefined)
    expect(rotation.othersLeft).toBe(true)
  })

  it('that fail while another one is asked are followed by nobody until that one fails, too', () => {
    const { rotation } = start(['a', 'b', 'c'], { keys: 2 })
    const a = rotation.first()
    a.begin()
    const b = rotation.beside()!
    b.begin()
    expect(rotation.next(a, fails('upstream_auth'), false, false)).toBe(undefined)
    // The other key of the first comes before the last target.
    const again = rotation.next(b, fails('upstream_server'), false)!
    expect([again.target.provider.name, again.key]).toEqual(['a', 'a-1'])
    again.begin()
    expect(rotation.next(again, fails('upstream_server'), false)?.target.provider.name).toBe('c')
  })

  it('always come to an end, and every attempt is settled once', () => {
    const code = fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[]))
    const failure = fc.record({ code, after: fc.option(fc.nat(20_000)), begun: fc.boolean(), sent: fc.boolean() })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(failure, { minLength: 100, maxLength: 100 }),
        (targets, keys, retries, failures) => {
          const names = Array.from({ length: targets }, (_, i) => `t${i}`)
          const { rotation, health } = start(names, { retries, keys })
          let step: Leg<RotationTarget> | undefined = rotation.first()
          let asked = 0
          for (const { code, after, begun, sent } of failures) {
            if (!step) break
            asked++
            if (sent) step.begin()
            step = rotation.next(step, fails(code, after === null ? {} : { retryAfterMs: after }), begun)
          }
          expect(step).toBe(undefined)
          expect(asked).toBeLessThanOrEqual(targets * (retries + 1) * Math.max(1, keys))
          expect(rotation.failed.length).toBe(asked)
          expect(health.states(0).every(({ running }) => running === 0)).toBe(true)
        },
      ),
    )
  })
})

describe('the wait before a repetition', () => {
  it('doubles up to a limit, is spread over the upper half, and is never shorter than what was asked for', () => {
    const at = (n: number, random: number) => backoffMs(n, undefined, { random: () => random })
    expect([at(1, 0), at(1, 1), at(2, 0), at(5, 0), at(6, 0), at(60, 1)]).toEqual([250, 500, 500, 4000, 4000, 8000])
    expect(backoffMs(1, 900, { random: () => 0 })).toBe(900)
  })
})
