/**
 * HTTP/1.1 read straight from the socket: the part of HTTP that calling a provider takes, and no stream in between. One
 * read of the socket is one turn of the handler; bodies are not copied.
 */
import { SluiceError } from '../../errors/index.ts'
import type { Transport } from '../transport.ts'
import { Call } from './call.ts'
import { Pool } from './pool.ts'
import { Targets } from './target.ts'

export interface Http1Options {
  /** For the address, the connection and the handshake together. */
  connectTimeoutMs: number
}

export function http1Transport({ connectTimeoutMs }: Http1Options): Transport {
  const pool = new Pool(connectTimeoutMs)
  const targets = new Targets()
  return {
    send(request, handler) {
      if ('open' in request) {
        throw new SluiceError('internal', 'cannot send an open request: this reader takes whole bodies only')
      }
      return new Call(pool, targets, request, handler)
    },
    async close() {
      pool.close(Object.assign(new Error('sluice is closing'), { code: 'CLOSING' }))
    },
  }
}
