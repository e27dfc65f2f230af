import { type Asked, type Dialect, dialects, type UpstreamDialect } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Provider, SignedRequest } from '../providers/index.ts'
import { countInput, type JsonObject } from '../tokens/index.ts'
import type { Exchange } from './exchange.ts'
import { headersBack, upstreamHeaders } from './headers.ts'
import type { House } from './house.ts'
import { ownerOf } from './owner.ts'
import { plan } from './planning.ts'
import { readRequestBody } from './request-body.ts'
import { storedDialect } from './responses/stored-responses.ts'
import { routeRequest } from './route-request.ts'
import { call } from './upstream/call.ts'
import { upstreamUrl } from './upstream/upstream-url.ts'

export interface CountAnswer {
  status: number
  headers: Record<string, string>
  body: JsonObject
}

/**
 * The size of a prompt. A provider of the caller's dialect that has a counter is asked; for any other the count is
 * made here and labelled an estimate. A counter that is missing or fails is no reason to fail: editors ask this many
 * times a second.
 */
export async function count(
  house: House,
  exchange: Exchange,
  client: Dialect,
  asked: Asked,
  signal: AbortSignal,
): Promise<CountAnswer> {
  const { limits, clock } = house
  const written = await readRequestBody(exchange, { bytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs })
  const body = client.name === storedDialect ? await house.responses.expand(ownerOf(exchange), written) : written
  const { targets } = await routeRequest(house, exchange, client, body, asked)
  const [routed] = targets
  const { provider } = routed
  const upstream: UpstreamDialect = dialects[provider.dialect]

  const counts = provider.paths === undefined || provider.paths.count !== undefined
  const { counted } = house
  // A provider without a counter says what one does that does not know the model.
  const named = `${provider.name}/${routed.model}`
  if (upstream.name === client.name && upstream.upstream.decodeCount && counts && !counted.lacks(named)) {
    const { model, alias } = routed
    const clientKey = house.clientKeys.nameOf(exchange)
    const chain = house.chains.find({ provider: provider.name, model, alias, clientKey })
    const planned = await plan(client, body, routed, asked, { policy: house.streaming, chain, clientKey })
    const headers = upstreamHeaders(
      exchange,
      provider,
      { ...upstream.upstream.headers, ...planned.headers },
      house.clientKeys,
    )
    const url = upstreamUrl(provider, upstream, 'count', { model: planned.target.model })
    const request = { name: provider.name, method: 'POST', url, headers, body: planned.text } as const
    const key = counted.key(ownerOf(exchange), url, planned.text)
    const known = counted.known(key)
    if (known !== undefined) return { status: 200, headers: {}, body: client.client.encodeCount(known) }
    const answer = await signed(provider, request)
      .then((ready) =>
        call(house.transport, ready, { clock, timeoutMs: countTimeoutMs, maxBytes: 1024 * 1024, signal }),
      )
      .catch((error: unknown) => {
        if (SluiceError.is(error) && error.code !== 'client_closed') return undefined
        throw error
      })
    const told = answer && readCount(upstream, answer.head.status, answer.text)
    if (answer && told !== undefined) {
      counted.keep(key, told)
      return { status: 200, headers: headersBack(answer.head.headers), body: client.client.encodeCount(told) }
    }
    if (answer && lacking.has(answer.head.status)) counted.noteLacking(named)
    // The vendor says that the request is wrong: that is the answer, and no estimate makes it right.
    if (answer?.head.status === 400) throw upstream.upstream.decodeError(400, answer.text)
  }
  // Read only here: what is new at the provider, and not known to this decoder, is no reason not to ask.
  const estimate = await countInput(client.client.decodeRequest(body.json, asked))
  return {
    status: 200,
    headers: { 'x-sluice-warnings': 'input_tokens;estimated' },
    body: client.client.encodeCount(estimate),
  }
}

const countTimeoutMs = 10_000
/** The statuses of a server that has no such address. */
const lacking: ReadonlySet<number> = new Set([404, 405, 501])

async function signed<R extends SignedRequest>({ sign }: Provider, request: R): Promise<R> {
  return sign ? { ...request, headers: await sign(request) } : request
}

function readCount(upstream: UpstreamDialect, status: number, text: string): number | undefined {
  if (status !== 200) return undefined
  try {
    return upstream.upstream.decodeCount?.(JSON.parse(text) as JsonObject)
  } catch {
    return undefined
  }
}
