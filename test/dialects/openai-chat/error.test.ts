import { describe, expect, it } from 'vitest'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { type ErrorCode, errorCodes, SluiceError } from '../../../src/errors/index.ts'

const read = (status: number, body: unknown) =>
  openaiChat.upstream.decodeError(status, typeof body === 'string' ? body : JSON.stringify(body))
const error = (fields: object) => ({ error: { message: 'm', ...fields } })

describe('the error answer of a provider', () => {
  it.each<[number, unknown, ErrorCode, string]>([
    [400, error({ type: 'invalid_request_error', param: 'temperature' }), 'upstream_invalid_request', 'm'],
    [400, error({ code: 'context_length_exceeded' }), 'upstream_context_length', 'm'],
    [400, error({ type: 'exceed_context_size_error' }), 'upstream_context_length', 'm'],
    [413, { error: { message: 'maximum context is 8192' } }, 'upstream_context_length', 'maximum context is 8192'],
    [
      400,
      error({ code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } }),
      'upstream_content_policy',
      'm',
    ],
    [403, error({ message: 'flagged by moderation' }), 'upstream_content_policy', 'flagged by moderation'],
    [401, error({ code: 'invalid_api_key' }), 'upstream_auth', 'm'],
    [401, { statusCode: 401, message: 'Access denied' }, 'upstream_auth', 'Access denied'],
    [403, error({}), 'upstream_auth', 'm'],
    [402, error({ code: 402 }), 'upstream_billing', 'm'],
    [429, error({ code: 'insufficient_quota' }), 'upstream_billing', 'm'],
    [429, error({ type: 'tokens', code: 'rate_limit_exceeded' }), 'upstream_rate_limit', 'm'],
    [404, error({ code: 'model_not_found' }), 'upstream_not_found', 'm'],
    [408, error({}), 'upstream_timeout', 'm'],
    [
      422,
      { detail: [{ loc: ['body', 'n'], msg: 'too big', type: 'x' }] },
      'upstream_invalid_request',
      'body.n too big',
    ],
    [422, { detail: 'no' }, 'upstream_invalid_request', 'no'],
    [500, { errors: [{ message: 'a' }] }, 'upstream_server', 'a'],
    [502, '<html><style>b{}</style><h1>Bad  gateway</h1></html>', 'upstream_server', 'Bad gateway'],
    [503, { error: 'loading' }, 'upstream_overloaded', 'loading'],
    [529, error({}), 'upstream_overloaded', 'm'],
    [500, [{ error: { message: 'x' } }], 'upstream_server', 'x'],
    [502, error({ metadata: { raw: 'the true reason' } }), 'upstream_server', 'm: the true reason'],
    [400, { code: 'bad', error: 'flat text' }, 'upstream_invalid_request', 'flat text'],
    [500, '', 'upstream_server', 'the provider gave no reason for its error (HTTP 500)'],
    [500, 'null', 'upstream_server', 'the provider gave no reason for its error (HTTP 500)'],
  ])('%i %j', (status, body, code, message) => {
    const found = read(status, body)
    expect([found.code, found.message, found.upstream?.status]).toEqual([code, message, status])
  })

  it('keeps the words of the provider for a client that knows them, and its own 4xx', () => {
    const found = read(422, error({ type: 'invalid_request_error', code: 'invalid_value', param: 'n' }))
    expect(openaiChat.client.encodeError(found, 'r')).toEqual({
      status: 422,
      body: { error: { message: 'm', type: 'invalid_request_error', param: 'n', code: 'invalid_value' } },
    })
  })

  it('does not tell a client that its key is wrong when ours is', () => {
    const { status, body } = openaiChat.client.encodeError(read(401, error({ code: 'invalid_api_key' })), 'r')
    expect(status).toBe(502)
    expect(JSON.stringify(body)).not.toContain('invalid_api_key')
  })
})

describe('an error for a client', () => {
  it.each(Object.keys(errorCodes) as ErrorCode[])('%s has a type, a code and a status that clients know', (code) => {
    const { status, body } = openaiChat.client.encodeError(new SluiceError(code, 'm', { param: 'p' }), 'r')
    expect(body).toEqual({ error: { message: 'm', type: expect.any(String), param: 'p', code: expect.any(String) } })
    expect(status).toBe(errorCodes[code].status)
  })

  it.each([
    ['upstream_context_length', 'invalid_request_error', 'context_length_exceeded'],
    ['invalid_key', 'invalid_request_error', 'invalid_api_key'],
    ['unknown_model', 'invalid_request_error', 'model_not_found'],
    ['upstream_overloaded', 'service_unavailable_error', 'server_is_overloaded'],
    ['upstream_truncated', 'server_error', 'upstream_truncated'],
  ] as const)('%s is worded as the API words it', (code, type, word) => {
    expect(openaiChat.client.encodeError(new SluiceError(code, 'm'), 'r').body.error).toMatchObject({
      type,
      code: word,
    })
  })

  it('never has the status 529', () => {
    expect(
      openaiChat.client.encodeError(new SluiceError('upstream_overloaded', 'm', { status: 529 }), 'r').status,
    ).toBe(503)
  })
})

describe('the address', () => {
  it.each([
    ['https://api.example', 'https://api.example/v1/chat/completions'],
    ['https://api.example/', 'https://api.example/v1/chat/completions'],
    ['https://api.example/v1', 'https://api.example/v1/chat/completions'],
    ['https://api.example/api/v1//', 'https://api.example/api/v1/chat/completions'],
    ['http://127.0.0.1:8000/openai?api-version=1', 'http://127.0.0.1:8000/openai/chat/completions?api-version=1'],
  ])('%s', (base, url) => {
    expect(openaiChat.upstream.endpoint(base, 'chat')).toBe(url)
    expect(openaiChat.upstream.endpoint(base, 'models')).toBe(url.replace('chat/completions', 'models'))
  })
})
