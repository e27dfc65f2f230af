import { describe, expect, it } from 'vitest'
import { ClientKeys } from '../../src/access/index.ts'
import type { Warning } from '../../src/dialects/index.ts'
import { headersBack, retryAfterMs, upstreamHeaders, warningsHeader } from '../../src/gateway/headers.ts'
import { defineProvider, type ProviderOptions } from '../../src/providers/index.ts'
import { FakeExchange } from './exchange.ts'

function sent(
  options: ProviderOptions,
  headers: Record<string, string>,
  encoded: Record<string, string> = {},
  query = '',
) {
  return upstreamHeaders(
    new FakeExchange({ headers, query }),
    defineProvider(options),
    encoded,
    new ClientKeys(['ours-1', 'ours-2']),
  )
}
const anthropic: ProviderOptions = { name: 'anthropic', api_keys: ['sk-a', 'sk-b'] }
const openai: ProviderOptions = { name: 'openai', api_keys: ['sk-o'] }

describe('headers to a provider', () => {
  it("carry the provider's key and never the client's, nor anything else of the client's", () => {
    const client = {
      authorization: 'Bearer client',
      'x-api-key': 'client',
      'x-goog-api-key': 'client',
      cookie: 'client',
      host: 'client',
      'content-length': '7',
      'accept-encoding': 'gzip',
      'user-agent': 'client',
      'x-stainless-lang': 'js',
      'x-forwarded-for': '10.0.0.1',
      origin: 'http://client',
      'openai-organization': 'org',
      'anthropic-beta': 'b',
    }
    const basic = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
    }
    expect(sent(anthropic, client)).toEqual({ ...basic, 'x-api-key': 'sk-a', 'anthropic-beta': 'b' })
    expect(sent(openai, client)).toEqual({ ...basic, authorization: 'Bearer sk-o', 'openai-organization': 'org' })
    const other: ProviderOptions = { name: 'other', dialect: 'openai-chat', base_url: 'http://h' }
    expect(sent(other, client)).toEqual(basic)
  })

  it.each([
    [{ 'anthropic-beta': 'a,b' }, { 'anthropic-beta': ' b , c,, a' }, 'a,b,c'],
    [{}, { 'anthropic-beta': 'c' }, 'c'],
    [{ 'anthropic-beta': 'a' }, {}, 'a'],
  ])('join the beta flags of both sides: %j %j', (encoded, client, flags) => {
    expect(sent(anthropic, client as Record<string, string>, encoded as Record<string, string>)['anthropic-beta']).toBe(
      flags,
    )
  })

  it('take the version that the client asks for before our own', () => {
    const encoded = { 'anthropic-version': '2023-06-01' }
    expect(sent(anthropic, {}, encoded)['anthropic-version']).toBe('2023-06-01')
    expect(sent(anthropic, { 'anthropic-version': '2024-01-01' }, encoded)['anthropic-version']).toBe('2024-01-01')
  })

  it('of the configuration come before ours', () => {
    const headers = sent({ ...openai, headers: { 'User-Agent': 'team', 'X-Team': 'a' } }, {})
    expect(headers).toMatchObject({ 'user-agent': 'team', 'x-team': 'a' })
  })

  const own: Pick<ProviderOptions, 'api_keys' | 'auth'> = { api_keys: ['ours'], auth: 'client' }
  it.each<[string, ProviderOptions, Record<string, string>, string, object]>([
    [
      'a subscription token goes on as one',
      { ...anthropic, ...own },
      { authorization: 'Bearer t' },
      '',
      { authorization: 'Bearer t' },
    ],
    ['a key goes on as one', { ...anthropic, ...own }, { 'x-api-key': 'k' }, '', { 'x-api-key': 'k' }],
    [
      'a key in the query is put where the provider reads it',
      { ...anthropic, ...own },
      {},
      'key=k',
      { 'x-api-key': 'k' },
    ],
    [
      'a key is put where the provider reads it',
      { ...openai, ...own },
      { 'x-api-key': 'k' },
      '',
      { authorization: 'Bearer k' },
    ],
    [
      'a header that is no bearer is no token',
      { ...anthropic, ...own },
      { authorization: 'Basic x', 'x-api-key': 'k' },
      '',
      { 'x-api-key': 'k' },
    ],
    [
      'the key that opens sluice stays here',
      { ...anthropic, ...own },
      { authorization: 'Bearer ours-1', 'x-api-key': 'k' },
      '',
      { 'x-api-key': 'k' },
    ],
  ])("of the caller's own key: %s", (_, options, client, query, wanted) => {
    const headers = sent(options, client, {}, query)
    const shown = Object.fromEntries(
      Object.entries(headers).filter(([name]) => ['authorization', 'x-api-key'].includes(name)),
    )
    expect(shown).toEqual(wanted)
  })

  it('a key that no header can carry is the fault of whoever sent it, not of the provider', () => {
    const provider = defineProvider({ name: 'anthropic', auth: 'client' })
    const exchange = new FakeExchange({ query: 'key=a%0d%0ax-evil:%201' })
    expect(() => upstreamHeaders(exchange, provider, {}, new ClientKeys([]))).toThrow(
      expect.objectContaining({ code: 'invalid_key', message: expect.not.stringContaining('evil') }),
    )
  })

  it("without the caller's own key nobody is called", () => {
    for (const client of [{}, { authorization: 'Bearer ours-2' }] as Record<string, string>[]) {
      expect(() => sent({ ...openai, ...own }, client)).toThrow(expect.objectContaining({ code: 'invalid_key' }))
    }
  })
})

describe('headers back to the client', () => {
  it('are those that tell of limits, waiting and ids, and no others', () => {
    const told = {
      'retry-after': '3',
      'retry-after-ms': '2500',
      'x-request-id': 'r',
      'request-id': 'r',
      'openai-processing-ms': '7',
      'x-ratelimit-remaining-requests': '1',
      'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:00Z',
    }
    const kept = {
      'set-cookie': 'a=b',
      'content-type': 'x',
      'content-encoding': 'br',
      'content-length': '1',
      'transfer-encoding': 'chunked',
      'openai-organization': 'org',
      'x-ratelimit-': 'x',
      connection: 'close',
      server: 'x',
    }
    expect(headersBack({ ...told, ...kept })).toEqual(told)
  })

  it('with a value that no server may send on are left out', () => {
    expect(headersBack({ 'x-request-id': 'a\r\nset-cookie: b', 'request-id': 'ключ', 'retry-after': 'é\t' })).toEqual({
      'retry-after': 'é\t',
    })
  })

  const size = (headers: Record<string, string>): number =>
    Object.entries(headers).reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0)

  it('leave out what would cost the client its answer, and keep what it needs', () => {
    const long = 'x'.repeat(1025)
    expect(headersBack({ 'x-request-id': long, 'request-id': 'r', 'retry-after': '0'.repeat(2000) })).toEqual({
      'request-id': 'r',
    })
    const limits = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x-ratelimit-${i}`, 'v'.repeat(30)]))
    const back = headersBack({
      ...limits,
      'x-request-id': 'r',
      'retry-after': '3',
      'x-sluice-warnings': 'seed;dropped',
    })
    expect(back).toMatchObject({ 'x-request-id': 'r', 'retry-after': '3', 'x-sluice-warnings': 'seed;dropped' })
    expect(back['x-ratelimit-0']).toBeDefined()
    expect(size(back)).toBeLessThanOrEqual(4096)
    expect(size(back)).toBeGreaterThan(4000)
    expect(headersBack({ [`x-ratelimit-${'n'.repeat(5000)}`]: '1', 'x-ratelimit-a': '1' })).toEqual({
      'x-ratelimit-a': '1',
    })
  })

  it('with more warnings than there is room for say that there were others', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `messages[${i}].name;dropped`).join(', ')
    const told = headersBack({ 'x-sluice-warnings': many })['x-sluice-warnings'] ?? ''
    expect(told.length).toBeLessThanOrEqual(1024)
    expect(told.length).toBeGreaterThan(900)
    expect(told).toMatch(/^messages\[0\]\.name;dropped, (messages\[\d+\]\.name;dropped, )+others;dropped$/)
    expect(headersBack({ 'x-sluice-warnings': 'w'.repeat(5000) })).toEqual({ 'x-sluice-warnings': 'others;dropped' })
  })

  const now = Date.parse('2026-11-20T10:00:00Z')
  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '0.0' }, undefined],
    [{ 'retry-after': ' ' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': 'Infinity' }, undefined],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' }, undefined],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:00:00 GMT' }, undefined],
    [{ 'retry-after': '1, 2' }, undefined],
    [{ 'retry-after': '12, 2099' }, undefined],
    [{ 'retry-after': `1e${'9'.repeat(300)}` }, undefined],
    [{ 'retry-after': '1e300' }, 366 * 24 * 3_600_000],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'x', 'retry-after': '9' }, 9000],
    [{ 'retry-after-ms': '-5', 'retry-after': '9' }, 9000],
    [{ 'retry-after-ms': '0' }, undefined],
    [{ 'retry-after-ms': '0', 'retry-after': '9' }, 9000],
    [{ 'retry-after-ms': '' }, undefined],
  ])('%j: wait %s ms', (headers, ms) => {
    expect(retryAfterMs(headers, now)).toBe(ms)
  })
})

describe('the header of warnings', () => {
  const drop = (field: string): Warning => ({ field, action: 'dropped', reason: 'secret words' })

  it.each<[string, Warning[], string | undefined]>([
    ['none', [], undefined],
    ['one', [drop('seed')], 'seed;dropped'],
    [
      'each once',
      [drop('seed'), drop('messages[2].name'), drop('seed'), { field: 'seed', action: 'changed' }],
      'seed;dropped, messages[2].name;dropped, seed;changed',
    ],
    [
      'names that are no header text',
      [drop('a b;c,d\r\nx: y'), drop('ключ'), drop('😀')],
      'a_b_c_d__x:_y;dropped, ____;dropped, __;dropped',
    ],
    [
      'an action that plain JavaScript has made up',
      [{ field: 'seed', action: 'chan\r\nx: y, z;' as 'changed' }, drop('n')],
      'seed;chan__x:_y__z_, n;dropped',
    ],
  ])('%s', (_, warnings, header) => {
    expect(warningsHeader(warnings)).toBe(header)
  })

  it.each([
    ['many', Array.from({ length: 5000 }, (_, i) => drop(`messages[${i}].name`))],
    ['one that is endless', [drop('x'.repeat(100_000))]],
    ['one that is endless after another', [drop('seed'), drop('x'.repeat(100_000)), drop('n')]],
  ])('stays within 2 KB and says that there are others: %s', (_, warnings) => {
    const header = warningsHeader(warnings)!
    expect(header.length).toBeLessThanOrEqual(2048)
    expect(header).toMatch(/^[\x21-\x7e]+;(dropped|changed)(, [\x21-\x7e]+;(dropped|changed))*$/)
    expect(header.endsWith('others;dropped')).toBe(true)
  })
})
