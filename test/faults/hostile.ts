import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { atEnd, chat, type DialectName, paths, post } from './house.ts'

export interface Hostile {
  url: string
  port: number
  /** Connections that are open now. */
  open: Set<Socket>
  /** How many requests have come. */
  requests: number
}

/** An upstream of our own making, after each request has come whole. */
export async function hostile(
  play: (response: ServerResponse, request: IncomingMessage, body: string) => void,
): Promise<Hostile> {
  const server = createHttp({ keepAliveTimeout: 60_000 }, (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      body += piece
    })
    request.on('end', () => {
      self.requests++
      play(response, request, body)
    })
  })
  const self = await listening(server)
  return self
}

/** An upstream below HTTP: it gets the socket once the first bytes have come. */
export async function wire(play: (socket: Socket, text: string) => void): Promise<Hostile> {
  const server = createTcp((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      self.requests++
      play(socket, bytes.toString('latin1'))
    })
  })
  const self = await listening(server)
  return self
}

async function listening(server: Server): Promise<Hostile> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  atEnd(() => {
    for (const socket of open) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${port}`, port, open, requests: 0 }
}

/** What a provider of that dialect answers when nothing goes wrong: the bytes of the body. */
export async function goodBody(upstream: DialectName, script: object, stream: boolean): Promise<Buffer> {
  const server = await startScripted()
  const usage = upstream === 'openai-chat' && stream ? { stream_options: { include_usage: true } } : {}
  const { body } = await post(
    server.url + paths[upstream],
    chat({ client: upstream, upstream }, { script, stream, ...usage }),
  )
  await server.close()
  return body
}
