import { expect, it } from 'vitest'
import { call } from '../../src/gateway/upstream/call.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { FakeTransport } from './house.ts'

const question = { method: 'GET' as const, url: 'http://h', headers: {} }

it.each([
  ['before it was asked', true],
  ['while it is asked', false],
])('a question whose client has left %s is taken back', async (_, early) => {
  const transport = new FakeTransport(() => 'hangs')
  const clock = new FakeClock()
  const leaving = new AbortController()
  if (early) leaving.abort()
  const answer = call(transport, question, { clock, timeoutMs: 1e4, maxBytes: 1e4, signal: leaving.signal })
  leaving.abort()
  await expect(answer).rejects.toMatchObject({ code: 'client_closed' })
  expect([transport.aborted, clock.waiting]).toEqual([1, 0])
})
