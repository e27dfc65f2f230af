import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { SluiceError } from '../../src/errors/index.ts'
import {
  openTransport,
  type Transport,
  type UpstreamCall,
  type UpstreamHead,
  type UpstreamRequest,
} from '../../src/transport/index.ts'
import { testedClient } from './client.ts'

export interface Upstream {
  url: string
  port: number
  /** Every connection that was ever made. */
  sockets: Socket[]
}

/** A server of `node:http` on loopback, gone with its test. */
export async function startUpstream(listener: RequestListener): Promise<Upstream> {
  return listen(createServer({ keepAliveTimeout: 30_000 }, listener))
}

/** The same where the bytes on the wire matter: `onData` gets each read of a connection. */
export async function startRaw(onData: (socket: Socket, text: string) => void): Promise<Upstream> {
  return listen(
    createRawServer((socket) => {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('data', (bytes: Buffer) => onData(socket, bytes.toString('latin1')))
    }) as unknown as Server,
  )
}

async function listen(server: Server): Promise<Upstream> {
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, sockets }
}

export function startTransport(env: Record<string, string> = {}, connectTimeoutMs = 2000): Transport {
  const transport = openTransport({ client: testedClient, connectTimeoutMs, env })
  onTestFinished(() => transport.close())
  return transport
}

/** What a handler was told, in order: data as text, with `flush` where a read was done. */
export class Told {
  readonly log: string[] = []
  head: UpstreamHead | undefined
  error: SluiceError | undefined
  text = ''
  call: UpstreamCall | undefined
  /** Takes the pieces of the body instead of the log: where they are many, or no text. */
  onBytes: ((bytes: Uint8Array) => void) | undefined
  /** Called with each entry of the log. */
  onEntry: (entry: string) => void = () => {}
  readonly over: Promise<this>
  #finish: () => void = () => {}
  #waiting: Array<() => boolean> = []

  constructor() {
    this.over = new Promise((resolve) => {
      this.#finish = () => resolve(this)
    })
  }

  note(entry: string): void {
    this.log.push(entry)
    this.onEntry(entry)
    this.#waiting = this.#waiting.filter((check) => !check())
  }

  finish(): void {
    this.#finish()
  }

  /** Once the test holds, looked at after each call of the handler. */
  until(test: (told: this) => boolean): Promise<this> {
    return new Promise((resolve) => {
      const check = (): boolean => {
        if (!test(this)) return false
        resolve(this)
        return true
      }
      if (!check()) this.#waiting.push(check)
    })
  }
}

export function send(
  transport: Transport,
  request: Partial<UpstreamRequest> & { url: string },
  told = new Told(),
): Told {
  const decoder = new TextDecoder()
  told.call = transport.send(
    { method: 'GET', headers: {}, ...request },
    {
      onHead(head) {
        told.head = head
        told.note(`head ${head.status}`)
      },
      onData(chunk) {
        if (told.onBytes) {
          told.onBytes(chunk)
          return
        }
        const text = decoder.decode(chunk, { stream: true })
        told.text += text
        told.note(`data ${text}`)
      },
      onFlush: () => told.note('flush'),
      onEnd() {
        told.note('end')
        told.finish()
      },
      onError(error) {
        told.error = error
        told.note(`error ${error.code}`)
        told.finish()
      },
    },
  )
  return told
}

/** Once the socket is gone, in whatever way. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else socket.once('close', () => resolve())
  })
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
