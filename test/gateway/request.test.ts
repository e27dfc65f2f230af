import { describe, expect, it } from 'vitest'
import { corsHeaders, isPreflight, preflightHeaders } from '../../src/gateway/cors.ts'
import { readRequestBody } from '../../src/gateway/request-body.ts'
import { callerDialect, findEndpoint } from '../../src/gateway/routes.ts'
import { RefusalBody, sniff, WholeBody } from '../../src/gateway/upstream/upstream-body.ts'
import { FakeExchange } from './exchange.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const limit = { bytes: 1e6, timeoutMs: 1000 }

describe('the body of a request', () => {
  it('is kept as it was written, beside what it says', async () => {
    const text = ' {"n":1.50e+02, "a":"é😀"}\n'
    expect(await readRequestBody(new FakeExchange({ body: text }), limit)).toEqual({
      text,
      json: { n: 150, a: 'é😀' },
    })
  })

  it('may begin with a byte order mark, and hold bytes that are no text', async () => {
    expect((await readRequestBody(new FakeExchange({ body: '\ufeff{"a":1}' }), limit)).json).toEqual({ a: 1 })
    const torn = new Uint8Array([...bytes('{"a":"'), 0xff, ...bytes('"}')])
    expect((await readRequestBody(new FakeExchange({ body: torn }), limit)).json).toEqual({ a: '\ufffd' })
  })

  it.each([
    ['', 'the body is empty; send a JSON object'],
    [' \n', 'the body is empty; send a JSON object'],
    ['{"prompt":"my secret"', /^cannot read the request: the body is not JSON \(fault at position 21/],
    ['my secret', /^cannot read the request: the body is not JSON( \(fault at position \d+.*\))?$/],
    ['{"prompt":"my secret",}', /the body is not JSON \(fault at position 22/],
    ['{"prompt":"my\nsecret"}', /the body is not JSON \(fault at position 13/],
    ["{'secret':1}", /the body is not JSON/],
    ['["secret"]', 'the body is JSON, but not an object'],
    ['"secret"', 'the body is JSON, but not an object'],
    ['null', 'the body is JSON, but not an object'],
  ])('%j is refused without a word of it', async (body, message) => {
    const error = await readRequestBody(new FakeExchange({ body }), limit).catch((thrown: unknown) => thrown as Error)
    expect(error).toMatchObject({ code: 'invalid_json', status: 400, message: expect.stringMatching(message) })
    expect(`${(error as Error).message} ${(error as Error).cause ?? ''}`).not.toMatch(/secret|prompt/)
  })
})

describe('what an answer is', () => {
  it.each([
    ['{"id":1}', 'whole'],
    ['[{"error":{}}]', 'whole'],
    ['\r\n\t {', 'whole'],
    ['\ufeff{', 'whole'],
    ['<!doctype html>', 'page'],
    [' <html>', 'page'],
    ['data: {}', 'sse'],
    ['event: x', 'sse'],
    [': OPENROUTER PROCESSING', 'sse'],
    ['\n\ndata: {', 'sse'],
    ['id', 'sse'],
    ['', undefined],
    [' \r\n\t', undefined],
    ['\ufeff', undefined],
  ])('%j: %s', (text, kind) => {
    expect(sniff(bytes(text), ['sse'])).toBe(kind)
  })

  it('is read whole up to a limit', () => {
    const body = new WholeBody(4)
    body.push(bytes('ab'))
    body.push(bytes('cd'))
    expect(new TextDecoder().decode(body.bytes())).toBe('abcd')
    expect(new TextDecoder().decode(body.bytes())).toBe('abcd')
    expect(() => body.push(bytes('e'))).toThrow(expect.objectContaining({ code: 'event_too_large' }))
  })

  it('is cut and no error of its own when it is a refusal', () => {
    const body = new RefusalBody()
    for (let i = 0; i < 10; i++) body.push(bytes('x'.repeat(100_000)))
    expect(body.text()).toBe('x'.repeat(256 * 1024))
  })
})

describe('routes', () => {
  it.each([
    ['POST', '/v1/chat/completions', { operation: 'chat', dialect: 'openai-chat' }],
    ['POST', '/v1/chat/completions/', { operation: 'chat', dialect: 'openai-chat' }],
    ['POST', '/v1/messages', { operation: 'chat', dialect: 'anthropic-messages' }],
    ['POST', '/v1/messages/count_tokens', { operation: 'count', dialect: 'anthropic-messages' }],
    ['GET', '/v1/models', { operation: 'models', dialect: 'openai-chat' }],
    ['HEAD', '/v1/models', { operation: 'models', dialect: 'openai-chat' }],
    ['GET', '/v1/models/', { operation: 'models', dialect: 'openai-chat' }],
    ['GET', '/v1/models/openai/gpt-5', { operation: 'models', dialect: 'openai-chat', model: 'openai/gpt-5' }],
    ['GET', '/v1/models/a%2Fb%20c', { operation: 'models', dialect: 'openai-chat', model: 'a/b c' }],
    ['GET', '/v1/models/50%', { operation: 'models', dialect: 'openai-chat', model: '50%' }],
    ['GET', '/', { operation: 'front', dialect: 'openai-chat' }],
    ['HEAD', '/healthz', { operation: 'health', dialect: 'openai-chat' }],
    ['GET', '/readyz/', { operation: 'ready', dialect: 'openai-chat' }],
    ['POST', '//v1//messages/', { operation: 'chat', dialect: 'anthropic-messages' }],
    ['GET', '//', { operation: 'front', dialect: 'openai-chat' }],
  ])('%s %s', (method, path, endpoint) => {
    expect(findEndpoint(new FakeExchange({ method, path }))).toEqual(endpoint)
  })

  it.each([
    ['POST', '/v1/chat', 'unknown_route', 'cannot find POST /v1/chat: there are '],
    ['GET', '/constructor', 'unknown_route', 'cannot find GET /constructor'],
    ['POST', '/chat/completions', 'unknown_route', 'it is at /v1/chat/completions; correct the base URL of the client'],
    ['POST', '/v1/v1/messages', 'unknown_route', 'it is at /v1/messages; correct the base URL'],
    ['POST', '/messages/count_tokens', 'unknown_route', 'it is at /v1/messages/count_tokens; '],
    ['GET', '/openai/v1/models/', 'unknown_route', 'it is at /v1/models; '],
    ['POST', '/v1/embeddings', 'unknown_route', 'not translated; /raw/<provider>/embeddings takes it to a provider'],
    ['GET', '/v1/files/f1/content', 'unknown_route', '; /raw/<provider>/files/f1/content takes it'],
    ['POST', '/completions', 'unknown_route', '; /raw/<provider>/completions takes it'],
    ['POST', '/v1/messages/batches', 'unknown_route', '; /raw/<provider>/v1/messages/batches takes it'],
    ['POST', '/v1beta/models/m:embedContent', 'unknown_route', '; /raw/<provider>/v1beta/models/m:embedContent takes'],
    ['GET', '/v1beta/cachedContents', 'unknown_route', '; /raw/<provider>/v1beta/cachedContents takes'],
    ['POST', '/api/embed', 'unknown_route', '; /raw/<provider>/api/embed takes'],
    ['POST', '/v1/embedding', 'unknown_route', 'there are POST /v1/chat/completions, '],
    ['POST', '/v1/chat%2Fcompletions', 'unknown_route', 'there are POST /v1/chat/completions, '],
    ['GET', '/v1/chat/completions', 'wrong_method', 'cannot GET /v1/chat/completions: it takes POST'],
    ['POST', '/v1/models/x', 'wrong_method', 'it takes GET'],
    ['DELETE', '/healthz', 'wrong_method', 'it takes GET'],
    ['HEAD', '/v1/messages', 'wrong_method', 'it takes POST'],
  ])('%s %s: %s', (method, path, code, message) => {
    const exchange = new FakeExchange({ method, path })
    expect(() => findEndpoint(exchange)).toThrow(expect.objectContaining({ code }))
    expect(() => findEndpoint(exchange)).toThrow(message)
  })

  it('a path of a thousand slashes holds nobody up, and is not quoted in full', () => {
    const since = performance.now()
    const path = `${'/'.repeat(100_000)}x`
    expect(() => findEndpoint(new FakeExchange({ path }))).toThrow(/^.{0,600}$/)
    expect(performance.now() - since).toBeLessThan(200)
  })

  it.each([
    ['/v1/messages/batches', {}, 'anthropic-messages'],
    ['//v1/messages/batches', {}, 'anthropic-messages'],
    ['/v1/chat/x', { 'anthropic-version': 'x' }, 'openai-chat'],
    ['/v1/models', { 'anthropic-version': 'x' }, 'anthropic-messages'],
    ['/nowhere', {}, 'openai-chat'],
  ])('an error at %s %j is worded in %s', (path, headers, dialect) => {
    expect(callerDialect(new FakeExchange({ path, headers: headers as Record<string, string> }))).toBe(dialect)
  })
})

describe('browsers', () => {
  const page = (headers: Record<string, string>, method = 'OPTIONS') => new FakeExchange({ method, headers })

  it('get nothing unless their origin is let in', () => {
    const exchange = page({ origin: 'https://app.example', 'access-control-request-method': 'POST' })
    expect([corsHeaders(exchange, []), preflightHeaders(exchange, [])]).toEqual([{}, {}])
    // What a cache keeps for one origin is not for another.
    const refused = { vary: 'origin' }
    const origins = ['https://other.example']
    expect([corsHeaders(exchange, origins), preflightHeaders(exchange, origins)]).toEqual([refused, refused])
    expect(corsHeaders(page({}), ['*'])).toEqual(refused)
  })

  it.each([['*'], ['https://app.example']])(
    'let in by %s they may read what happened and send what they need',
    (origin) => {
      const exchange = page({ origin: 'https://app.example', 'access-control-request-headers': 'x-api-key,x-odd' })
      const headers = preflightHeaders(exchange, [origin])
      expect(headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-headers': 'x-api-key,x-odd',
        'access-control-expose-headers': '*',
        vary: 'origin',
      })
      expect(headers['access-control-allow-private-network']).toBeUndefined()
      const near = page({ origin: 'https://app.example', 'access-control-request-private-network': 'true' })
      expect(preflightHeaders(near, [origin])).toMatchObject({ 'access-control-allow-private-network': 'true' })
    },
  )

  it('a preflight is one by its method and its question', () => {
    expect(isPreflight(page({ 'access-control-request-method': 'POST' }))).toBe(true)
    expect(isPreflight(page({}))).toBe(false)
    expect(isPreflight(page({ 'access-control-request-method': 'POST' }, 'POST'))).toBe(false)
  })
})
