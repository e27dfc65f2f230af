import { describe, expect, it } from 'vitest'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { FakeExchange } from './exchange.ts'
import { startGateway, type Upstream } from './house.ts'

const listed: ProviderOptions = { name: 'listed', dialect: 'openai-chat', base_url: 'http://listed', models: ['m'] }
const open = (name: string, more: Partial<ProviderOptions> = {}): ProviderOptions => ({
  name,
  dialect: 'openai-chat',
  base_url: `http://${name}/v1`,
  ...more,
})
const list = (...ids: string[]) => ({
  status: 200,
  text: JSON.stringify({ object: 'list', data: ids.map((id) => ({ id })) }),
})

type Started = ReturnType<typeof startGateway>
const later = () => new Promise<void>((resolve) => setImmediate(resolve))

async function ids({ gateway, clock }: Started, headers: Record<string, string> = {}, ms = 0): Promise<string[]> {
  const exchange = new FakeExchange({ path: '/v1/models', headers })
  gateway.handle(exchange)
  await later()
  clock.pass(ms)
  await exchange.answered
  expect(exchange.status).toBe(200)
  return (exchange.json as { data: Array<{ id: string }> }).data.map(({ id }) => id)
}

describe('the list of models', () => {
  it('is made of aliases first, then what each provider lists or says', async () => {
    const house = startGateway(
      () => list('x', 'org/y'),
      [listed, open('router')],
      [{ name: 'fast', targets: ['listed/m'] }],
    )
    expect(await ids(house)).toEqual(['fast', 'listed/m', 'router/x', 'router/org/y'])
    expect(house.transport.asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET http://router/v1/models'])
  })

  it.each<[string, ReturnType<Upstream>]>([
    ['cannot be reached', 'refuses'],
    ['refuses', { status: 401, text: '{"error":{}}' }],
    ['has no list', { status: 404, text: '<html>' }],
    ['answers with a page', { status: 200, text: '<html>' }],
    ['answers with nothing', { status: 200, text: '' }],
    ['answers with null', { status: 200, text: 'null' }],
    ['answers with another object', { status: 200, text: '{"data":{"id":"x"}}' }],
    ['answers with rows that are none', { status: 200, text: '{"data":[null,1,"x",[],{"id":7}]}' }],
    ['answers without end', { status: 200, text: 'x'.repeat(5_000_000) }],
  ])('is the others when one %s', async (_, answer) => {
    const house = startGateway(
      ({ url }) => (url.includes('ill') ? answer : list('x')),
      [open('ill'), open('well'), listed],
    )
    expect(await ids(house)).toEqual(['well/x', 'listed/m'])
  })

  it('reads the bare array that some servers send', async () => {
    const house = startGateway(() => ({ status: 200, text: '[{"id":"x"}]' }), [open('a')])
    expect(await ids(house)).toEqual(['a/x'])
  })

  it('waits three seconds for one that hangs, and hangs up', async () => {
    const house = startGateway(({ url }) => (url.includes('ill') ? 'hangs' : list('x')), [open('ill'), open('well')])
    const exchange = new FakeExchange({ path: '/v1/models' })
    house.gateway.handle(exchange)
    await later()
    house.clock.pass(2999)
    await later()
    expect([exchange.status, house.transport.aborted]).toEqual([0, 0])
    house.clock.pass(1)
    await exchange.answered
    expect([exchange.status, house.transport.aborted]).toEqual([200, 1])
    expect(exchange.text).toContain('well/x')
  })

  it('is remembered, a failure for a shorter time', async () => {
    let well = false
    const house = startGateway(() => (well ? list('x') : 'refuses'), [open('a')])
    expect(await ids(house)).toEqual([])
    well = true
    expect(await ids(house)).toEqual([])
    house.clock.pass(10_000)
    expect(await ids(house)).toEqual(['a/x'])
    well = false
    house.clock.pass(299_000)
    expect(await ids(house)).toEqual(['a/x'])
    expect(house.transport.asked).toHaveLength(2)
    house.clock.pass(1000)
    expect(await ids(house)).toEqual([])
  })

  it("one caller's trouble with their own key is not the next caller's", async () => {
    const own = open('own', { auth: 'client' })
    const house = startGateway(
      ({ headers }) => (headers.authorization === 'Bearer good' ? list('x') : { status: 401, text: '' }),
      [own],
    )
    expect(await ids(house)).toEqual([])
    expect(await ids(house, { authorization: 'Bearer bad' })).toEqual([])
    expect(await ids(house, { authorization: 'Bearer good' })).toEqual(['own/x'])
    expect(await ids(house, { authorization: 'Bearer bad' })).toEqual([])
  })

  it.each([
    ['/v1/models/fast', 'fast', 'sluice'],
    ['/v1/models/listed/m', 'listed/m', 'listed'],
    ['/v1/models/listed%2Fm', 'listed/m', 'listed'],
    ['/v1/models/m/', 'm', 'listed'],
  ])('%s', async (path, id, owner) => {
    const house = startGateway(() => 'hangs', [listed, open('router')], [{ name: 'fast', targets: ['listed/m'] }])
    const exchange = new FakeExchange({ path })
    house.gateway.handle(exchange)
    await exchange.answered
    expect([exchange.status, exchange.json]).toEqual([200, expect.objectContaining({ id, owned_by: owner })])
    expect(house.transport.asked).toEqual([])
  })

  describe.each([
    ['OpenAI', '/v1/models', {}, 'data'],
    ['Anthropic', '/v1/models', { 'anthropic-version': '2023-06-01' }, 'data'],
    ['Gemini', '/v1beta/models', {}, 'models'],
  ] as const)('as a client of %s asks for it', (_, path, headers, key) => {
    it('says the same of one model as of all', async () => {
      const row = { id: 'org/x', name: 'X', created: 1_700_000_000, context_length: 8192, max_completion_tokens: 512 }
      const text = JSON.stringify({ data: [{ id: 'org/other' }, row] })
      const house = startGateway(() => ({ status: 200, text }), [open('router'), listed])
      const ask = async (path: string) => {
        const exchange = new FakeExchange({ path, headers: { ...headers } })
        house.gateway.handle(exchange)
        await exchange.answered
        expect(exchange.status).toBe(200)
        return exchange.json as Record<string, unknown>
      }
      house.gateway.handle(
        new FakeExchange({
          method: 'PUT',
          path: '/admin/v1/capabilities/router/org%2Fx',
          body: '{"capability":"stream","can":false}',
        }),
      )
      await later()
      // Before anybody has asked for all of them, too.
      const one = await ask(`${path}/router/org/x`)
      expect(JSON.stringify(one)).toContain('8192')
      if (key === 'data' && !('anthropic-version' in headers)) {
        expect(one).toMatchObject({ streaming: 'simulated', created: 1_700_000_000 })
      }
      expect((await ask(path))[key]).toContainEqual(one)
      expect((await ask(path))[key]).toContainEqual(await ask(`${path}/router/org/other`))
      expect((await ask(path))[key]).toContainEqual(await ask(`${path}/listed/m`))
      expect(house.transport.asked).toHaveLength(1)
    })
  })

  it('says of a model what it can where its provider is silent', async () => {
    const house = startGateway(() => 'refuses', [open('router')])
    const exchange = new FakeExchange({ path: '/v1/models/router/x' })
    house.gateway.handle(exchange)
    await exchange.answered
    expect(exchange.json).toEqual({ id: 'router/x', object: 'model', created: 0, owned_by: 'router' })
  })

  it('knows as much of a model to a client of Ollama', async () => {
    const house = startGateway(
      () => ({ status: 200, text: '{"data":[{"id":"x","context_length":8192,"created":1700000000}]}' }),
      [open('router')],
    )
    const exchange = new FakeExchange({ method: 'POST', path: '/api/show', body: '{"model":"router/x:latest"}' })
    house.gateway.handle(exchange)
    await exchange.answered
    expect(exchange.json).toMatchObject({
      model_info: { 'sluice.context_length': 8192 },
      modified_at: '2023-11-14T22:13:20.000Z',
    })
  })

  it.each([
    ['/v1/models/nothing', {}, 404, { error: expect.objectContaining({ code: 'model_not_found' }) }],
    ['/v1/models/nothing', { 'anthropic-version': '2023-06-01' }, 404, expect.objectContaining({ type: 'error' })],
    ['/v1/models/%E0%A4%A', {}, 404, { error: expect.objectContaining({ code: 'model_not_found' }) }],
  ])('%s %j is told in the dialect of the caller', async (path, headers, status, body) => {
    const { gateway } = startGateway(() => 'hangs', [listed])
    const exchange = new FakeExchange({ path, headers: headers as Record<string, string> })
    gateway.handle(exchange)
    await exchange.answered
    expect([exchange.status, exchange.json]).toEqual([status, body])
  })
})
