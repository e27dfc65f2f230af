import { describe, expect, it } from 'vitest'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { FakeExchange } from './exchange.ts'
import { startGateway, type Upstream } from './house.ts'

const anthropic: ProviderOptions = { name: 'anthropic', api_keys: ['k'] }
const openai: ProviderOptions = { name: 'openai', api_keys: ['k'] }
const ask = { model: 'claude-opus-4-6', messages: [{ role: 'user', content: 'hello world' }] }
const path = '/v1/messages/count_tokens'

async function counted(upstream: Upstream, body: unknown = ask, providers = [anthropic]) {
  const house = startGateway(upstream, providers)
  const exchange = new FakeExchange({
    method: 'POST',
    path,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  house.gateway.handle(exchange)
  await new Promise<void>((resolve) => setImmediate(resolve))
  house.clock.pass(10_000)
  await exchange.answered
  return { ...house, exchange, warning: exchange.sent['x-sluice-warnings'] }
}

describe('counting tokens', () => {
  it('a provider that can count is asked, in the words of the client', async () => {
    const text = JSON.stringify({ ...ask, mood: null }).replace('null', '10000000000000001')
    const answer = { status: 200, text: '{"input_tokens":42}', headers: { 'request-id': 'r', server: 'x' } }
    const { exchange, transport, warning } = await counted(() => answer, text)
    expect([exchange.status, exchange.json, warning]).toEqual([200, { input_tokens: 42 }, undefined])
    expect(exchange.sent).toMatchObject({ 'request-id': 'r' })
    expect(exchange.sent.server).toBeUndefined()
    expect(transport.asked).toMatchObject([
      { method: 'POST', url: 'https://api.anthropic.com/v1/messages/count_tokens', body: text },
    ])
  })

  it.each<[string, ReturnType<Upstream>]>([
    ['cannot be reached', 'refuses'],
    ['hangs', 'hangs'],
    ['has no such thing', { status: 404, text: '<html>' }],
    ['has had enough', { status: 429, text: '{"error":{}}' }],
    ['is overloaded', { status: 529, text: '' }],
    ['answers with no number', { status: 200, text: '{"input_tokens":"many"}' }],
    ['answers with no JSON', { status: 200, text: 'ok' }],
    ['answers with null', { status: 200, text: 'null' }],
  ])('a provider that %s: the count is made here, and labelled', async (_, answer) => {
    const { exchange, warning } = await counted(() => answer)
    expect([exchange.status, exchange.json, warning]).toEqual([200, { input_tokens: 6 }, 'input_tokens;estimated'])
  })

  it('a provider of another dialect is not asked', async () => {
    const { exchange, transport, warning } = await counted(() => 'hangs', { ...ask, model: 'gpt-5' }, [openai])
    expect([exchange.json, warning, transport.asked]).toEqual([{ input_tokens: 6 }, 'input_tokens;estimated', []])
  })

  it.each<[string, unknown, ReturnType<Upstream>, number, string]>([
    [
      'what the provider finds wrong is told',
      ask,
      { status: 400, text: '{"type":"error","error":{"type":"invalid_request_error","message":"too odd"}}' },
      400,
      'too odd',
    ],
    ['an unknown model', { ...ask, model: 'nobody-knows-it' }, 'hangs', 404, 'cannot find the model'],
    ['no model', { messages: ask.messages }, 'hangs', 400, 'model'],
    ['messages that are none', { ...ask, messages: 'x' }, 'hangs', 400, 'messages'],
    ['no JSON', '{"model":', 'hangs', 400, 'the body is not JSON'],
  ])('%s', async (_, body, answer, status, words) => {
    const { exchange } = await counted(() => answer, body, [anthropic, openai])
    expect([exchange.status, exchange.json]).toEqual([
      status,
      expect.objectContaining({
        type: 'error',
        error: expect.objectContaining({ message: expect.stringContaining(words) }),
      }),
    ])
  })

  it('what is new at the provider is counted by it, though nobody here knows what it means', async () => {
    const fresh = { ...ask, messages: [{ role: 'critic', content: 'Too long.' }] }
    const { exchange } = await counted(() => ({ status: 200, text: '{"input_tokens":7}' }), fresh)
    expect([exchange.status, exchange.json]).toEqual([200, { input_tokens: 7 }])
  })

  it('a client that leaves is not counted for', async () => {
    const { gateway, transport } = startGateway(() => 'hangs', [anthropic])
    const exchange = new FakeExchange({ method: 'POST', path, body: JSON.stringify(ask) })
    gateway.handle(exchange)
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(transport.asked).toHaveLength(1)
    exchange.leave()
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect([transport.aborted, exchange.status]).toEqual([1, 0])
  })
})

describe('counts that editors ask for many times a second', () => {
  async function many(upstream: Upstream, times: number, bodies: unknown[] = [ask]) {
    const house = startGateway(upstream, [anthropic])
    const counts: unknown[] = []
    for (let i = 0; i < times; i++) {
      const exchange = new FakeExchange({ method: 'POST', path, body: JSON.stringify(bodies[i % bodies.length]) })
      house.gateway.handle(exchange)
      await exchange.answered
      counts.push(exchange.json)
    }
    return { ...house, counts }
  }

  it('are asked of the provider once a minute, each question for itself', async () => {
    let next = 40
    const house = await many(() => ({ status: 200, text: `{"input_tokens":${++next}}` }), 20, [
      ask,
      { ...ask, system: 'x' },
    ])
    expect(house.transport.asked.length).toBe(2)
    expect(house.counts.slice(0, 4)).toEqual([41, 42, 41, 42].map((tokens) => ({ input_tokens: tokens })))
    house.clock.pass(60_000)
    const exchange = new FakeExchange({ method: 'POST', path, body: JSON.stringify(ask) })
    house.gateway.handle(exchange)
    await exchange.answered
    expect(exchange.json).toEqual({ input_tokens: 43 })
  })

  it('are made here where the provider has no counter, which is asked again only after a while', async () => {
    const house = await many(() => ({ status: 404, text: '{"error":{"message":"no such path"}}' }), 20)
    expect(house.transport.asked.length).toBe(1)
    expect(new Set(house.counts.map((count) => JSON.stringify(count))).size).toBe(1)
    house.clock.pass(300_000)
    const exchange = new FakeExchange({ method: 'POST', path, body: JSON.stringify(ask) })
    house.gateway.handle(exchange)
    await exchange.answered
    expect(house.transport.asked.length).toBe(2)
  })
})
