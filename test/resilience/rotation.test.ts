import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorCodes, SluiceError } from '../../src/errors/index.ts'
import { defineProvider } from '../../src/providers/index.ts'
import { backoffMs, Health, judge, Rotation } from '../../src/resilience/index.ts'

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
function run(
  rotation: Rotation<{ provider: { name: string }; model: string } & never> | Rotation<never>,
  codes: SluiceError[],
) {
  const asked: string[] = []
  let step: { target: { provider: { name: string } }; key: string | undefined; waitMs: number } | undefined =
    rotation.first()
  for (const error of [...codes, undefined]) {
    if (!step) break
    asked.push(`${step.key ?? step.target.provider.name}${step.waitMs > 0 ? ` after ${step.waitMs}` : ''}`)
    rotation.begin()
    if (!error) break
    step = rotation.next(error, false)
  }
  return asked
}

describe('the targets of one request', () => {
  it('are asked in their order, each once, whatever their failures are', () => {
    const { rotation } = start(['a', 'b', 'c'])
    const codes = (['upstream_server', 'upstream_invalid_request', 'upstream_not_found'] as const).map((code) =>
      fails(code),
    )
    expect(run(rotation as never, codes)).toEqual(['a-0', 'b-0', 'c-0'])
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
    expect(run(rotation as never, codes)).toEqual(['a-0', 'b-0', 'a-0 after 250', 'a-0 after 500'])
  })

  it('are waited for as long as they ask, but not for longer than a person waits', () => {
    const patient = start(['a'], { retries: 1 })
    expect(run(patient.rotation as never, [fails('upstream_rate_limit', { retryAfterMs: 3000 })])).toEqual([
      'a-0',
      'a-0 after 3000',
    ])
    const impatient = start(['a'], { retries: 1 })
    expect(run(impatient.rotation as never, [fails('upstream_rate_limit', { retryAfterMs: 60_000 })])).toEqual(['a-0'])
  })

  it('are asked with another key at once where it was the key, and the key rests for all', () => {
    const health = new Health()
    const { rotation, targets } = start(['a', 'b'], { keys: 2, health })
    expect(
      run(rotation as never, [fails('upstream_auth'), fails('upstream_rate_limit'), fails('upstream_server')]),
    ).toEqual(['a-0', 'a-1', 'b-0'])
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

  it('are not asked again once one had begun to answer, but another may be', () => {
    const { rotation } = start(['a', 'b'], { retries: 3 })
    rotation.first()
    rotation.begin()
    const next = rotation.next(fails('upstream_server'), true)
    expect(next?.target.provider.name).toBe('b')
    rotation.begin()
    expect(rotation.next(fails('upstream_server'), true)).toBe(undefined)
  })

  it('that are unhealthy come last, but they do come', () => {
    const health = new Health({ failures: 1 })
    const first = start(['a', 'b'], { health })
    run(first.rotation as never, [fails('upstream_server'), fails('upstream_invalid_request')])
    const second = start(['a', 'b'], { health })
    expect(run(second.rotation as never, [fails('upstream_not_found'), fails('upstream_server')])).toEqual([
      'b-0',
      'a-0',
    ])
    const alone = start(['a'], { health })
    expect(run(alone.rotation as never, [fails('upstream_server')])).toEqual(['a-0'])
  })

  it('cost a target its health only where it is to blame', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const health = new Health({ failures: 1 })
      const { rotation, targets } = start(['a'], { health })
      run(rotation as never, [fails(code)])
      const open = health.known(targets[0]!.provider, 'm')?.admits(0) === false
      expect([code, open]).toEqual([code, judge(fails(code), false).blame === 'target'])
    }
    for (const code of ['client_closed', 'invalid_request', 'draining', 'upstream_invalid_request'] as const) {
      expect([code, judge(fails(code), false).blame]).toEqual([code, 'nobody'])
    }
  })

  it('are not busy for ever with a request that was asked in another way when the first one was refused', () => {
    const { rotation, health } = start(['a'])
    rotation.first()
    rotation.begin()
    rotation.begin()
    expect([rotation.attempts, health.states(0)[0]?.running]).toEqual([1, 1])
    rotation.end()
    expect(health.states(0)).toMatchObject([{ running: 0, requests: 1, failedRequests: 0 }])
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
          let step: unknown = rotation.first()
          let asked = 0
          for (const { code, after, begun, sent } of failures) {
            if (!step) break
            asked++
            if (sent) rotation.begin()
            step = rotation.next(fails(code, after === null ? {} : { retryAfterMs: after }), begun)
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
