import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { eventually, open, provider } from './reloading.ts'

it('a file that is replaced, as editors do, is seen each time', async () => {
  const { folder, file, said, upstream, sluice } = await open((url) => provider('first', url))
  for (const name of ['second', 'third', 'fourth']) {
    writeFileSync(join(folder, '.sluice.toml.swp'), provider(name, upstream.url))
    renameSync(join(folder, '.sluice.toml.swp'), file)
    await said(new RegExp(`added provider ${name}`))
    expect(sluice.config.providers.map((one) => one.name)).toEqual([name])
  }
})

it('a file that is gone or empty for a moment changes nothing', async () => {
  const { file, write, said, ask, upstream, sluice } = await open((url) => provider('house', url))
  unlinkSync(file)
  await said(/there is no file/)
  expect((await ask('house/m')).status).toBe(200)
  write('')
  await said(/sluice\.toml is empty/)
  expect((await ask('house/m')).status).toBe(200)
  write(provider('back', upstream.url))
  await said(/added provider back/)
  expect(sluice.config.providers.map((one) => one.name)).toEqual(['back'])
})

it('the last provider is not taken out by a file that was cut off', async () => {
  const { write, said, ask } = await open((url) => `# ours\n${provider('house', url)}`)
  write('# ours\n')
  await said(/no provider is left in it/)
  expect((await ask('house/m')).status).toBe(200)
})

it('of edits in quick succession the last one holds', async () => {
  const { write, said, upstream, sluice, lines } = await open((url) => provider('p0', url))
  for (let n = 1; n <= 20; n++) write(provider(`p${n}`, upstream.url))
  await said(/added provider p20/)
  // Calls that overlap are not lost, either.
  write(provider('q1', upstream.url))
  const first = sluice.reload()
  write(provider('q2', upstream.url))
  await Promise.all([first, sluice.reload()])
  expect(sluice.config.providers.map((one) => one.name)).toEqual(['q2'])
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([])
})

it('a file that is not watched is read when that is asked for', async () => {
  const { write, sluice, upstream, lines } = await open((url) => provider('one', url), { watch: false })
  write(provider('two', upstream.url))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(lines).toEqual([])
  await sluice.reload()
  expect(lines.map(({ message }) => message)).toEqual([
    'the configuration was read again: added provider two; removed provider one',
  ])
  await sluice.reload()
  expect(lines.at(-1)?.message).toBe('the configuration was read again: nothing is different')
})

it('a file behind links is seen when the folder that they lead to is exchanged', async () => {
  const upstream = await startScripted()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'))
  for (const name of ['one', 'two']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'sluice.toml'), provider(name, upstream.url))
  }
  symlinkSync('one', join(folder, 'data'))
  symlinkSync('data/sluice.toml', join(folder, 'sluice.toml'))
  const sluice = await createSluice({
    config: join(folder, 'sluice.toml'),
    port: 0,
    state: ':memory:',
    env: {},
    log: silentLog,
  })
  onTestFinished(async () => {
    await sluice.close()
    await upstream.close()
    rmSync(folder, { recursive: true })
  })
  const names = () => sluice.config.providers.map((one) => one.name).join()
  symlinkSync('two', join(folder, 'data.new'))
  renameSync(join(folder, 'data.new'), join(folder, 'data'))
  await eventually(() => names() === 'two', 'the other one holds')
  writeFileSync(join(folder, 'two', 'sluice.toml'), provider('three', upstream.url))
  await eventually(() => names() === 'three', 'a change in the new folder is seen')
})

it('code that the file names is loaded again when it has changed, and only then', async () => {
  const { folder, said, write, sluice, upstream } = await open((url) => provider('house', url) + provider('other', url))
  const code = (model: string) => `export default () => '${model}'\n`
  writeFileSync(join(folder, 'routes.mjs'), code('house/a'))
  const text = `${provider('house', upstream.url)}${provider('other', upstream.url)}[routing]\nmodule = "routes.mjs"\n`
  write(text)
  await said(/changed \[routing\] module/)
  const first = sluice.config.routing.decide
  expect(first).toBeTypeOf('function')
  write(`${text}tags = "off"\n`)
  await said(/changed \[routing\] tags$/)
  expect(sluice.config.routing.decide).toBe(first)
  writeFileSync(join(folder, 'routes.mjs'), code('other/b'))
  await said(/changed \[routing\] module$/, 1)
  await eventually(() => sluice.config.routing.decide !== first, 'the new code holds')
})

it('closing while a file is being read leaves nothing behind', async () => {
  const { write, sluice, upstream, lines } = await open((url) => provider('one', url))
  write(`[streaming]\nconnect_timeout = "1s"\n${provider('two', upstream.url)}`)
  const reading = sluice.reload()
  await Promise.all([reading, sluice.close()])
  write(provider('three', upstream.url))
  await sluice.reload()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(lines.filter(({ message }) => message.includes('three'))).toEqual([])
})
