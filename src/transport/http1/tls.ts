import { isIP, type OnReadOpts } from 'node:net'
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls'
import type { Target } from './target.ts'

/**
 * TLS to providers. Certificates are checked with Node's own list of authorities and that of `NODE_EXTRA_CA_CERTS`. The
 * latest session of each origin is kept, so that the next connection need not send certificates again.
 */
export class Tls {
  readonly #sessions = new Map<string, Buffer>()
  /** Reading the authorities costs more than a handshake, and they are the same for all. */
  #context: SecureContext | undefined

  connect(target: Target, onread: OnReadOpts): TLSSocket {
    const { hostname, port, key } = target
    // Loaded with the first call that needs it: a gateway before servers of its own house never does.
    const { connect, createSecureContext } = process.getBuiltinModule('node:tls')
    this.#context ??= createSecureContext()
    const session = this.#sessions.get(key)
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      host: hostname,
      port,
      // An address is no name that could be asked for.
      ...(isIP(hostname) === 0 && { servername: hostname }),
      ALPNProtocols: ['http/1.1'],
      secureContext: this.#context,
      ...(session && { session }),
      onread,
    }
    const socket = connect(options)
    socket.on('session', (latest: Buffer) => {
      if (this.#sessions.size >= 1000) this.#sessions.clear()
      this.#sessions.set(key, latest)
    })
    return socket
  }

  /** After a failure: the next handshake begins anew. */
  forget(target: Target): void {
    this.#sessions.delete(target.key)
  }
}
