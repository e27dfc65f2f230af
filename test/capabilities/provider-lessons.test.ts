import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ProviderLessons, StreamingCapabilityCache } from '../../src/capabilities/index.ts'
import { type Collection, MemoryStore, SqliteStore, type Store } from '../../src/storage/index.ts'
import { stateFolder } from '../storage/folder.ts'

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
    const { store, written } = counting()
    const { clock, lessons } = await open(store)
    for (let i = 0; i < 1000; i++) {
      clock.at += 100
      lessons.learn('a', 'stream', true, 'streamed')
    }
    expect(written).toHaveLength(1)
  })

  it('cost one short entry each, however much is known already', async () => {
    const { store, written } = counting()
    const { lessons } = await open(store)
    for (let i = 0; i < 2000; i++) lessons.learn(`m${i}`, 'stream', true, 'streamed')
    expect(written).toHaveLength(2000)
    expect(Math.max(...written)).toBeLessThan(200)
    written.splice(0)
    lessons.learn('m1000', 'whole', true, 'answered in one piece')
    expect(written).toHaveLength(1)
  })

  it('leave the store with the model that leaves', async () => {
    const store = new MemoryStore()
    const { lessons } = await open(store)
    for (let i = 0; i < 2010; i++) lessons.learn(`m${i}`, 'stream', true, 'streamed')
    const kept = store.collection('lessons', { keepMs: 1, entries: 1, bytes: 1 })
    expect((await kept.list(''))?.size).toBe(2000)
    expect((await open(store)).lessons.models.has('m9')).toBe(false)
  })

  it('that are not what they should be are left out, and the rest is read', async () => {
    const store = new MemoryStore()
    const kept = store.collection('lessons', { keepMs: 1e12, entries: 10, bytes: 1e6 })
    const prefix = `house ${house.baseUrl}\n`
    for (const text of ['{', 'null', '[]', '"a"', '7', '{"since":1}', '{"can":"yes","since":1}', '{"can":true}']) {
      kept.set(`${prefix}a\nstream`, text)
      expect((await open(store)).lessons.blank).toBe(true)
    }
    const good = '{"can":false,"since":1,"until":2}'
    for (const end of ['', 'a', 'stream', '\nstream', 'a\nflies', 'a\n']) kept.set(prefix + end, good)
    expect((await open(store)).lessons.blank).toBe(true)
    kept.set(`${prefix}a\nstream`, good)
    expect([...(await open(store)).lessons.models.keys()]).toEqual(['a'])
  })

  it('that take their time to be fetched are waited for once', async () => {
    const inner = new MemoryStore()
    const { lessons } = await open(inner)
    lessons.learn('a', 'stream', false, 'refused')
    lessons.pin('b', 'stream', true, 'by hand')
    const cache = new StreamingCapabilityCache({ store: slow(inner), now: () => 1_000_000 })
    const first = cache.of(house)
    expect(first).toBeInstanceOf(Promise)
    expect(await cache.of(house)).toBe(await first)
    expect(cache.of(house)).not.toBeInstanceOf(Promise)
    expect((await first).can('a', 'stream')).toBe(false)
    expect((await first).can('b', 'stream')).toBe(true)
  })
})

describe('lessons of two gateways on one file', () => {
  /** Two gateways, each of which has looked at the lessons before the other one learned anything. */
  async function two(told: string[] = []) {
    const file = join(stateFolder(), 'sluice.db')
    const clock = { at: 1_000_000 }
    const opened = [1, 2].map(() => {
      const store = new SqliteStore({
        file,
        now: () => clock.at,
        onTrouble: (message) => told.push(message),
      })
      return { store, cache: new StreamingCapabilityCache({ store, ttlMs: 60_000, now: () => clock.at }) }
    })
    const [a, b] = opened.map(({ cache, store }) => ({
      store,
      lessons: cache.of(house) as ProviderLessons,
      /** As a request does. */
      look: () => cache.of(house) as ProviderLessons,
    }))
    if (!a || !b) throw new Error('there are two')
    const third = async () => {
      await Promise.all([a.store.flush(), b.store.flush()])
      return (await open(a.store)).lessons
    }
    const close = () => Promise.all(opened.map(({ store }) => store.close()))
    return { a, b, third, clock, close, file }
  }

  it('are all there after a restart, whoever has learned them', async () => {
    const { a, b, third, close } = await two()
    a.lessons.learn('m', 'stream', false, 'refused')
    b.lessons.learn('m', 'whole', true, 'answered in one piece')
    b.lessons.learn('n', 'stream', true, 'streamed')
    const found = await third()
    expect([found.known('m', 'stream'), found.known('m', 'whole'), found.known('n', 'stream')]).toEqual([
      false,
      true,
      true,
    ])
    await close()
  })

  it('never take the place of what somebody has pinned at the other one', async () => {
    const { a, b, third, close } = await two()
    a.lessons.pin('m', 'stream', false, 'by hand')
    await a.store.flush()
    for (const can of [true, false, true]) b.lessons.learn('m', 'stream', can, 'seen')
    b.lessons.doubt('m', 'stream')
    b.lessons.learn('m', 'stream', true, 'seen')
    for (let i = 0; i < 2100; i++) b.lessons.learn(`m${i}`, 'stream', true, 'seen')
    expect((await third()).can('m', 'stream')).toBe(false)
    await close()
  })

  it('give way to what was pinned at the other one within seconds, and come back when that is dropped there', async () => {
    const { a, b, third, clock, close } = await two()
    b.lessons.learn('m', 'stream', true, 'streamed')
    b.lessons.learn('n', 'stream', true, 'streamed')
    a.lessons.pin('m', 'stream', false, 'by hand')
    await Promise.all([a.store.flush(), b.store.flush()])
    clock.at += 4999
    expect(b.look().can('m', 'stream')).toBe(true)
    clock.at += 1
    expect(b.look().can('m', 'stream')).toBe(false)
    expect(b.look().can('n', 'stream')).toBe(true)
    expect(a.lessons.drop('m')).toBe(true)
    await a.store.flush()
    clock.at += 5000
    expect(b.look().can('m', 'stream')).toBe(undefined)
    expect((await third()).known('m', 'stream')).toBe(undefined)
    await close()
  })

  it('are dropped at both, where only the other one knew of them', async () => {
    const { a, b, third, close } = await two()
    a.lessons.pin('m', 'stream', false, 'by hand')
    a.lessons.learn('m', 'whole', true, 'answered in one piece')
    await a.store.flush()
    b.lessons.drop('m')
    await b.store.flush()
    expect((await third()).models.size).toBe(0)
    await close()
  })

  it('keep what is pinned here while the file cannot be read', async () => {
    const { a, clock, close } = await two()
    a.lessons.pin('m', 'stream', false, 'by hand')
    await a.store.close()
    clock.at += 60_000
    expect(a.look().can('m', 'stream')).toBe(false)
    await close()
  })

  it('keep what is pinned here when the file fails at last', async () => {
    const told: string[] = []
    const { a, clock, file, close } = await two(told)
    a.lessons.pin('m', 'stream', false, 'by hand')
    await a.store.flush()
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
    const other = new DatabaseSync(file)
    other.exec('DROP TABLE entries')
    other.close()
    for (let i = 0; i < 3; i++) {
      clock.at += 5000
      expect(a.look().can('m', 'stream')).toBe(false)
    }
    expect([a.store.where, told.length]).toEqual(['memory', 1])
    await close()
  })

  it('outlive every other lesson where they are pinned', async () => {
    const { a, third, clock, close } = await two()
    a.lessons.pin('m', 'stream', false, 'by hand')
    a.lessons.learn('m', 'whole', true, 'answered in one piece')
    await a.store.flush()
    clock.at += 400 * 24 * 3_600_000
    const found = await third()
    expect([found.can('m', 'stream'), found.known('m', 'whole')]).toEqual([false, undefined])
    await close()
  })
})

/** A store that notes the length of each entry that is written. */
function counting(): { store: Store; written: number[] } {
  const written: number[] = []
  const store: Store = Object.assign(new MemoryStore(), {
    collection(...args: Parameters<Store['collection']>): Collection {
      const inner = MemoryStore.prototype.collection.apply(store, args)
      return {
        get: (key) => inner.get(key),
        list: (prefix) => inner.list(prefix),
        set(key, value) {
          written.push(value.length)
          return inner.set(key, value)
        },
        delete: (key) => inner.delete(key),
      }
    },
  })
  return { store, written }
}

/** A store behind a network. */
function slow(inner: Store): Store {
  return {
    where: 'slow',
    lasts: true,
    collection(name, limits) {
      const kept = inner.collection(name, limits)
      return {
        get: async (key) => kept.get(key),
        list: async (prefix) => kept.list(prefix),
        set: (key, value) => kept.set(key, value),
        delete: (key) => kept.delete(key),
      }
    },
    flush() {},
    close() {},
  }
}

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
