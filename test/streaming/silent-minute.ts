import type { UpstreamHandler } from '../../src/transport/index.ts'
import { FakeExchange } from '../gateway/exchange.ts'
import { startGateway } from '../gateway/house.ts'
import { type ClientName, clientsOf } from './straico-house.ts'

const said = {
  status: 201,
  text: JSON.stringify({
    id: 'gen-1',
    model: 'vendor/model',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello you.' }, finish_reason: 'end_turn' }],
    usage: { prompt_tokens: 9, completion_tokens: 3 },
    price: { total: 0.02 },
  }),
}

/** An SDK before a Straico that says nothing for so long, on a clock that takes no time. */
export function silentMinute(name: ClientName, ms = 60_000, answer = said) {
  const { gateway, transport, clock } = startGateway(() => 'hangs', [{ name: 'straico', api_keys: ['k'] }])
  const send = transport.send.bind(transport)
  let told: (handler: UpstreamHandler) => void = () => {}
  transport.send = (request, handler) => {
    told(handler)
    return send(request, handler)
  }
  let signs = 0
  const byGateway = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    const exchange = new FakeExchange({
      method: 'POST',
      path: url.pathname,
      query: url.search.slice(1),
      body: String(init.body),
    })
    const asked = new Promise<UpstreamHandler>((resolve) => {
      told = resolve
    })
    gateway.handle(exchange)
    const upstream = await asked
    clock.pass(ms)
    signs = exchange.text === '' ? 0 : exchange.text.trim().split(/(?:\r?\n)+/).length
    upstream.onHead({ status: answer.status, headers: { 'content-type': 'application/json' } })
    upstream.onData(new TextEncoder().encode(answer.text))
    upstream.onFlush()
    upstream.onEnd()
    await exchange.answered
    return new Response(exchange.text, { status: exchange.status, headers: exchange.sent })
  }
  return {
    client: clientsOf('http://gateway.test', byGateway as typeof fetch)[name],
    /** How many lines the client had got by the end of the silence. */
    lifeSigns: () => signs,
    asked: () => transport.asked.length,
    timers: () => clock.waiting,
  }
}
