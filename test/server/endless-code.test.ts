import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { open, provider } from './reloading.ts'

const never = 'await new Promise(() => {})'
const to = (target: string): string => `export default () => '${target}'`

/** Files of code, and a way to write them anew. */
function codeFolder(): { path: (name: string) => string; write: (name: string, code: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-endless-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string): string => join(folder, name)
  return { path, write: (name, code) => writeFileSync(path(name), code) }
}

/** Ten seconds that are none, for whoever waits for code. */
async function timeIsUp(waiting: Promise<unknown>): Promise<void> {
  let over = false
  void waiting.then(() => {
    over = true
  })
  // More than once where the watch has seen the file as well.
  while (!over) await vi.advanceTimersByTimeAsync(10_000)
}

it('code that never gets ready is refused with its reason, and the next good file is taken by itself', async () => {
  const code = codeFolder()
  code.write('routes.mjs', to('house/one'))
  const routing = (module: string) => `[routing]\nmodule = ${JSON.stringify(code.path(module))}\n`
  const house = await open((url) => routing('routes.mjs') + provider('house', url))
  const { sluice, upstream, ask, status, write, said, lines } = house
  const reaches = async (model: string): Promise<boolean> => {
    await ask('any')
    return (upstream.requests.at(-1)?.body as { model?: string } | undefined)?.model === model
  }
  expect(await reaches('one')).toBe(true)

  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  code.write('routes.mjs', `${never}\n${to('house/two')}`)
  await timeIsUp(sluice.reload())
  const why = /cannot load the routing code .*routes\.mjs: it is not ready after 10 s/
  expect(lines.some(({ level, message }) => level === 'error' && why.test(message))).toBe(true)
  expect((await status()).config.refused?.reason).toMatch(why)
  expect(await reaches('one')).toBe(true)
  vi.useRealTimers()
  code.write('routes.mjs', to('house/three'))
  await said(/changed \[routing\] module/)
  expect(await reaches('three')).toBe(true)
  expect((await status()).config.refused).toBeUndefined()

  // Another file, which no configuration that was taken has ever named.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  code.write('other.mjs', never)
  write(routing('other.mjs') + provider('house', upstream.url))
  await timeIsUp(sluice.reload())
  expect((await status()).config.refused?.reason).toMatch(/other\.mjs: it is not ready/)
  vi.useRealTimers()
  code.write('other.mjs', to('house/four'))
  await said(/changed \[routing\] module/, 2)
  expect(await reaches('four')).toBe(true)
})

it('a start with code that never gets ready ends with its reason', async () => {
  const code = codeFolder()
  code.write('own.mjs', `export default async () => { ${never} }`)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let told: unknown
  const starting = createSluice({
    config: {
      providers: [{ name: 'house', dialect: 'openai-chat', base_url: 'http://127.0.0.1:9/v1' }],
      transformers: [{ name: 'own', module: code.path('own.mjs') }],
    },
    port: 0,
    env: {},
    log: silentLog,
  }).catch((error: unknown) => {
    told = error
  })
  await timeIsUp(starting)
  expect(told).toMatchObject({ code: 'config_invalid', message: expect.stringContaining('is not ready after 10 s') })
})
