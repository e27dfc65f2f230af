import { describe, expect, it, onTestFinished } from 'vitest'
import { type ConfigOptions, createSluice, type RequestRecord } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

async function open(config: ConfigOptions, records: RequestRecord[] = []) {
  const scripted = await startScripted({ script: { steps: [{ text: 'Hello.' }] } })
  onTestFinished(() => scripted.close())
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      providers: [
        { name: 'oa', dialect: 'openai-chat', base_url: `${scripted.url}/v1` },
        { name: 'an', dialect: 'anthropic-messages', base_url: scripted.url },
      ],
      ...config,
    },
    env: {},
    port: 0,
    log: { ...silentLog, request: (record) => records.push(record) },
  })
  onTestFinished(() => sluice.close())
  return { scripted, url: sluice.url }
}

async function ask(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'anthropic-version': '2023-06-01', ...headers },
    body: JSON.stringify({ max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }], ...body }),
  })
  await response.text()
  return {
    status: response.status,
    target: `${response.headers.get('x-sluice-provider')}/${response.headers.get('x-sluice-model')}`,
    explained: response.headers.get('x-sluice-explain'),
  }
}

const sent = (scripted: ScriptedServer): JsonObject => scripted.requests.at(-1)?.body as JsonObject

it('the situations of a coding agent lead to the models that are named for them', async () => {
  const { url } = await open({
    routing: {
      default: 'oa/usual',
      background: 'oa/small',
      think: 'an/thinker',
      long_context: 'oa/long',
      long_context_threshold: 2000,
      web_search: 'oa/searcher',
      image: 'an/seer',
    },
  })
  const cases: Array<[object, string]> = [
    [{ model: 'claude-sonnet-4-5' }, 'oa/usual'],
    [{ model: 'claude-3-5-haiku-latest' }, 'oa/small'],
    [
      { model: 'claude-sonnet-4-5', thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 },
      'an/thinker',
    ],
    [{ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'word '.repeat(4000) }] }, 'oa/long'],
    [{ model: 'claude-sonnet-4-5', tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'oa/searcher'],
  ]
  for (const [body, target] of cases) expect([(await ask(url, body)).target, body]).toEqual([target, body])
})

it('a tag in the system prompt names the model, and no model gets to read it', async () => {
  const { url, scripted } = await open({})
  const system = 'You are "good".\n<sluice-model>oa/chosen</sluice-model>\nBe brief.'
  const told = await ask(url, { model: 'an/other', system: `<sluice-model>oa/chosen</sluice-model>\nBe "brief".` })
  expect(told.target).toBe('oa/chosen')
  expect(JSON.stringify(sent(scripted))).not.toContain('sluice-model')
  expect(JSON.stringify(sent(scripted))).toContain('Be \\"brief\\".')
  // Further down it is somebody's text.
  expect((await ask(url, { model: 'an/other', system: `Read this: ${system}` })).target).toBe('an/other')
})

it('says for each phase what was decided, and only who asks is told', async () => {
  const { url } = await open({
    models: [{ name: 'smart', targets: ['oa/a', 'an/b'] }],
    routing: { rules: [{ name: 'many tools', tools_over: 1, to: 'an/tools' }] },
  })
  expect((await ask(url, { model: 'smart' })).explained).toBe(null)
  const told = await ask(url, { model: 'smart' }, { 'x-sluice-explain': '1' })
  expect([told.target, told.explained]).toEqual([
    'oa/a',
    expect.stringMatching(/^resolve: .*smart.*; select: .*; rank: .*oa\/a.*an\/b/),
  ])
})

it('a wildcard name leads where it says, and is not listed as a model', async () => {
  const { url } = await open({ models: [{ name: 'claude-*', targets: ['an/claude-*'] }] })
  expect((await ask(url, { model: 'claude-opus-4-5' })).target).toBe('an/claude-opus-4-5')
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: Array<{ id: string }> }
  expect(data.map(({ id }) => id)).not.toContain('claude-*')
})

it('a missing model is a mistake of the request, and no unknown name', async () => {
  const { url } = await open({ routing: { default: 'oa/usual' } })
  expect((await ask(url, {})).status).toBe(400)
})

describe('a request without a model', () => {
  const system = '<sluice-model>smart</sluice-model>\nBe "brief".'

  it.each([
    ['oa', { system }, {}],
    ['an', { system }, {}],
    ['oa', { system: '<CCR-SUBAGENT-MODEL>oa,chosen</CCR-SUBAGENT-MODEL>Be "brief".' }, {}],
    ['oa', { system, model: null }, {}],
    ['an', { system, model: '' }, {}],
    ['oa', { system: 'Be "brief".' }, { 'x-sluice-model': 'smart' }],
    ['an', { system: 'Be "brief".' }, { 'x-sluice-model': 'smart' }],
  ])('goes to %s, where a tag or a header names one: %j %j', async (provider, body, headers) => {
    const { url, scripted } = await open({ models: [{ name: 'smart', targets: [`${provider}/chosen`] }] })
    const rest = JSON.stringify({ max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }], ...body })
    const text = `{"temperature":0.50,${rest.slice(1)}`
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: text })
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('Hello.')])
    expect(response.headers.get('x-sluice-provider')).toBe(provider)
    expect(sent(scripted)).toMatchObject({ model: 'chosen', temperature: 0.5 })
    expect(JSON.stringify(sent(scripted))).toContain('Be \\"brief\\".')
    expect(JSON.stringify(sent(scripted))).not.toMatch(/sluice-model|SUBAGENT/)
  })

  it('goes where its client key says', async () => {
    const { url } = await open({ access: { named_keys: [{ name: 'ci', key: 'ci-key', model: 'oa/for-ci' }] } })
    expect(await ask(url, {}, { 'x-api-key': 'ci-key' })).toMatchObject({ status: 200, target: 'oa/for-ci' })
  })

  it('is a mistake where only rules would take it, whatever its provider speaks', async () => {
    for (const to of ['oa/usual', 'an/usual']) {
      const { url, scripted } = await open({ routing: { rules: [{ to }] } })
      expect((await ask(url, { system: 'Be brief.' })).status).toBe(400)
      expect(scripted.requests).toEqual([])
    }
  })
})

it('keys have names, by which rules, transformers and the log know their clients', async () => {
  const records: RequestRecord[] = []
  const { url, scripted } = await open(
    {
      access: {
        keys: ['plain-key'],
        named_keys: [
          { name: 'ci', key: 'ci-key', model: 'oa/for-ci' },
          { name: 'web', key: 'web-key' },
        ],
      },
      routing: { rules: [{ client_key: 'web', to: 'an/for-web' }] },
      transformers: [{ name: 'short', use: 'clamp-max-tokens', options: { most: 7 }, client_keys: ['ci'] }],
    },
    records,
  )
  const as = (key: string, model: string) => ask(url, { model }, { 'x-api-key': key })
  expect((await as('wrong-key', 'oa/m')).status).toBe(401)
  expect((await as('ci-key', 'nobody-knows')).target).toBe('oa/for-ci')
  expect(sent(scripted)).toMatchObject({ max_tokens: 7 })
  expect((await as('ci-key', 'an/said')).target).toBe('an/said')
  expect((await as('web-key', 'anything')).target).toBe('an/for-web')
  expect(sent(scripted)).toMatchObject({ max_tokens: 50 })
  expect((await as('plain-key', 'nobody-knows')).status).toBe(404)
  expect(records.map(({ key }) => key)).toEqual([undefined, 'ci', 'ci', 'web', undefined])
  expect(JSON.stringify(records)).not.toMatch(/(ci|web|plain)-key/)
})
