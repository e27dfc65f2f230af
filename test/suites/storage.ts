import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Collection, CollectionLimits, Store } from '../../src/storage/index.ts'

export interface StoreUnderTest {
  name: string
  /** A new, empty store. `now` is its clock, in milliseconds. */
  open(now: () => number): Store
}

const roomy: CollectionLimits = { keepMs: 1000, entries: 1000, bytes: 1_000_000 }

/** What every store promises, whatever it is made of. */
export function describeStore({ name, open }: StoreUnderTest): void {
  const opened = (limits: Partial<CollectionLimits> = {}, now = () => 0) => {
    const store = open(now)
    return { store, entries: store.collection('entries', { ...roomy, ...limits }) }
  }

  describe(`a store: ${name}`, () => {
    // Both before and after the entries have reached the place where they stay.
    for (const flushed of [false, true]) {
      const settle = async (store: Store): Promise<void> => {
        if (flushed) await store.flush()
      }
      describe(flushed ? 'once it is flushed' : 'at once', () => {
        it('gives back what was written, whatever characters it is made of', async () => {
          const { store, entries } = opened()
          const text = 'plain, \u0000, "quoted", ümläut, 語, \u{1f600}\r\n'
          expect(entries.set(text, text)).toBe(true)
          await settle(store)
          expect(await entries.get(text)).toBe(text)
          expect(await entries.get('other')).toBeUndefined()
          await store.close()
        })

        it('gives the last of several values, and none after a deletion', async () => {
          const { store, entries } = opened()
          entries.set('a', '1')
          await settle(store)
          entries.set('a', '2')
          await settle(store)
          expect(await entries.get('a')).toBe('2')
          entries.delete('a')
          entries.delete('never there')
          await settle(store)
          expect(await entries.get('a')).toBeUndefined()
          await store.close()
        })

        it('lists what begins in one way, and nothing that is gone or belongs elsewhere', async () => {
          let now = 0
          const { store, entries } = opened({ keepMs: 100 }, () => now)
          entries.set('p\nold', '0')
          entries.set('p\nrewritten', '0')
          await settle(store)
          now = 50
          for (const key of ['p', 'p\na', 'p\n\u{10ffff}é', 'p\n', 'q\na', 'o', 'p\u000ba']) entries.set(key, '1')
          entries.set('p\ngone', '1')
          await settle(store)
          entries.set('p\nrewritten', '2')
          entries.delete('p\ngone')
          store.collection('others', roomy).set('p\nb', 'theirs')
          await settle(store)
          now = 100
          const sorted = async (prefix: string) => [...((await entries.list(prefix)) ?? [])].sort()
          expect(await sorted('p\n')).toEqual([
            ['p\n', '1'],
            ['p\na', '1'],
            ['p\nrewritten', '2'],
            ['p\n\u{10ffff}é', '1'],
          ])
          expect(await sorted('nothing')).toEqual([])
          expect((await sorted('')).length).toBe(8)
          await store.close()
          expect(await entries.list('')).toBeUndefined()
        })

        it('keeps two collections apart, and gives one of a name', async () => {
          const { store, entries } = opened()
          const others = store.collection('others', roomy)
          entries.set('a', 'mine')
          others.set('a', 'theirs')
          await settle(store)
          others.delete('a')
          await settle(store)
          expect(await store.collection('entries', roomy).get('a')).toBe('mine')
          expect(await others.get('a')).toBeUndefined()
          await store.close()
        })

        it('forgets an entry when its time is over, and counts it from the last writing', async () => {
          let now = 5
          const { store, entries } = opened({ keepMs: 100 }, () => now)
          entries.set('a', '1')
          entries.set('b', '1')
          await settle(store)
          now = 104
          expect(await entries.get('a')).toBe('1')
          entries.set('b', '2')
          await settle(store)
          now = 105
          expect(await entries.get('a')).toBeUndefined()
          expect(await entries.get('b')).toBe('2')
          await store.close()
        })
      })
    }

    it('holds no more entries than it may: the oldest leave, the newest stay', async () => {
      const { store, entries } = opened({ entries: 100 })
      for (let i = 0; i < 250; i++) {
        entries.set(`k${i}`, 'x')
        if (i % 7 === 0) await store.flush()
      }
      await store.flush()
      const left = await indices(entries, 250)
      expect(left.length).toBeLessThanOrEqual(100)
      expect(left.length).toBeGreaterThan(80)
      // No gaps: what left is older than all that stayed.
      expect(left).toEqual(left.map((_, i) => 250 - left.length + i))
      await store.close()
    })

    it('holds no more bytes than it may, counted as UTF-8', async () => {
      const { store, entries } = opened({ bytes: 1000 })
      for (let i = 0; i < 50; i++) entries.set(`k${i}`, 'ü'.repeat(50))
      await store.flush()
      const left = await indices(entries, 50)
      expect(left.length).toBeLessThanOrEqual(10)
      expect(left.at(-1)).toBe(49)
      await store.close()
    })

    it('does not let go of others for an entry that was only written again', async () => {
      const { store, entries } = opened({ entries: 10 })
      for (let i = 0; i < 5; i++) entries.set(`k${i}`, 'x')
      for (let i = 0; i < 100; i++) {
        entries.set('again', String(i))
        await store.flush()
      }
      expect(await indices(entries, 5)).toEqual([0, 1, 2, 3, 4])
      expect(await entries.get('again')).toBe('99')
      await store.close()
    })

    it('counts an entry that was written again as new', async () => {
      const { store, entries } = opened({ entries: 10 })
      for (let i = 0; i < 10; i++) entries.set(`k${i}`, 'x')
      await store.flush()
      entries.set('k0', 'y')
      entries.set('new', 'x')
      await store.flush()
      expect(await entries.get('k0')).toBe('y')
      expect(await entries.get('k1')).toBeUndefined()
      await store.close()
    })

    it('refuses a value that is larger than all the room, and gives no older one in its place', async () => {
      const { store, entries } = opened({ bytes: 100 })
      entries.set('a', 'old')
      entries.set('b', 'x')
      await store.flush()
      expect(entries.set('a', 'x'.repeat(101))).toBe(false)
      await store.flush()
      expect(await entries.get('a')).toBeUndefined()
      expect(await entries.get('b')).toBe('x')
      await store.close()
    })

    it('is closed twice without harm, and is empty and deaf after that', async () => {
      const { store, entries } = opened()
      entries.set('a', '1')
      await store.close()
      await store.close()
      entries.set('b', '1')
      expect(await entries.get('a')).toBeUndefined()
      expect(await entries.get('b')).toBeUndefined()
      await store.flush()
    })

    it('does what a plain map does, in any order of writing, deleting, flushing and waiting', async () => {
      const step = fc.oneof(
        fc.record({ do: fc.constant('set' as const), key: fc.constantFrom('a', 'b', 'c'), value: fc.string() }),
        fc.record({ do: fc.constant('delete' as const), key: fc.constantFrom('a', 'b', 'c') }),
        fc.record({ do: fc.constant('flush' as const) }),
        fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60 }) }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          let now = 0
          const { store, entries } = opened({ keepMs: 100 }, () => now)
          const model = new Map<string, { value: string; until: number }>()
          for (const one of steps) {
            if (one.do === 'set') {
              entries.set(one.key, one.value)
              model.set(one.key, { value: one.value, until: now + 100 })
            } else if (one.do === 'delete') {
              entries.delete(one.key)
              model.delete(one.key)
            } else if (one.do === 'flush') await store.flush()
            else now += one.ms
            for (const key of ['a', 'b', 'c']) {
              const known = model.get(key)
              expect(await entries.get(key)).toBe(known && known.until > now ? known.value : undefined)
            }
          }
          await store.close()
        }),
        { numRuns: 30 },
      )
    })
  })
}

async function indices(entries: Collection, count: number): Promise<number[]> {
  const found: number[] = []
  for (let i = 0; i < count; i++) if ((await entries.get(`k${i}`)) !== undefined) found.push(i)
  return found
}
