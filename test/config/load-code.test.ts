import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { loadingMs } from '../../src/config/in-time.ts'
import { loadCode, readConfig } from '../../src/config/index.ts'

/** A configuration in a folder with these files. */
function written(text: string, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-endless-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code)
  const file = join(folder, 'sluice.toml')
  writeFileSync(file, `[[providers]]\nname = "p"\ndialect = "openai-chat"\nbase_url = "http://10.0.0.7/v1"\n${text}`)
  return file
}

const own = (name: string): string => `[[transformers]]\nname = "${name}"\nmodule = "${name}.mjs"\n`
const never = 'await new Promise(() => {})'

it.each([
  [
    'routing code',
    '[routing]\nmodule = "routes.mjs"\n',
    { 'routes.mjs': `${never}\nexport default () => 'p/x'` },
    /^cannot load the routing code .*routes\.mjs: it is not ready after 10 s: something that it awaits never comes; mend \[routing\] module$/,
  ],
  [
    'a transformer',
    own('own'),
    { 'own.mjs': `${never}\nexport default {}` },
    /^cannot load the transformer "own" from .*own\.mjs: it is not ready after 10 s: .* \(.*sluice\.toml:7: transformers\[0\]\.module\)$/,
  ],
  [
    'what makes a transformer',
    own('own'),
    { 'own.mjs': `export default async () => { ${never} }` },
    /^cannot load the transformer "own" .* is not ready after 10 s/,
  ],
])('%s that never gets ready is refused when its time is up', async (_, text, files, wanted) => {
  const config = readConfig({ file: written(text, files), env: {} })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let told: unknown
  const loading = loadCode(config).then(
    () => 'loaded',
    (error: unknown) => {
      told = error
    },
  )
  await vi.advanceTimersByTimeAsync(loadingMs - 1)
  expect(told).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(await loading).toBeUndefined()
  expect(told).toMatchObject({ code: 'config_invalid', message: expect.stringMatching(wanted) })
  // Nothing is left behind that could hold a process.
  expect(vi.getTimerCount()).toBe(0)
})

it('good code leaves no clock behind', async () => {
  const code = { 'a.mjs': 'export default async () => ({ tokens: () => undefined })' }
  const config = readConfig({ file: written(own('a'), code), env: {} })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  expect((await loadCode(config)).transformers.own[0]?.transformer).toBeDefined()
  expect(vi.getTimerCount()).toBe(0)
})
