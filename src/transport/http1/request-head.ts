import { Buffer } from 'node:buffer'
import { SluiceError } from '../../errors/index.ts'
import type { UpstreamRequest } from '../transport.ts'
import type { Target } from './target.ts'

/**
 * The head of a request, as one-byte text. The reader frames the request itself; a header that would frame it in
 * another way is refused, as is one that would end the line it stands on.
 *
 * @throws SluiceError `upstream_unreachable`; values, which may be keys, are not told
 */
export function requestHead(request: UpstreamRequest, target: Target): string {
  const { method, headers, body } = request
  const where = request.name ?? target.host
  let head = `${method} ${target.path} HTTP/1.1\r\n`
  if (headers.host === undefined) head += `host: ${target.host}\r\n`
  const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length
  for (const name in headers) {
    const value = headers[name]!
    if (!token.test(name)) throw refusal(where, 'the name of a header holds characters that none may hold')
    if (forbidden.test(value)) {
      throw refusal(where, `the header ${name} holds a line end or another character that none may hold`)
    }
    if (own.has(name) && !(name === 'content-length' && value === String(length))) {
      throw refusal(where, `the header ${name} is written by sluice itself; take it out of the provider's headers`)
    }
    if (name !== 'content-length') head += `${name}: ${value}\r\n`
  }
  if (body !== undefined || method !== 'GET') head += `content-length: ${length}\r\n`
  return `${head}\r\n`
}

function refusal(where: string, found: string): SluiceError {
  return new SluiceError('upstream_unreachable', `cannot call ${where}: ${found}`)
}

/** They say where the request ends or what the connection is for. */
const own = new Set(['content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect', 'trailer', 'te'])
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const forbidden = /[^\t\x20-\x7e\x80-\xff]/
