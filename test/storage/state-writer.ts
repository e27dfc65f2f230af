/** Writes without end, and says each key once it is kept for good. Its parent kills it. */
import { writeSync } from 'node:fs'
import { SqliteStore } from '../../src/storage/index.ts'

const [file = '', round = ''] = process.argv.slice(2)
const store = new SqliteStore({ file, onTrouble: (message) => process.stderr.write(`${message}\n`) })
const entries = store.collection('entries', { keepMs: 60_000, entries: 1000, bytes: 100_000_000 })

for (let i = 0; ; i++) {
  const keys = [1, 2, 3].map((part) => `${round}-${i}-${part}`)
  for (const key of keys) entries.set(key, key.padEnd(20_000, 'x'))
  await store.flush()
  writeSync(1, keys.map((key) => `${key}\n`).join(''))
  await new Promise((resolve) => setImmediate(resolve))
}
