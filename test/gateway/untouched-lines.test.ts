import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ollama } from '../../src/dialects/index.ts'
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

function relaying(maxEventBytes = 1e6) {
  const { client, upstream } = ollama
  const exchange = new WritingExchange()
  const failures: SluiceError[] = []
  const framing = client.framing()
  const answer = new Answer({
    exchange,
    client,
    framing,
    clock: new FakeClock(),
    requestId: 'req_1',
    headers: () => ({}),
    heartbeatMs: 15_000,
    statusCeilingMs: 10_000,
    budget: new MemoryBudget(),
    onFlow: () => {},
  })
  const newObserver = () => upstream.observeStream({ dropUsage: false })
  const onFailure = (error: SluiceError) => void failures.push(error)
  const observer = newObserver()
  const relay = new UntouchedRelay({ answer, framing, observer, newObserver, maxEventBytes, onFailure, onContent() {} })
  return { relay, answer, failures, writes: exchange.writes }
}

const line = (content: string, more: object = {}): string =>
  JSON.stringify({ model: 'm', created_at: 'now', message: { role: 'assistant', content }, done: false, ...more })
const last = line('', { done: true, done_reason: 'stop', eval_count: 3 })

const said = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('é', '😀', '\n', '日本'))
const stream = fc.record({
  /** Each line as it is meant to arrive, with what stands before it and must not. */
  lines: fc.array(
    fc.record({
      text: said.map((content) => line(content, { odd: 1.5 })),
      before: fc.constantFrom('', '', '\n', '\r\n', ' \t\n\n', '\n\r\n'),
      end: fc.constantFrom('\n', '\r\n'),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  cuts: fc.array(fc.nat(3000), { maxLength: 14 }),
})

function pieces(text: string, cuts: number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text)
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.slice(from, at[i] ?? bytes.length))
}

describe('lines that go on as they are', () => {
  it('are the same to the byte without what is blank between them, in whole lines, wherever they were cut', () => {
    fc.assert(
      fc.property(stream, ({ lines, cuts }) => {
        const { relay, failures, writes } = relaying()
        const all = [...lines, { text: last, before: '', end: '\n' }]
        for (const piece of pieces(all.map(({ before, text, end }) => before + text + end).join(''), cuts)) {
          relay.data(piece)
          relay.flush()
          // A transport uses its buffer again.
          piece.fill(0x21)
        }
        relay.end()
        expect(failures).toEqual([])
        expect(writes.join('')).toBe(all.map(({ text, end }) => text + end).join(''))
        for (const write of writes) expect(write.endsWith('\n')).toBe(true)
        expect(relay.progress).toMatchObject({ over: true, error: undefined, finish: 'stop', usage: { output: 3 } })
      }),
      { numRuns: 500 },
    )
  })

  it('that break off end in one error, on a line of its own', () => {
    fc.assert(
      fc.property(stream, fc.nat(2000), ({ lines, cuts }, length) => {
        const { relay, failures, writes } = relaying()
        const text = lines.map((one) => one.before + one.text + one.end).join('')
        for (const piece of pieces(text.slice(0, length % (text.length + 1)), cuts)) {
          relay.data(piece)
          relay.flush()
        }
        relay.end()
        const told = writes.join('')
        expect(failures.length + (told.includes('{"error":') ? 1 : 0)).toBe(1)
        for (const one of told.split('\n').filter((piece) => piece.trim() !== '')) JSON.parse(one)
        expect(relay.progress.error?.code).toBe(failures.length > 0 ? 'upstream_truncated' : 'stream_interrupted')
      }),
      { numRuns: 300 },
    )
  })

  it('hold nothing back but the line that has not ended', () => {
    const { relay, writes } = relaying()
    const bytes = (text: string) => new TextEncoder().encode(text)
    relay.data(bytes(`${line('one')}\n${line('two').slice(0, 20)}`))
    relay.flush()
    expect(writes).toEqual([`${line('one')}\n`])
    relay.data(bytes(`${line('two').slice(20)}\n`))
    relay.flush()
    expect(writes.slice(1)).toEqual([`${line('two')}\n`])
  })

  it('behind the last one are not passed on, and a line without end is too large at some point', () => {
    const { relay, writes } = relaying()
    relay.data(new TextEncoder().encode(`${line('one')}\n${last}\n${line('two')}\n`))
    relay.flush()
    expect(writes.join('')).toBe(`${line('one')}\n${last}\n`)

    const other = relaying(200)
    other.relay.data(new TextEncoder().encode(`${line('one')}\n`))
    other.relay.flush()
    other.relay.data(new TextEncoder().encode(line('x'.repeat(300))))
    expect(other.relay.progress.error?.code).toBe('event_too_large')
    expect(other.writes.at(-1)).toMatch(/^\{"error":".*"\}\n$/)
  })

  it('say an error in whole characters, although they are read byte by byte', () => {
    const { relay, writes } = relaying()
    relay.data(new TextEncoder().encode(`${line('one')}\n{"error":"Speicher für 世界 fehlt"}\n`))
    relay.flush()
    expect(writes.at(-1)).toBe('{"error":"Speicher für 世界 fehlt"}\n')
  })
})
