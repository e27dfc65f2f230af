import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { type ChatRequest, requestFault, type StreamToken, tokenFault } from '../../src/tokens/index.ts'
import { arbitraryRequest } from '../properties/arbitrary-request.ts'
import { arbitraryTokens } from '../properties/arbitrary-tokens.ts'

const at = { choice: 0, index: 0 }
const nothing = {} as ChatRequest

describe('a token', () => {
  it('of a stream is one', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        for (const token of tokens)
          expect([tokenFault(token), tokenFault(token, false)]).toEqual([undefined, undefined])
      }),
    )
  })

  it.each<StreamToken>([
    { type: 'error', error: new SluiceError('internal', 'x') },
    { type: 'raw', dialect: 'd', event: 'e', data: '{"a":\n1}' },
    { type: 'raw', dialect: 'd', data: '' },
    { type: 'usage', usage: { input: 1, serverTools: { a: 1 }, tier: 't', cost: { amount: 1, unit: 'USD' } } },
    { type: 'hosted-result', ...at, dialect: 'd', block: { a: [null, { b: undefined }] } },
    { type: 'metadata', dialect: 'd', choice: 1, fields: {} },
    { type: 'finish', choice: 0, reason: 'stop', details: [1] },
  ])('%j is one', (token) => {
    expect(tokenFault(token)).toBeUndefined()
  })

  it.each<[unknown, string]>([
    [undefined, 'missing is no token'],
    [[], 'a list is no token'],
    [10n, '10 is no token'],
    [{}, 'there is no token of type missing'],
    [{ type: 'toString' }, 'there is no token of type "toString"'],
    [{ type: 'tool-call-start', ...at, id: 'c', kind: 'function' }, 'tool-call-start: `name` is missing'],
    [{ type: 'tool-call-delta', ...at, arguments: {} }, 'tool-call-delta: `arguments` is an object'],
    [{ type: 'text-start', choice: 0.5, index: 0 }, 'text-start: `choice` is 0.5'],
    [{ type: 'media-delta', ...at, data: 5 }, 'media-delta: `data` is 5'],
    [{ type: 'finish', choice: 0, reason: 'done' }, 'finish: `reason` is "done"'],
    [{ type: 'usage', usage: { input: Number.NaN } }, 'usage: `usage` is an object (`input` is NaN)'],
    [{ type: 'usage', usage: { input: '5' } }, 'usage: `usage` is an object'],
    [{ type: 'raw', dialect: 'd', data: 'no json' }, 'raw: `data` is "no json"'],
    [{ type: 'raw', dialect: 'd', event: 'a\nb', data: '1' }, 'raw: `event` is "a\\nb"'],
    [{ type: 'citation', ...at, dialect: 'd', citation: { a: new Uint8Array(1) } }, '`a` holds bytes'],
    [{ type: 'error', error: 'x' }, 'error: `error` is "x"'],
  ])('%o is none: %s', (token, fault) => {
    expect(tokenFault(token)).toContain(fault)
  })
})

describe('a request', () => {
  it('that was decoded is one, also where all of it is new', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        expect(requestFault(request, nothing)).toBeUndefined()
      }),
    )
  })

  it('is looked at only where it is new: what a client has sent was judged before', () => {
    const odd = { role: 'odd' } as never
    const given = { ...sound, messages: [odd], verbosity: 5 as never }
    expect(requestFault({ ...given, maxOutput: 5 }, given)).toBeUndefined()
    expect(requestFault({ ...given, messages: [odd, ...sound.messages] }, given)).toBeUndefined()
    expect(requestFault({ ...given, messages: [{ role: 'odd' }] }, given)).toContain('`messages[0].role`')
  })

  it('that is deeper than any stack does not overflow it', () => {
    let deep: object = {}
    for (let i = 0; i < 100_000; i++) deep = { deep }
    const withFields = (fields: object) => ({ ...sound, extra: { dialect: 'd', fields } }) as ChatRequest
    expect(requestFault(withFields({ deep }), sound)).toBeUndefined()
    expect(requestFault(withFields({ deep, wrong: 1n }), sound)).toBe('`extra.fields.wrong` is a bigint')
  })
})

const sound: ChatRequest = {
  model: 'm',
  stream: true,
  system: [],
  messages: [{ role: 'user', parts: [] }],
  tools: [],
  sampling: {},
  extra: { dialect: 'd', fields: {} },
}
