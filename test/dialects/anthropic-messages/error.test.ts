import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorCodes, SluiceError } from '../../../src/errors/index.ts'
import { client, upstream } from './stream-of.ts'

const legal: Record<string, number[]> = {
  invalid_request_error: [400, 405],
  authentication_error: [401],
  billing_error: [402],
  permission_error: [403],
  not_found_error: [404, 410],
  request_too_large: [413],
  rate_limit_error: [429],
  api_error: [499, 500, 502],
  timeout_error: [408, 504],
  overloaded_error: [529],
}

it.each(Object.keys(errorCodes) as ErrorCode[])(
  '%s is said in the words of the API, under a status that fits',
  (code) => {
    const { status, body } = client.encodeError(new SluiceError(code, 'what happened'), 'req1')
    const { type } = body.error as { type: string }
    expect(legal[type]).toContain(status)
    expect(body).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('what happened') },
      request_id: 'req1',
    })
  },
)

it('a full context is said in the words by which coding agents know it', () => {
  const { body } = client.encodeError(new SluiceError('upstream_context_length', 'maximum context length is 8192'), 'r')
  expect(body).toMatchObject({
    error: { type: 'invalid_request_error', message: expect.stringMatching(/^prompt is too long: /) },
  })
})

describe('an answer of the provider', () => {
  const body = (type: string, message = 'why') =>
    JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_9' })
  it.each<[number, string, ErrorCode, number]>([
    [400, body('invalid_request_error'), 'upstream_invalid_request', 400],
    [422, body('invalid_request_error'), 'upstream_invalid_request', 422],
    [
      400,
      body('invalid_request_error', 'prompt is too long: 200001 tokens > 200000 maximum'),
      'upstream_context_length',
      400,
    ],
    [400, body('invalid_request_error', 'Your credit balance is too low to access the API'), 'upstream_billing', 402],
    [401, body('authentication_error'), 'upstream_auth', 502],
    [403, body('permission_error'), 'upstream_auth', 502],
    [404, body('not_found_error'), 'upstream_not_found', 404],
    [409, body('conflict_error'), 'upstream_server', 502],
    [413, body('request_too_large'), 'upstream_too_large', 413],
    [429, body('rate_limit_error'), 'upstream_rate_limit', 429],
    [500, body('api_error'), 'upstream_server', 502],
    [529, body('overloaded_error'), 'upstream_overloaded', 503],
    [503, body('something_else'), 'upstream_overloaded', 503],
    [504, '', 'upstream_timeout', 504],
    [502, '<html><h1>Bad Gateway</h1></html>', 'upstream_server', 502],
    [400, '{"error":"no such field"}', 'upstream_invalid_request', 400],
    [404, '{"detail":"Not Found"}', 'upstream_not_found', 404],
    [418, '[]', 'upstream_invalid_request', 418],
    [429, '{"type":"error","error":{"ty', 'upstream_rate_limit', 429],
  ])('%i %s', (status, text, code, shown) => {
    const error = upstream.decodeError(status, text)
    expect(error).toMatchObject({ code, status: shown, upstream: { status } })
    expect(error.message).not.toBe('')
    expect(error.message).not.toContain('<')
  })

  it('keeps the words and ids of the provider, and its details, for a client of the same API', () => {
    const text = JSON.stringify({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'no', details: { error_code: 'thread_not_found' } },
      request_id: 'req_9',
    })
    const error = upstream.decodeError(400, text)
    expect(error.upstream).toEqual({
      dialect: 'anthropic-messages',
      status: 400,
      type: 'invalid_request_error',
      code: 'thread_not_found',
      requestId: 'req_9',
    })
    expect(client.encodeError(error, 'r').body.error).toEqual({
      type: 'invalid_request_error',
      message: 'no',
      details: { error_code: 'thread_not_found' },
    })
  })

  it('about sluice’s own key is not said to be about the client’s', () => {
    const { status, body: said } = client.encodeError(upstream.decodeError(401, body('authentication_error')), 'r')
    expect([status, (said.error as { type: string }).type]).toEqual([502, 'api_error'])
  })
})
