import type { EndpointCall, UpstreamDialect } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { Provider } from '../../providers/index.ts'

/**
 * The address of an operation at a provider. APIs that have the model in the path of every address have none for the
 * list of models.
 *
 * @throws SluiceError `upstream_not_found`
 */
export function upstreamUrl(
  { name, baseUrl, query, paths, rooted = false }: Provider,
  { upstream }: UpstreamDialect,
  operation: 'chat' | 'count' | 'models',
  call: Partial<EndpointCall> = {},
): string {
  const { model } = call
  if (model === undefined && baseUrl.includes(modelMark)) {
    throw new SluiceError('upstream_not_found', `cannot list the models of ${name}: its address is that of one model`)
  }
  if (paths) {
    const path = paths[operation === 'chat' && call.stream ? 'stream' : operation]
    if (path === undefined) {
      throw new SluiceError('upstream_not_found', `cannot ask ${name}: its API has no address for ${operation}`)
    }
    return withQuery(baseUrl + path.replaceAll(modelMark, () => segment(model ?? '')), query)
  }
  const base = model === undefined ? baseUrl : baseUrl.replaceAll(modelMark, () => encodeURIComponent(model))
  const url = upstream.endpoint(base, operation, { model: '', stream: false, ...call, rooted })
  return withQuery(url, query)
}

/** A model's name as one step of a path. Some platforms read an `@` in it only as it is. */
function segment(model: string): string {
  return encodeURIComponent(model).replaceAll('%40', '@')
}

/** What stands in an address in the place of the model's name. */
export const modelMark = '{model}'

export function withQuery(url: string, query: Readonly<Record<string, string>> | undefined): string {
  if (!query || Object.keys(query).length === 0) return url
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`
}
