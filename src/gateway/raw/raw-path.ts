import { SluiceError } from '../../errors/index.ts'
import type { Provider } from '../../providers/index.ts'
import { modelMark, withQuery } from '../upstream/upstream-url.ts'

/** What a path below `/raw/` asks for. */
export interface RawPath {
  provider: string
  /** What follows the provider's name, with its slash, as it was written. */
  rest: string
}

/** Undefined for any other path. */
export function readRawPath(path: string): RawPath | undefined {
  const found = /^\/raw\/([^/]+)(\/.*)?$/s.exec(path)
  return found ? { provider: found[1]!, rest: found[2] ?? '' } : undefined
}

/**
 * The address below a provider's base URL. Nothing that a client writes may lead out of it.
 *
 * @throws SluiceError `invalid_request`
 */
export function rawUrl({ name, baseUrl, query }: Provider, rest: string, asked: URLSearchParams): string {
  // An address that names the model is that of one model; what is below it is said by the client.
  const mark = baseUrl.indexOf(modelMark)
  const base = (mark === -1 ? baseUrl : baseUrl.slice(0, mark)).replace(/\/+$/, '')
  if (!staysBelow(rest)) throw refused(name)
  const url = new URL(base + rest)
  const root = new URL(base)
  const below = root.pathname.endsWith('/') ? root.pathname : `${root.pathname}/`
  if (url.origin !== root.origin || !`${url.pathname}/`.startsWith(below)) throw refused(name)
  // A key in the query is the client's own, for this house.
  const params = new URLSearchParams(asked)
  params.delete('key')
  const text = params.toString()
  return withQuery(url.origin + url.pathname + (text === '' ? '' : `?${text}`), query)
}

/** Every step, with what it is after decoding, leads down: no server reads it as a way up or as another address. */
function staysBelow(rest: string): boolean {
  if (!/^[\x21-\x7e]*$/.test(rest) || rest.includes('#') || rest.includes('?')) return false
  let text = rest
  // Some servers decode twice.
  for (let i = 0; i < 3; i++) {
    if (text.split(/[/\\]/).some((step) => step === '.' || step === '..') || /[\\\0]/.test(text)) return false
    const decoded = decode(text)
    if (decoded === undefined) return false
    if (decoded === text) return true
    text = decoded
  }
  return false
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function refused(name: string): SluiceError {
  return new SluiceError(
    'invalid_request',
    `cannot pass the request on to ${name}: its path leads out of the provider's address; write it without dots and backslashes`,
    { param: 'path' },
  )
}
