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
          try {
            call = transport.send(request, handler)
          } catch (error) {
            // Nobody stands above this turn who could catch it.
            handler.onError(SluiceError.from(error))
            return
          }
          if (paused) call.pause()
        },
        (error) => {
          // What could not be loaded now (no file handles left, say) may be loaded by the next request.
          opening = undefined
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
      const transport = ready ?? (await opening?.catch(() => undefined))
      await transport?.close()
    },
  }
}
