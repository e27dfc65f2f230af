import { describe, expect, it } from 'vitest'
import {
  allowsOrigin,
  type Caller,
  ClientKeys,
  isLoopbackHost,
  loopbackCheck,
  shownKeys,
} from '../../src/access/index.ts'

const caller = (headers: Record<string, string>, query = ''): Caller => ({ headers, query: new URLSearchParams(query) })

describe('the key a caller shows', () => {
  it.each<[string, Caller, string | undefined]>([
    ['a bearer', caller({ authorization: 'Bearer sk-1' }), 'sk-1'],
    ['a bearer in small letters, with spaces around it', caller({ authorization: ' bearer   sk-1 ' }), 'sk-1'],
    ['x-api-key', caller({ 'x-api-key': 'sk-1' }), 'sk-1'],
    ['x-goog-api-key', caller({ 'x-goog-api-key': 'sk-1' }), 'sk-1'],
    ['api-key', caller({ 'api-key': 'sk-1' }), 'sk-1'],
    ['the query', caller({}, 'alt=sse&key=sk%2B1'), 'sk+1'],
    ['the bearer first', caller({ authorization: 'Bearer a', 'x-api-key': 'b' }, 'key=c'), 'a'],
    ['another scheme', caller({ authorization: 'Basic c2s=', 'x-api-key': 'b' }), 'b'],
    ['a bearer without a key', caller({ authorization: 'Bearer ', 'x-api-key': 'b' }), 'b'],
    ['an empty header, as some SDKs send it', caller({ 'x-api-key': '', 'x-goog-api-key': 'b' }), 'b'],
    ['an empty header and a query', caller({ 'x-api-key': '' }, 'key=c'), 'c'],
    ['none', caller({ authorization: '' }, 'key='), undefined],
    ['nothing at all', caller({}), undefined],
  ])('%s', (_, from, key) => {
    expect(shownKeys(from)[0]?.key).toBe(key)
  })

  it('one of the known keys is let in, whatever its place in the list', () => {
    const keys = new ClientKeys(['one', 'two', 'schlüssel'])
    for (const key of ['one', 'two', 'schlüssel']) expect(() => keys.check(caller({ 'x-api-key': key }))).not.toThrow()
  })

  it('is let in with a key of its own for the provider beside it', () => {
    const keys = new ClientKeys(['one'])
    const both = caller({ authorization: 'Bearer a-subscription', 'x-api-key': 'one' })
    expect(() => keys.check(both)).not.toThrow()
    expect(shownKeys(both).map(({ key, bearer }) => [bearer, keys.owns(key)])).toEqual([
      [true, false],
      [false, true],
    ])
  })

  it.each<[string, Caller, string]>([
    ['another', caller({ 'x-api-key': 'three' }), 'its client key is not known here'],
    ['the beginning of one', caller({ 'x-api-key': 'on' }), 'its client key is not known here'],
    ['one and more', caller({ 'x-api-key': 'one ' }), 'its client key is not known here'],
    ['none', caller({}), 'it carries no client key; send one as'],
    ['an empty one', caller({ 'x-api-key': '' }), 'it carries no client key; send one as'],
  ])('%s is refused, and no key is quoted', (_, from, message) => {
    const keys = new ClientKeys(['one', 'two'])
    const check = (one: Caller) => keys.check(one)
    expect(() => check(from)).toThrow(expect.objectContaining({ code: 'invalid_key', status: 401 }))
    expect(() => check(from)).toThrow(message)
    expect(() => check(from)).not.toThrow(/three/)
  })
})

describe('what only operators may ask', () => {
  const keys = new ClientKeys(['client', 'both'], [{ name: 'team', key: 'client' }], ['operator', 'other', 'both'])
  const from = (key: string) => caller({ 'x-api-key': key })

  it.each(['operator', 'other', 'both'])('%s may, and anything else as well', (key) => {
    expect(() => keys.checkOperator(from(key))).not.toThrow()
    expect(() => keys.check(from(key))).not.toThrow()
    expect(keys.owns(key)).toBe(true)
  })

  it('is asked with a key for the provider beside it', () => {
    const both = caller({ authorization: 'Bearer a-subscription', 'x-api-key': 'operator' })
    expect(() => keys.checkOperator(both)).not.toThrow()
    const client = caller({ authorization: 'Bearer client' }, 'key=operator')
    expect(() => keys.checkOperator(client)).not.toThrow()
  })

  it.each<[string, Caller, object]>([
    ['a client key', from('client'), { code: 'operator_only', status: 403, message: /carries a client key; send one/ }],
    ['a client key and another', caller({ 'x-api-key': 'client' }, 'key=x'), { code: 'operator_only' }],
    ['an unknown key', from('operato'), { code: 'invalid_key', status: 401, message: /its operator key is not known/ }],
    ['none', caller({}), { code: 'invalid_key', status: 401, message: /it carries no operator key; send one as/ }],
  ])('%s is not enough, and no key is quoted', (_, one, { message = /./, ...error }: { message?: RegExp }) => {
    expect(() => keys.checkOperator(one)).toThrow(expect.objectContaining(error))
    expect(() => keys.checkOperator(one)).toThrow(message)
    expect(() => keys.checkOperator(one)).not.toThrow(/operato"|operator"|team/)
  })

  it.each([
    ['a client key', from('one')],
    ['another', from('two')],
    ['none', caller({})],
  ])('where there are no operator keys %s is told to set some', (_, one) => {
    const check = () => new ClientKeys(['one']).checkOperator(one)
    expect(check).toThrow(expect.objectContaining({ code: 'operator_only', status: 403 }))
    expect(check).toThrow(/there are no operator keys; set \[access\] operator_keys$/)
  })
})

describe('without client keys', () => {
  const check = loopbackCheck(['https://app.example'])

  it.each([
    ['curl', {}],
    ['a name', { host: 'localhost:4114' }],
    ['a name in capitals', { host: 'LocalHost:4114' }],
    ['a name with its dot', { host: 'localhost.:4114' }],
    ['a name below it', { host: 'sluice.localhost' }],
    ['IPv4', { host: '127.0.0.1:4114' }],
    ['all of 127/8', { host: '127.8.9.10' }],
    ['IPv6', { host: '[::1]:4114' }],
    ['a page of this machine', { host: '127.0.0.1', origin: 'http://localhost:3000' }],
    ['a page of this machine by IPv6', { host: '127.0.0.1', origin: 'http://[::1]:3000' }],
    ['a page that the configuration lets in', { host: '127.0.0.1', origin: 'https://app.example' }],
  ])('may call: %s', (_, headers) => {
    expect(() => check(caller(headers as Record<string, string>))).not.toThrow()
  })

  it.each([
    ['a web page', { host: '127.0.0.1', origin: 'https://evil.example' }],
    ['a page without an origin of its own', { host: '127.0.0.1', origin: 'null' }],
    ['an empty origin', { host: '127.0.0.1', origin: '' }],
    ['a name that begins like ours', { host: '127.0.0.1', origin: 'http://localhost.evil.example' }],
    ['a name that ends like ours', { host: '127.0.0.1', origin: 'http://evillocalhost' }],
    ['a user that is called like ours', { host: '127.0.0.1', origin: 'http://localhost@evil.example' }],
    ['an allowed page by another scheme', { host: '127.0.0.1', origin: 'http://app.example' }],
    ['an allowed page by another port', { host: '127.0.0.1', origin: 'https://app.example:8443' }],
    ['a page below an allowed one', { host: '127.0.0.1', origin: 'https://x.app.example' }],
    ['a name that was made to point here', { host: 'evil.example' }],
    ['with our port', { host: 'evil.example:4114' }],
    ['a name with our address in it', { host: '127.0.0.1.evil.example' }],
    ['a name that ends in our address', { host: 'evil-127.0.0.1' }],
    ['a name behind our port', { host: 'localhost:4114.evil.example' }],
    ['an address of the network', { host: '192.168.1.7:4114' }],
    ['every address', { host: '0.0.0.0:4114' }],
    ['half a bracket', { host: '[::1' }],
    ['brackets around something else', { host: '[evil.example]:80' }],
    ['an empty host', { host: '' }],
  ])('may not call: %s', (_, headers) => {
    expect(() => check(caller(headers))).toThrow(expect.objectContaining({ code: 'origin_refused', status: 403 }))
  })

  it('a page can be let in by name or with all others, its Host is checked all the same', () => {
    expect(() => loopbackCheck(['*'])(caller({ host: 'localhost', origin: 'https://evil.example' }))).not.toThrow()
    expect(() => loopbackCheck(['*'])(caller({ host: 'evil.example' }))).toThrow('its Host is "evil.example"')
    expect(() => check(caller({ host: 'x'.repeat(9999) }))).toThrow(/^.{0,300}$/)
    expect(allowsOrigin([], 'https://app.example')).toBe(false)
  })

  it.each([
    ['::1', true],
    ['[::1]', true],
    ['::ffff:127.0.0.1', true],
    ['::2', false],
    ['128.0.0.1', false],
    ['127.0.0', false],
    ['localhost.example', false],
    ['', false],
  ])('isLoopbackHost %j: %s', (name, is) => {
    expect(isLoopbackHost(name)).toBe(is)
  })
})
