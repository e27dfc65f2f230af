import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pc from 'picocolors'
import { expect, it, onTestFinished, vi } from 'vitest'
import { operatorAt } from '../../src/cli/operator.ts'
import { type Status, statusLines } from '../../src/cli/status.ts'
import { createSluice } from '../../src/index.ts'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { begin, emptyFolder, sluice } from './command.ts'

const plain = pc.createColors(false)

const status: Status = {
  version: '1.2.3',
  uptime_s: 7300,
  draining: false,
  running: 3,
  waiting: 1,
  buffered_bytes: 0,
  limits: { streams: 5000, queue: 1000 },
  config: { source: 'sluice.toml', read_at: '2020-01-02T03:04:05.000Z' },
  targets: [],
  providers: [{ provider: 'house', keys: [] }],
}

const target = { target: 'house/qwen', state: 'closed', running: 1, requests: 12, failed_requests: 2 }

it('a gateway that does well is told in a few lines', () => {
  const lines = statusLines(status, 'http://127.0.0.1:4114', plain)
  expect(lines[0]).toBe('sluice 1.2.3 at http://127.0.0.1:4114, up for 2 h')
  expect(lines[1]).toMatch(/^ {2}configuration {2}sluice\.toml, read 2020-01-0\d \d\d:\d\d:\d\d$/)
  expect(lines.slice(2)).toEqual([
    '  requests       3 being answered, 1 waiting (room for 5000 and 1000)',
    '',
    'No target has been asked yet.',
  ])
})

it.each<[string, Partial<Status>, RegExp]>([
  ['a target that works', { targets: [{ ...target, first_ms: 310 }] }, /^house\/qwen {2}ok +1 +12 +2 +310 ms$/m],
  [
    'a target that rests',
    { targets: [{ ...target, state: 'open', until: '2020-01-02T03:04:05.000Z', last_error: 'upstream_server' }] },
    /^house\/qwen {2}resting until 2020-\S+ \S+ .*upstream_server$/m,
  ],
  [
    'a target on trial',
    { targets: [{ ...target, state: 'half-open', until: '2020-01-02T03:04:05.000Z' }] },
    /on trial +1/,
  ],
  [
    'a key that rests',
    {
      providers: [
        {
          provider: 'house',
          keys: [
            { index: 0, state: 'ready', uses: 4 },
            { index: 1, state: 'benched', uses: 1, because: 'upstream_auth', until: '2020-01-02T03:04:05.000Z' },
          ],
        },
      ],
    },
    /^house +1 +ready +4\nhouse +2 +resting until \S+ \S+ +1 +upstream_auth$/m,
  ],
  ['that it is stopping', { draining: true }, /, is stopping and takes nothing new$/m],
  ['what waits for slow clients', { buffered_bytes: 3 * 1024 ** 2 }, /^ {2}slow clients {3}3\.0 MiB wait for them$/m],
  ['a share of each key', { limits: { streams: 5, queue: 1, per_key: 2 } }, /room for 5 and 1; 2 for each client key/],
  [
    'a configuration that was not taken',
    {
      config: {
        ...status.config,
        refused: { at: '2020-01-02T03:04:05.000Z', reason: 'cannot use it: one mistake\n  sluice.toml:3: port' },
      },
    },
    /^ {2}not taken {6}2020-\S+ \S+: cannot use it: one mistake\n {19}sluice\.toml:3: port$/m,
  ],
])('shows %s', (_, change, expected) => {
  expect(statusLines({ ...status, ...change }, 'http://x', plain).join('\n')).toMatch(expected)
})

it('colours say how it is, and change no column', () => {
  const told: Status = { ...status, targets: [{ ...target, state: 'open' }, target] }
  const colored = statusLines(told, 'http://x', pc.createColors(true))
  expect(colored.at(-2)).toContain('\x1b[31m')
  expect(colored.at(-1)).not.toContain('\x1b')
  const bare = colored.map((line) => line.replace(/\x1b\[\d+m/g, ''))
  expect(bare).toEqual(statusLines(told, 'http://x', plain))
})

it('a running sluice is asked, and SIGHUP has its file read again', async () => {
  const upstream = await startScripted()
  onTestFinished(() => upstream.close())
  const file = join(emptyFolder(), 'sluice.toml')
  const text = (name: string) =>
    `[access]\nkeys = ["client-key"]\noperator_keys = ["operator-key"]\n[[providers]]\nname = "${name}"\ndialect = "openai-chat"\nbase_url = "${upstream.url}/v1"\napi_keys = ["provider-key"]\n`
  writeFileSync(file, text('house'))
  const running = begin(['start', '--port', '0', '--config', file, '--no-watch'])
  const [, url = ''] = await running.said(/listening on (http:\S+)/)
  await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer client-key' },
    body: JSON.stringify({ model: 'house/m', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const ask = (...args: string[]) =>
    sluice(['status', '--url', url, '--key', 'operator-key', ...args], { env: { CI: '1' } })
  const shown = await ask()
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toContain(`configuration  ${file}, read `)
  expect(shown.stdout).toMatch(/^house\/m {2}ok +0 +1 +0/m)
  expect(shown.stdout).not.toMatch(/\x1b|-key/)

  writeFileSync(file, text('garden'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  const providers = async (): Promise<string[]> =>
    (JSON.parse((await ask('--json')).stdout) as Status).providers.map(({ provider }) => provider)
  expect(await providers()).toEqual(['house'])
  running.child.kill('SIGHUP')
  for (let i = 0; (await providers()).join() !== 'garden'; i++) expect(i).toBeLessThan(20)

  const unknown = await sluice(['status', '--url', url])
  expect(unknown).toMatchObject({ code: 1, stdout: '' })
  expect(unknown.stderr).toContain('answered 401')
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  expect(code).toBe(0)
  expect(stderr).toContain('the configuration was read again: added provider garden; removed provider house')
})

it.each<[string, string, string[], Record<string, string>, number, RegExp]>([
  ['takes its key from the configuration', 'operator_keys = ["op-1"]', [], {}, 0, /at http/],
  ['goes without a key where none is asked for', '', [], {}, 0, /at http/],
  [
    'prefers its own variable',
    'operator_keys = ["op-1"]',
    [],
    { SLUICE_OPERATOR_KEY: 'op-2' },
    1,
    / 401: .* not known/,
  ],
  ['prefers its flag', 'operator_keys = ["op-1"]', ['--key', 'op-1'], { SLUICE_OPERATOR_KEY: 'op-2' }, 0, /at http/],
  ['does not take a client key for one', 'operator_keys = ["op-1"]', [], { SLUICE_KEY: 'client-1' }, 0, /at http/],
  [
    'asks for operator keys where there are none',
    'keys = ["client-1"]',
    [],
    {},
    1,
    / 403: .*set \[access\] operator_keys/,
  ],
])('status %s', async (_, access, args, env, code, said) => {
  const upstream = await startScripted()
  onTestFinished(() => upstream.close())
  const home = emptyFolder()
  mkdirSync(join(home, 'sluice'))
  const file = join(home, 'sluice', 'sluice.toml')
  writeFileSync(
    file,
    `[access]\n${access}\n[[providers]]\nname = "house"\ndialect = "openai-chat"\nbase_url = "${upstream.url}/v1"\n`,
  )
  const running = await createSluice({ config: file, port: 0, env: {}, state: ':memory:', logLevel: 'silent' })
  onTestFinished(() => running.close())
  const ran = await sluice(['status', '--url', running.url, ...args], { env: { XDG_CONFIG_HOME: home, ...env } })
  expect(ran.code).toBe(code)
  expect(ran.stdout + ran.stderr).toMatch(said)
  expect(ran.stdout + ran.stderr).not.toMatch(/op-\d|client-\d/)
})

it("the configuration's operator key is for no other machine, and one that cannot be read is none", async () => {
  const home = emptyFolder()
  mkdirSync(join(home, 'sluice'))
  const file = join(home, 'sluice', 'sluice.toml')
  writeFileSync(file, '[access]\noperator_keys = ["op-1"]\n')
  vi.stubEnv('XDG_CONFIG_HOME', home)
  vi.stubEnv('SLUICE_KEY', 'client-1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const keyFor = async (url: string) => (await operatorAt(url, undefined)).key
  expect(await keyFor('http://localhost:1/')).toBe('op-1')
  for (const url of ['http://10.0.0.7:4114', 'https://127.0.0.1.example', 'http://127.0.0.1@other.example/']) {
    expect(await keyFor(url)).toBe('client-1')
  }
  writeFileSync(file, '[access]\noperator_keys = ["${NOT_SET}"]\n')
  expect(await keyFor('http://localhost:1/')).toBe('client-1')
})

it('a server of another kind, or none, is told apart', async () => {
  const upstream = await startScripted()
  const { code, stderr } = await sluice(['status', '--url', upstream.url])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^sluice: /)
  await upstream.close()
  const none = await sluice(['status', '--url', upstream.url])
  expect(none.stderr).toMatch(/^sluice: cannot reach a sluice at .*nothing listens there/)
})
