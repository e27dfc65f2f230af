import { execFileSync } from 'node:child_process'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { timing } from '../../src/cli/ask.ts'
import { listenFailure, systemCode } from '../../src/cli/failure.ts'
import { errorText, remoteAt } from '../../src/cli/remote.ts'
import {
  describeAliases,
  describeClients,
  describeProviders,
  describeRouting,
  exampleModel,
} from '../../src/cli/summary.ts'
import { curlLine, welcomeLines } from '../../src/cli/welcome.ts'
import { type ConfigOptions, readConfig } from '../../src/config/index.ts'

const configOf = (options: ConfigOptions) => readConfig({ options, env: {} })
const openai = { name: 'openai', api_keys: ['sk-secret'] }
const house = { name: 'house', dialect: 'openai-chat' as const, base_url: 'http://10.0.0.7/v1' }

it('the options of a configuration are typed, so that an editor completes them', () => {
  expectTypeOf<NonNullable<ConfigOptions['log']>['level']>().toEqualTypeOf<
    'silent' | 'error' | 'warn' | 'info' | 'debug' | undefined
  >()
})

describe('the lines of a start', () => {
  const url = 'http://127.0.0.1:4114'

  it('ask for a client key where there are some, and show none', () => {
    const config = configOf({ access: { keys: ['client-secret'] }, providers: [openai] })
    const text = welcomeLines({ config, url }, '1.2.3').join('\n')
    expect(text).toContain(`-H "authorization: Bearer $SLUICE_KEY"`)
    expect(text).toContain('OPENAI_API_KEY=$SLUICE_KEY')
    expect(text).toContain('ANTHROPIC_AUTH_TOKEN=$SLUICE_KEY')
    expect(text).not.toMatch(/secret/)
  })

  it('say who can reach an address that is open to other machines', () => {
    const lines = (host: string) =>
      welcomeLines({ config: configOf({ server: { host }, access: { keys: ['k'] } }), url }, '1.2.3').join('\n')
    expect(lines('0.0.0.0')).toContain('\n  reachable      at 0.0.0.0, port 4114, for whoever shows a client key\n')
    expect(lines('127.0.0.1')).not.toContain('reachable')
  })

  it('say why a key of the environment is not used', () => {
    const env = { OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: `${url}/v1` }
    const text = welcomeLines({ config: readConfig({ env }), url }, '1.2.3', env).join('\n')
    expect(text).toContain('  unused         OPENAI_API_KEY: OPENAI_BASE_URL is this sluice itself; unset it')
    const used = { OPENAI_API_KEY: 'sk-secret' }
    expect(welcomeLines({ config: readConfig({ env: used }), url }, '1.2.3', used).join('\n')).not.toContain('unused')
  })

  it('name the aliases, and the order of their targets', () => {
    const config = configOf({
      providers: [openai, house],
      models: [
        { name: 'smart', targets: ['openai/a', 'house/b'] },
        { name: 'x', targets: ['house/b'] },
        { name: 'quick', targets: ['house/b', 'openai/a'], strategy: 'latency' },
      ],
    })
    expect(describeAliases(config)).toEqual([
      'smart  -> openai/a, house/b  (in-order)',
      'x      -> house/b',
      'quick  -> house/b, openai/a  (latency)',
    ])
    expect(describeProviders(config.providers)[1]).toBe('house   openai-chat, http://10.0.0.7/v1, no key, any model')
  })

  it('say what decides where requests go', () => {
    const config = configOf({
      providers: [openai, house],
      routing: {
        long_context: 'openai/big',
        think: 'openai/a',
        rules: [{ name: 'pictures', images: true, to: 'house/b' }, { targets: ['openai/a', 'house/b'] }],
      },
    })
    expect(describeRouting(config)).toEqual([
      'rule 1 "pictures"  -> house/b',
      'rule 2  -> openai/a, house/b',
      'think         -> openai/a',
      'long_context  -> openai/big',
    ])
  })

  it('name a model for a first request that is a name, and no pattern', () => {
    const models = [
      { name: 'claude-*', targets: ['house/*'] },
      { name: 'x', targets: ['house/b'] },
    ]
    expect(exampleModel(configOf({ providers: [openai, house], models }))).toBe('x')
  })

  it('say of each client what is written of it', () => {
    const ours = { name: 'ours', user_agent: 'ours/*', comments: false, ping: true, reasoning: 'none' as const }
    expect(describeClients(configOf({ providers: [openai], clients: [ours, { name: 'strict' }] }))).toEqual([
      'ours    told by "ours/*", takes no comments, takes pings, reads no reasoning',
      'strict  told as before, or by its name',
    ])
  })

  it('say of a provider with AWS keys that it signs, and show neither', () => {
    const keys = { aws_access_key_id: 'AKIASECRET', aws_secret_access_key: 'secret' }
    const config = configOf({ providers: [{ name: 'bedrock', region: 'eu-west-1', ...keys }] })
    expect(describeProviders(config.providers)).toEqual([
      'bedrock  bedrock-converse, https://bedrock-runtime.eu-west-1.amazonaws.com, credentials of its cloud, any model',
    ])
  })

  it('hold a curl line that a shell takes as it is', () => {
    const line = curlLine(url, "it's $HOME", false)
    const words = execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\n' "$word"; done`], {
      encoding: 'utf8',
    })
    expect(JSON.parse(words.trim().split('\n').at(-1) ?? '')).toMatchObject({ model: "it's $HOME", stream: true })
  })

  it.each<[string, ConfigOptions, string | undefined]>([
    ['the first alias', { providers: [house], models: [{ name: 'smart', targets: ['house/m'] }] }, 'smart'],
    ['else a listed model', { providers: [{ ...house, models: ['llama'] }, openai] }, 'house/llama'],
    ['else a current one of a known vendor', { providers: [house, openai] }, 'openai/gpt-4.1-mini'],
    ['else nothing that would be guessed', { providers: [house] }, undefined],
    [
      'no name that only its maker knows',
      { providers: [{ name: 'bedrock-anthropic', region: 'eu-west-1', api_keys: ['k'] }] },
      undefined,
    ],
  ])('try %s', (_name, options, expected) => {
    expect(exampleModel(configOf(options))).toBe(expected)
  })
})

describe('what is told after an answer', () => {
  it.each([
    [
      { firstMs: 312, totalMs: 2312, inputTokens: 12, outputTokens: 201 },
      'first token 0.31 s, 12 tokens in, 201 out, 100 tokens/s',
    ],
    [{ firstMs: 312, totalMs: 2312, inputTokens: 12 }, 'first token 0.31 s, 12 tokens in, ? out'],
    [
      { firstMs: 5, totalMs: 5, outputTokens: 9, finish: 'length' },
      'first token 0.01 s, ? tokens in, 9 out, ended with length',
    ],
    [{ totalMs: 100, finish: 'stop' }, 'no content, ? tokens in, ? out'],
  ])('%j', (told, expected) => {
    expect(timing({ text: '', ...told })).toBe(expected)
  })
})

describe('what goes wrong on the way to a sluice', () => {
  it('takes the base URL of an SDK for the address', () => {
    for (const address of ['http://h:1', 'http://h:1/', 'http://h:1/v1', 'http://h:1/v1/']) {
      expect(remoteAt(address, 'k')).toEqual({ url: 'http://h:1', key: 'k' })
    }
  })

  it.each([
    ['{"error":{"message":"too fast"}}', 'too fast'],
    ['{"type":"error","error":{"type":"x","message":"too fast"}}', 'too fast'],
    ['<html>bad gateway</html>', '<html>bad gateway</html>'],
    ['{"error":"x"}', '{"error":"x"}'],
    [' ', 'nothing'],
  ])('reads the error %s', (body, expected) => {
    expect(errorText(body)).toBe(expected)
  })

  it('finds the word of the system below wrapped errors', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    expect(systemCode(new TypeError('fetch failed', { cause: refused }))).toBe('ECONNREFUSED')
    expect(systemCode(Object.assign(new Error('x'), { code: 'invalid_request' }))).toBeUndefined()
  })

  it.each([
    ['EADDRINUSE', '127.0.0.1', /^cannot listen on 127\.0\.0\.1:80: the port is in use, .* with --port$/],
    ['EACCES', '127.0.0.1', /not allowed; choose a port above 1023 with --port$/],
    ['EADDRNOTAVAIL', '::2', /^cannot listen on \[::2\]:80: this machine has no such address; .* --host$/],
  ])('words %s', (code, host, expected) => {
    const thrown = Object.assign(new Error('listen'), { code })
    expect((listenFailure(thrown, host, 80) as Error).message).toMatch(expected)
  })

  it('leaves other errors as they are', () => {
    const other = new Error('other')
    expect(listenFailure(other, 'h', 1)).toBe(other)
  })
})
