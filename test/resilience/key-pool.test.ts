import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyPool } from '../../src/resilience/index.ts'

describe('a pool of keys', () => {
  it('takes them in turns', () => {
    const pool = new KeyPool(['a', 'b', 'c'])
    expect([1, 2, 3, 4, 5].map(() => pool.take(0, 'm'))).toEqual(['a', 'b', 'c', 'a', 'b'])
  })

  it('passes over one that rests, until its time is up', () => {
    const pool = new KeyPool(['a', 'b'])
    pool.cool('a', 0, 1000, 'upstream_rate_limit')
    expect([pool.take(0, 'm'), pool.take(999, 'm'), pool.take(1000, 'm')]).toEqual(['b', 'b', 'a'])
    expect(pool.states(0)).toEqual([
      { index: 0, state: 'cooling', until: 1000, because: 'upstream_rate_limit', uses: 1 },
      { index: 1, state: 'ready', uses: 2 },
    ])
  })

  it('that may not use a model rests for that model alone, and for a hundred of them at most', () => {
    const pool = new KeyPool(['a', 'b'])
    pool.benchFor('a', 'secret', 0)
    expect([pool.ready(0, 'secret'), pool.ready(0, 'm')]).toEqual([1, 2])
    expect([pool.take(0, 'secret'), pool.take(0, 'secret'), pool.take(0, 'm')]).toEqual(['b', 'b', 'a'])
    expect(pool.states(0)[0]).toEqual({ index: 0, state: 'ready', uses: 1, models: ['secret'] })
    pool.worked('a', 'm')
    expect(pool.ready(0, 'secret')).toBe(1)
    pool.worked('a', 'secret')
    expect(pool.ready(0, 'secret')).toBe(2)
    for (let i = 0; i < 200; i++) pool.benchFor('a', `m${i}`, 0)
    expect([pool.ready(0, 'm99'), pool.ready(0, 'm100'), pool.states(0)[0]?.models?.length]).toEqual([2, 1, 100])
    expect(pool.states(600_000)[0]).toEqual({ index: 0, state: 'ready', uses: 1 })
  })

  it('rests for a day at most, whatever it is told, so that its end is a date', () => {
    const pool = new KeyPool(['a', 'b'])
    pool.cool('a', 0, 1e23, 'upstream_rate_limit')
    expect(pool.states(0)[0]?.until).toBe(86_400_000)
    expect(pool.ready(86_400_000, 'm')).toBe(2)
  })

  it('takes the one that is ready first when all of them rest, so that the provider itself says why', () => {
    const pool = new KeyPool(['a', 'b'])
    pool.bench('a', 0, 'upstream_auth')
    pool.cool('b', 0, 5000, 'upstream_rate_limit')
    expect([pool.ready(0, 'm'), pool.take(0, 'm')]).toEqual([0, 'b'])
  })

  it('rests longer each time that it is told to slow down without a time, until it works', () => {
    const pool = new KeyPool(['a', 'b'])
    pool.cool('a', 0, undefined, 'x')
    expect(pool.states(0)[0]?.until).toBe(5000)
    pool.cool('a', 5000, undefined, 'x')
    expect(pool.states(5000)[0]?.until).toBe(15_000)
    pool.worked('a', 'm')
    pool.cool('a', 20_000, undefined, 'x')
    expect(pool.states(20_000)[0]?.until).toBe(25_000)
  })

  it('does not take a key for rested because an answer comes that was under way when it was told to slow down', () => {
    const pool = new KeyPool(['a', 'b'])
    pool.cool('a', 100, 30_000, 'upstream_rate_limit')
    pool.worked('a', 'm', 50)
    expect([pool.ready(200, 'm'), pool.take(200, 'm'), pool.take(200, 'm')]).toEqual([1, 'b', 'b'])
    pool.worked('a', 'm', 150)
    expect(pool.ready(200, 'm')).toBe(2)
  })

  it('has no key where there is none', () => {
    expect([new KeyPool([]).take(0, 'm'), new KeyPool([]).ready(0, 'm')]).toEqual([undefined, 0])
  })

  it('never takes a key that was tried or rests while there is another, whatever happened', () => {
    const step = fc.record({
      do: fc.constantFrom('cool', 'bench', 'worked', 'take', 'wait'),
      key: fc.nat(3),
      ms: fc.integer({ min: 1, max: 20_000 }),
    })
    const triedKeys = fc.uniqueArray(fc.constantFrom('k0', 'k1', 'k2', 'k3'))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), triedKeys, (steps, triedList) => {
        const keys = ['k0', 'k1', 'k2', 'k3']
        const pool = new KeyPool(keys)
        const tried = new Set<string>(triedList)
        const until = new Map(keys.map((key) => [key, 0]))
        let now = 0
        for (const { do: what, key: at, ms } of steps) {
          const key = keys[at]!
          if (what === 'wait') now += ms
          else if (what === 'worked') {
            pool.worked(key, 'm')
            until.set(key, 0)
          } else if (what === 'bench') {
            pool.bench(key, now, 'x')
            until.set(key, Math.max(until.get(key)!, now + 600_000))
          } else if (what === 'cool') {
            pool.cool(key, now, ms, 'x')
            until.set(key, Math.max(until.get(key)!, now + ms))
          } else {
            const ready = keys.filter((one) => until.get(one)! <= now && !tried.has(one))
            expect(pool.ready(now, 'm', tried)).toBe(ready.length)
            const taken = pool.take(now, 'm', tried)!
            if (ready.length > 0) expect(ready).toContain(taken)
            else if (tried.size < 4) expect(tried.has(taken)).toBe(false)
          }
        }
      }),
    )
  })
})
