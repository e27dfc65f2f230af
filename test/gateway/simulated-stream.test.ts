import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimulatedStream } from '../../src/gateway/delivery/simulated-stream.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'

function play(tokens: StreamToken[], rate = 0) {
  const clock = new FakeClock()
  const out: StreamToken[] = []
  /** How many pieces each write held. */
  const writes: number[] = []
  let unwritten = 0
  let over = 0
  const relay = {
    progress: { over: false },
    token(token: StreamToken) {
      out.push(token)
      unwritten++
    },
    flush() {
      if (unwritten > 0) writes.push(unwritten)
      unwritten = 0
    },
    complete() {
      this.progress.over = true
      this.flush()
    },
  }
  const stream = new SimulatedStream({ tokens, relay, clock, rate, onOver: () => over++ })
  return { stream, relay, out, writes, clock, over: () => over }
}

const said = (text: string): StreamToken => ({ type: 'text-delta', choice: 0, index: 0, text })
const textOf = (tokens: StreamToken[]): string =>
  tokens.map((token) => (token.type === 'text-delta' ? token.text : '')).join('')
const turn = () => new Promise((resolve) => setImmediate(resolve))
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

describe('a whole answer as a stream', () => {
  it('has the same text, in pieces of about a word that cut no character a reader sees', async () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        'word ',
        'é',
        'e\u0301',
        '语言',
        '👩‍👩‍👧',
        '🇩🇪',
        ' ',
        '\r\n',
        '\n\n',
        'ก็',
        'averyveryverylongword',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 60 }), fc.nat(300), async (parts, times) => {
        const text = parts.join('').repeat(Math.min(times, Math.ceil(20_000 / (parts.join('').length + 1))))
        const { stream, relay, out } = play([said(text)])
        stream.start()
        while (!relay.progress.over) await turn()
        expect(textOf(out)).toBe(text)
        const borders = new Set([...graphemes.segment(text)].map(({ index }) => index))
        let at = 0
        for (const token of out) {
          expect(at === 0 || borders.has(at)).toBe(true)
          at += textOf([token]).length
        }
        const longest = Math.max(0, ...out.map((token) => textOf([token]).trim().length))
        // A piece is no longer than it may be, but for a character that is longer by itself.
        const widest = Math.max(0, ...[...graphemes.segment(text)].map(({ segment }) => segment.length))
        expect(longest).toBeLessThanOrEqual(16 + widest)
      }),
      { numRuns: 60 },
    )
  })

  it('leaves in one write where it is short, and says nothing of an end that its caller sees', () => {
    const { stream, writes, relay, over } = play([said('A few words only.')])
    stream.start()
    expect([writes.length, relay.progress.over, stream.running, over()]).toEqual([1, true, false, 0])
  })

  it('leaves in portions where it is long, so that others get their turn', async () => {
    const { stream, writes, relay, over } = play([said('word '.repeat(10_000))])
    stream.start()
    expect(writes).toEqual([256])
    while (!relay.progress.over) await turn()
    expect(Math.max(...writes)).toBe(256)
    expect([writes.length, over()]).toEqual([Math.ceil(10_000 / 256), 1])
  })

  it('waits for a client that does not take it', async () => {
    const { stream, out, relay } = play([said('word '.repeat(2000))])
    stream.start()
    stream.pause()
    const before = out.length
    for (let i = 0; i < 20; i++) await turn()
    expect(out.length).toBe(before)
    stream.resume()
    while (!relay.progress.over) await turn()
    expect(textOf(out)).toBe('word '.repeat(2000))
  })

  it('ends at once when it is stopped', async () => {
    const { stream, out, over } = play([said('word '.repeat(2000))])
    stream.start()
    stream.stop()
    const before = out.length
    for (let i = 0; i < 5; i++) await turn()
    expect([out.length, stream.running, over()]).toEqual([before, false, 0])
  })

  it('comes at the pace that was asked for', () => {
    const { stream, clock, out, relay } = play([said('word '.repeat(20))], 10)
    stream.start()
    expect(out.length).toBe(1)
    for (let i = 0; i < 9; i++) clock.pass(100)
    expect(out.length).toBe(10)
    for (let i = 0; i < 12; i++) clock.pass(100)
    expect([out.length, relay.progress.over]).toEqual([20, true])
  })

  it('does not wait between what is no text', () => {
    const { stream, out } = play(
      [
        { type: 'message-start', id: 'a', model: 'm' },
        said('one two'),
        { type: 'finish', choice: 0, reason: 'stop' },
      ] as StreamToken[],
      1,
    )
    stream.start()
    expect(out.map(({ type }) => type)).toEqual(['message-start', 'text-delta'])
  })
})
