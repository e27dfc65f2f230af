import { describe, expect, it, vi } from 'vitest'
import { silentLog } from '../../src/observe/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { FakeExchange } from './exchange.ts'
import { startGateway, type Upstream } from './house.ts'

const openai: ProviderOptions = { name: 'openai', api_keys: ['k'] }
const ask = {
  method: 'POST',
  path: '/v1/chat/completions',
  body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }] }),
}
const reply = {
  status: 200,
  text: JSON.stringify({
    id: 'c',
    model: 'gpt-5',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  }),
}
const later = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a request', () => {
  it('of a client that had gone before it was looked at asks nobody', async () => {
    class Gone extends FakeExchange {
      override onClose(callback: () => void): void {
        callback()
      }
    }
    const { gateway, transport, clock } = startGateway(() => reply, [openai])
    const exchange = new Gone(ask)
    gateway.handle(exchange)
    await later()
    expect([gateway.running, transport.asked, exchange.status, clock.waiting]).toEqual([0, [], 0, 0])
  })

  it('whose answer cannot be sent is cut off, and nothing of it is left', async () => {
    class Broken extends FakeExchange {
      override respond(): void {
        throw new Error('no header may look like that')
      }
    }
    const { gateway, clock } = startGateway(() => reply, [openai])
    const exchange = new Broken(ask)
    const destroyed = vi.spyOn(exchange, 'destroy')
    gateway.handle(exchange)
    await exchange.answered
    expect([gateway.running, clock.waiting, destroyed.mock.calls.length]).toEqual([0, 0, 1])
  })

  it('gets an id that a header can carry, whatever the provider calls its own', async () => {
    const upstream: Upstream = () => ({ ...reply, headers: { 'x-request-id': 'ключ\n' } })
    const { gateway } = startGateway(upstream, [openai])
    const exchange = new FakeExchange({ ...ask, headers: { 'x-request-id': 'mine' } })
    gateway.handle(exchange)
    await exchange.answered
    expect(exchange.sent).toMatchObject({ 'x-request-id': 'mine', 'x-sluice-request-id': 'mine' })
  })
})

it('what an answer loses on its way is told in the log, where the head has long gone', async () => {
  const steps: unknown[] = []
  const log = {
    ...silentLog,
    debug: true,
    step: (_: string, step: string, facts?: object) => steps.push([step, facts]),
  }
  const events = [
    { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: {} } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'server_tool_use', id: 's', name: 'web_search' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const anthropic = { name: 'anthropic', api_keys: ['k'] }
  const { gateway } = startGateway(() => ({ status: 200, text }), [anthropic], [], [], log)
  const body = JSON.stringify({ model: 'claude-x', stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  const exchange = new FakeExchange({ ...ask, body })
  gateway.handle(exchange)
  await exchange.answered
  expect(exchange.text).toContain('Hello')
  expect(steps).toContainEqual(['lost', { warnings: expect.stringMatching(/^hosted.*;dropped$/) }])
})

it.each([
  ['1', '1'],
  ['1500', '2'],
  ['2000', '2'],
])('a provider that asks to wait %s ms is not asked again before: retry-after %s', async (ms, seconds) => {
  const upstream: Upstream = () => ({ status: 429, text: '{}', headers: { 'retry-after-ms': ms } })
  const { gateway } = startGateway(upstream, [openai])
  const exchange = new FakeExchange(ask)
  gateway.handle(exchange)
  await exchange.answered
  expect([exchange.status, exchange.sent['retry-after']]).toEqual([429, seconds])
})

it.each([
  ['did not ask for it', undefined, false],
  ['asked for it', { include_usage: true }, true],
])('of a request that had to be written anew the usage is seen by a client that %s', async (_, options, seen) => {
  const chunk = (choices: object[], more: object = {}) => `data: ${JSON.stringify({ id: 'c', choices, ...more })}\n\n`
  const text =
    chunk([{ index: 0, delta: { role: 'assistant', content: 'Hello' } }]) +
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]) +
    chunk([], { usage: { prompt_tokens: 1, completion_tokens: 2 } })
  const { gateway, transport } = startGateway(() => ({ status: 200, text: `${text}data: [DONE]\n\n` }), [openai])
  // State of another vendor, which this one must not see.
  const details = [{ type: 'reasoning.encrypted', data: 'slc1.acme.one.s.eyJ2IjoxfQ' }]
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Yes?', reasoning_details: details },
    { role: 'user', content: 'Go on' },
  ]
  const body = JSON.stringify({ model: 'gpt-5', stream: true, messages, ...(options && { stream_options: options }) })
  const exchange = new FakeExchange({ ...ask, body })
  gateway.handle(exchange)
  await exchange.answered
  expect(transport.asked[0]!.body).toContain('"include_usage":true')
  expect(transport.asked[0]!.body).not.toContain('slc1.')
  expect([exchange.text.includes('Hello'), exchange.text.includes('prompt_tokens')]).toEqual([true, seen])
})

describe('draining', () => {
  it('a stream that is cut short ends with an error, and its provider hears of it at once', async () => {
    const delta = { id: 'c', choices: [{ index: 0, delta: { role: 'assistant', content: 'Hel' } }] }
    const text = `data: ${JSON.stringify(delta)}\n\n`
    const { gateway, clock, transport } = startGateway(() => ({ status: 200, text, open: true }), [openai])
    const messages = [{ role: 'user', content: 'Hi' }]
    const exchange = new FakeExchange({ ...ask, body: JSON.stringify({ model: 'gpt-5', stream: true, messages }) })
    gateway.handle(exchange)
    await later()
    expect([gateway.running, exchange.text.includes('Hel')]).toEqual([1, true])
    gateway.stop()
    expect(exchange.text).toMatch(/"error":.*shutting down.*\[DONE\]\n\n$/s)
    expect([transport.aborted, gateway.running, clock.waiting]).toEqual([1, 0, 0])
  })

  it('everyone who asks for it hears when the last answer is over', async () => {
    const { gateway, clock } = startGateway(() => 'hangs', [openai])
    const exchange = new FakeExchange(ask)
    gateway.handle(exchange)
    await later()
    const both = Promise.all([gateway.drain(5000), gateway.drain(5000)])
    exchange.leave()
    await both
    expect([gateway.running, clock.waiting]).toEqual([0, 0])
  })
})
