import { Malformed } from './malformed.ts'

/** Where the body of an answer ends. `length` is in bytes. */
export type Framing = { kind: 'length'; length: number } | { kind: 'chunked' } | { kind: 'close' }

export interface HeadLines {
  status: number
  /** The digit behind `HTTP/1.` */
  minor: number
  headers: Readonly<Record<string, string | undefined>>
}

/**
 * How the body is framed (RFC 9112, section 6.3). What two readers could take for bodies of different length is
 * refused, since the rest of one would be the answer to somebody else.
 *
 * @throws Malformed
 */
export function framingOf({ status, minor, headers }: HeadLines): Framing {
  const coding = headers['transfer-encoding']
  const length = headers['content-length']
  if (status === 204 || status === 304) return { kind: 'length', length: 0 }
  if (coding !== undefined) {
    if (length !== undefined) throw new Malformed('it has both a content-length and a transfer-encoding')
    if (minor === 0) throw new Malformed('it is HTTP/1.0 and has a transfer-encoding')
    if (coding.toLowerCase() !== 'chunked') throw new Malformed('its transfer-encoding is not plainly chunked')
    return { kind: 'chunked' }
  }
  if (length === undefined) return { kind: 'close' }
  // A length that is repeated is one length.
  const [first, ...others] = length.split(',').map((one) => one.trim()) as [string, ...string[]]
  if (others.some((other) => other !== first)) throw new Malformed('it has two lengths')
  if (!/^\d{1,15}$/.test(first)) throw new Malformed('its content-length is no number')
  return { kind: 'length', length: Number(first) }
}

/**
 * How long the connection may stay idle behind this answer, in milliseconds; 0 for not at all. A server that says how
 * long it keeps a connection is believed, less a margin for the way of a request.
 */
export function idleMsOf({ minor, headers }: HeadLines): number {
  const connection = headers.connection?.toLowerCase() ?? ''
  const says = (word: string): boolean => connection.split(',').some((token) => token.trim() === word)
  if (connection !== '' && says('close')) return 0
  if (minor === 0 && !says('keep-alive')) return 0
  const hint = headers['keep-alive']
  const seconds = hint === undefined ? undefined : /(?:^|[,\s])timeout\s*=\s*(\d{1,9})/i.exec(hint)?.[1]
  if (seconds === undefined) return usualIdleMs
  return Math.max(0, Math.min(Number(seconds) * 1000 - marginMs, longestIdleMs))
}

/** Many servers close after five seconds and do not say so. */
const usualIdleMs = 4000
const marginMs = 1000
const longestIdleMs = 600_000
