import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type ReadOptions, readConfig } from '../../src/config/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (text: string, rest: Partial<ReadOptions> = {}) => readConfig({ text, env: {}, ...rest })

describe('what holds where nothing is written', () => {
  it('listens on loopback, waits as documented and has no provider', () => {
    expect(read('')).toEqual({
      server: {
        host: '127.0.0.1',
        port: 4114,
        maxBodyBytes: 32 * 1024 ** 2,
        bodyTimeoutMs: 60_000,
        corsOrigins: [],
        drainTimeoutMs: 600_000,
        watch: true,
      },
      access: { keys: [], named: [], operatorKeys: [] },
      limits: { streams: 5000, queue: 1000, queueTimeoutMs: 10_000 },
      streaming: {
        force: 'auto',
        fallback: true,
        simulateRate: 0,
        afterContent: 'end',
        leastRate: 0,
        maxRetries: 3,
        detectionTtlMs: 300_000,
        rules: [],
        heartbeatMs: 15_000,
        statusCeilingMs: 10_000,
        connectTimeoutMs: 10_000,
        firstTokenTimeoutMs: 30_000,
        hedgeAfterMs: 0,
        idleTimeoutMs: 120_000,
        stallTimeoutMs: 300_000,
        totalTimeoutMs: 600_000,
        finishGraceMs: 2_000,
        maxEventBytes: 64 * 1024 ** 2,
        bufferBudgetBytes: 64 * 1024 * 1024,
      },
      transport: { client: 'http1' },
      storage: { path: ':memory:', chosen: false },
      providers: [],
      aliases: [],
      routing: { rules: [], tags: 'system' },
      transformers: { own: [], providers: {}, aliases: {} },
      clients: [],
      log: { level: 'info', format: 'auto' },
      source: 'sluice.toml + built-in',
      file: 'sluice.toml',
      marks: {},
    })
  })
})

describe('what is written is what is done', () => {
  it.each<[string, object]>([
    ['streams = 3', { streams: 3, queue: 1000, queueTimeoutMs: 10_000 }],
    ['queue = 0', { streams: 5000, queue: 0, queueTimeoutMs: 10_000 }],
    ['queue_timeout = "2s"\nper_key = 7', { streams: 5000, queue: 1000, queueTimeoutMs: 2000, perKey: 7 }],
  ])('[limits] %s', (lines, limits) => {
    expect(read(`[limits]\n${lines}`).limits).toEqual(limits)
  })

  it('--no-watch stands above the file', () => {
    expect(read('[server]\nwatch = true', { flags: { watch: false } }).server.watch).toBe(false)
    expect(read('[server]\nwatch = false').server.watch).toBe(false)
  })

  it.each(['http1', 'undici'])('providers are called by %s', (client) => {
    expect(read(`[transport]\nclient = "${client}"`).transport).toEqual({ client })
  })

  const state = (text: string, rest: Partial<ReadOptions> = {}) =>
    read(text, { env: { HOME: '/people/me' }, ...rest }).storage
  it.each<[string, unknown, unknown]>([
    ['the folder that was written', state('[storage]\npath = "/srv/sluice"'), { path: '/srv/sluice', chosen: true }],
    ['a folder at home', state('[storage]\npath = "~/sluice"'), { path: '/people/me/sluice', chosen: true }],
    ['a folder below this one', state('[storage]\npath = "state"'), { path: resolve('state'), chosen: true }],
    ['memory', state('[storage]\npath = ":memory:"'), { path: ':memory:', chosen: true }],
    ['the flag', state('[storage]\npath = "/a"', { flags: { state: '/b' } }), { path: '/b', chosen: true }],
    ['the usual place', state(''), { path: '/people/me/.local/state/sluice', chosen: false }],
    ['the place for state', state('', { env: { XDG_STATE_HOME: '/s' } }), { path: '/s/sluice', chosen: false }],
    ['memory without a home', state('', { env: {} }), { path: ':memory:', chosen: false }],
    [
      'memory inside another program',
      readConfig({ options: {}, env: { HOME: '/people/me' } }).storage,
      { path: ':memory:', chosen: false },
    ],
  ])('state is kept in %s', (_, found, wanted) => {
    expect(found).toEqual(wanted)
  })

  it('a wait that may be none is none in either spelling', () => {
    for (const none of ['0', '"0s"']) {
      const text = `[streaming]\nhedge_after = ${none}\n[[streaming.models]]\nmatch = "a/*"\nhedge_after = ${none}`
      const { streaming } = readConfig({ text, env: {} })
      expect([streaming.hedgeAfterMs, streaming.rules[0]?.hedgeAfterMs]).toEqual([0, 0])
    }
  })

  it('a budget may be larger than any text', () => {
    expect(read('[streaming]\nbuffer_budget = "2GiB"').streaming.bufferBudgetBytes).toBe(2 * 1024 ** 3)
  })

  const server = (line: string) => read(`[server]\n${line}`).server
  it.each([
    ['max_body = "1.5MiB"', { maxBodyBytes: 1_572_864 }],
    ['max_body = "500kB"', { maxBodyBytes: 500_000 }],
    ['max_body = "2KiB"', { maxBodyBytes: 2048 }],
    ['max_body = "7B"', { maxBodyBytes: 7 }],
    ['max_body = 1000', { maxBodyBytes: 1000 }],
    ['body_timeout = "250ms"', { bodyTimeoutMs: 250 }],
    ['body_timeout = "1.5s"', { bodyTimeoutMs: 1500 }],
    ['body_timeout = "5m"', { bodyTimeoutMs: 300_000 }],
    ['body_timeout = "2h"', { bodyTimeoutMs: 7_200_000 }],
    ['body_timeout = 1', { bodyTimeoutMs: 1 }],
    ['drain_timeout = 0', { drainTimeoutMs: 0 }],
    ['drain_timeout = "0s"', { drainTimeoutMs: 0 }],
    ['host = "::1"', { host: '::1' }],
    ['host = "[::1]"', { host: '::1' }],
    ['port = 0', { port: 0 }],
    [
      'cors_origins = ["*", "https://a.example", "http://localhost:5173"]',
      { corsOrigins: ['*', 'https://a.example', 'http://localhost:5173'] },
    ],
    ['cors_origins = ["chrome-extension://abcdef"]', { corsOrigins: ['chrome-extension://abcdef'] }],
  ])('%s', (line, expected) => {
    expect(server(line)).toMatchObject(expected)
  })

  it('takes flags over the file', () => {
    const flags = { host: 'localhost', port: 9, logLevel: 'debug', logFormat: 'json' } as const
    const config = read('[server]\nhost = "127.0.0.2"\nport = 8\n[log]\nlevel = "error"', { flags })
    expect(config.server).toMatchObject({ host: 'localhost', port: 9 })
    expect(config.log).toEqual({ level: 'debug', format: 'json' })
  })

  it('follows aliases to providers, by every way in which a request could', () => {
    const config = read(`
      [[providers]]
      name = "anthropic"
      api_keys = ["k1"]
      [[providers]]
      name = "house"
      dialect = "openai-chat"
      base_url = "http://10.0.0.7:8000/v1/"
      models = ["llama"]
      headers = { X-Team = "blue" }
      [[models]]
      name = "smart"
      targets = ["anthropic/claude-sonnet-4-5", "house/llama", "llama", "claude-haiku-4-5"]`)
    expect(config.source).toBe('sluice.toml')
    expect(config.providers.map((one) => [one.name, one.dialect, one.baseUrl, one.apiKeys])).toEqual([
      ['anthropic', 'anthropic-messages', 'https://api.anthropic.com', ['k1']],
      ['house', 'openai-chat', 'http://10.0.0.7:8000/v1', []],
    ])
    expect(config.providers[1]?.headers).toEqual({ 'x-team': 'blue' })
    expect(config.aliases).toEqual([
      { name: 'smart', targets: ['anthropic/claude-sonnet-4-5', 'house/llama', 'llama', 'claude-haiku-4-5'] },
    ])
  })

  it('says of clients only what is written', () => {
    const { clients } = read(`
      [[clients]]
      name = "ours"
      user_agent = "ours/*"
      comments = false
      [[clients]]
      name = "usual"
      ping = true
      reasoning = "both"`)
    expect(clients).toEqual([
      { name: 'ours', userAgent: 'ours/*', comments: false },
      { name: 'usual', ping: true, reasoning: 'both' },
    ])
  })

  it('listens for others with whatever kind of key there is, and those of operators open the door as well', () => {
    const options = { server: { host: '0.0.0.0' }, access: { operator_keys: [`\${K}`] } }
    expect(readConfig({ options, env: { K: 'secret\n' } }).access).toEqual({
      keys: ['secret'],
      named: [],
      operatorKeys: ['secret'],
    })
    const access = { keys: ['a'], named_keys: [{ name: 'b', key: 'b' }], operator_keys: ['c'] }
    expect(readConfig({ options: { access }, env: {}, flags: { operatorKey: 'd' } }).access).toMatchObject({
      keys: ['a', 'b', 'c', 'd'],
      operatorKeys: ['c', 'd'],
    })
  })

  it('takes the same as an object', () => {
    const config = readConfig({ options: { server: { port: 1 }, access: { keys: [`\${K}`] } }, env: { K: 'secret' } })
    expect(config).toMatchObject({ server: { port: 1 }, access: { keys: ['secret'] }, source: 'options + built-in' })
  })
})

describe('environment variables', () => {
  const key = (written: string, env: Record<string, string>) =>
    read(`[access]\nkeys = [${JSON.stringify(written)}]`, { env }).access.keys[0]
  it.each([
    [`\${KEY}`, 'abc'],
    [`a-\${KEY}-\${_x1}`, 'a-abc-y'],
    [`$\${KEY}`, `\${KEY}`],
    [`$\${KEY}\${KEY}`, `\${KEY}abc`],
    ['$KEY and {KEY}', '$KEY and {KEY}'],
    [`\${FILE_KEY}`, 'from-a-file'],
    [`\${NESTED}`, `\${KEY}`],
  ])('%s', (written, expected) => {
    expect(key(written, { KEY: 'abc', _x1: 'y', FILE_KEY: 'from-a-file\n', NESTED: `\${KEY}` })).toBe(expected)
  })

  it('switch on the providers whose keys they hold when the file names none', () => {
    const env = { OPENAI_API_KEY: 'sk-1', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', ANTHROPIC_API_KEY: ' sk-2 ' }
    const config = read('[[models]]\nname = "a"\ntargets = ["openai/x"]', { env })
    expect(config.providers.map((one) => [one.name, one.baseUrl, one.apiKeys[0]])).toEqual([
      ['openai', 'http://127.0.0.1:9/v1', 'sk-1'],
      ['anthropic', 'https://api.anthropic.com', 'sk-2'],
    ])
    expect(config.source).toBe('sluice.toml + environment')
    expect(read('providers = []', { env }).providers).toHaveLength(2)
  })

  it.each(['http://127.0.0.1:4114/v1', 'http://localhost:4114', 'http://[::1]:4114/v1/'])(
    'do not send sluice round in circles when the clients in this shell point to it: %s',
    (address) => {
      const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: address }
      expect(read('', { env }).providers).toEqual([])
      expect(read('', { env, flags: { port: 4115 } }).providers).toHaveLength(1)
    },
  )
})

describe('where the file is found', () => {
  const cwd = join(folder, 'here')
  const home = join(folder, 'home')
  mkdirSync(join(home, '.config', 'sluice'), { recursive: true })
  mkdirSync(join(folder, 'xdg', 'sluice'), { recursive: true })
  mkdirSync(cwd)
  writeFileSync(join(home, '.config', 'sluice', 'sluice.toml'), 'server.port = 1')
  writeFileSync(join(folder, 'xdg', 'sluice', 'sluice.toml'), '\uFEFFserver.port = 2')
  writeFileSync(join(folder, 'named.toml'), 'server.port = 3')

  it("takes the named one, else the one here, else the user's, else none", () => {
    const found = (options: Omit<ReadOptions, 'env'>, env = {}) => {
      const { server, source } = readConfig({ cwd, env, ...options })
      return [server.port, source]
    }
    const both = { HOME: home, XDG_CONFIG_HOME: join(folder, 'xdg') }
    expect(found({})).toEqual([4114, 'built-in'])
    expect(found({}, { OPENAI_API_KEY: 'k' })).toEqual([4114, 'environment'])
    expect(found({}, { HOME: home })).toEqual([1, `${join(home, '.config/sluice/sluice.toml')} + built-in`])
    expect(found({}, both)).toEqual([2, `${join(folder, 'xdg/sluice/sluice.toml')} + built-in`])
    writeFileSync(join(cwd, 'sluice.toml'), 'server.port = 4')
    expect(found({}, both)).toEqual([4, 'sluice.toml + built-in'])
    expect(found({ file: join(folder, 'named.toml') }, both)[0]).toBe(3)
    expect(found({ options: {} }, both)).toEqual([4114, 'options + built-in'])
  })

  it('says so when the named one cannot be read', () => {
    expect(() => readConfig({ file: 'nope.toml', cwd, env: {} })).toThrow(/there is no file nope\.toml; mend the path/)
    expect(() => readConfig({ file: folder, env: {} })).toThrow(/it is a folder/)
  })
})
