import { expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { isUnsent } from '../../src/gateway/upstream/unsent.ts'

const because = (code: string): Error => Object.assign(new Error(code), { code })
const unreachable = (cause?: Error) => new SluiceError('upstream_unreachable', 'no way', cause && { cause })

it.each([
  ['nothing listens there', unreachable(because('ECONNREFUSED'))],
  ['nothing listens at any of its addresses', unreachable(new AggregateError([because('ECONNREFUSED')]))],
  ['its name is unknown', unreachable(because('ENOTFOUND'))],
  ['there is no connection in time', new SluiceError('connect_timeout', 'too late')],
])('a provider has taken nothing where %s', (_, error) => {
  expect(isUnsent(error)).toBe(true)
})

it.each([
  ['the connection was closed', unreachable(because('ECONNRESET'))],
  ['the way to it was lost', unreachable(because('EHOSTUNREACH'))],
  ['nobody knows why', unreachable()],
  ['its answer broke off', new SluiceError('upstream_truncated', 'half', { cause: because('ECONNREFUSED') })],
])('a provider may have taken it where %s', (_, error) => {
  expect(isUnsent(error)).toBe(false)
})
