import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const folders: string[] = []

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** An empty folder for state, gone when the tests of the file are over. */
export function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-state-'))
  folders.push(folder)
  return folder
}
