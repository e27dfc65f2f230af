import { SluiceError } from '../../errors/index.ts'
import type { Clock } from '../../flow/index.ts'
import type { Transport, UpstreamHead, UpstreamRequest } from '../../transport/index.ts'
import { WholeBody } from './upstream-body.ts'

export interface CallOptions {
  clock: Clock
  timeoutMs: number
  maxBytes: number
  /** Fires when the answer is no longer wanted. */
  signal?: AbortSignal
}

/** One small question to a provider, beside the streams: its whole answer, whatever its status. */
export function call(
  transport: Transport,
  request: UpstreamRequest,
  options: CallOptions,
): Promise<{ head: UpstreamHead; text: string }> {
  return new Promise((resolve, reject) => {
    const body = new WholeBody(options.maxBytes)
    let head: UpstreamHead = { status: 502, headers: {} }
    const settle = (step: () => void): void => {
      stopTimer()
      options.signal?.removeEventListener('abort', leave)
      step()
    }
    const give = (error: SluiceError): void => {
      running.abort()
      settle(() => reject(error))
    }
    const leave = (): void =>
      give(new SluiceError('client_closed', 'the client closed the connection before the answer came'))
    const stopTimer = options.clock.after(options.timeoutMs, () =>
      give(new SluiceError('total_timeout', `the provider did not answer within ${options.timeoutMs / 1000} s`)),
    )
    options.signal?.addEventListener('abort', leave)
    const running = transport.send(request, {
      onHead(received) {
        head = received
      },
      onData(chunk) {
        try {
          body.push(chunk)
        } catch (error) {
          give(SluiceError.from(error))
        }
      },
      onFlush() {},
      onEnd: () => settle(() => resolve({ head, text: new TextDecoder().decode(body.bytes()) })),
      onError: (error) => settle(() => reject(error)),
    })
    if (options.signal?.aborted) leave()
  })
}
