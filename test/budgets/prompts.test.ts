import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Transport, UpstreamHandler } from '../../src/transport/index.ts'
import { FakeExchange } from '../gateway/exchange.ts'
import { startGateway } from '../gateway/house.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const MB = 1024 * 1024

it.each([
  ['untouched', '/v1/chat/completions', {}],
  ['translated', '/v1/messages', { max_tokens: 10 }],
])('streams that run do not hold their prompts: %s', async (_, path, more) => {
  const handlers: UpstreamHandler[] = []
  const { gateway, transport } = startGateway(() => 'hangs', [{ name: 'openai', api_keys: ['k'] }])
  const send: Transport['send'] = (__, handler) => {
    handlers.push(handler)
    return { abort() {}, pause() {}, resume() {} }
  }
  transport.send = send
  // A text of one's own each: equal ones might be one.
  const open = (i: number): void => {
    const content = `${i} ${'word '.repeat(MB / 10)}`
    const body = JSON.stringify({ model: 'gpt-5', stream: true, messages: [{ role: 'user', content }], ...more })
    gateway.handle(new Read(path, new TextEncoder().encode(body)))
  }
  const held = (): number => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  for (let i = 0; i < 3; i++) open(i)
  await settled(handlers, 3)
  const before = held()
  for (let i = 3; i < 123; i++) open(i)
  await settled(handlers, 123)
  for (const handler of handlers) {
    handler.onHead({ status: 200, headers: {} })
    handler.onData(new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'))
    handler.onFlush()
  }
  // 120 prompts of half a megabyte each. What has been freed is not always gone at once.
  expect((held() - before) / MB).toBeLessThan(20)
  expect(gateway.running).toBe(123)
})

/** A request of whose body nothing is left once it has been read, as it is with a real one. */
class Read extends FakeExchange {
  #bytes: Uint8Array | undefined

  constructor(path: string, bytes: Uint8Array) {
    super({ method: 'POST', path })
    this.#bytes = bytes
  }

  override async body(): Promise<Uint8Array> {
    const bytes = this.#bytes ?? new Uint8Array(0)
    this.#bytes = undefined
    return bytes
  }
}

async function settled(handlers: readonly UpstreamHandler[], count: number): Promise<void> {
  while (handlers.length < count) await new Promise((resolve) => setImmediate(resolve))
}
