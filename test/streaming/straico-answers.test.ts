import { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { type Script, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { silentMinute } from './silent-minute.ts'
import { openStraico } from './straico-house.ts'

const text = 'Grüße aus dem Stall: 世界 ist klein, 👩‍👩‍👧‍👦 aber oho.'
const script: Script = { steps: [{ text }], usage: { input: 9, output: 12 }, straico: { price: 0.25 } }

describe('a failure of Straico', () => {
  const page = '<html><head><title>504</title></head><body>Gateway Time-out</body></html>'
  const failing = (message: string): Script => ({ ...script, fault: { errorBody: { message } } })
  it.each<[string, Script, number, string]>([
    ['the key', { fault: { status: 401 } }, 502, 'upstream_auth'],
    ['no coins', { fault: { status: 402 } }, 402, 'upstream_billing'],
    ['no coins, as a refusal', { fault: { status: 403, message: 'Insufficient coins' } }, 402, 'upstream_billing'],
    ['the plan', { fault: { status: 403 } }, 402, 'upstream_billing'],
    ['the model', { fault: { status: 404 } }, 404, 'upstream_not_found'],
    ['the request', { fault: { status: 422, message: 'messages is odd' } }, 422, 'upstream_invalid_request'],
    ['the limit', { fault: { status: 429 } }, 429, 'upstream_rate_limit'],
    ['itself', { fault: { status: 500 } }, 500, 'upstream_server'],
    ['the edge', { fault: { status: 504, body: page } }, 504, 'upstream_timeout'],
    ['an object', { fault: { status: 401, type: 'auth', message: 'No.' } }, 502, 'upstream_auth'],
    ['no coins, as an answer', failing('Not enough coins.'), 402, 'upstream_billing'],
    ['the key, as an answer', failing('Invalid API key'), 502, 'upstream_auth'],
    ['the limit, as an answer', failing('Too many requests.'), 429, 'upstream_rate_limit'],
    ['the model, as an answer', failing('Model vendor/model not found'), 404, 'upstream_not_found'],
    ['the prompt, as an answer', failing('The prompt is too long'), 400, 'upstream_context_length'],
    ['anything, as an answer', failing('Something went wrong'), 502, 'upstream_server'],
  ])('is told as what it is, and nothing is asked twice: %s', async (_, failure, status, code) => {
    // A refusal costs nothing and may be tried again, which is not what this is about. What came as an answer never is.
    const config = 'status' in failure.fault! ? { streaming: { max_retries: 0 } } : {}
    const { clients, scripted, recorded } = await openStraico({ script: failure, config })
    const error = await clients.chat.stream().catch((thrown: unknown) => thrown)
    const told = error as { status: number }
    const [record] = await recorded(1)
    expect([error, told.status, record?.code]).toEqual([expect.any(APIError), status, code])
    expect(scripted.count()).toBe(1)
    expect(scripted.bill.completions).toBeLessThanOrEqual(1)
  })

  it.each([
    '{"success":false}',
    '{"success":false,"choices":[{"message":{"content":"Oops"}}]}',
    '{"error":"","data":1}',
  ])('that says no more than that it is one is none of an answer: %s', async (text) => {
    const { client, asked } = silentMinute('chat', 0, { status: 201, text })
    await expect(client.stream()).rejects.toMatchObject({ status: 502 })
    expect(asked()).toBe(1)
  })
})

describe('an answer of Straico', () => {
  it('that is not streamed is a usual one, with its price', async () => {
    const odd: Script = { ...script, finish: 'MAX_TOKENS', straico: { content: 'parts', price: 0.25, status: 201 } }
    const { sluice, scripted } = await openStraico({ script: odd })
    const answer = await fetch(`${sluice.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'straico/vendor/model', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    expect([answer.status, answer.headers.get('x-sluice-stream')]).toEqual([200, null])
    expect(await answer.json()).toMatchObject({
      choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'length' }],
      usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21, cost: 0.25, cost_unit: 'coins' },
      price: { total: 0.25 },
    })
    expect(scripted.bill).toMatchObject({ completions: 1, coins: 0.25 })
  })

  it('that is not streamed ends at a stop sequence as well', async () => {
    const { sluice } = await openStraico({ script })
    const answer = await fetch(`${sluice.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'straico/vendor/model',
        max_tokens: 9,
        stop_sequences: ['never', ' aus'],
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    })
    expect(await answer.json()).toMatchObject({
      content: [{ type: 'text', text: 'Grüße' }],
      stop_reason: 'stop_sequence',
      stop_sequence: ' aus',
    })
  })

  it('of another provider says its cost in its own words, and in the record with the unit', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12, cost: 0.0001 }
    const data = {
      id: 'g',
      model: 'v/m',
      choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }],
      usage,
    }
    const scripted = await startScripted({
      script: { steps: [{ raw: `data: ${JSON.stringify(data)}\n\ndata: [DONE]\n\n` }] },
    })
    const house = await openStraico({ provider: { kind: 'openrouter', base_url: `${scripted.url}/v1` } })
    const heard = await house.clients.chat.stream()
    expect(heard.usage).toMatchObject({ cost: 0.0001 })
    expect(heard.usage).not.toHaveProperty('cost_unit')
    expect((await house.recorded(1))[0]).toMatchObject({ cost: 0.0001, costUnit: 'USD' })
    await scripted.close()
  })

  it('to a probe costs what the answers to it cost together', async () => {
    const { sluice, scripted } = await openStraico({ script, strict: false })
    const models = ['straico/vendor/model']
    const probed = await fetch(`${sluice.url}/admin/v1/probe`, { method: 'POST', body: JSON.stringify({ models }) })
    const { data } = (await probed.json()) as { data: JsonObject[] }
    expect(data[0]?.usage).toMatchObject({ input: 18, output: 24, cost: { amount: 0.5, unit: 'coins' } })
    expect(scripted.bill.coins).toBe(0.5)
  })

  it('that streams on behind a stop sequence is waited for no longer than for its usage', async () => {
    const endless: Script = { steps: [{ text: 'One two three' }, { wait: '10m' }] }
    const { clients, scripted } = await openStraico({
      script: endless,
      config: { streaming: { finish_grace: '20ms' } },
    })
    scripted.setStreaming({ habit: 'streams', asked: 'accept' })
    expect(await clients.chat.stream({ stop: ['two'] })).toMatchObject({ text: 'One ', finish: 'stop' })
    await scripted.aborted(0)
  })

  it('without a price costs nobody knows what', async () => {
    const { clients, recorded } = await openStraico({ script: { ...script, straico: { price: false } } })
    expect((await clients.chat.stream()).usage).not.toHaveProperty('cost')
    expect((await recorded(1))[0]).not.toHaveProperty('cost')
  })
})
