import type { SluiceError } from '../../../src/errors/index.ts'
import type { StreamToken } from '../../../src/tokens/index.ts'
import type { ErrorFeature, Outcome } from './feature.ts'
import { unsayable } from './outcome.ts'
import { clientDialect, upstreamDialect } from './parties.ts'
import { clientStream, providerError, providerStream, readStream } from './wire.ts'

const beginning: StreamToken[] = [
  { type: 'message-start', id: 'a', model: 'model-1' },
  { type: 'text-start', choice: 0, index: 0 },
  { type: 'text-delta', choice: 0, index: 0, text: 'Half an ans' },
]

/** The kind of a failure, from the provider's words to the client's. */
export function runError(feature: ErrorFeature, client: string, upstream: string): Outcome {
  const { error, place, want = error.kind } = feature
  if (place === 'before') {
    const { status, text, headers } = providerError(upstream, error)
    const heard = upstreamDialect(upstream).upstream.decodeError(status, text, headers)
    if (heard.kind !== want) return unsayable('provider', heard.kind)
    const answer = clientDialect(client).client.encodeError(heard, 'req_1')
    const found = upstreamDialect(client).upstream.decodeError(answer.status, JSON.stringify(answer.body), {})
    return graded(found, heard)
  }
  const bytes = providerStream(upstream, [...beginning, { type: 'error', error }], {})
  const said = readStream(upstream, bytes, 'provider', {})
  const heard = errorOf(said)
  if (heard === undefined) return unsayable('provider', 'no error')
  if (heard.kind !== want) return unsayable('provider', heard.kind)
  const tokens = readStream(
    client,
    clientStream(client, said, undefined, () => {}),
    'client',
    {},
  )
  const found = errorOf(tokens)
  if (found === undefined || textOf(tokens) !== 'Half an ans') {
    return { grade: 'partial', told: [], found: JSON.stringify(tokens.map(({ type }) => type)) }
  }
  return graded(found, heard)
}

/** What is behind the gateway may be told as a failure of the server, and the other way round. */
function graded(found: SluiceError, heard: SluiceError): Outcome {
  const same = kindOf(found) === kindOf(heard) || found.kind === (heard.kind === 'auth' ? 'bad_gateway' : heard.kind)
  return same ? { grade: 'full', told: [] } : { grade: 'partial', told: [], found: found.kind }
}

function kindOf({ kind }: SluiceError): string {
  return kind === 'bad_gateway' ? 'server' : kind
}

function errorOf(tokens: StreamToken[]): SluiceError | undefined {
  const last = tokens.at(-1)
  return last?.type === 'error' ? last.error : undefined
}

function textOf(tokens: StreamToken[]): string {
  return tokens.map((token) => (token.type === 'text-delta' ? token.text : '')).join('')
}
