import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/errors/index.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'
import { client, upstream } from './wire.ts'

const body = (code: number, status: string, more: JsonObject = {}): string =>
  JSON.stringify({ error: { code, message: 'what went wrong', status, ...more } })
const info = (reason: string): JsonObject => ({
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }],
})

it.each([
  [400, 'INVALID_ARGUMENT', 'upstream_invalid_request'],
  [400, 'FAILED_PRECONDITION', 'upstream_invalid_request'],
  [401, 'UNAUTHENTICATED', 'upstream_auth'],
  [403, 'PERMISSION_DENIED', 'upstream_auth'],
  [404, 'NOT_FOUND', 'upstream_not_found'],
  [409, 'ABORTED', 'upstream_server'],
  [429, 'RESOURCE_EXHAUSTED', 'upstream_rate_limit'],
  [500, 'INTERNAL', 'upstream_server'],
  [503, 'UNAVAILABLE', 'upstream_overloaded'],
  [504, 'DEADLINE_EXCEEDED', 'upstream_timeout'],
  [418, 'NOVEL', 'upstream_invalid_request'],
  [502, 'NOVEL', 'upstream_server'],
])('%i %s is %s', (status, word, code) => {
  const error = upstream.decodeError(status, body(status, word))
  expect(error).toMatchObject({ code, message: 'what went wrong', upstream: { dialect: 'gemini', status, type: word } })
  // The stream without events wraps it in a list.
  expect(upstream.decodeError(status, `[${body(status, word)}]`).code).toBe(code)
})

it('a key that is not valid is no fault of the request', () => {
  const error = upstream.decodeError(400, body(400, 'INVALID_ARGUMENT', info('API_KEY_INVALID')))
  expect(error).toMatchObject({ code: 'upstream_auth', status: 502 })
})

it('how long to wait is read from the body', () => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '12.5s' }]
  expect(upstream.decodeError(429, body(429, 'RESOURCE_EXHAUSTED', { details })).retryAfterMs).toBe(12_500)
})

it('a prompt that is too long is told as such', () => {
  const message = 'The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).'
  const error = upstream.decodeError(400, JSON.stringify({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }))
  expect(error.code).toBe('upstream_context_length')
})

it.each(['<html><h1>502 Bad Gateway</h1></html>', '', '{"error":', 'null', '[]', '{"error":"nope"}'])(
  'the body %j is an error too',
  (text) => {
    expect(upstream.decodeError(502, text)).toMatchObject({
      code: 'upstream_server',
      message: expect.stringMatching(/./),
    })
  },
)

describe('a client of this API', () => {
  it('is told the status in both places, what is at fault, and how long to wait', () => {
    const error = new SluiceError('upstream_rate_limit', 'slow down', { retryAfterMs: 1500, param: 'contents' })
    expect(client.encodeError(error, 'r')).toEqual({
      status: 429,
      body: {
        error: {
          code: 429,
          message: 'slow down',
          status: 'RESOURCE_EXHAUSTED',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'UPSTREAM_RATE_LIMIT', domain: 'sluice' },
            {
              '@type': 'type.googleapis.com/google.rpc.BadRequest',
              fieldViolations: [{ field: 'contents', description: 'slow down' }],
            },
            { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
          ],
        },
      },
    })
  })

  it('never gets a status that its SDK does not take for an error', () => {
    for (const status of [529, 499, 502]) {
      const { body: told } = client.encodeError(new SluiceError('upstream_overloaded', 'm', { status }), 'r')
      const { code } = told.error as { code: number }
      expect(code).toBeGreaterThanOrEqual(400)
      expect(code).toBeLessThanOrEqual(599)
      expect(code).not.toBe(529)
    }
  })

  it('is told the provider’s own word, as long as it is not about a key that is not the client’s', () => {
    const word = (status: number, said: string): unknown => {
      const error = upstream.decodeError(status, body(status, said))
      return (client.encodeError(error, 'r').body.error as JsonObject).status
    }
    expect(word(400, 'FAILED_PRECONDITION')).toBe('FAILED_PRECONDITION')
    expect(word(403, 'PERMISSION_DENIED')).toBe('UNAVAILABLE')
  })
})
