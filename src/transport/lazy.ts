import { SluiceError } from '../errors/index.ts'
import type { Transport, UpstreamCall } from './transport.ts'

/**
 * A transport that is opened by the first request: the library behind it costs tens of milliseconds to load, which a
 * start need not wait for.
 */
export function lazyTransport(open: () => Promise<Transport>): Transport {
  let ready: Transport | undefined
  let opening: Promise<Transport> | undefined
  return {
    send(request, handler) {
      if (ready) return ready.send(request, handler)
      let call: UpstreamCall | undefined
      let aborted = false
      let paused = false
      opening ??= open().then((transport) => {
        ready = transport
        return transport
      })
      opening.then(
        (transport) => {
          if (aborted) return
          call = transport.send(request, handler)
          if (paused) call.pause()
        },
        (error) => {
          if (!aborted) handler.onError(SluiceError.from(error))
        },
      )
      return {
        abort() {
          aborted = true
          call?.abort()
        },
        pause() {
          paused = true
          call?.pause()
        },
        resume() {
          paused = false
          call?.resume()
        },
      }
    },
    async close() {
      const transport = ready ?? (await opening)
      await transport?.close()
    },
  }
}
