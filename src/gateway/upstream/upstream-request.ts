import { SluiceError } from '../../errors/index.ts'
import type { Soon } from '../../storage/index.ts'
import { estimateInput } from '../../tokens/index.ts'
import type { UpstreamRequest } from '../../transport/index.ts'
import type { Exchange } from '../exchange.ts'
import { upstreamHeaders } from '../headers.ts'
import type { House } from '../house.ts'
import type { Plan } from '../plan.ts'
import { poster } from './poster.ts'
import { upstreamUrl } from './upstream-url.ts'

/**
 * The request that a plan makes, ready to be sent. A promise only where the provider wants it signed, or other requests
 * have to go before it; those end with the signal, which is made only for them. What the plan holds of the prompt is gone after that.
 *
 * @param key the one of the provider's own that is to be used
 */
export function readyRequest(
  house: House,
  exchange: Exchange,
  planned: Plan,
  key: string | undefined,
  signal: () => AbortSignal,
): Soon<UpstreamRequest> {
  const { provider, upstream, target, asksStream, text, form } = planned
  const url = upstreamUrl(provider, upstream, 'chat', {
    model: target.model,
    stream: asksStream,
    ...(form !== undefined && { form }),
  })
  const own = { ...upstream.upstream.headers, ...planned.headers }
  const headers = upstreamHeaders(exchange, provider, own, house.clientKeys, key)
  const request = { name: provider.name, method: 'POST', url, headers, body: text } as const
  const ready =
    provider
      .prepare?.(request, poster(house, planned, signal()))
      ?.then(({ url, headers, body = '' }) => ({ ...request, url, headers, body })) ??
    provider.sign?.(request).then(
      (signed) => ({ ...request, headers: signed }),
      (cause: unknown) => {
        const { code, message } = SluiceError.from(cause)
        throw new SluiceError(code, `cannot sign the request to ${request.name}: ${message}`, { cause })
      },
    ) ??
    request
  // While the provider thinks there is time; and a stream that runs for minutes must not hold its prompt so long.
  if (planned.request && !planned.untouched) planned.inputEstimate = estimateInput(planned.request)
  planned.request = undefined
  planned.text = ''
  return ready
}
