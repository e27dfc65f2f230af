import { type ErrorCode, SluiceError } from '../../errors/index.ts'
import { type AnyAnswer, openAnswer, type PieceSource } from '../http/body-source.ts'
import { decompressed } from '../http/decompress.ts'
import type { StreamPosition } from './resume-point.ts'

/**
 * An `open` for `ResumableStream`: the address is fetched, and fetched again with `Last-Event-ID`. `init` is given to
 * `fetch` each time, so its body must not be a stream. With a `last-event-id` among its headers the first request, too,
 * goes on behind an event: one that was kept from an earlier run.
 *
 * @example
 * const stream = new ResumableStream({ open: fetchFrom('http://127.0.0.1:4114/v1/streams/7') })
 */
export function fetchFrom(
  url: string | URL,
  init: Omit<RequestInit, 'signal'> = {},
): (position: StreamPosition, signal: AbortSignal) => Promise<Response> {
  return ({ lastEventId }, signal) => {
    const headers = new Headers(init.headers)
    if (!headers.has('accept')) headers.set('accept', 'text/event-stream')
    if (lastEventId !== '') headers.set('last-event-id', headerText(lastEventId))
    return fetch(url, { cache: 'no-store', ...init, headers, signal })
  }
}

/**
 * The body of an answer to a request for events; undefined for the status 204, by which a source says that there is
 * nothing more.
 *
 * @throws SluiceError for another status than 2xx, and `upstream_protocol` for what says of itself that it is no stream
 */
export function openEvents(answer: AnyAnswer): PieceSource<Uint8Array> | undefined {
  const { head, body } = openAnswer(answer)
  if (head.status === 204) {
    body.cancel()
    return undefined
  }
  const type = head.contentType?.replace(/;.*/s, '').trim().toLowerCase()
  if (head.status >= 200 && head.status <= 299 && (!type || type === 'text/event-stream')) {
    return decompressed(body, head.contentEncoding)
  }
  body.cancel()
  if (head.status >= 200 && head.status <= 299) {
    throw new SluiceError(
      'upstream_protocol',
      `cannot read the stream: the source sends ${type}, not text/event-stream; if it lies, let \`open\` give the bare body`,
    )
  }
  throw new SluiceError(codeOf(head.status), `cannot read the stream: the source answers with status ${head.status}`, {
    retryAfterMs: retryAfterMs(answer),
    upstream: { status: head.status },
  })
}

const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'upstream_auth',
  402: 'upstream_billing',
  403: 'upstream_auth',
  404: 'upstream_not_found',
  408: 'upstream_timeout',
  410: 'upstream_not_found',
  413: 'upstream_too_large',
  425: 'upstream_overloaded',
  429: 'upstream_rate_limit',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
}

function codeOf(status: number): ErrorCode {
  return codes[status] ?? (status >= 500 ? 'upstream_server' : 'upstream_invalid_request')
}

function retryAfterMs(answer: AnyAnswer): number | undefined {
  const { headers } = answer as { headers?: { get?: unknown } & Record<string, unknown> }
  const written = typeof headers?.get === 'function' ? headers.get('retry-after') : headers?.['retry-after']
  return typeof written === 'string' && /^\d+$/.test(written) ? Number(written) * 1000 : undefined
}

/** An id as UTF-8, in the form that the value of a header has: a character for each byte. */
function headerText(id: string): string {
  let text = ''
  for (const byte of new TextEncoder().encode(id)) text += String.fromCharCode(byte)
  return text
}
