import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTree } from '../../scripts/house/tree.ts'
import { root } from '../../scripts/run.ts'
import { createSluice, type Sluice } from '../../src/index.ts'

// What somebody copies out of the README has to work as it stands there.
const readme = readTree(root).get('README.md') ?? ''
const commands = [...readme.matchAll(/^curl -N [\s\S]*?(?=\n```)/gm)].map(([command]) => command)

let sluice: Sluice

beforeAll(async () => {
  sluice = await createSluice({ port: 0, env: {}, logLevel: 'silent' })
})
afterAll(() => sluice.close())

describe('the first stream of the README', () => {
  it('has an example for each dialect', () => {
    expect(commands.map((command) => /4114(\S+)/.exec(command)?.[1])).toEqual(['/v1/chat/completions', '/v1/messages'])
  })

  it.each(commands)('%s', async (command) => {
    const path = /http:\/\/127\.0\.0\.1:4114(\S+)/.exec(command)?.[1]
    const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(
      ([, name, value]) => [name!, value!] as [string, string],
    )
    const body = /-d '(.*)'/.exec(command)?.[1] ?? ''
    const response = await fetch(sluice.url + path, { method: 'POST', headers, body })
    const text = await response.text()
    expect({ status: response.status, type: response.headers.get('content-type') }, text).toEqual({
      status: 200,
      type: expect.stringContaining('text/event-stream'),
    })
    expect(text).toMatch(/data: \[DONE\]\n\n$|event: message_stop\ndata: .*\n\n$/)
  })
})

it('the configuration of the README is one that sluice takes', async () => {
  const toml = /```toml\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'sluice-readme-'))
  try {
    await writeFile(join(folder, 'sluice.toml'), toml)
    const configured = await createSluice({
      config: join(folder, 'sluice.toml'),
      port: 0,
      env: { SLUICE_KEY: 'secret' },
      logLevel: 'silent',
    })
    await configured.close()
    expect(configured.config.aliases.map(({ name }) => name)).toEqual(['smart'])
    expect(configured.config.providers.map(({ name }) => name)).toEqual(['house'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
