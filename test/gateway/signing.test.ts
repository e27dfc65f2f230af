import { beforeEach, expect, it, vi } from 'vitest'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { FakeExchange } from './exchange.ts'
import { startGateway } from './house.ts'

/** The library that signs, which takes as long as the test wants. */
const signer = vi.hoisted(() => ({
  begun: Promise.withResolvers<void>(),
  signature: Promise.withResolvers<{ headers: Map<string, string> }>(),
}))
vi.mock('aws4fetch', () => ({
  AwsV4Signer: class {
    sign() {
      signer.begun.resolve()
      return signer.signature.promise
    }
  },
}))
beforeEach(() => {
  signer.begun = Promise.withResolvers()
  signer.signature = Promise.withResolvers()
})

const bedrock: ProviderOptions = {
  name: 'bedrock',
  region: 'eu-west-1',
  aws_access_key_id: 'AKIDEXAMPLE',
  aws_secret_access_key: 'secret',
}
const ask = {
  method: 'POST',
  path: '/v1/chat/completions',
  body: JSON.stringify({ model: 'bedrock/m', messages: [{ role: 'user', content: 'Hi' }] }),
}
const reply = {
  status: 200,
  text: JSON.stringify({ output: { message: { content: [{ text: 'Hello' }] } }, stopReason: 'end_turn' }),
}

it('a request waits for its signature and carries it', async () => {
  const { gateway, transport } = startGateway(() => reply, [bedrock])
  const exchange = new FakeExchange(ask)
  gateway.handle(exchange)
  await signer.begun.promise
  expect(transport.asked).toEqual([])
  signer.signature.resolve({ headers: new Map([['authorization', 'AWS4 signed']]) })
  await exchange.answered
  expect(exchange.json).toMatchObject({ choices: [{ message: { content: 'Hello' } }] })
  expect(transport.asked[0]!.headers).toMatchObject({
    authorization: 'AWS4 signed',
    'content-type': 'application/json',
  })
  expect(transport.asked[0]!.url).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/converse')
})

it('nobody is asked for a client that left before its request was signed', async () => {
  const { gateway, transport, clock } = startGateway(() => reply, [bedrock])
  const exchange = new FakeExchange(ask)
  gateway.handle(exchange)
  await signer.begun.promise
  exchange.leave()
  signer.signature.resolve({ headers: new Map() })
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect([gateway.running, transport.asked, clock.waiting]).toEqual([0, [], 0])
})

it('a request that cannot be signed is a fault of this house, told to the client', async () => {
  const { gateway, transport } = startGateway(() => reply, [bedrock])
  const exchange = new FakeExchange(ask)
  gateway.handle(exchange)
  await signer.begun.promise
  signer.signature.reject(new Error('the clock has stopped'))
  await exchange.answered
  expect(exchange.status).toBe(500)
  expect(exchange.json).toMatchObject({
    error: { message: 'cannot sign the request to bedrock: the clock has stopped' },
  })
  expect([gateway.running, transport.asked]).toEqual([0, []])
})
