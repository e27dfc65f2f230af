import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { faultKinds } from '../../src/providers/scripted/script.ts'
import { faultsPage } from './matrix/page.ts'
import { rows } from './matrix/rows.ts'

it('docs/faults.md says what the matrix asks for; write it with `node scripts/faults-page.ts`', async () => {
  const page = await readFile(new URL('../../docs/faults.md', import.meta.url), 'utf8')
  expect(page).toBe(faultsPage())
})

it('no fault of the scripted provider is left out', () => {
  const place = { events: 1, bytes: 10, more: true }
  const played = new Set(
    rows.flatMap((row) => row.phases.flatMap((phase) => Object.keys(row.script(place, phase).fault ?? {}))),
  )
  expect(Object.keys(faultKinds).filter((kind) => !played.has(kind))).toEqual([])
})
