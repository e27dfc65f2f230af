import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/index.ts'
import { createSluice } from '../../src/index.ts'
import { type Script, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { clientsOf, openStraico } from './straico-house.ts'

const text = 'Grüße aus dem Stall: 世界 ist klein, 👩‍👩‍👧‍👦 aber oho.'
const script: Script = { steps: [{ text }], usage: { input: 9, output: 12 }, straico: { price: 0.25 } }

describe('a request to Straico', () => {
  const more = {
    temperature: 0.5,
    max_completion_tokens: 50,
    smart_llm_selector: { quantity: 1, pricing_method: 'balance' },
    replace_failed_models: true,
    n: 1,
    top_p: 0.9,
    seed: 7,
    user: 'ada',
    reasoning_effort: 'low',
    store: true,
    parallel_tool_calls: false,
  }

  it('carries the six fields that it takes; what is left out is named', async () => {
    const house = await openStraico({ script })
    await house.clients.chat.stream({ more })
    expect(house.sent()).toEqual({
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0.5,
      max_tokens: 50,
      smart_llm_selector: { quantity: 1, pricing_method: 'balance' },
      replace_failed_models: true,
    })
    const warned = house.head.get('x-sluice-warnings')?.split(', ').sort()
    expect(warned).toEqual([
      'reasoning_effort;dropped',
      'seed;dropped',
      'store;dropped',
      'top_p;dropped',
      'user;dropped',
    ])
  })

  it('has messages of three roles with texts, whatever the client has in its history', async () => {
    const { clients, sent } = await openStraico({ script })
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }
    const messages = [
      { role: 'developer', content: 'Rules.' },
      {
        role: 'user',
        name: 'ada',
        content: [
          { type: 'text', text: 'One' },
          { type: 'text', text: 'two' },
        ],
      },
      { role: 'assistant', content: null, refusal: 'No.', reasoning_content: 'Hm.', annotations: [] },
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'seen' },
      { role: 'system', content: 'More rules.' },
    ]
    await clients.chat.stream({ more: { messages } })
    expect(sent().messages).toEqual([
      { role: 'system', content: 'Rules.' },
      { role: 'user', content: 'One\n\ntwo' },
      { role: 'assistant', content: 'No.' },
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: expect.stringContaining('look') },
      { role: 'user', content: expect.stringContaining('seen') },
      { role: 'system', content: 'More rules.' },
    ])
  })

  it.each<[string, object, string]>([
    ['two answers', { n: 2 }, 'n'],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.b/c.png' } }] }] },
      'messages',
    ],
  ])('for what it cannot give is refused before it costs anything: %s', async (_, fields, param) => {
    const { clients, scripted } = await openStraico({ script })
    await expect(clients.chat.stream({ more: fields })).rejects.toMatchObject({ status: 400, param })
    expect(scripted.requests).toEqual([])
  })

  it('for JSON asks in words, and says so', async () => {
    const house = await openStraico({ script })
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const format = { type: 'json_schema', json_schema: { name: 'place', schema } }
    await house.clients.chat.stream({ system: 'Be brief.', more: { response_format: format } })
    const [first, ...rest] = house.sent().messages as JsonObject[]
    expect(first?.content).toMatch(/^Be brief\.\n\nAnswer with one JSON object .*"city"/s)
    expect(rest).toEqual([{ role: 'user', content: 'Hi' }])
    expect(house.head.get('x-sluice-warnings')).toBe('response_format;changed')
  })

  it('goes to the version that the address names', async () => {
    const scripted = await startScripted({ strict: true, script })
    const house = await openStraico({ provider: { base_url: `${scripted.url}/v0` } })
    expect((await house.clients.chat.stream()).text).toBe(text)
    expect(scripted.requests.map(({ path }) => path)).toEqual(['/v0/chat/completions'])
    await scripted.close()
  })

  it('under `force = "always"` asks for a stream and takes what comes, without asking twice', async () => {
    const house = await openStraico({ script, strict: false, config: { streaming: { force: 'always' } } })
    expect((await house.clients.chat.stream()).text).toBe(text)
    expect([house.sent().stream, house.head.get('x-sluice-stream')]).toEqual([true, 'simulated'])
    expect(house.scripted.bill.completions).toBe(1)
  })
})

it("a server of one's own can be as particular, by its quirks", async () => {
  const scripted = await startScripted({ strict: true, straico: {}, script })
  const quirks = {
    streams: false,
    fields: ['model', 'messages'],
    local_stops: true,
    cost: { at: 'price.total', unit: 'coins' },
  }
  const own = { dialect: 'openai-chat', base_url: `${scripted.url}/v2`, quirks } as const
  const house = await openStraico({ provider: own })
  const heard = await house.clients.chat.stream({ stop: [' aus'], more: { max_tokens: 9 } })
  expect(heard).toMatchObject({ text: 'Grüße', usage: { cost: 0.25, cost_unit: 'coins' } })
  expect(Object.keys(scripted.requests[0]?.body as JsonObject)).toEqual(['model', 'messages'])
  expect(house.head.get('x-sluice-stream')).toBe('simulated')
  expect(house.head.get('x-sluice-warnings')).toBe('max_tokens;dropped')
  await scripted.close()
})

describe('Straico', () => {
  it('lists the models that one can talk with, and what is known of them', async () => {
    for (const [version, limits] of [
      ['v2', { word_limit: 75_000 }],
      ['v1', { word_limit: 75_000 }],
      ['v0', {}],
    ] as const) {
      const scripted = await startScripted({ straico: {} })
      const { sluice } = await openStraico({ provider: { base_url: `${scripted.url}/${version}` } })
      const list = (await (await fetch(`${sluice.url}/v1/models`)).json()) as { data: JsonObject[] }
      expect(list.data.find(({ id }) => id === 'straico/text')).toMatchObject({
        name: 'Scripted: text',
        max_completion_tokens: 8192,
        pricing: { coins: 1, words: 100 },
        ...limits,
      })
      expect(list.data.filter(({ id }) => String(id).includes('painter'))).toEqual([])
      await scripted.close()
    }
  })

  it('needs nothing but its key in the environment', async () => {
    const scripted = await startScripted({ strict: true, straico: {}, script })
    const sluice = await createSluice({
      config: { storage: { path: ':memory:' } },
      env: { STRAICO_API_KEY: 'coins-key', STRAICO_BASE_URL: scripted.url },
      port: 0,
      logLevel: 'silent',
    })
    expect((await clientsOf(sluice.url, fetch).chat.stream()).text).toBe(text)
    expect(scripted.requests[0]?.headers.authorization).toBe('Bearer coins-key')
    await sluice.close()
    await scripted.close()
  })

  it('needs nothing but its name in the configuration, and shows the key to nobody else', () => {
    const env = { STRAICO_API_KEY: 'coins-key', OPENAI_API_KEY: 'other-key' }
    const keysOf = (options: object) => {
      const { providers } = readConfig({ options: { providers: [{ name: 'straico', ...options }] }, env, flags: {} })
      return providers.map(({ baseUrl, apiKeys }) => [baseUrl, apiKeys])
    }
    expect(keysOf({})).toEqual([['https://api.straico.com/v2', ['coins-key']]])
    expect(keysOf({ base_url: 'https://api.straico.com/v0' })).toEqual([['https://api.straico.com/v0', ['coins-key']]])
    expect(keysOf({ base_url: 'http://127.0.0.1:1' })).toEqual([['http://127.0.0.1:1/v2', []]])
    expect(keysOf({ api_keys: ['mine'] })).toEqual([['https://api.straico.com/v2', ['mine']]])
    expect(keysOf({ api_keys: [] })).toEqual([['https://api.straico.com/v2', []]])
    expect(keysOf({ auth: 'client' })).toEqual([['https://api.straico.com/v2', []]])
  })
})
