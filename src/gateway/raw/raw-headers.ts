import type { Provider } from '../../providers/index.ts'
import type { Exchange } from '../exchange.ts'
import { HeaderRoom } from '../header-room.ts'

/** They speak of one connection and not of the message (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What says who the client is or where it came from, and every place where a key may stand. */
const ownToClient = new Set([
  'host',
  'expect',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'origin',
  'referer',
  'forwarded',
  'via',
  // What comes back is read by sluice first.
  'accept-encoding',
])
const ownNames = /^(x-forwarded-|x-sluice-|x-stainless-|x-real-ip$|sec-|access-control-|cf-)/

/** Of a vendor's own account: shown to nobody but that vendor. */
const accounts = new Set(['openai-organization', 'openai-project'])

/** The client's headers as they may go on, without any key. */
export function rawHeadersUp({ headers }: Exchange, { forwards }: Provider): Record<string, string> {
  const named = connectionNames(headers.connection)
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name)) continue
    if (ownToClient.has(name) || ownNames.test(name)) continue
    if (accounts.has(name) && !forwards.includes(name)) continue
    out[name] = value
  }
  return out
}

/** What the provider says to its own clients alone; and the length, since the answer is framed anew. */
const ownToProvider = new Set(['content-length', 'set-cookie', 'alt-svc', 'strict-transport-security', 'via'])

/** Without these the body cannot be read, so there is room for them before all others. */
const ofTheBody = ['content-type', 'content-encoding', 'location']

/** What a client gets to see of the provider's headers: 8 KB at most, and no value of more than 4 KB. */
export function rawHeadersBack(headers: Record<string, string>): Record<string, string> {
  const named = connectionNames(headers.connection)
  const room = new HeaderRoom({ longest: 4096, most: 8192 })
  const out: Record<string, string> = {}
  for (const name of new Set([...ofTheBody, ...Object.keys(headers)])) {
    const value = headers[name]
    if (value === undefined || hopByHop.has(name) || named.has(name)) continue
    if (ownToProvider.has(name) || name.startsWith('access-control-') || name.startsWith('x-sluice-')) continue
    if (room.takes(name, value)) out[name] = value
  }
  return out
}

/** The headers that `connection` names go no further either. */
function connectionNames(value: string | undefined): ReadonlySet<string> {
  return new Set(
    (value ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
}
