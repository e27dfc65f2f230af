import { describe, expect, it } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { Answer } from '../../src/gateway/answer.ts'
import type { Chunk } from '../../src/gateway/index.ts'
import { MemoryBudget } from '../../src/pipeline/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { FakeExchange, textOf } from './exchange.ts'

/** An exchange that takes down each call, and whose client can be slow: each piece that it does not take is 20 KB. */
class SlowExchange extends FakeExchange {
  readonly calls: string[] = []
  slow = false
  override pending = 0
  #taken: Array<() => void> = []

  override start(status: number, headers: Record<string, string>): void {
    super.start(status, headers)
    this.calls.push(`head ${status}`)
  }
  override write(chunk: Chunk): void {
    super.write(chunk)
    this.calls.push(`write ${textOf(chunk)}`)
    if (this.slow) this.pending += 20_000
  }
  override respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void {
    this.status = status
    this.sent = headers
    this.calls.push(`respond ${status} ${body}`)
  }
  override end(): void {
    this.calls.push('end')
  }
  override onTaken(callback: () => void): void {
    this.asked++
    this.calls.push(...(this.calls.at(-1) === 'end' ? ['asked behind the end'] : []))
    this.#taken.push(callback)
  }
  /** How often it was to be said that all is taken. */
  asked = 0
  /** The client reads what is there, and all that follows; or leaves something of it. */
  drain(left = 0): void {
    this.slow = left > 0
    this.pending = left
    for (const callback of this.#taken.splice(0)) callback()
  }
}

function answering(statusCeilingMs = 10_000) {
  const clock = new FakeClock()
  const exchange = new SlowExchange()
  const flow: boolean[] = []
  const budget = new MemoryBudget({ limit: 1e6 })
  const onFlow = { next: (_: boolean): void => {} }
  const { client } = dialects['anthropic-messages']
  const framing = client.framing()
  const answer = new Answer({
    exchange,
    client,
    framing,
    clock,
    requestId: 'req_1',
    headers: () => ({ 'x-sluice-request-id': 'req_1', 'x-at': String(clock.now()) }),
    heartbeatMs: 15_000,
    statusCeilingMs,
    budget,
    onFlow: (flowing) => {
      flow.push(flowing)
      onFlow.next(flowing)
    },
  })
  return { answer, budget, clock, exchange, flow, onFlow, heartbeat: `write ${framing.heartbeat}` }
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
    const { answer, clock, exchange, flow } = answering()
    exchange.slow = true
    answer.write('a')
    answer.write('b')
    expect([flow, exchange.asked]).toEqual([[false], 1])
    clock.pass(1000)
    exchange.drain(20_000)
    expect([flow, exchange.asked]).toEqual([[false], 2])
    exchange.drain()
    expect([flow, exchange.asked]).toEqual([[false, true], 2])
    exchange.slow = true
    answer.write('c')
    expect(flow).toEqual([false, true, false])
    answer.end()
    exchange.drain()
    expect(flow).toEqual([false, true, false])
  })

  it('is let to fall behind by more when it has been quick to catch up, and by less again when not', () => {
    const { answer, clock, exchange, flow } = answering()
    const untilHeld = (): number => {
      exchange.slow = true
      for (let pieces = 1; ; pieces++) {
        answer.write('a')
        if (flow.at(-1) === false) return pieces
      }
    }
    expect(untilHeld()).toBe(1)
    exchange.drain()
    expect(untilHeld()).toBe(2)
    exchange.drain()
    expect(untilHeld()).toBe(4)
    clock.pass(5000)
    exchange.drain()
    expect(untilHeld()).toBe(1)
    expect(answer.pressure).toMatchObject({ pauses: 4, pausedMs: 5000, peak: 80_000 })
  })

  it('and reads again between two writes, is heard of when both are over', () => {
    const { answer, exchange, flow, budget } = answering()
    exchange.slow = true
    answer.write('a')
    exchange.slow = false
    exchange.pending = 0
    answer.write('b')
    expect(flow).toEqual([false])
    exchange.drain()
    expect([flow, budget.used]).toEqual([[false, true], 0])
  })

  it('and lets the end come with what comes next, is asked for nothing behind the end', () => {
    const { answer, exchange, flow, onFlow } = answering()
    exchange.slow = true
    answer.write('a')
    answer.write('b')
    onFlow.next = (flowing) => {
      if (flowing) answer.end()
    }
    exchange.drain(5000)
    expect(flow).toEqual([false, true])
    expect(exchange.calls.at(-1)).toBe('end')
    exchange.drain()
    expect(exchange.calls.at(-1)).toBe('end')
  })

  it('that has been quick enough is never heard of', () => {
    const { answer, exchange, flow, budget } = answering()
    answer.write('a')
    answer.end()
    expect([flow, answer.pressure, budget.peak]).toEqual([[], undefined, 0])
    expect(exchange.calls).toEqual(['head 200', 'write a', 'end'])
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

  it.each<[string, (answer: Answer, exchange: SlowExchange) => void, number]>([
    ['it is taken', (_, exchange) => exchange.drain(), 0],
    ['the client leaves', (answer) => answer.abandon(), 0],
    ['the connection is cut', (answer) => answer.cut(), 0],
    ['the answer has its end and the client has not', (answer) => answer.end(), 40_000],
    ['the answer ends with an error', (answer) => answer.fail(error, {}, () => 'broken'), 60_000],
    [
      'the client takes all of an answer that is over',
      (answer, exchange) => {
        answer.end()
        exchange.drain()
      },
      0,
    ],
    [
      'the answer ends when all is taken',
      (answer, exchange) => {
        exchange.drain()
        answer.end()
        expect(exchange.asked).toBe(1)
      },
      0,
    ],
  ])('takes its part of the memory until %s', (_, step, left) => {
    const { answer, exchange, budget } = answering()
    exchange.slow = true
    answer.write('a')
    answer.write('b')
    expect(budget.used).toBe(40_000)
    step(answer, exchange)
    expect(budget.used).toBe(left)
    exchange.drain()
    answer.abandon()
    expect(budget.used).toBe(0)
  })
})
