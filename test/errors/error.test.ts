import { describe, expect, it } from 'vitest'
import { BareError, type ErrorCode, errorCodes, SluiceError } from '../../src/errors/index.ts'

const codes = Object.keys(errorCodes) as ErrorCode[]

describe('the table of codes', () => {
  it.each(codes)('%s: a status of HTTP, a sentence, and no retry of what cannot change', (code) => {
    const { status, means, kind, retry } = errorCodes[code]
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
    expect(means).toMatch(/^(sluice|[A-Z]).*\.$/)
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    if (['invalid_request', 'auth', 'permission', 'not_found', 'too_large', 'billing', 'aborted'].includes(kind)) {
      expect(retry).toBe(false)
    }
  })
})

describe('SluiceError', () => {
  it('takes status, kind and retry from the table', () => {
    const error = new SluiceError('upstream_rate_limit', 'slow down')
    const { code, kind, status, retry, message, name, param } = error
    expect({ code, kind, status, retry, message, name, param }).toEqual({
      code: 'upstream_rate_limit',
      kind: 'rate_limit',
      status: 429,
      retry: true,
      message: 'slow down',
      name: 'SluiceError',
      param: undefined,
    })
    expect(error).toBeInstanceOf(Error)
    expect('cause' in error).toBe(false)
  })

  it('keeps what it is told beyond the table', () => {
    const cause = new Error('socket hang up')
    const upstream = { status: 422, type: 'x', requestId: 'r' }
    const options = { status: 422, param: 'n', details: { a: 1 }, retryAfterMs: 5, upstream, cause }
    expect(new SluiceError('upstream_invalid_request', 'm', options)).toMatchObject(options)
  })

  it('is recognised across two installed copies of the package', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('sluice.error')]: true, code: 'internal' })
    expect([foreign, new SluiceError('internal', 'x')].map(SluiceError.is)).toEqual([true, true])
    expect([new Error('x'), { code: 'internal' }, null, undefined, 'internal'].map(SluiceError.is)).toEqual(
      Array(5).fill(false),
    )
  })

  it('instanceof knows what `is` knows, and a class made from it asks for its own instances', () => {
    class Mine extends SluiceError {}
    const foreign = Object.assign(new Error('x'), { [Symbol.for('sluice.error')]: true, code: 'internal' })
    const { status, kind, retry } = errorCodes.internal
    const bare = new BareError({ code: 'internal', status, kind, retry }, 'x')
    const all = [new SluiceError('internal', 'x'), new Mine('internal', 'x'), bare, foreign, new Error('x'), null, 'x']
    expect(all.map((value) => value instanceof SluiceError)).toEqual([true, true, true, true, false, false, false])
    expect(all.map((value) => value instanceof Mine)).toEqual([false, true, false, false, false, false, false])
  })

  it.each<[string, unknown, string]>([
    ['an error', new TypeError('boom'), 'boom'],
    ['a text', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
  ])('wraps whatever was thrown: %s', (_, thrown, message) => {
    const error = SluiceError.from(thrown)
    expect([error.code, error.message, error.cause]).toEqual(['internal', message, thrown])
    expect(SluiceError.from(thrown, 'upstream_protocol').code).toBe('upstream_protocol')
  })

  it('does not wrap itself', () => {
    const error = new SluiceError('draining', 'x')
    expect(SluiceError.from(error, 'internal')).toBe(error)
  })
})
