import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { begin, emptyFolder, type Ran, sluice } from './command.ts'

const fake = fileURLToPath(new URL('./fake-agent.ts', import.meta.url))
const names = ['claude', 'codex', 'gemini', 'opencode'] as const
const text = 'Water finds its way.'

interface Told {
  args: string[]
  env: Record<string, string>
  model: string
  text: string
}

/** A user with agents installed, files of their own, and no sluice running unless one is opened. */
async function user() {
  const home = emptyFolder()
  const bin = emptyFolder()
  const state = emptyFolder()
  for (const name of names) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${fake}' ${name} "$@"\n`, { mode: 0o755 })
  }
  write(home, '.claude/settings.json', '{ "model": "opus" }')
  write(home, '.codex/config.toml', 'model = "gpt-5"\n')
  write(
    home,
    '.gemini/settings.json',
    '// mine\n{ "ui": { "theme": "GitHub" }, "security": { "auth": { "selectedType": "oauth-personal" } } }',
  )
  write(home, '.gemini/GEMINI.md', 'be kind')
  write(home, '.config/opencode/opencode.json', '{ "model": "anthropic/claude-x" }')
  const scripted = await startScripted({ script: { steps: [{ text, chunk: 'word' }] } })
  onTestFinished(() => scripted.close())
  const provider = {
    name: 'house',
    dialect: 'openai-chat' as const,
    base_url: `${scripted.url}/v1`,
    models: ['large', 'little'],
  }
  const config = join(state, 'sluice.toml')
  const toml = Object.entries(provider).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
  writeFileSync(config, `[access]\nkeys = ["of-the-file"]\n\n[[providers]]\n${toml.join('\n')}\n`)
  const env = { HOME: home, PATH: bin, XDG_STATE_HOME: state }
  return {
    home,
    state,
    scripted,
    config,
    env,
    async gateway() {
      const running = await createSluice({
        port: 0,
        env: {},
        logLevel: 'silent',
        config: { access: { keys: ['the-key'] }, providers: [provider] },
      })
      onTestFinished(() => running.close())
      return running.url
    },
    run: (args: string[], more: Record<string, string> = {}) => sluice(['run', ...args], { env: { ...env, ...more } }),
  }
}

function write(home: string, path: string, content: string): void {
  const file = join(home, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, content)
}

/** Everything in a folder: what stands in it and when it was written. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => {
      const stats = statSync(join(folder, path))
      return `${path} ${stats.mtimeMs} ${stats.isFile() ? readFileSync(join(folder, path), 'utf8') : ''}`
    })
    .sort()
}

function told({ code, stdout, stderr }: Ran): Told {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Told
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-run-'))
}

describe.each(names)('sluice run %s', (name) => {
  it('goes through the sluice that is running, with its key, and writes nothing of the user', async () => {
    const { run, gateway, home, state, scripted } = await user()
    const url = await gateway()
    const before = snapshot(home)
    const ran = await run(['--url', url, '-m', 'house/large', name, '-x', '--model=mine', '--', '--help', ''], {
      SLUICE_KEY: 'the-key',
      ANTHROPIC_API_KEY: 'sk-ant-of-the-user',
    })
    const { args, ...seen } = told(ran)
    expect(seen).toMatchObject({ text, model: 'house/large' })
    expect(args.slice(-5)).toEqual(['-x', '--model=mine', '--', '--help', ''])
    // Arguments can be read by everybody on the machine.
    expect(args.join(' ')).not.toContain('the-key')
    expect(scripted.requests.map((one) => (one.body as { model: string }).model)).toEqual(['large'])
    expect(ran.stderr).toMatch(/^sluice: \S[^\n]* goes through http:\S+, which was running already\n$/)
    expect(snapshot(home)).toEqual(before)
    expect(readdirSync(state)).toEqual(['sluice.toml'])
  })

  it('brings a sluice of its own, whose log is in a file and which is gone afterwards', async () => {
    const { run, config, home, state } = await user()
    const before = snapshot(home)
    const ran = await run(['-c', config, '-m', 'house/large', name, '--', 'fail'])
    expect(ran.code).toBe(7)
    const { args, ...seen } = JSON.parse(ran.stdout) as Told
    expect(seen).toMatchObject({ text })
    expect(args.at(-1)).toBe('fail')
    expect(args).not.toContain('--')
    const [, url, file] = /goes through (http:\S+), which ends with it; its log: (.*)\n$/.exec(ran.stderr) ?? []
    expect(file).toBe(join(state, 'sluice/run.log'))
    expect(ran.stderr.split('\n')).toHaveLength(2)
    expect(readFileSync(file!, 'utf8')).toMatch(/"provider":"house","model":"large".*"outcome":"ok"/)
    await expect(fetch(url!)).rejects.toThrow()
    expect(snapshot(home)).toEqual(before)
  })
})

describe('sluice run', () => {
  it('leaves the model to the agent when none is named, except to one that has to be told', async () => {
    const { run, gateway } = await user()
    const url = await gateway()
    const at = ['--url', url, '--key', 'the-key']
    const { env, model } = told(await run([...at, 'opencode']))
    expect(model).toBe('house/large')
    expect(JSON.parse(env.OPENCODE_CONFIG_CONTENT!)).toMatchObject({ small_model: 'sluice/house/large' })
    const bare = await run([...at, 'claude'])
    // A name that the only provider lists none of: what matters is who chose it.
    expect(bare.stderr + bare.stdout).toContain('claude-usual')
  })

  it('tells each agent of a smaller model in its own words', async () => {
    const { run, gateway } = await user()
    const at = ['--url', await gateway(), '--key', 'the-key', '-m', 'house/large', '--small-model', 'house/little']
    expect(told(await run([...at, 'claude'])).env).toMatchObject({
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'house/large',
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'house/little',
    })
    const { env } = told(await run([...at, 'opencode'], { OPENCODE_CONFIG_CONTENT: '{ "theme": "dark" }' }))
    expect(JSON.parse(env.OPENCODE_CONFIG_CONTENT!)).toMatchObject({
      theme: 'dark',
      model: 'sluice/house/large',
      small_model: 'sluice/house/little',
    })
    const codex = await run([...at, 'codex'])
    expect(codex).toMatchObject({ code: 1, stdout: '' })
    expect(codex.stderr).toMatch(/^sluice: cannot use --small-model: Codex [^\n]*\n$/)
  })

  it('gives Gemini CLI its own files as they are, but for how it signs in', async () => {
    const { env: usual, gateway, home } = await user()
    const before = leftovers()
    const at = ['--url', await gateway(), '--key', 'the-key', '-m', 'house/large', '--small-model', 'house/little']
    const running = begin(['run', ...at, 'gemini', 'wait for a signal'], { env: usual })
    await running.said(/waiting/)
    const folder = join(tmpdir(), leftovers().find((one) => !before.includes(one)) ?? 'none', '.gemini')
    const settings = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))
    expect(settings).toMatchObject({ ui: { theme: 'GitHub' }, security: { auth: { selectedType: 'gemini-api-key' } } })
    expect(settings.modelConfigs.customOverrides).toContainEqual({
      match: { model: 'summarizer-default' },
      modelConfig: { model: 'house/little' },
    })
    expect(readFileSync(join(folder, 'GEMINI.md'), 'utf8')).toBe('be kind')
    running.child.kill('SIGTERM')
    await running.ended
    expect(leftovers().filter((one) => !before.includes(one))).toEqual([])
    expect(readFileSync(join(home, '.gemini/GEMINI.md'), 'utf8')).toBe('be kind')
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on and ends as the agent does', async (signal) => {
    const { env, config } = await user()
    const running = begin(['run', '-c', config, 'claude', 'wait for a signal'], { env })
    await running.said(/waiting/)
    running.child.kill(signal)
    expect(await running.ended).toMatchObject({ code: 9, stdout: `"waiting"\n{"signal":"${signal}"}\n` })
  })

  it('says as a shell would that the agent was killed', async () => {
    const { run, config } = await user()
    expect((await run(['-c', config, 'codex', 'die'])).code).toBe(137)
  })

  it('says how an agent is installed that is not there, before it starts anything', async () => {
    const { run, config, state } = await user()
    for (const [name, install] of [
      ['claude', '@anthropic-ai/claude-code'],
      ['codex', '@openai/codex'],
      ['gemini', '@google/gemini-cli'],
      ['opencode', 'opencode-ai'],
    ]) {
      const { code, stdout, stderr } = await run(['-c', config, name!], { PATH: emptyFolder() })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^sluice: cannot run [^\n]*: there is no program `\w+` on the PATH; [^\n]*\n$/)
      expect(stderr).toContain(`npm install -g ${install}\``)
    }
    expect(readdirSync(state)).toEqual(['sluice.toml'])
  })

  it('does not start the agent with a key that is refused, or at an address where nothing answers', async () => {
    const { run, gateway } = await user()
    const url = await gateway()
    for (const args of [[], ['--key', 'another']]) {
      const { code, stdout, stderr } = await run(['--url', url, ...args, 'claude'])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^sluice: http:\S+ answered 401: [^\n]*key[^\n]*\n$/)
    }
    const nobody = await run(['--url', 'http://127.0.0.1:9', 'claude'])
    expect(nobody).toMatchObject({ code: 1, stdout: '' })
    expect(nobody.stderr).toMatch(/^sluice: cannot reach a sluice at http:\/\/127\.0\.0\.1:9: /)
  })

  it('keeps a proxy out of the way to this machine, and leaves the list alone where there is none', async () => {
    const { run, gateway } = await user()
    const at = ['--url', await gateway(), '--key', 'the-key', '-m', 'house/large', 'claude']
    const proxied = told(await run(at, { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.org' }))
    expect(proxied.env).toMatchObject({ NO_PROXY: 'example.org,127.0.0.1,localhost,::1' })
    expect(told(await run(at)).env).not.toHaveProperty('NO_PROXY')
  })

  it('needs no configuration: the scripted provider answers, by a name that no agent mistakes for a known model', async () => {
    const { run } = await user()
    for (const name of ['codex', 'gemini']) {
      const ran = await run(['-c', '/dev/null', name])
      expect(told(ran)).toMatchObject({ model: 'demo', text: expect.stringContaining('scripted') })
      expect(ran.stderr).toMatch(/^sluice: no provider is configured; the scripted one answers\n/)
    }
  })
})
