import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import type { SluiceError } from '../../src/errors/index.ts'
import { Answer } from '../../src/gateway/answer.ts'
import { UntouchedRelay } from '../../src/gateway/delivery/untouched.ts'
import type { Chunk } from '../../src/gateway/index.ts'
import { MemoryBudget } from '../../src/pipeline/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { FakeExchange, textOf } from './exchange.ts'

class WritingExchange extends FakeExchange {
  readonly writes: string[] = []
  override write(chunk: Chunk): void {
    this.writes.push(textOf(chunk))
  }
}

function relaying(dropUsage = false, dialect: 'openai-chat' | 'gemini' = 'openai-chat') {
  const { client, upstream } = dialects[dialect]
  const exchange = new WritingExchange()
  const failures: SluiceError[] = []
  const answer = new Answer({
    exchange,
    client,
    framing: client.framing(),
    clock: new FakeClock(),
    requestId: 'req_1',
    headers: () => ({}),
    heartbeatMs: 15_000,
    statusCeilingMs: 10_000,
    budget: new MemoryBudget(),
    onFlow: () => {},
  })
  const newObserver = () => upstream.observeStream({ dropUsage })
  const relay = new UntouchedRelay({
    answer,
    framing: client.framing(),
    observer: newObserver(),
    newObserver,
    maxEventBytes: 1e6,
    onFailure: (error) => failures.push(error),
    onContent: () => {},
  })
  return { relay, answer, failures, writes: exchange.writes }
}

const chunk = (delta: object, more: object = {}) => ({ id: 'c', model: 'm', choices: [{ index: 0, delta, ...more }] })
const role = JSON.stringify(chunk({ role: 'assistant', content: '' }))
const stop = JSON.stringify(chunk({}, { finish_reason: 'stop' }))
const usage = JSON.stringify({ id: 'c', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })
const said = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('é', '😀', '日本', '[DONE]', '\n\n'))
  .map((content) => JSON.stringify(chunk({ content }, { odd: 1.5 })))

/** An event as some server may write it: any line end, comments and fields in between. */
const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
const before = fc.constantFrom('', '', ': ping\n\n', ': x\n', 'id: 7\n', 'event: message\n', 'retry: 5\n')
const dressed = (data: string, lead: string, end: string, space: string) => `${lead}data:${space}${data}${end}${end}`

const stream = fc
  .record({
    texts: fc.array(said, { minLength: 1, maxLength: 8 }),
    lead: before,
    end: lineEnd,
    space: fc.constantFrom(' ', ''),
    cuts: fc.array(fc.nat(2000), { maxLength: 12 }),
    flushes: fc.infiniteStream(fc.boolean()),
  })
  .map(({ texts, lead, end, space, cuts, flushes }) => ({
    events: [role, ...texts, stop, usage, '[DONE]'].map((data) => dressed(data, lead, end, space)),
    cuts,
    flushes,
  }))

function run(relay: UntouchedRelay, bytes: Buffer, cuts: number[], flushes: Iterator<boolean>): void {
  const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b)
  for (const [i, from] of at.slice(0, -1).entries()) {
    relay.data(bytes.subarray(from, at[i + 1]))
    if (flushes.next().value) relay.flush()
  }
  relay.flush()
  relay.end()
}

describe('a stream whose both ends speak one dialect', () => {
  it('arrives byte for byte, however it was cut, and only whole events are written', () => {
    fc.assert(
      fc.property(stream, ({ events, cuts, flushes }) => {
        const { relay, writes, failures, answer } = relaying()
        const text = events.join('')
        run(relay, Buffer.from(text), cuts, flushes)
        // A CR ends the stream at once; the LF of the same line end may come behind it, and means nothing.
        expect(text.startsWith(writes.join(''))).toBe(true)
        expect(text.slice(writes.join('').length)).toMatch(/^\n?$/)
        for (const one of writes.slice(0, -1)) expect(one).toMatch(/(\n\n|\r\r|\r\n\r\n?)$/)
        expect([failures, answer.isOver, relay.progress.error]).toEqual([[], true, undefined])
        expect(relay.progress).toMatchObject({ finish: 'stop', model: 'm', usage: { input: 1, output: 2 } })
      }),
      { numRuns: 500 },
    )
  })

  it('loses the usage that nobody asked for, and not a byte beside it', () => {
    fc.assert(
      fc.property(stream, ({ events, cuts, flushes }) => {
        const { relay, writes } = relaying(true)
        const kept = events.filter((event) => !event.includes(usage)).join('')
        run(relay, Buffer.from(events.join('')), cuts, flushes)
        // Comments directly before it may go with it.
        const trim = (text: string) =>
          text
            .replaceAll(/\r\n|\r/g, '\n')
            .replaceAll(/^:.*$/gm, '')
            .replaceAll(/\n+/g, '\n')
        expect(trim(writes.join(''))).toBe(trim(kept))
        expect(relay.progress.usage).toEqual({ input: 1, output: 2 })
      }),
      { numRuns: 500 },
    )
  })

  it('cut off anywhere it is no answer: an error in its own words, between two events', () => {
    fc.assert(
      fc.property(stream, fc.nat(), ({ events, flushes }, nth) => {
        const whole = Buffer.from(events.slice(0, -3).join(''))
        const cut = whole.subarray(0, nth % whole.length)
        const { relay, writes, failures, answer } = relaying()
        run(relay, cut, [], flushes)
        // Once a client has read something, it is told that this is not all.
        expect(relay.progress.error?.code).toBe(failures.length > 0 ? 'upstream_truncated' : 'stream_interrupted')
        if (failures.length > 0) {
          expect(writes).toEqual([])
          return
        }
        expect(answer.isOver).toBe(true)
        const said = writes.join('')
        const last = said.lastIndexOf('data: {"error"')
        expect(cut.toString('utf8').startsWith(said.slice(0, last).replace(/\n\n$/, ''))).toBe(true)
        expect(said.slice(0, last)).toMatch(/(\n\n|\r\r|\r\n\r\n?)$/)
        expect(said).toMatch(/data: \[DONE\]\n\n$/)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['many', 64, 10],
    ['large', 2, 40_000],
  ])('a beginning of %s events without content is not held for ever', (_, count, size) => {
    const { relay, writes } = relaying()
    const filler = `data: ${JSON.stringify({ ...chunk({ role: 'assistant' }), filler: 'x'.repeat(size) })}\n\n`
    for (let i = 0; i < count - 1; i++) relay.data(Buffer.from(filler))
    relay.flush()
    expect([writes, relay.progress.committed]).toEqual([[], false])
    relay.data(Buffer.from(filler))
    relay.flush()
    expect([writes.join(''), relay.progress.committed]).toEqual([filler.repeat(count), true])
  })

  it('an error that is the last event, without its blank line, is told in its own letters', () => {
    const { relay, failures } = relaying()
    relay.data(Buffer.from(`data: ${role}\n\ndata: {"error":{"message":"über 日本","type":"x"}}`))
    relay.end()
    expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining('über 日本')])
  })

  it('is whole for those who read strictly when a read ended between the CR and the LF of its last line', () => {
    const { relay, writes } = relaying(false, 'gemini')
    const text = `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] })}\r\n\r\n`
    const bytes = new TextEncoder().encode(text)
    for (const read of [bytes.subarray(0, -1), bytes.subarray(-1)]) {
      relay.data(read)
      relay.flush()
    }
    relay.end()
    expect(writes.join('')).toBe(text)
  })

  it('is no answer where only its end marker came, and is one where it only finished', () => {
    for (const text of [
      'data: [DONE]\n\n',
      `data: ${role}\n\ndata: [DONE]\n\n`,
      `data: ${usage}\n\ndata: [DONE]\n\n`,
    ]) {
      const { relay, writes, failures } = relaying()
      relay.data(Buffer.from(text))
      relay.flush()
      relay.end()
      expect([text, writes, failures.map(({ code }) => code)]).toEqual([text, [], ['upstream_truncated']])
    }
    const { relay, writes, failures } = relaying()
    relay.data(Buffer.from(`data: ${role}\n\ndata: ${stop}\n\ndata: [DONE]\n\n`))
    relay.flush()
    expect([writes.length, failures]).toEqual([1, []])
  })

  it('a last event without its blank line counts when it is whole', () => {
    const { relay, writes, answer } = relaying()
    relay.data(
      Buffer.from(`data: ${role}\n\ndata: ${JSON.stringify(chunk({ content: 'a' }))}\n\ndata: ${stop}\n\ndata: [DONE]`),
    )
    relay.flush()
    relay.end()
    expect([writes.join('').endsWith(`${stop}\n\ndata: [DONE]\n\n`), answer.isOver]).toEqual([true, true])
  })
})
