import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Chunk } from '../../src/gateway/index.ts'
import { FakeExchange } from '../gateway/exchange.ts'
import { startGateway } from '../gateway/house.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const MB = 1024 * 1024

it('a stream that is made of a whole answer does not hold the bytes of it', async () => {
  // Nearly all of it is white space, so that what is read of it is small.
  const content = `"${'word '.repeat(10_000)}"`
  const text = `{"choices":[${' '.repeat(900_000)}{"message":{"role":"assistant","content":${content}},"finish_reason":"stop"}]}`
  const { gateway } = startGateway(() => ({ status: 200, text }), [{ name: 'openai', api_keys: ['k'] }])
  const body = JSON.stringify({ model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  const open = async (): Promise<Slow> => {
    const client = new Slow({ method: 'POST', path: '/v1/chat/completions', body })
    gateway.handle(client)
    while (client.text === '') await new Promise((resolve) => setImmediate(resolve))
    return client
  }
  const held = (): number => {
    collect()
    return process.memoryUsage().arrayBuffers
  }
  const clients = [await open()]
  const before = held()
  for (let i = 0; i < 40; i++) clients.push(await open())
  expect((held() - before) / MB).toBeLessThan(10)
  expect(gateway.running).toBe(41)
  for (const client of clients) client.leave()
  expect(gateway.running).toBe(0)
})

/** A client that takes nothing after the first piece. */
class Slow extends FakeExchange {
  override pending = 0

  override write(chunk: Chunk): void {
    super.write(chunk)
    this.pending = 1e9
  }
}
