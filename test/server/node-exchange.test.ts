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

it('an answer that waits its turn is not told of room on a connection that another one uses', async () => {
  const exchanges: NodeExchange[] = []
  const { ask } = await serving(5000, (exchange) => exchanges.push(exchange))
  const socket = await ask('/1', '/2')
  socket.pause()
  while (exchanges.length < 2) await pause(5)
  const [first, second] = exchanges as [NodeExchange, NodeExchange]
  const told: string[] = []
  first.onDrain(() => told.push('first'))
  second.onDrain(() => told.push('second'))
  first.start(200, head)
  second.start(200, head)
  expect(second.write('y'.repeat(mega))).toBe(false)
  expect(first.write('x'.repeat(24 * mega))).toBe(false)
  socket.on('data', () => {}).resume()
  while (told.length === 0) await pause(5)
  await pause(50)
  expect([...new Set(told)]).toEqual(['first'])
  first.end()
  while (!told.includes('second')) await pause(5)
  second.end()
})

it('frames of our own and frames of the server stand in their order, whichever way each piece takes', async () => {
  const pieces = Array.from({ length: 400 }, (_, i) => `${i} ${'é'.repeat((i * 37) % 3000)}\n`)
  const { ask } = await serving(5000, (exchange) => {
    exchange.start(200, head)
    let i = 0
    const more = (): void => {
      while (i < pieces.length) {
        const piece = pieces[i++]!
        const room = exchange.write(i % 3 === 0 ? [Buffer.from(piece.slice(0, 5)), Buffer.from(piece.slice(5))] : piece)
        // Every fifth time nobody waits for room.
        if (!room && i % 5 !== 0) return
      }
      exchange.write([])
      exchange.write([Buffer.alloc(0)])
      exchange.end()
    }
    exchange.onDrain(more)
    more()
  })
  const socket = await ask('/')
  const read: Buffer[] = []
  socket.on('data', (piece: Buffer) => {
    read.push(piece)
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
  const all = () => Buffer.concat(read)
  while (!all().subarray(-7).equals(Buffer.from('\r\n0\r\n\r\n'))) await pause(10)
  let bytes = all().subarray(all().indexOf('\r\n\r\n') + 4)
  const body: Buffer[] = []
  for (;;) {
    const end = bytes.indexOf('\r\n')
    const length = Number.parseInt(bytes.subarray(0, end).toString(), 16)
    if (length === 0) break
    body.push(bytes.subarray(end + 2, end + 2 + length))
    expect(bytes.subarray(end + 2 + length, end + 4 + length).toString()).toBe('\r\n')
    bytes = bytes.subarray(end + 4 + length)
  }
  expect(Buffer.concat(body).toString()).toBe(pieces.join(''))
  expect(bytes.toString()).toBe('0\r\n\r\n')
})
