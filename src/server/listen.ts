import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { SluiceError } from '../errors/index.ts'
import { Roster } from '../flow/index.ts'
import type { Gateway } from '../gateway/index.ts'
import { NodeExchange } from './node-exchange.ts'

// Not imported: a namespace of `node:http` asks for every export, and one of them loads a whole web client that nobody
// here uses. That is 16 MB and a fifth of the start.
const { createServer } = process.getBuiltinModule('node:http')

export interface Listening {
  host: string
  port: number
  /** Waits until the last byte of every answer is on its way, at most `ms`. */
  flushed(ms: number): Promise<void>
  /** Takes no new connections and cuts those that are open. */
  close(): Promise<void>
}

/**
 * The gateway behind `node:http`.
 *
 * @throws SluiceError `config_invalid` when the address cannot be listened on
 */
export async function listen(gateway: Gateway, address: { host: string; port: number }): Promise<Listening> {
  const running = new Roster<ServerResponse>()
  const server = createServer((request, response) => {
    const place = running.enter(response)
    response.once('close', () => running.leave(place))
    gateway.handle(new NodeExchange(request, response))
  })
  // Bodies have their own timeout in the gateway, which answers in the caller's dialect.
  server.requestTimeout = 0
  server.headersTimeout = 60_000
  // Longer than the usual 60 s of proxies in front, so that it is they who close idle connections.
  server.keepAliveTimeout = 75_000
  server.on('clientError', (error, socket: Socket) => {
    // In the middle of an answer another one would become part of it.
    const midway = running.all().some((response) => response.socket === socket && response.headersSent)
    refuseGarbage(error, socket, midway)
  })
  // Requests may wait in a row on a connection, and the answer to each of them listens to it.
  server.on('connection', (socket) => socket.setMaxListeners(0))
  await start(server, address)
  const { port } = server.address() as AddressInfo
  return {
    host: address.host,
    port,
    async flushed(ms) {
      const signal = AbortSignal.timeout(ms)
      await Promise.allSettled(running.all().map((response) => once(response, 'close', { signal })))
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

function start(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
    server.listen(port, host, backlog, () => {
      server.removeAllListeners('error')
      // A connection that could not be taken (no file handles left, say) is no reason to end all the others.
      server.on('error', () => {})
      resolve()
    })
  })
}

/**
 * How many connections may wait to be taken; the system cuts it to its own limit. With the 511 of Node a crowd of 2,000
 * overflows it, and each connection over the brim is tried again by its client after a second at the earliest.
 */
const backlog = 4096

function explain(error: NodeJS.ErrnoException, host: string, port: number): SluiceError {
  const found =
    error.code === 'EADDRINUSE'
      ? `port ${port} is taken; stop what listens there or choose another with --port`
      : error.code === 'EACCES'
        ? `port ${port} needs more rights than this process has; choose one above 1023 with --port`
        : error.code === 'EADDRNOTAVAIL'
          ? `this machine has no address ${host}; choose another with --host`
          : error.message
  return new SluiceError('config_invalid', `cannot listen on ${host}:${port}: ${found}`, { cause: error })
}

/** What is not HTTP gets the shortest honest answer, since no dialect can be told from it. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket, midway: boolean): void {
  if (midway || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'cannot read the request: its headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'cannot read the request: its headers did not arrive in time']
        : ['400 Bad Request', 'cannot read the request: it is not HTTP/1.1']
  const body = JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request' },
  })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
