import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NodeExchange } from '../../src/server/node-exchange.ts'

const mega = 1 << 20
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A server whose exchanges give a client that does not read `unreadMs`, and a client that has asked for each path. */
async function serving(unreadMs: number, play: (exchange: NodeExchange, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume()
    play(new NodeExchange(request, response, unreadMs), response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connections: Socket[] = []
  server.on('connection', (socket) => connections.push(socket))
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  const ask = async (...paths: string[]) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`).join(''))
    return socket
  }
  return { ask, connections }
}

const head = { 'content-type': 'text/event-stream' }

describe('a client that does not read the rest of its answer', () => {
  it.each<[string, (exchange: NodeExchange) => void]>([
    ['a whole one', (exchange) => exchange.respond(200, {}, 'x'.repeat(24 * mega))],
    [
      'a stream',
      (exchange) => {
        exchange.start(200, head)
        exchange.write('x'.repeat(24 * mega))
        exchange.end()
      },
    ],
  ])('loses its connection after a while: %s', async (_, play) => {
    const { ask, connections } = await serving(100, play)
    const since = performance.now()
    const socket = await ask('/')
    socket.pause()
    while (connections.length === 0) await pause(5)
    await once(connections[0]!, 'close')
    expect(performance.now() - since).toBeGreaterThan(80)
    expect(performance.now() - since).toBeLessThan(3000)
  })

  it('keeps it while it takes a little now and then, and afterwards', async () => {
    const text = 'x'.repeat(24 * mega)
    const { ask, connections } = await serving(700, (exchange) => exchange.respond(200, {}, text))
    const socket = await ask('/')
    let got = 0
    socket.on('data', (piece) => {
      got += piece.length
      socket.pause()
      setTimeout(() => socket.resume(), 2)
    })
    while (got < text.length) await pause(10)
    await pause(1000)
    expect(connections[0]?.destroyed).toBe(false)
    got = 0
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    while (got < text.length) await pause(10)
  })

  it('is not the one whose next answer takes its time', async () => {
    const late = Promise.withResolvers<NodeExchange>()
    let asked = 0
    const { ask } = await serving(100, (exchange) => {
      if (asked++ === 0) exchange.respond(200, {}, 'x'.repeat(24 * mega))
      else late.resolve(exchange)
    })
    const socket = await ask('/1', '/2')
    let got = ''
    socket.on('data', (piece) => {
      got = (got + piece.toString('latin1')).slice(-500)
    })
    const second = await late.promise
    await pause(400)
    second.respond(200, {}, 'the second')
    while (!got.endsWith('the second')) await pause(5)
  })
})

describe('how much a client has not taken yet', () => {
  it('is told at once, and is nothing while it reads as fast as it can', async () => {
    const exchange = Promise.withResolvers<NodeExchange>()
    const { ask } = await serving(5000, exchange.resolve)
    const socket = await ask('/')
    socket.on('data', () => {})
    const one = await exchange.promise
    one.start(200, head)
    for (let i = 0; i < 20; i++) {
      one.write('x'.repeat(10_000))
      expect(one.pending).toBe(0)
      await pause(1)
    }
    socket.pause()
    one.write([Buffer.alloc(24 * mega, 'y')])
    expect(one.pending).toBeGreaterThan(24 * mega)
    one.write('z')
    expect(one.pending).toBeGreaterThan(24 * mega + 1)
    let told = 0
    one.onTaken(() => told++)
    await pause(50)
    expect(told).toBe(0)
    socket.resume()
    while (told === 0) await pause(5)
    expect(one.pending).toBe(0)
    one.end()
    await pause(20)
    expect(told).toBe(1)
  })

  it('is told of the answer that has its turn, and not of the one behind it', async () => {
    const exchanges: NodeExchange[] = []
    const { ask } = await serving(5000, (exchange) => exchanges.push(exchange))
    const socket = await ask('/1', '/2')
    socket.pause()
    while (exchanges.length < 2) await pause(5)
    const [first, second] = exchanges as [NodeExchange, NodeExchange]
    const told: string[] = []
    first.start(200, head)
    second.start(200, head)
    second.write('y'.repeat(mega))
    expect(second.pending).toBeGreaterThan(mega)
    first.write('x'.repeat(24 * mega))
    first.onTaken(() => told.push('first'))
    second.onTaken(() => told.push('second'))
    socket.on('data', () => {}).resume()
    while (told.length === 0) await pause(5)
    await pause(50)
    expect(told).toEqual(['first'])
    first.end()
    while (!told.includes('second')) await pause(5)
    second.end()
  })

  it.each([
    ['its turn has come', 0],
    ['it waits its turn', 1],
  ])('is nothing any more when the client has left and %s', async (_, which) => {
    const exchanges: NodeExchange[] = []
    const { ask } = await serving(5000, (exchange) => exchanges.push(exchange))
    const socket = await ask('/1', '/2')
    socket.pause()
    while (exchanges.length < 2) await pause(5)
    const exchange = exchanges[which]!
    exchange.start(200, head)
    exchange.write('x'.repeat(24 * mega))
    let told = 0
    exchange.onTaken(() => told++)
    socket.destroy()
    while (told === 0) await pause(5)
    exchange.write('x'.repeat(mega))
    expect(exchange.pending).toBe(0)
    exchange.onTaken(() => told++)
    while (told === 1) await pause(5)
    await pause(20)
    expect(told).toBe(2)
  })
})

it('frames of our own and frames of the server stand in their order, whichever way each piece takes', async () => {
  const pieces = Array.from({ length: 400 }, (_, i) => `${i} ${'é'.repeat((i * 741) % 40_000)}\n`)
  let first: NodeExchange | undefined
  const { ask } = await serving(5000, (exchange) => {
    if (!first) {
      first = exchange
      return
    }
    // Its first pieces wait until the answer before it is over.
    setTimeout(() => first?.respond(200, {}, 'the first'), 20)
    exchange.start(200, head)
    let i = 0
    const more = (): void => {
      while (i < pieces.length) {
        const piece = pieces[i++]!
        exchange.write(i % 3 === 0 ? [Buffer.from(piece.slice(0, 5)), Buffer.from(piece.slice(5))] : piece)
        // Every fifth time nobody waits for room.
        if (exchange.pending > 200_000 && i % 5 !== 0) {
          exchange.onTaken(more)
          return
        }
      }
      exchange.write([])
      exchange.write([Buffer.alloc(0)])
      exchange.end()
    }
    more()
  })
  const socket = await ask('/1', '/2')
  const read: Buffer[] = []
  socket.on('data', (piece: Buffer) => {
    read.push(piece)
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
  while (!Buffer.concat(read.slice(-3)).subarray(-7).equals(Buffer.from('\r\n0\r\n\r\n'))) await pause(10)
  const all = Buffer.concat(read)
  let bytes = all.subarray(all.indexOf('\r\n\r\n', all.indexOf('the first')) + 4)
  const body: Buffer[] = []
  for (;;) {
    const end = bytes.indexOf('\r\n')
    const length = Number.parseInt(bytes.subarray(0, end).toString(), 16)
    if (length === 0) break
    body.push(bytes.subarray(end + 2, end + 2 + length))
    expect(bytes.subarray(end + 2 + length, end + 4 + length).toString()).toBe('\r\n')
    bytes = bytes.subarray(end + 4 + length)
  }
  expect(Buffer.concat(body).toString() === pieces.join('')).toBe(true)
  expect(bytes.toString()).toBe('0\r\n\r\n')
})
