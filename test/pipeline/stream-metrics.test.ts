import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openaiChat } from '../../src/dialects/index.ts'
import { Histogram, StreamMetrics, StreamPipelineBuilder } from '../../src/pipeline/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { chatChunks, chatStream, cutStream, sse, utf8 } from './answers.ts'

/** Counts how often it is asked. */
class CountedClock extends FakeClock {
  asked = 0
  override now(): number {
    this.asked++
    return super.now()
  }
}

describe('a quantile', () => {
  it('is right to within an eighth, from a microsecond to an hour', () => {
    const value = fc.double({ min: 1 / 1024, max: 4e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const histogram = new Histogram()
        for (const one of values) histogram.record(one)
        const sorted = values.toSorted((a, b) => a - b)
        const exact = sorted[Math.max(0, Math.ceil(values.length * p) - 1)]!
        // Units of 1/1024 stand for themselves: what is not a whole one may be one off.
        expect(histogram.quantile(p)).toBeGreaterThanOrEqual(exact)
        expect(histogram.quantile(p)).toBeLessThanOrEqual(exact * 1.125 + 1 / 1024)
      }),
    )
  })

  it('takes what is out of range, and nothing at all, without a fault', () => {
    const histogram = new Histogram()
    expect([histogram.quantile(0.5), histogram.snapshot()]).toEqual([0, undefined])
    for (const odd of [0, -1, 1e300, Number.MIN_VALUE]) histogram.record(odd)
    expect(histogram.count).toBe(4)
    expect(histogram.quantile(0.5)).toBe(0)
    expect(histogram.quantile(1)).toBeGreaterThan(4e6)
    expect(histogram.snapshot()).toMatchObject({ min: -1, max: 1e300 })
  })

  it('is the same whether values were recorded together or merged', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.boolean())), (values) => {
        const [all, left, right] = [new Histogram(), new Histogram(), new Histogram()]
        for (const [value, side] of values) {
          all.record(value)
          if (side) left.record(value)
          else right.record(value)
        }
        left.merge(right)
        const { mean, ...rest } = left.snapshot() ?? { mean: 0 }
        const { mean: whole, ...expected } = all.snapshot() ?? { mean: 0 }
        expect(rest).toEqual(expected)
        expect(mean).toBeCloseTo(whole, 6)
      }),
    )
  })
})

describe('the metrics of a stream', () => {
  it('count chunks, bytes, tokens, the first token and the gaps', () => {
    const clock = new CountedClock()
    const pipeline = new StreamPipelineBuilder().from(openaiChat).enableMetrics(new StreamMetrics(clock)).build()
    const open = pipeline.open()
    const [start, a, b, stop] = chatChunks('a', 'b')
    const chunks = [sse([start!]), sse([a!, b!]), sse([b!]), sse([stop!, '[DONE]'])].map(utf8)
    for (const chunk of chunks) {
      clock.pass(100)
      open.processChunk(chunk)
    }
    open.end()
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    expect(open.metrics.snapshot()).toMatchObject({
      streams: 1,
      errors: 0,
      chunks: 4,
      bytes,
      tokens: 3,
      bytesPerChunk: bytes / 4,
      tokensPerChunk: 3 / 4,
      tokensPerSecond: 10,
      firstToken: { count: 1, min: 200, max: 200 },
      gaps: { count: 2, min: 0, max: 100 },
    })
    // Its beginning, and the two chunks that brought tokens.
    expect(clock.asked).toBe(3)
  })

  it('are added up over streams, running ones excepted', () => {
    const clock = new CountedClock()
    const totals = new StreamMetrics(clock)
    const pipeline = new StreamPipelineBuilder().from(openaiChat).enableMetrics(totals).build()
    const streams = [chatStream('a', 'b'), cutStream('c'), chatStream('d')].map((text) => {
      const open = pipeline.open()
      open.processChunk(utf8(text))
      return open
    })
    const running = pipeline.open()
    running.processChunk(utf8(cutStream('e')))
    for (const open of streams) open.end()
    expect(pipeline.metrics).toBe(totals)
    expect(totals.snapshot()).toMatchObject({ streams: 3, errors: 1, chunks: 3, tokens: 4, firstToken: { count: 3 } })
    running.end()
    expect(totals.snapshot()).toMatchObject({ streams: 4, errors: 2, tokens: 5 })
  })

  it('say nothing of what was never seen', () => {
    const { bytesPerChunk, tokensPerSecond, firstToken } = new StreamMetrics().snapshot()
    expect([bytesPerChunk, tokensPerSecond, firstToken]).toEqual([undefined, undefined, undefined])
  })

  it('are not taken without being asked for, and nobody looks at a clock then', () => {
    const clock = new CountedClock()
    const pipeline = new StreamPipelineBuilder().from(openaiChat).withClock(clock).build()
    const open = pipeline.open()
    open.processChunk(utf8(chatStream('a', 'b')))
    open.end()
    expect(pipeline.metrics).toBe(StreamMetrics.noop)
    expect([open.metrics.snapshot().tokens, clock.asked]).toEqual([0, 0])
    const loud: StreamMetrics = StreamMetrics.noop
    loud.begin()
    loud.recordChunk(5, 5)
    loud.recordTokens(5)
    loud.recordError()
    const other = new StreamMetrics()
    other.recordChunk(7, 1)
    loud.merge(other)
    expect(loud.snapshot()).toEqual(new StreamMetrics().snapshot())
  })
})
