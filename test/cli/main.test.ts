import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { nodeComplaint, oldestNode } from '../../src/cli/node-version.ts'
import { version } from '../../src/observe/version.ts'
import { emptyFolder, sluice } from './command.ts'

describe('sluice', () => {
  it('shows its commands with examples, and each command its own', async () => {
    const [all, ...each] = await Promise.all([
      sluice(['--help']),
      ...['start', 'check', 'models', 'chat', 'run', 'script'].map((name) => sluice([name, '--help'])),
    ])
    expect(all.code).toBe(0)
    for (const name of ['start', 'check', 'models', 'chat', 'run', 'script'])
      expect(all.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
    for (const { code, stdout } of each) {
      expect(code).toBe(0)
      expect(stdout).toMatch(/^Usage: sluice \w+/)
      expect(stdout).toMatch(/^Examples:\n {2}sluice /m)
    }
  })

  it('says its version', async () => {
    expect(version()).toBe(packageJson.version)
    expect((await sluice(['--version'])).stdout).toBe(`${packageJson.version}\n`)
  })

  it.each([
    [['strat'], /^sluice: unknown command 'strat'\n\(Did you mean start\?\)/],
    [['start', '--prot', '1'], /^sluice: unknown option '--prot'\n\(Did you mean --port\?\)/],
    [
      ['start', '--port', '4114x'],
      /^sluice: option '-p, --port <number>' argument '4114x' is invalid\. Write a whole number/,
    ],
    [
      ['start', '--config', 'nope.toml'],
      /^sluice: cannot read the configuration: there is no file nope\.toml; [^\n]*\n$/,
    ],
    [['chat', '--url', 'nonsense', 'hi'], /^sluice: cannot use --url nonsense: it is no address; [^\n]*\n$/],
    [['chat', ' '], /^sluice: cannot ask anything: the prompt is empty; [^\n]*\n$/],
    [['models', '--url', 'http://127.0.0.1:9'], /^sluice: cannot reach a sluice at http:\/\/127\.0\.0\.1:9: [^\n]*\n$/],
    [
      ['script', '--streaming', 'never'],
      /^sluice: cannot stream as --streaming says: never; choose one of streams, [^\n]*, ignores, [^\n]*\n$/,
    ],
    [['script', 'nope.json'], /^sluice: cannot read the scripts nope\.json: there is no such file; [^\n]*\n$/],
  ])('%j fails in plain words, without a stack', async (args, expected) => {
    const { code, stdout, stderr } = await sluice(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(expected)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('shows where a failure comes from at log level debug', async () => {
    expect((await sluice(['start', '--config', 'nope.toml', '--log-level', 'debug'])).stderr).toMatch(
      /^\s+at .*source\.ts/m,
    )
  })
})

describe('sluice check', () => {
  it('explains every mistake with its line and exits with 1', async () => {
    const file = join(emptyFolder(), 'sluice.toml')
    writeFileSync(file, '[server]\nprot = 1\n\n[access]\nkeys = ["${SLUICE_KEY}"]\n'.replace('prot', 'prot'))
    const { code, stdout, stderr } = await sluice(['check', file])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      'sluice: cannot use the configuration: it has 2 mistakes',
      `  ${file}:2: server.prot: [server] has no such key; did you mean port?`,
      expect.stringContaining(`  ${file}:5: access.keys[0]: the environment has no SLUICE_KEY; set it`),
      '',
    ])
  })

  it('shows what a good one comes to, and never a key', async () => {
    const file = join(emptyFolder(), 'sluice.toml')
    writeFileSync(
      file,
      `[server]
host = "0.0.0.0"
[access]
keys = ["client-secret"]
[[providers]]
name = "openai"
api_keys = ["provider-secret"]
[[providers]]
name = "house"
dialect = "openai-chat"
base_url = "http://user:password-secret@10.0.0.7/v1"
models = ["llama"]
[[providers]]
name = "own"
kind = "anthropic"
auth = "client"
[[models]]
name = "smart"
targets = ["house/llama"]
`,
    )
    const { code, stdout, stderr } = await sluice(['check', file], { env: { XDG_STATE_HOME: '/var/state' } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`configuration  ${file}
listens on     0.0.0.0:4114
open to        whoever shows one of 1 client key
operators      none: /admin/v1, sluice status and sluice probe are refused; to have one, set operator_keys under [access]
state in       /var/state/sluice
providers      openai  openai-chat, https://api.openai.com/v1, a key, any model
               house   openai-chat, http://10.0.0.7/v1, no key, one model
               own     anthropic-messages, https://api.anthropic.com, the caller's own key, any model
models         smart  -> house/llama
no mistakes found
`)
  })
})

it('sluice check tells what works and may not be meant, and calls it no mistake', async () => {
  const file = join(emptyFolder(), 'sluice.toml')
  const provider = '[[providers]]\nname = "house"\ndialect = "openai-chat"\nbase_url = "http://10.0.0.7/v1"\n'
  writeFileSync(file, `${provider}[routing]\nthink = "hause/big"\nimage = "hose/eyes"\n`)
  const { code, stdout, stderr } = await sluice(['check', file])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').slice(-4)).toEqual([
    `worth a look   ${file}:6: routing.think: found "hause/big", and no provider is called hause: house, the only one, is asked for a model of that name; write "house/hause/big" if that is meant`,
    `               ${file}:7: routing.image: found "hose/eyes", and no provider is called hose: house, the only one, is asked for a model of that name; write "house/hose/eyes" if that is meant`,
    'no mistakes found',
    '',
  ])
})

it.each([
  ['', 'this machine only, with any key or none'],
  [
    'keys = ["secret-1"]\noperator_keys = ["secret-2", "secret-3"]',
    'whoever shows one of 1 client key or 2 operator keys',
  ],
  ['operator_keys = ["secret-1"]', 'whoever shows one of 1 operator key'],
])('sluice check says who may come in: %j', async (access, said) => {
  const file = join(emptyFolder(), 'sluice.toml')
  writeFileSync(file, `[access]\n${access}\n`)
  const { stdout } = await sluice(['check', file])
  expect(stdout).toContain(`\nopen to        ${said}\nstate in `)
  expect(stdout).not.toContain('secret')
})

describe('a Node that is too old', () => {
  it('is the one that package.json rules out', () => {
    expect(packageJson.engines.node).toBe(`>=${oldestNode}`)
  })

  it.each([
    ['18.20.4', false],
    ['20.20.2', false],
    ['22.18.0', false],
    ['22.19.0', true],
    ['22.20.1', true],
    ['24.0.0', true],
    ['26.10.0-nightly', true],
  ])('%s', (found, fine) => {
    if (fine) expect(nodeComplaint(found)).toBeUndefined()
    else
      expect(nodeComplaint(found)).toMatch(
        new RegExp(`^sluice: cannot run on Node ${found}: it needs 22\\.19 or newer`),
      )
  })
})
