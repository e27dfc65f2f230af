import { describe, expect, it } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { Answer } from '../../src/gateway/answer.ts'
import type { Chunk } from '../../src/gateway/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { FakeExchange, textOf } from './exchange.ts'

/** An exchange that takes down each call, and whose client can be slow. */
class SlowExchange extends FakeExchange {
  readonly calls: string[] = []
  slow = false
  #drain: () => void = () => {}

  override start(status: number, headers: Record<string, string>): void {
    super.start(status, headers)
    this.calls.push(`head ${status}`)
  }
  override write(chunk: Chunk): boolean {
    super.write(chunk)
    this.calls.push(`write ${textOf(chunk)}`)
    return !this.slow
  }
  override respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void {
    this.status = status
    this.sent = headers
    this.calls.push(`respond ${status} ${body}`)
  }
  override end(): void {
    this.calls.push('end')
  }
  override onDrain(callback: () => void): void {
    this.#drain = callback
  }
  drain(): void {
    this.slow = false
    this.#drain()
  }
}

function answering(statusCeilingMs = 10_000) {
  const clock = new FakeClock()
  const exchange = new SlowExchange()
  const flow: boolean[] = []
  const { client } = dialects['anthropic-messages']
  const answer = new Answer({
    exchange,
    client,
    clock,
    requestId: 'req_1',
    headers: () => ({ 'x-sluice-request-id': 'req_1', 'x-at': String(clock.now()) }),
    heartbeatMs: 15_000,
    statusCeilingMs,
    onFlow: (flowing) => flow.push(flowing),
  })
  return { answer, clock, exchange, flow, heartbeat: `write ${client.heartbeat}` }
}
const error = new SluiceError('upstream_overloaded', 'too many')

describe('what a client gets', () => {
  it('one head with the first event, whole events, one end', () => {
    const { answer, clock, exchange } = answering()
    answer.expectStream()
    clock.pass(7)
    answer.write('')
    expect([exchange.calls, answer.status]).toEqual([[], 0])
    answer.write('a')
    answer.write([new TextEncoder().encode('b')])
    answer.end()
    answer.end()
    answer.write('c')
    answer.fail(error, {}, () => 'd')
    answer.respond(200, {}, 'e')
    expect([exchange.calls, answer.status, answer.isOver]).toEqual([
      ['head 200', 'write a', 'write b', 'end'],
      200,
      true,
    ])
    expect(exchange.sent).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-at': '7',
    })
    expect(clock.waiting).toBe(0)
  })

  it('a head and a sign of life at the ceiling, and one after each silence of ours', () => {
    const { answer, clock, exchange, heartbeat } = answering()
    answer.expectStream()
    clock.pass(9999)
    expect(exchange.calls).toEqual([])
    clock.pass(1)
    expect(exchange.calls).toEqual(['head 200', heartbeat])
    clock.pass(14_000)
    answer.write('a')
    clock.pass(14_999)
    expect(exchange.calls.slice(2)).toEqual(['write a'])
    clock.pass(1)
    expect(exchange.calls.slice(3)).toEqual([heartbeat])
    clock.pass(30_000)
    expect(exchange.calls.slice(4)).toEqual([heartbeat, heartbeat])
    answer.end()
    clock.pass(1e6)
    expect(exchange.calls.slice(6)).toEqual(['end'])
  })

  it.each([
    ['content came first', (answer: Answer) => answer.write('a'), ['head 200', 'write a']],
    ['the answer came whole', (answer: Answer) => answer.respond(200, {}, 'x'), ['respond 200 x']],
    ['the client has left', (answer: Answer) => answer.abandon(), []],
  ])('nothing at the ceiling when %s', (_, step, calls) => {
    const { answer, clock, exchange } = answering()
    answer.expectStream()
    step(answer)
    clock.pass(12_000)
    expect(exchange.calls).toEqual(calls)
  })

  it('no head before its content when the ceiling is switched off, or no stream was asked for', () => {
    const off = answering(Number.POSITIVE_INFINITY)
    off.answer.expectStream()
    const whole = answering()
    for (const { clock, exchange } of [off, whole]) {
      clock.pass(1e7)
      expect(exchange.calls).toEqual([])
    }
  })

  it('an error with its true status before the head, in the words of its dialect', () => {
    const { answer, exchange } = answering()
    answer.expectStream()
    answer.fail(error, { 'retry-after': '3' }, () => 'never')
    expect(exchange.calls).toEqual([expect.stringMatching(/^respond 529 .*"overloaded_error".*too many/)])
    expect(exchange.sent).toMatchObject({
      'content-type': 'application/json',
      'retry-after': '3',
      'x-sluice-request-id': 'req_1',
    })
    expect(answer.status).toBe(529)
  })

  it('an error inside the stream after the head, and then the end', () => {
    const { answer, clock, exchange, heartbeat } = answering()
    answer.expectStream()
    clock.pass(10_000)
    answer.fail(error, {}, () => 'broken')
    answer.fail(error, {}, () => 'again')
    expect(exchange.calls).toEqual(['head 200', heartbeat, 'write broken', 'end'])
  })

  it('no empty piece, which would end an HTTP/1.1 body', () => {
    const { answer, exchange } = answering()
    answer.write('a')
    answer.write([])
    answer.fail(error, {}, () => '')
    expect(exchange.calls).toEqual(['head 200', 'write a', 'end'])
  })
})

describe('a client that does not read', () => {
  it('holds the upstream back once, and lets it go once', () => {
    const { answer, exchange, flow } = answering()
    exchange.slow = true
    answer.write('a')
    answer.write('b')
    expect(flow).toEqual([false])
    exchange.drain()
    expect(flow).toEqual([false, true])
    exchange.slow = true
    answer.write('c')
    expect(flow).toEqual([false, true, false])
    answer.end()
    exchange.drain()
    expect(flow).toEqual([false, true, false])
  })

  it('that is told of twice, or of another answer on its connection, lets nothing more go', () => {
    const { answer, exchange, flow } = answering()
    answer.write('a')
    exchange.drain()
    expect(flow).toEqual([])
    exchange.slow = true
    answer.write('b')
    exchange.drain()
    exchange.drain()
    expect(flow).toEqual([false, true])
  })

  it('gets no signs of life on top, and gets them again when it reads', () => {
    const { answer, clock, exchange, heartbeat } = answering()
    exchange.slow = true
    answer.write('a')
    clock.pass(60_000)
    expect(exchange.calls).toEqual(['head 200', 'write a'])
    exchange.drain()
    clock.pass(15_000)
    expect(exchange.calls.slice(2)).toEqual([heartbeat])
  })
})
