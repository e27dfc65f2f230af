import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { openTransport, type Transport, type UpstreamHandler } from '../../src/transport/index.ts'
import { lazyTransport } from '../../src/transport/lazy.ts'
import { pause, send, startUpstream, Told } from './upstream.ts'

/** A transport that writes down what it is asked for, and whose opening the test decides. */
function lazy() {
  const log: string[] = []
  const handlers: UpstreamHandler[] = []
  const transport: Transport = {
    send(request, handler) {
      const { url } = request
      log.push(`send ${url}`)
      handlers.push(handler)
      const say = (what: string) => () => void log.push(`${what} ${url}`)
      return { abort: say('abort'), pause: say('pause'), resume: say('resume') }
    },
    close: async () => void log.push('close'),
  }
  const gates: Array<PromiseWithResolvers<Transport>> = []
  const front = lazyTransport(() => {
    const gate = Promise.withResolvers<Transport>()
    gates.push(gate)
    return gate.promise
  })
  return { log, handlers, front, gates, open: () => gates.at(-1)!.resolve(transport) }
}

describe('a transport that is opened by the first request', () => {
  it('opens once, and sends what waited in its order', async () => {
    const { log, front, gates, open } = lazy()
    expect(gates).toHaveLength(0)
    for (const url of ['a', 'b', 'c']) send(front, { url })
    await pause(0)
    expect([gates.length, log]).toEqual([1, []])
    open()
    await pause(0)
    send(front, { url: 'd' })
    expect(log).toEqual(['send a', 'send b', 'send c', 'send d'])
  })

  it('never sends what was aborted before', async () => {
    const { log, front, open } = lazy()
    const told = send(front, { url: 'a' })
    send(front, { url: 'b' })
    told.call!.abort()
    told.call!.abort()
    open()
    await pause(0)
    expect([log, told.log]).toEqual([['send b'], []])
  })

  it('hands on a pause from before, unless it was taken back', async () => {
    const { log, front, open } = lazy()
    const [a, b] = [send(front, { url: 'a' }), send(front, { url: 'b' })]
    a.call!.pause()
    b.call!.pause()
    b.call!.resume()
    open()
    await pause(0)
    a.call!.resume()
    b.call!.pause()
    b.call!.abort()
    expect(log).toEqual(['send a', 'pause a', 'send b', 'resume a', 'pause b', 'abort b'])
  })

  it('that cannot be opened is an error of each request, and the next one tries again', async () => {
    const { log, front, gates, open } = lazy()
    const [first, gone] = [send(front, { url: 'a' }), send(front, { url: 'b' })]
    gone.call!.abort()
    gates[0]!.reject(new Error('no file handles left'))
    await first.over
    expect([first.error?.code, first.error?.message, gone.log]).toEqual(['internal', 'no file handles left', []])
    send(front, { url: 'c' })
    open()
    await pause(0)
    expect(log).toEqual(['send c'])
  })

  it('that throws when it is asked says so to the one who asked, and nobody else falls', async () => {
    const broken = new SluiceError('upstream_unreachable', 'cannot reach it')
    const gate = Promise.withResolvers<Transport>()
    const front = lazyTransport(() => gate.promise)
    const told = send(front, { url: 'a' })
    gate.resolve({
      send() {
        throw broken
      },
      close: async () => {},
    })
    expect((await told.over).error).toBe(broken)
  })

  it('is closed by the opened one, also when it is just being opened, and not opened for that', async () => {
    const unused = lazy()
    await unused.front.close()
    expect(unused.gates).toHaveLength(0)
    const { log, front, open } = lazy()
    send(front, { url: 'a' })
    const closed = front.close()
    open()
    await closed
    expect(log).toEqual(['send a', 'close'])
  })

  it('that could not be opened can be closed', async () => {
    const { front, gates } = lazy()
    const told = send(front, { url: 'a' })
    gates[0]!.reject(new Error('x'))
    await told.over
    await front.close()
  })

  it('that fails while it is being opened can be closed', async () => {
    const { front, gates } = lazy()
    const told = send(front, { url: 'a' })
    const closed = front.close()
    gates[0]!.reject(new Error('x'))
    await closed
    expect((await told.over).log).toEqual(['error internal'])
  })
})

it('the transport of the gateway is one', async () => {
  const upstream = await startUpstream((_, response) => void response.end('ok'))
  const transport = openTransport({ connectTimeoutMs: 1000, env: {} })
  const told = send(transport, { url: upstream.url }, new Told())
  expect((await told.over).text).toBe('ok')
  await transport.close()
})
