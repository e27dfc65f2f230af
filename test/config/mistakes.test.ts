import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Problem, type ReadOptions, readConfig } from '../../src/config/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { createSluice } from '../../src/index.ts'

function problems(text: string, rest: Partial<ReadOptions> = {}): Problem[] {
  try {
    readConfig({ text, env: {}, ...rest })
  } catch (thrown) {
    if (!SluiceError.is(thrown)) throw thrown
    expect(thrown.code).toBe('config_invalid')
    const found = thrown.details?.problems as Problem[]
    // What a person reads is the same list.
    for (const { message } of found) expect(thrown.message).toContain(message)
    return found
  }
  return []
}

/** The mistakes as `line path: message`. */
const told = (text: string, rest?: Partial<ReadOptions>) =>
  problems(text, rest).map(({ line, path, message }) => `${line ?? '-'} ${path}: ${message}`)

const house = `[[providers]]
name = "house"
dialect = "openai-chat"
base_url = "http://10.0.0.7:8000/v1"
`

const google = (file: string) =>
  `[[providers]]\nname = "g"\nkind = "vertex"\nproject = "p"\ngoogle_credentials = ${JSON.stringify(file)}\n`

/** A file with this text. */
function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'key.json')
  writeFileSync(file, text)
  return file
}

describe('credentials of Google that cannot be used are told by a thorough look, with the line', () => {
  it.each<[string, string, RegExp]>([
    ['no JSON', '-----BEGIN PRIVATE KEY----- secret', /the file holds no JSON; name the key of a service account/],
    ['no object', 'null', /the file holds no object of JSON/],
    ['a client id', '{"installed":{"client_id":"secret"}}', /is the id of an OAuth client, and no proof/],
    ['no kind', '{"client_email":"secret"}', /has no `type`/],
    ['another kind', '{"type":"api_key","key":"secret"}', /says `type` "api_key"; it takes one of service_account, /],
    ['a kind that may be a secret', '{"type":"SECRET secret"}', /says `type` something else; it takes/],
    ['a kind that every object has', '{"type":"constructor"}', /says `type` "constructor"; it takes/],
    [
      'too little',
      '{"type":"service_account","client_email":"secret"}',
      /of type service_account lacks `private_key`; get it anew/,
    ],
  ])('%s', (_, text, message) => {
    const file = fileWith(text)
    expect(told(google(file))).toEqual([])
    const [only, ...more] = told(google(file), { thorough: true })
    expect(more).toEqual([])
    expect(only).toMatch(/^5 providers\[0\]\.google_credentials: found /)
    expect(only).toMatch(message)
    expect(only).not.toContain('secret')
  })

  it.each<[string, string, RegExp]>([
    ['no file', join(tmpdir(), 'nobody.json'), /there is no such file; name the key of a service account/],
    ['a folder', tmpdir(), /the file cannot be read \(EISDIR\)/],
  ])('%s', (_, file, message) => {
    expect(told(google(file), { thorough: true })).toEqual([expect.stringMatching(message)])
  })

  it('where the environment names them', () => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(tmpdir(), 'nobody.json') }
    const text = '[[providers]]\nname = "g"\nkind = "vertex"\nproject = "p"\n'
    expect(told(text, { env, thorough: true })).toEqual([
      expect.stringMatching(/^- environment variable GOOGLE_APPLICATION_CREDENTIALS: there is no such file/),
    ])
  })

  it.each([
    { type: 'service_account', client_email: 'a@b', private_key: 'k' },
    { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' },
    { type: 'external_account', audience: 'a', credential_source: { file: 'f' } },
  ])('but for good ones', (content) => {
    expect(told(google(fileWith(JSON.stringify(content))), { thorough: true })).toEqual([])
  })
})

describe('the scripted provider, where no other is configured', () => {
  const models = (target: string) => `[[models]]\nname = "fast"\ntargets = [${JSON.stringify(target)}]\n`

  it('is a target of models, of rules and of situations', () => {
    const text = `${models('scripted/demo')}[routing]\ndefault = "scripted/echo"\n[[routing.rules]]\nto = "scripted/demo"\ntools_over = 1\n`
    expect(told(text)).toEqual([])
  })

  it('answers to the name', async () => {
    const config = { models: [{ name: 'fast', targets: ['scripted/demo'] }] }
    const sluice = await createSluice({ config, env: {}, port: 0, state: ':memory:', logLevel: 'silent' })
    onTestFinished(() => sluice.close())
    const answer = await fetch(`${sluice.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ object: 'chat.completion' })
  })

  it('is none where there are others, in the file or in the environment', () => {
    const other = house.replace('"house"', '"other"')
    const astray = expect.stringMatching(/^3 models.*leads to no provider; write `provider\/model` with one of /)
    expect(told(models('scripted/demo') + house + other)).toEqual([astray])
    expect(told(models('scripted/demo'), { env: { OPENAI_API_KEY: 'k', MISTRAL_API_KEY: 'k' } })).toEqual([astray])
  })

  it.each(['openai/gpt-5', 'demo', 'scripted/', 'scripted'])('is not meant by %s', (target) => {
    expect(told(models(target))).toEqual([
      expect.stringMatching(/^3 models.*write "scripted\/demo" .*, or add \[\[providers\]\]$/),
    ])
  })
})

describe('each kind of mistake is told with its line and a way out', () => {
  it.each<[string, string, RegExp]>([
    ['broken syntax', 'a = 1\nb = "x', /^2 : cannot read the TOML at column 5: unfinished string$/],
    ['a key twice', '[server]\nport = 1\nport = 2', /^3 : .*already defined/],
    [
      'an unknown key near a known one',
      '[server]\nprot = 1',
      /^2 server\.prot: \[server\] has no such key; did you mean port\?$/,
    ],
    ['an unknown key near nothing', '[log]\nzzzzzzzz = 1', /^2 .*; there are level, format$/],
    ['an unknown table', '\n[acces]\nkeys = []', /^2 acces: there is no such key; did you mean access\?$/],
    ['a key in the wrong table', '[log]\nmax_body = 1', /^2 log\.max_body: .*it belongs into \[server\]$/],
    ['a key at the top', 'api_keys = ["a"]', /^1 api_keys: .*it belongs into \[\[providers\]\]$/],
    ['an option that does nothing yet', '[streaming]\nhedge = 3', /^2 streaming\.hedge: .*no such key/],
    ['a wrong type', '[server]\nport = "4114"', /^2 server\.port: found "4114"; write a whole number from 0 to 65535$/],
    ['a port out of range', '[server]\nport = 65536', /^2 server\.port: found 65536/],
    ['a fraction of a port', '[server]\nport = 1.5', /^2 server\.port: found 1\.5/],
    [
      'a duration without a unit',
      '[streaming]\nheartbeat = "15"',
      /^2 streaming\.heartbeat: found "15"; write a duration such as "10s"/,
    ],
    ['a negative duration', '[streaming]\nheartbeat = -1', /^2 streaming\.heartbeat: found -1; write a duration/],
    [
      'a number that is no duration at all',
      '[streaming]\ntotal_timeout = 0',
      /^2 streaming\.total_timeout: found 0; write a duration such as .*, or a whole number of milliseconds from 1$/,
    ],
    [
      'a wait that may be none, and is less',
      '[streaming]\nhedge_after = -1',
      /^2 streaming\.hedge_after: found -1; write .* a whole number of milliseconds from 0$/,
    ],
    ['a rate below none', '[streaming]\nleast_rate = -1', /^2 streaming\.least_rate: found -1; write a number from 0$/],
    ['a number that is no size', '[server]\nmax_body = 0', /^2 server\.max_body: found 0; write .* bytes from 1$/],
    ['no duration at all', '[streaming]\nheartbeat = "0s"', /^2 streaming\.heartbeat: found no time at all/],
    [
      'a duration no timer can wait',
      '[streaming]\nheartbeat = "1000h"',
      /^2 streaming\.heartbeat: .*write at most "576h"$/,
    ],
    [
      'a date for a duration',
      '[streaming]\nheartbeat = 2020-01-01',
      /^2 streaming\.heartbeat: found a date; write a duration/,
    ],
    [
      'a size with a blank',
      '[server]\nmax_body = "32 MiB"',
      /^2 server\.max_body: found "32 MiB"; write a size such as "32MiB"/,
    ],
    ['a size over a text of Node', '[server]\nmax_body = "2GiB"', /^2 server\.max_body: .*write at most "500MiB"$/],
    ['a budget that is none', '[streaming]\nbuffer_budget = "lots"', /^2 streaming\.buffer_budget: .*"1GiB"/],
    [
      'an unknown client',
      '[transport]\nclient = "curl"',
      /^2 transport\.client: found "curl"; write one of "http1", "undici"/,
    ],
    ['an unknown level', '[log]\nlevel = "verbose"', /^2 log\.level: found "verbose"; write one of "silent", "error"/],
    ['a table that is a value', 'server = 3', /^1 server: found 3; write a table$/],
    [
      'one table for many',
      '[providers]\nname = "x"',
      /^1 providers: found a table; write a table under a \[\[heading\]\]/,
    ],
    ['a list that is a value', '[access]\nkeys = "sk-1"', /^2 access\.keys: found a string; write a list of strings$/],
    [
      'an empty client key',
      '[access]\nkeys = [\n  "",\n]',
      /^3 access\.keys\[0\]: found an empty string; write a string that is not empty$/,
    ],
    [
      'an operator key that is no list',
      '[access]\noperator_keys = "op-1"',
      /^2 access\.operator_keys: found a string; write a list of strings$/,
    ],
    [
      'an operator key that is no key',
      '[access]\noperator_keys = ["a", ["op-1"]]',
      /^2 access\.operator_keys\[1\]: found a list; write a string that is not empty$/,
    ],
    [
      'an origin with a path',
      '[server]\ncors_origins = ["https://a.b/c"]',
      /^2 server\.cors_origins\[0\]: .*no origin; write "https:\/\/a\.b"$/,
    ],
    ['a missing name', '\n[[providers]]\nkind = "openai"', /^2 providers\[0\]: `name` is missing; write name = "…"$/],
    [
      'a name with a slash',
      '[[providers]]\nname = "a/b"',
      /^2 providers\[0\]\.name: found "a\/b"; write a name of letters/,
    ],
    ['no preset of that name', '[[providers]]\nname = "zzz"', /^1 providers\[0\]: it is no preset \(.*\) and has no/],
    [
      'an unknown kind',
      '[[providers]]\nname = "a"\nkind = "b"',
      /^3 providers\[0\]\.kind: found "b", which is no preset; there are openai/,
    ],
    [
      'no address',
      `${house.replace('http://', '')}`,
      /^4 providers\[0\]\.base_url: found "10\.0\.0\.7:8000\/v1", which is no http or https address/,
    ],
    [
      'an address with a query',
      `${house.replace('/v1', '/v1?key=sk-1')}`,
      /^4 providers\[0\]\.base_url: found an address with a query/,
    ],
    [
      'itself as a provider',
      house.replace('10.0.0.7:8000', 'localhost:4114'),
      /^4 providers\[0\]\.base_url: .*is sluice itself/,
    ],
    [
      'keys beside auth = "client"',
      `${house}auth = "client"\napi_keys = ["k"]`,
      /^6 providers\[0\]\.api_keys: .*remove one of the two$/,
    ],
    [
      'a key with a line end',
      `${house}api_keys = ["sk-1\\n"]`,
      /^5 providers\[0\]\.api_keys\[0\]: the key holds white space/,
    ],
    [
      'a header that is none',
      `${house}headers = { "x y" = "1" }`,
      /^5 providers\[0\]\.headers\."x y": found a name that no header can have/,
    ],
    [
      'a header of our own',
      `${house}headers.Content-Length = "1"`,
      /^5 providers\[0\]\.headers\.Content-Length: sluice sets this header itself/,
    ],
    ['a header cut in two', `${house}headers.x = "a\\r\\nb"`, /^5 providers\[0\]\.headers\.x: found characters/],
    [
      'two providers of one name',
      `${house}\n${house}`,
      /^7 providers\[1\]\.name: found a second provider called "house" \(the other is on line 2\)/,
    ],
    [
      'a client called as another',
      '[[clients]]\nname = "a"\n[[clients]]\nname = "a"',
      /^4 clients\[1\]\.name: found a second client called "a" \(the other is on line 2\)/,
    ],
    [
      'a mark of those who have none',
      '[[clients]]\nname = "usual"\nuser_agent = "x/*"',
      /^3 clients\[0\]\.user_agent: .*every client that is no other; give this one a name of its own$/,
    ],
    [
      'a place for reasoning that is none',
      '[[clients]]\nname = "a"\nreasoning = true',
      /^3 clients\[0\]\.reasoning: found true; write one of "reasoning_content", "reasoning", "both", "none"$/,
    ],
    [
      'a location without a project',
      '[[providers]]\nname = "vertex"\napi_keys = ["k"]\nlocation = "eu"',
      /^1 providers\[0\]: it has a `location` and no `project`; the two go together$/,
    ],
    [
      'two models of one name',
      `${house}[[models]]\nname = "a"\ntargets = ["house/x"]\n[[models]]\nname = "a"\ntargets = ["house/x"]`,
      /^9 models\[1\]\.name: found a second model called "a" \(the other is on line 6\)/,
    ],
    [
      'a model without targets',
      `${house}[[models]]\nname = "a"\ntargets = []`,
      /^7 models\[0\]\.targets: found an empty list; write a list of at least 1 string$/,
    ],
    [
      'a target that is no text',
      `${house}[[models]]\nname = "a"\ntargets = [\n"house/x",\n3]`,
      /^9 models\[0\]\.targets\[1\]: found 3/,
    ],
    [
      'a target without providers',
      '[[models]]\nname = "a"\ntargets = ["x/y"]',
      /^3 models\[0\]\.targets\[0\]: found "x\/y".*add \[\[providers\]\]$/,
    ],
    [
      'a target that is an alias',
      `${house}models = ["m"]\n[[models]]\nname = "a"\ntargets = ["a"]`,
      /^8 models\[0\]\.targets\[0\]: .*it is a name from \[\[models\]\] itself/,
    ],
    [
      'a target with a slip',
      `${house}models = ["m"]\n[[models]]\nname = "a"\ntargets = ["huose/m"]`,
      /^8 .*did you mean house\/…\?$/,
    ],
    [
      'a target not listed',
      `${house}models = ["llama"]\n[[models]]\nname = "a"\ntargets = ["house/lama"]`,
      /^8 .*house does not list that model; write house\/llama,/,
    ],
    [
      'a missing variable',
      `[access]\nkeys = [\n"a",\n"\${NOPE}"]`,
      /^4 access\.keys\[1\]: the environment has no NOPE; set it, or write \$\$\{ for a plain \$\{$/,
    ],
    [
      'a variable without a name',
      `[access]\nkeys = ["\${a b}"]`,
      /^2 access\.keys\[0\]: found \$\{…\} without the name/,
    ],
    ['a variable without an end', `[access]\nkeys = ["\${NOPE"]`, /^2 access\.keys\[0\]: found \$\{ without its \}/],
    [
      'a host with a port',
      '[server]\nhost = "localhost:80"',
      /^2 server\.host: found "localhost:80", which is no address to listen on/,
    ],
    [
      'a host that is a URL',
      '[server]\nhost = "http://localhost"',
      /^2 server\.host: found "http:\/\/localhost", which is no address/,
    ],
    [
      'the world without keys',
      '[server]\nhost = "0.0.0.0"',
      /^2 server\.host: found "0\.0\.0\.0" without client keys: everybody/,
    ],
    [
      'keys that are wrong in themselves, which show that some were meant',
      '[server]\nhost = "0.0.0.0"\n[access]\nkeys = "k"',
      /^4 access\.keys: /,
    ],
  ])('%s', (_name, text, expected) => {
    const found = told(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(expected)
  })

  it.each([
    ['host = "10.0.0.7"\nport = 8000', 'http://10.0.0.7:8000/v1', true],
    ['host = "10.0.0.7"\nport = 8000', 'http://10.0.0.8:8000/v1', false],
    ['port = 443', 'https://localhost/v1', true],
    ['port = 80', 'http://localhost/v1', true],
    ['port = 80', 'https://localhost/v1', false],
  ])('sluice at %j as its own provider %s: %s', (server, address, itself) => {
    const text = `[server]\n${server}\n[access]\nkeys = ["k"]\n${house.replace('http://10.0.0.7:8000/v1', address)}`
    expect(told(text).map((one) => /is sluice itself/.test(one))).toEqual(itself ? [true] : [])
  })

  it('names a variable that comes near', () => {
    const env = { OPENAI_API_KEY: 'x' }
    expect(told(`[access]\nkeys = ["\${OPENAI_APIKEY}"]`, { env })[0]).toContain('(there is OPENAI_API_KEY)')
  })

  it('explains flags and the environment without a line', () => {
    expect(told('', { flags: { port: Number.NaN } })[0]).toMatch(/^- --port: found NaN; write a whole number/)
    expect(told('', { flags: { host: '0.0.0.0' } })[0]).toMatch(/^- --host: found "0\.0\.0\.0" without client keys/)
    const env = { OPENAI_API_KEY: 'sk-1', OPENAI_BASE_URL: 'api.example.com' }
    expect(told('', { env })[0]).toMatch(/^- environment variable OPENAI_BASE_URL: found a value, which is no http/)
    expect(told('', { env: { ANTHROPIC_API_KEY: 'a b' } })[0]).toMatch(
      /^- environment variable ANTHROPIC_API_KEY: the key/,
    )
  })

  it('lets the world in with keys, also where a flag opens the door', () => {
    const keys = '[access]\nkeys = ["k"]'
    expect(told(`${keys}\n[server]\nhost = "0.0.0.0"`)).toEqual([])
    expect(told(keys, { flags: { host: '::' } })).toEqual([])
  })
})

it('all mistakes are told at once, in the order of their lines', () => {
  const text = `[server]
port = "x"
[access]
key = []
[[providers]]
name = "house"
base_url = 3
headers = { a = 1, "b c" = "2" }
[[providers]]
name = "openai"
api_keys = ["\${NOPE}", "b c"]
[[models]]
name = "m"
targets = ["m", 3]
`
  expect(problems(text).map(({ line, path }) => [line, path])).toEqual([
    [2, 'server.port'],
    [4, 'access.key'],
    [7, 'providers[0].base_url'],
    [8, 'providers[0].headers.a'],
    [8, 'providers[0].headers."b c"'],
    [11, 'providers[1].api_keys[0]'],
    [14, 'models[0].targets[1]'],
  ])
})

describe('no message contains a key', () => {
  const secret = 'sk-verysecret0123456789'
  it.each([
    `[access]\nkeys = "${secret}"`,
    `[access]\nkeys = ["\${S}", 3]`,
    `[access]\nkeys = [ "${secret}`,
    `[access]\nkey = "${secret}"`,
    `[access]\nkeys = { a = "${secret}" }`,
    `[[providers]]\nname = "openai"\napi_keys = "${secret}"`,
    `[[providers]]\nname = "openai"\napi_keys = ["${secret} "]`,
    `[[providers]]\nname = "openai"\nheaders.x = ["${secret}"]`,
    `[[providers]]\nname = "openai"\nheaders."a b" = "${secret}"`,
    `[[providers]]\nname = "openai"\nbase_url = "\${S}"`,
    `[[providers]]\nname = "\${S}/"`,
    `[[providers]]\nname = "openai"\nkind = "\${S}"`,
    `[server]\nhost = "\${S}"`,
    `[server]\nport = "\${S}"`,
    `[server]\ncors_origins = ["\${S}"]`,
    `[[models]]\nname = "a"\ntargets = ["\${S}"]`,
    `${house}${house.replaceAll('house', `\${S}`).repeat(2)}`,
  ])('%s', (text) => {
    const found = told(text, { env: { S: secret } })
    expect(found.length).toBeGreaterThan(0)
    expect(found.join('\n')).not.toContain('verysecret')
  })
})
