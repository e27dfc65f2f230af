import { describe, expect, it } from 'vitest'
import { StreamingCapabilityCache } from '../../src/capabilities/index.ts'
import { MemoryStore, type Store } from '../../src/storage/index.ts'

const house = { name: 'house', baseUrl: 'http://127.0.0.1:8000/v1' }

async function open(store?: Store, ttlMs = 1000) {
  const clock = { at: 1_000_000 }
  const cache = new StreamingCapabilityCache({ ttlMs, now: () => clock.at, ...(store && { store }) })
  return { clock, cache, lessons: await cache.of(house) }
}

describe('what was learned of a model', () => {
  it('is not known before anything was asked', async () => {
    const { lessons } = await open()
    expect(lessons.can('a', 'stream')).toBe(undefined)
    expect(lessons.blank).toBe(true)
  })

  it('counts until its time is up, and then one request finds out anew while the others go on as before', async () => {
    const { clock, lessons } = await open()
    lessons.learn('a', 'stream', false, 'refused')
    clock.at += 999
    expect(lessons.can('a', 'stream')).toBe(false)
    clock.at += 1
    expect(lessons.can('a', 'stream')).toBe(undefined)
    expect(lessons.can('a', 'stream')).toBe(false)
    lessons.learn('a', 'stream', true, 'streamed')
    expect(lessons.can('a', 'stream')).toBe(true)
  })

  it('is found out by the next one where the one that was to find out never came back', async () => {
    const { clock, lessons } = await open(undefined, 60_000)
    lessons.learn('a', 'stream', false, 'refused')
    clock.at += 60_000
    expect(lessons.can('a', 'stream')).toBe(undefined)
    clock.at += 29_999
    expect(lessons.can('a', 'stream')).toBe(false)
    clock.at += 1
    expect(lessons.can('a', 'stream')).toBe(undefined)
  })

  it('is replaced at once by what speaks against it', async () => {
    const { cache, clock, lessons } = await open()
    lessons.learn('a', 'stream', true, 'streamed')
    clock.at += 10
    lessons.learn('a', 'stream', false, 'refused')
    expect(lessons.can('a', 'stream')).toBe(false)
    expect(await cache.list([house])).toEqual([
      {
        provider: 'house',
        baseUrl: house.baseUrl,
        model: 'a',
        capability: 'stream',
        can: false,
        evidence: 'refused',
        since: 1_000_010,
        until: 1_001_010,
        expired: false,
      },
    ])
  })

  it('is prolonged by what confirms it, since when it was known', async () => {
    const { cache, clock, lessons } = await open()
    lessons.learn('a', 'stream', true, 'streamed')
    clock.at += 900
    lessons.learn('a', 'stream', true, 'streamed again')
    expect(await cache.list([house])).toMatchObject([
      { since: 1_000_000, until: 1_001_900, evidence: 'streamed again' },
    ])
  })

  it('holds for ever once it is pinned, whatever is seen, until it is dropped', async () => {
    const { clock, lessons } = await open()
    lessons.pin('a', 'stream', false, 'by hand')
    lessons.learn('a', 'stream', true, 'streamed')
    clock.at += 1e9
    expect(lessons.can('a', 'stream')).toBe(false)
    expect(lessons.drop('a', 'stream')).toBe(true)
    expect(lessons.can('a', 'stream')).toBe(undefined)
    expect(lessons.drop('a')).toBe(false)
  })

  it('stands for the models that are not known, once two of a provider cannot and none can', async () => {
    const { clock, lessons } = await open()
    lessons.learn('a', 'stream', false, 'refused')
    expect(lessons.can('other', 'stream')).toBe(undefined)
    lessons.learn('b', 'stream', false, 'refused')
    expect(lessons.can('other', 'stream')).toBe(false)
    lessons.learn('c', 'stream', true, 'streamed')
    expect(lessons.can('other', 'stream')).toBe(undefined)
    lessons.drop('c')
    clock.at += 1000
    expect(lessons.can('other', 'stream')).toBe(undefined)
  })

  it('is bounded: of too many models the one leaves that was learned of first, but none that was pinned', async () => {
    const { lessons } = await open()
    lessons.pin('pinned', 'stream', false, 'by hand')
    for (let i = 0; i < 2100; i++) lessons.learn(`m${i}`, 'stream', true, 'streamed')
    expect(lessons.models.size).toBe(2000)
    expect(lessons.can('pinned', 'stream')).toBe(false)
    expect(lessons.models.has('m100')).toBe(false)
    expect(lessons.models.has('m101')).toBe(true)
  })

  it('belongs to an address: the same name elsewhere is another server', async () => {
    const { cache, lessons } = await open()
    lessons.learn('a', 'stream', false, 'refused')
    expect((await cache.of({ ...house, baseUrl: 'http://127.0.0.1:9000/v1' })).can('a', 'stream')).toBe(undefined)
  })
})

describe('lessons in a store', () => {
  it('are there after a restart, pins included', async () => {
    const store = new MemoryStore()
    const before = await open(store)
    before.lessons.learn('a', 'stream', false, 'refused')
    before.lessons.pin('b', 'tool_stream', true, 'by hand')
    const after = await open(store)
    expect(after.lessons.can('a', 'stream')).toBe(false)
    expect(after.lessons.can('b', 'tool_stream')).toBe(true)
    expect(after.lessons.blank).toBe(false)
    expect(await after.cache.list([house])).toEqual(await before.cache.list([house]))
  })

  it('are written when they change, and not for every answer that confirms them', async () => {
    const store = new MemoryStore()
    let writes = 0
    const counting: Store = {
      ...store,
      where: 'memory',
      lasts: true,
      collection(name, limits) {
        const inner = store.collection(name, limits)
        return {
          get: (key) => inner.get(key),
          set(key, value) {
            writes++
            return inner.set(key, value)
          },
          delete: (key) => inner.delete(key),
        }
      },
      flush: () => store.flush(),
      close: () => store.close(),
    }
    const { clock, lessons } = await open(counting)
    for (let i = 0; i < 1000; i++) {
      clock.at += 100
      lessons.learn('a', 'stream', true, 'streamed')
    }
    expect(writes).toBe(1)
  })

  it('that are not what they should be are left out, and the rest is read', async () => {
    const store = new MemoryStore()
    const kept = store.collection('capabilities', { keepMs: 1e12, entries: 10, bytes: 1e6 })
    for (const text of [
      '{',
      'null',
      '[]',
      '"a"',
      '{"a":null}',
      '{"a":{"stream":7}}',
      '{"a":{"stream":{"can":"yes"}}}',
    ]) {
      kept.set(`house ${house.baseUrl}`, text)
      expect((await open(store)).lessons.blank).toBe(true)
    }
    kept.set(`house ${house.baseUrl}`, '{"a":{"stream":{"can":false,"since":1},"flies":{"can":true,"since":1}}}')
    expect((await open(store)).lessons.can('a', 'stream')).toBe(false)
  })

  it('that take their time to be fetched are waited for once', async () => {
    const slow: Store = {
      where: 'slow',
      lasts: true,
      collection: () => ({
        get: async () => '{"a":{"stream":{"can":false,"since":1}}}',
        set: () => true,
        delete: () => {},
      }),
      flush: () => {},
      close: () => {},
    }
    const cache = new StreamingCapabilityCache({ store: slow })
    const first = cache.of(house)
    expect(first).toBeInstanceOf(Promise)
    expect(await cache.of(house)).toBe(await first)
    expect(cache.of(house)).not.toBeInstanceOf(Promise)
    expect((await first).can('a', 'stream')).toBe(false)
  })
})

describe('first requests to a provider of which nothing is known', () => {
  it('wait for the one that leads, and after that nobody waits', async () => {
    const { lessons } = await open()
    const led = lessons.leader.follow()
    if (typeof led !== 'function') throw new Error('the first one leads')
    const told: number[] = []
    const waiting = [1, 2, 3].map((n) => (lessons.leader.follow() as Promise<void>).then(() => told.push(n)))
    await new Promise((resolve) => setImmediate(resolve))
    expect(told).toEqual([])
    led(true)
    await Promise.all(waiting)
    expect(told).toEqual([1, 2, 3])
    expect(lessons.leader.follow()).toBe(undefined)
  })

  it('find another leader when theirs has left without an answer', async () => {
    const { lessons } = await open()
    const led = lessons.leader.follow()
    if (typeof led !== 'function') throw new Error('the first one leads')
    const waiting = lessons.leader.follow()
    led(false)
    await waiting
    const next = lessons.leader.follow()
    expect(typeof next).toBe('function')
    // Once is enough: what the first one says now is of no interest.
    led(true)
    expect(lessons.leader.follow()).toBeInstanceOf(Promise)
  })
})

describe('names that clients make up', () => {
  it('are not remembered where they are longer than any real one', async () => {
    const { cache, lessons } = await open()
    lessons.learn('x'.repeat(257), 'stream', true, 'streamed')
    lessons.learn('x'.repeat(256), 'stream', true, 'streamed')
    expect((await cache.list([house])).map(({ model }) => model.length)).toEqual([256])
  })

  it('are models like any other, whatever else they mean to a program', async () => {
    const store = new MemoryStore()
    const { lessons } = await open(store)
    for (const name of ['__proto__', 'constructor']) {
      expect(lessons.can(name, 'stream')).toBe(undefined)
      lessons.learn(name, 'stream', false, 'refused')
    }
    const { lessons: again, cache } = await open(store)
    expect((await cache.list([house])).map(({ model }) => model)).toEqual(['__proto__', 'constructor'])
    expect([again.can('__proto__', 'stream'), again.can('toString', 'whole')]).toEqual([false, undefined])
  })
})

describe('a presumption', () => {
  it('about a model ends when it has been used for as long as a lesson counts, though its grounds are renewed', async () => {
    const { clock, lessons } = await open()
    const renew = () => {
      for (const name of ['a', 'b']) lessons.learn(name, 'stream', false, 'refused')
    }
    renew()
    expect(lessons.can('c', 'stream')).toBe(false)
    lessons.learn('c', 'whole', true, 'answered in one piece')
    clock.at += 600
    renew()
    expect(lessons.can('c', 'stream')).toBe(false)
    clock.at += 400
    renew()
    expect(lessons.can('c', 'stream')).toBe(undefined)
    expect(lessons.can('d', 'stream')).toBe(false)
  })
})

describe('doubt', () => {
  it('takes away what was learned and nothing that is pinned', async () => {
    const { lessons } = await open()
    lessons.learn('a', 'stream', false, 'refused')
    lessons.pin('a', 'whole', true, 'by hand')
    for (const one of ['stream', 'whole', 'pieces'] as const) lessons.doubt('a', one)
    lessons.doubt('unknown', 'stream')
    expect([lessons.can('a', 'stream'), lessons.can('a', 'whole')]).toEqual([undefined, true])
  })
})
