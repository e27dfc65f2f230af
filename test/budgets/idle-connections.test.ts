import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { http1Transport } from '../../src/transport/http1/index.ts'
import type { Transport } from '../../src/transport/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

it('a connection that waits for its next answer does not hold the last one', async () => {
  const server = createServer((_, response) => response.end('good'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const transport = http1Transport({ connectTimeoutMs: 5000 })
  try {
    const handler = await once(transport, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      collect()
    }
    // The connection is still there.
    expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(1)
    expect(handler.deref()).toBe(undefined)
  } finally {
    await transport.close()
    server.close()
  }
})

/** One answer; what has read it is only referred to from elsewhere. */
function once(transport: Transport, url: string): Promise<WeakRef<object>> {
  return new Promise((resolve, reject) => {
    const handler = {
      onHead() {},
      onData() {},
      onFlush() {},
      onEnd() {
        resolve(new WeakRef(this))
      },
      onError: reject,
    }
    transport.send({ name: 'house', method: 'GET', url, headers: {} }, handler)
  })
}
