import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { openStore, SqliteStore, type Store } from '../../src/storage/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { describeStore } from '../suites/storage.ts'
import { stateFolder } from './folder.ts'

const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
const limits = { keepMs: 60_000, entries: 1000, bytes: 1_000_000 }
const quiet = (message: string): void => {
  throw new Error(message)
}

describeStore({
  name: 'SQLite',
  open: (now) => new SqliteStore({ file: join(stateFolder(), 'sluice.db'), onTrouble: quiet, now }),
})

const open = (file: string, onTrouble: (message: string) => void = quiet): SqliteStore =>
  new SqliteStore({ file, onTrouble })
const entriesOf = (store: Store) => store.collection('entries', limits)

describe('state in a file', () => {
  it('is there after a restart', async () => {
    const file = join(stateFolder(), 'deep', 'down', 'sluice.db')
    const first = open(file)
    entriesOf(first).set('a', '1')
    await first.close()
    const second = open(file)
    expect(await entriesOf(second).get('a')).toBe('1')
    await second.close()
  })

  it('is written without being asked, a moment later', async () => {
    const file = join(stateFolder(), 'sluice.db')
    const clock = new FakeClock()
    const first = new SqliteStore({ file, onTrouble: quiet, clock })
    entriesOf(first).set('a', '1')
    const second = open(file)
    expect(await entriesOf(second).get('a')).toBeUndefined()
    clock.pass(50)
    expect(await entriesOf(second).get('a')).toBe('1')
    await first.close()
    await second.close()
  })

  it('is for the eyes of its owner only, and so is what SQLite puts beside it', async () => {
    const folder = join(stateFolder(), 'state')
    const store = open(join(folder, 'sluice.db'))
    entriesOf(store).set('a', 'secret')
    await store.flush()
    for (const name of ['sluice.db', 'sluice.db-wal', 'sluice.db-shm']) {
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    await store.close()
  })

  it('makes no file when nothing is kept', async () => {
    const folder = join(stateFolder(), 'state')
    const store = open(join(folder, 'sluice.db'))
    expect(await entriesOf(store).get('a')).toBeUndefined()
    await store.close()
    expect(existsSync(folder)).toBe(false)
  })

  it('leaves one whole file behind when it is closed', async () => {
    const folder = stateFolder()
    const store = open(join(folder, 'sluice.db'))
    entriesOf(store).set('a', 'kept')
    await store.close()
    expect(existsSync(join(folder, 'sluice.db-wal'))).toBe(false)
    expect(readFileSync(join(folder, 'sluice.db')).includes('kept')).toBe(true)
  })

  it('is shared by two at once: each reads what the other has written', async () => {
    const file = join(stateFolder(), 'sluice.db')
    const [first, second] = [open(file), open(file)]
    for (let i = 0; i < 50; i++) {
      entriesOf(first).set(`a${i}`, '1')
      entriesOf(second).set(`b${i}`, '2')
      await Promise.all([first.flush(), second.flush()])
    }
    expect(await entriesOf(second).get('a49')).toBe('1')
    expect(await entriesOf(first).get('b0')).toBe('2')
    await first.close()
    await second.close()
  })

  it('comes back within its bounds when two write to it, each of which counts its own', async () => {
    const file = join(stateFolder(), 'sluice.db')
    let now = 0
    const [first, second] = [1, 2].map(() => new SqliteStore({ file, onTrouble: quiet, now: () => now }))
    const few = { ...limits, keepMs: 1e9, entries: 10 }
    const write = async (store: SqliteStore | undefined, from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) store?.collection('few', few).set(`${i}`, 'x')
      await store?.flush()
    }
    await write(first, 0, 1)
    await write(second, 1, 10)
    await write(first, 10, 18)
    now = 61_000
    await write(first, 18, 19)
    const database = new DatabaseSync(file)
    expect(Number(database.prepare('SELECT count(*) AS n FROM entries').get()?.n)).toBeLessThanOrEqual(10)
    database.close()
    expect(await first?.collection('few', few).get('18')).toBe('x')
    await first?.close()
    await second?.close()
  })

  it('takes more at once than fits into one transaction', async () => {
    const file = join(stateFolder(), 'sluice.db')
    const store = open(file)
    for (let i = 0; i < 900; i++) entriesOf(store).set(`k${i}`, 'x'.repeat(i))
    await store.flush()
    const other = open(file)
    for (let i = 0; i < 900; i++) expect(await entriesOf(other).get(`k${i}`)).toBe('x'.repeat(i))
    await store.close()
    await other.close()
  })

  it('waits for another writer without blocking, and loses nothing', async () => {
    const file = join(stateFolder(), 'sluice.db')
    const store = open(file)
    store.open()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    entriesOf(store).set('a', '1')
    let flushed = false
    const flushing = Promise.resolve(store.flush()).then(() => {
      flushed = true
    })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(flushed).toBe(false)
    expect(await entriesOf(store).get('a')).toBe('1')
    other.exec('COMMIT')
    other.close()
    await flushing
    await store.close()
    const next = open(file)
    expect(await entriesOf(next).get('a')).toBe('1')
    await next.close()
  })

  it('forgets at last, aloud, what a file that stays locked cannot take', async () => {
    const file = join(stateFolder(), 'sluice.db')
    const said: string[] = []
    const store = open(file, (message) => said.push(message))
    store.open()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const large = store.collection('large', { ...limits, bytes: 1e9 })
    const mib = 'x'.repeat(1024 * 1024)
    for (let i = 0; i < 40; i++) large.set(`k${i}`, mib)
    expect(await large.get('k0')).toBeUndefined()
    expect(await large.get('k39')).toBe(mib)
    expect(said).toHaveLength(1)
    other.exec('ROLLBACK')
    other.close()
    await store.close()
  })
})

describe('a file of state that cannot be used', () => {
  const broken: Array<{ what: string; make: (folder: string) => void; says: RegExp }> = [
    {
      what: 'no database at all',
      make: (folder) => writeFileSync(join(folder, 'sluice.db'), 'no database, '.repeat(1000)),
      says: /no database; move it away/,
    },
    {
      what: 'a damaged one',
      make: (folder) => {
        const file = join(folder, 'sluice.db')
        const database = new DatabaseSync(file)
        database.exec('CREATE TABLE entries (a); PRAGMA user_version = 1')
        database.close()
        writeFileSync(file, readFileSync(file).fill(0xff, 100, 3000))
      },
      says: /damaged; move it away/,
    },
    {
      what: 'one of a later version',
      make: (folder) => {
        const database = new DatabaseSync(join(folder, 'sluice.db'))
        database.exec('PRAGMA user_version = 99')
        database.close()
      },
      says: /later version of sluice \(format 99/,
    },
    { what: 'a folder in its place', make: (folder) => mkdirSync(join(folder, 'sluice.db')), says: /EISDIR/ },
    {
      what: 'a file in place of its folder',
      make: (folder) => {
        rmdirSync(folder)
        writeFileSync(folder, '')
      },
      says: /not one of a file in a folder/,
    },
  ]

  for (const { what, make, says } of broken) {
    it(`refuses the start where the path was chosen: ${what}`, () => {
      const path = stateFolder()
      make(path)
      let thrown: unknown
      try {
        openStore({ path, chosen: true, onTrouble: quiet })
      } catch (error) {
        thrown = error
      }
      expect(SluiceError.is(thrown) && thrown.code).toBe('config_invalid')
      expect((thrown as Error).message).toMatch(says)
      expect((thrown as Error).message).toContain(join(path, 'sluice.db'))
    })

    it(`is warned of once, and memory does instead: ${what}`, async () => {
      const path = stateFolder()
      make(path)
      const said: string[] = []
      const store = openStore({ path, chosen: false, onTrouble: (message) => said.push(message) })
      const entries = entriesOf(store)
      expect(await entries.get('a')).toBeUndefined()
      entries.set('a', '1')
      await store.flush()
      entries.set('b', '2')
      await store.flush()
      expect(await entries.get('a')).toBe('1')
      expect(await entries.get('b')).toBe('2')
      expect(said).toHaveLength(1)
      expect(said[0]).toMatch(says)
      expect(store.where).toBe('memory')
      await store.close()
    })
  }

  it('writes no file for `:memory:`', async () => {
    const store = openStore({ path: ':memory:', chosen: true, onTrouble: quiet })
    expect(store.where).toBe('memory')
    await store.close()
  })
})

describe('a process that dies in the middle of writing', () => {
  it('leaves a file that opens, with all that was flushed', async () => {
    const file = join(stateFolder(), 'sluice.db')
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [writer, file, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        // Somewhere between two flushes, or within one.
        if (said.split('\n').length > 20 + 7 * round) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const kept = said.split('\n').slice(0, -1)
      expect(kept.length).toBeGreaterThan(19)
      const store = open(file)
      const entries = entriesOf(store)
      for (const key of kept) expect((await entries.get(key))?.length).toBe(20_000)
      await store.close()
    }
  })
})

const writer = fileURLToPath(new URL('state-writer.ts', import.meta.url))
