import { describe, expect, it } from 'vitest'
import { event, home, run, upstream } from './stream-of.ts'

const said = (status: number, body: string, type?: string) => {
  const {
    code,
    status: shown,
    message,
    upstream: facts,
  } = upstream.decodeError(
    status,
    body,
    type === undefined ? undefined : { 'x-amzn-errortype': type, 'x-amzn-requestid': 'r-1' },
  )
  return { code, shown, message, facts }
}
const body = '{"message":"because"}'

describe('an error answer', () => {
  it.each([
    [400, 'ValidationException', 'upstream_invalid_request', 400],
    [403, 'AccessDeniedException', 'upstream_auth', 502],
    [403, 'ExpiredTokenException', 'upstream_auth', 502],
    [400, 'IncompleteSignatureException', 'upstream_auth', 502],
    [404, 'ResourceNotFoundException', 'upstream_not_found', 404],
    [408, 'ModelTimeoutException', 'upstream_timeout', 504],
    [424, 'ModelErrorException', 'upstream_server', 502],
    [429, 'ThrottlingException', 'upstream_rate_limit', 429],
    [429, 'ModelNotReadyException', 'upstream_overloaded', 503],
    [400, 'ServiceQuotaExceededException', 'upstream_rate_limit', 429],
    [500, 'InternalServerException', 'upstream_server', 502],
    [503, 'ServiceUnavailableException', 'upstream_overloaded', 503],
  ])('%i %s is %s', (status, type, code, shown) => {
    const named = `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`
    expect(said(status, body, named)).toMatchObject({
      code,
      shown,
      message: 'because',
      facts: { status, type, requestId: 'r-1' },
    })
  })

  it.each([
    [400, 'upstream_invalid_request'],
    [401, 'upstream_auth'],
    [403, 'upstream_auth'],
    [404, 'upstream_not_found'],
    [413, 'upstream_too_large'],
    [422, 'upstream_invalid_request'],
    [429, 'upstream_rate_limit'],
    [500, 'upstream_server'],
    [503, 'upstream_overloaded'],
    [504, 'upstream_timeout'],
  ])('%i without a name, or with one that is new, goes by its status', (status, code) => {
    expect(said(status, body)).toMatchObject({ code, message: 'because' })
    expect(said(status, '{"Message":"because"}', 'SomethingNewException')).toMatchObject({ code, message: 'because' })
  })

  it.each([
    ['Input is too long for requested model.', 'upstream_context_length'],
    ['input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000', 'upstream_context_length'],
    ['Output blocked by content filtering policy', 'upstream_content_policy'],
    ['The model returned: bad temperature', 'upstream_invalid_request'],
  ])('says in words what it is about: %s', (message, code) => {
    expect(said(400, JSON.stringify({ message }), 'ValidationException')).toMatchObject({ code, message, shown: 400 })
  })

  it.each([
    ['<html><h1>502 Bad Gateway</h1></html>', '502 Bad Gateway'],
    ['', 'the answer has no body'],
    ['[1]', '[1]'],
    ['{"message":', '{"message":'],
  ])('that is none of Bedrock’s is told as far as it can be read: %s', (text, message) => {
    expect(said(502, text)).toMatchObject({ code: 'upstream_server', message })
  })

  it('with nothing but its name says that', () => {
    expect(said(503, '{}', 'ServiceUnavailableException').message).toBe('ServiceUnavailableException')
  })
})

describe('an exception in the middle of a stream', () => {
  const last = (name: string, payload: string, kind: 'exception' | 'error' = 'exception', headers = {}) =>
    run([{ ...event(name, payload, kind), headers }], home).tokens.at(-1)

  it.each([
    ['internalServerException', 'upstream_server'],
    ['modelStreamErrorException', 'upstream_server'],
    ['serviceUnavailableException', 'upstream_overloaded'],
    ['throttlingException', 'upstream_rate_limit'],
    ['validationException', 'upstream_invalid_request'],
    ['modelTimeoutException', 'upstream_timeout'],
    ['somethingNewException', 'upstream_server'],
  ])('%s is %s', (name, code) => {
    expect(last(name, body)).toMatchObject({
      type: 'error',
      error: { code, message: 'because', upstream: { type: name } },
    })
  })

  it('says what the model said, where it says nothing itself', () => {
    const payload = JSON.stringify({ originalStatusCode: 529, originalMessage: 'overloaded' })
    expect(last('modelStreamErrorException', payload)).toMatchObject({ error: { message: 'overloaded' } })
    expect(last('modelStreamErrorException', 'garbage')).toMatchObject({
      error: { message: 'modelStreamErrorException' },
    })
  })

  it('that the API does not describe says all in its headers', () => {
    const headers = { ':error-message': 'An internal server error occurred' }
    expect(last('500', '', 'error', headers)).toMatchObject({
      error: { code: 'upstream_server', message: 'An internal server error occurred' },
    })
  })
})
