import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { type GoesOn, ResumableStream, type ResumableStreamOptions } from '../../src/pipeline/index.ts'
import { type SseEvent, SseParser } from '../../src/sse/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { type Block, type Cut, CutSource, EagerClock } from './cut-source.ts'

const isEnd = ({ data }: SseEvent): boolean => data === 'over'
const said = ({ event, data, id }: SseEvent): string => `${id}|${event}|${data}`

/** What a reader gets that is never cut off. */
function original(bytes: Uint8Array): string[] {
  const events: string[] = []
  new SseParser().push(bytes, (event) => events.push(said(event)))
  return events
}

/** Reads to the end, or to the error. */
async function read(options: ResumableStreamOptions) {
  const stream = new ResumableStream({ isEnd, clock: new EagerClock(), attempts: 1000, ...options })
  const events: string[] = []
  let error: unknown
  try {
    for await (const event of stream) events.push(said(event))
  } catch (thrown) {
    error = thrown
  }
  return { events, error: error as SluiceError | undefined, stream }
}

const everyKind: Block[] = [
  ['id: 1', 'data: a'],
  ['data: b'],
  [': a comment'],
  ['event: x', 'data: c', 'data: d'],
  ['id: 2', 'data: ä 世 👋'],
  ['id: 3'],
  ['data: same'],
  ['data: same'],
  ['data: same'],
  ['id: 4', 'retry: 10', 'data: same'],
  ['id: 5', 'data'],
  ['data: over'],
]

describe.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('every event comes once and in order, with lines that end with %s', (_, lineEnd) => {
  const { bytes } = new CutSource(everyKind, [], lineEnd)
  const wanted = original(bytes)

  it.each(['error', 'end'] as const)('when the connection breaks at any byte (%s)', async (how) => {
    for (let after = 0; after < bytes.length; after++) {
      for (const size of [1, 1000]) {
        const source = new CutSource(everyKind, [{ after, size, how }], lineEnd)
        const { events, error } = await read({ open: source.behindId })
        expect({ after, events, error }).toEqual({ after, events: wanted, error: undefined })
      }
    }
  })

  it('when every connection breaks, a few bytes further each time', async () => {
    for (const step of [1, 2, 3, 5, 8]) {
      const cuts = Array.from(
        { length: bytes.length },
        (_, i): Cut => ({ after: i * step, size: 1 + (i % 3), how: 'error' }),
      )
      const source = new CutSource(everyKind, cuts, lineEnd)
      const { events, stream } = await read({ open: source.behindId })
      expect(events).toEqual(wanted)
      expect(stream.resumes).toBeGreaterThan(2)
    }
  })
})

const arbitraryBlocks = fc
  .array(
    fc.record({
      id: fc.boolean(),
      data: fc.array(fc.constantFrom('', 'a', 'ha', '世界', 'x: y', 'a long line '.repeat(4)), { maxLength: 2 }),
      event: fc.option(fc.constantFrom('message', 'ping', 'delta')),
      comment: fc.boolean(),
      retry: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((blocks): Block[] => {
    const written = blocks.map(({ id, data, event, comment, retry }, i) => [
      ...(comment ? [': c'] : []),
      ...(id || i === 0 ? [`id: ${i}`] : []),
      ...(event ? [`event: ${event}`] : []),
      ...data.map((line) => `data: ${line}`),
      ...(retry ? ['retry: 5'] : []),
    ])
    return [...written.filter((lines) => lines.length > 0), ['data: over']]
  })

const arbitraryCuts = fc.array(
  fc.record({
    after: fc.nat({ max: 160 }),
    size: fc.integer({ min: 1, max: 40 }),
    how: fc.constantFrom('error' as const, 'end' as const),
  }),
  { maxLength: 8 },
)
const lineEnds = fc.constantFrom('\n', '\r\n', '\r')

describe('any stream and any breaks give the stream', () => {
  it.each([
    ['behind-id', 'behindId'],
    ['behind-id', 'atId'],
    ['behind-last', 'behindLast'],
    ['at-start', 'atStart'],
  ] as const)('from a source that goes on %s (%s)', async (goesOn: GoesOn, way) => {
    await fc.assert(
      fc.asyncProperty(arbitraryBlocks, arbitraryCuts, lineEnds, async (blocks, cuts, lineEnd) => {
        const source = new CutSource(blocks, cuts, lineEnd)
        const wanted = original(source.bytes)
        const { events, error } = await read({ open: source[way], goesOn })
        // Its own words and not an id say where it goes on: then the ids of the next connection begin anew.
        const seen = (all: string[]) => (goesOn === 'behind-last' ? all.map((one) => one.replace(/^\d*/, '')) : all)
        expect(error).toBe(undefined)
        expect(seen(events)).toEqual(seen(wanted))
      }),
      { numRuns: 300 },
    )
  })
})

describe('a source that does not go on where it was asked to', () => {
  const blocks: Block[] = [
    ['id: 1', 'data: one'],
    ['data: two'],
    ['id: 2', 'data: three'],
    ['data: four'],
    ['data: over'],
  ]
  const { bytes } = new CutSource(blocks)

  it('without any id is not asked, and what came is no whole answer', async () => {
    const source = new CutSource([['data: a'], ['data: b'], ['data: over']], [{ after: 12, size: 20, how: 'error' }])
    const { events, error } = await read({ open: source.behindId })
    expect(events).toEqual(['|message|a'])
    expect(error).toMatchObject({ code: 'upstream_truncated', message: expect.stringMatching(/behind event 1.*no id/) })
    expect(source.asked).toHaveLength(1)
  })

  it('whose id was taken back is not asked either', async () => {
    const taken: Block[] = [['id: 1', 'data: a'], ['id', 'data: b'], ['data: over']]
    const source = new CutSource(taken, [{ after: 27, size: 50, how: 'error' }])
    const { events, error } = await read({ open: source.behindId })
    expect(events).toEqual(['1|message|a', '|message|b'])
    expect(error?.code).toBe('upstream_truncated')
  })

  it('is asked anew as long as it has said nothing', async () => {
    const source = new CutSource(blocks, [{ after: 9, size: 5, how: 'error' }])
    const { events, stream } = await read({ open: source.behindId })
    expect(events).toEqual(original(bytes))
    expect(stream.resumes).toBe(0)
  })

  it('but begins anew, doubles nothing: it is found out', async () => {
    const source = new CutSource(blocks, [{ after: 50, size: 50, how: 'error' }])
    const { events, error } = await read({ open: source.atStart })
    expect(events).toEqual(['1|message|one', '1|message|two', '2|message|three'])
    expect(error).toMatchObject({ code: 'upstream_protocol', message: expect.stringMatching(/begins anew/) })
  })

  it('but tells another story is found out before any of it is delivered', async () => {
    const second: Block[] = [['data: other'], ['data: words'], ['data: over']]
    const first = new CutSource(blocks, [{ after: 31, size: 50, how: 'error' }])
    const later = new CutSource(second)
    const { events, error } = await read({
      open: (position) => (first.asked.length === 0 ? first.behindId(position) : later.atStart(position)),
    })
    expect(events).toEqual(['1|message|one', '1|message|two'])
    expect(error?.code).toBe('upstream_protocol')
  })

  it('and leaves out what it had to send once more is found out', async () => {
    const first = new CutSource(blocks, [{ after: 31, size: 50, how: 'error' }])
    const later = new CutSource(blocks.slice(2))
    const { events, error } = await read({
      open: (position) => (first.asked.length === 0 ? first.behindId(position) : later.atStart(position)),
    })
    expect(events).toEqual(['1|message|one', '1|message|two'])
    expect(error?.code).toBe('upstream_protocol')
  })

  it('and leaves out what says the same as the next event is found out by the id', async () => {
    const alike: Block[] = [['id: 1', 'data: a'], ['data: same'], ['id: 2', 'data: same'], ['data: over']]
    const first = new CutSource(alike, [{ after: 27, size: 50, how: 'error' }])
    const later = new CutSource(alike.slice(2))
    const { events, error } = await read({
      open: (position) => (first.asked.length === 0 ? first.behindId(position) : later.atStart(position)),
    })
    expect(events).toEqual(['1|message|a', '1|message|same'])
    expect(error?.code).toBe('upstream_protocol')
  })

  it('and ends before it has sent all of it once more has broken again', async () => {
    const source = new CutSource(blocks, [
      { after: 31, size: 50, how: 'error' },
      { after: 3, size: 50, how: 'end' },
    ])
    const { events } = await read({ open: source.behindId, isEnd: undefined as never })
    expect(events).toEqual(original(bytes))
  })
})

describe('what the source is asked for', () => {
  const blocks: Block[] = [['id: 1', 'data: a'], ['data: b'], ['id: 2'], ['data: over']]
  const cut: Cut = { after: 33, size: 50, how: 'error' }

  it('is to go on behind the last id, be it that of a block without data', async () => {
    const source = new CutSource(blocks, [cut])
    const { events } = await read({ open: source.behindId })
    expect(source.asked.map(({ lastEventId, delivered }) => ({ lastEventId, delivered }))).toEqual([
      { lastEventId: '', delivered: 0 },
      { lastEventId: '2', delivered: 2 },
    ])
    expect(events).toEqual(original(source.bytes))
  })

  it('names no id when it begins anew', async () => {
    const source = new CutSource(blocks, [cut])
    await read({ open: source.atStart, goesOn: 'at-start' })
    expect(source.asked.map(({ lastEventId }) => lastEventId)).toEqual(['', ''])
  })

  it('says what came last', async () => {
    const source = new CutSource(blocks, [cut])
    await read({ open: source.behindLast, goesOn: 'behind-last' })
    expect(source.asked.map(({ last }) => last?.data)).toEqual([undefined, 'b'])
  })
})

describe('the end', () => {
  const blocks: Block[] = [['id: 1', 'data: a'], ['data: over'], ['data: behind the end']]

  it('is the end event: nothing behind it is read, and the source is let go', async () => {
    const source = new CutSource(blocks)
    const { events } = await read({ open: source.behindId })
    expect(events).toEqual(['1|message|a', '1|message|over'])
    expect(source).toMatchObject({ left: 1, asked: { length: 1 } })
  })

  it('leaves out what stands behind it in the same read', async () => {
    const source = new CutSource(blocks, [{ after: 999, size: 999, how: 'end' }])
    expect((await read({ open: source.behindId })).events).toEqual(['1|message|a', '1|message|over'])
  })

  it('lets the source go even when the reader never comes back', async () => {
    const source = new CutSource(blocks)
    const events = new ResumableStream({ open: source.behindId, isEnd })[Symbol.asyncIterator]()
    await events.next()
    await events.next()
    expect(source.left).toBe(1)
  })

  it('is not a page that some proxy sends for it', async () => {
    const open = () => new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
    const { error } = await read({ open, isEnd: undefined as never, attempts: 1 })
    expect(error).toMatchObject({ code: 'upstream_protocol', message: expect.stringMatching(/text\/html/) })
  })

  it('is the end of the body when nothing else marks it', async () => {
    const source = new CutSource(blocks)
    const { events, error } = await read({ open: source.behindId, isEnd: undefined as never })
    expect({ count: events.length, error }).toEqual({ count: 3, error: undefined })
  })

  it('is a status of 204, which is no end where the end is marked', async () => {
    const nothing = () => new Response(null, { status: 204 })
    expect(await read({ open: nothing, isEnd: undefined as never })).toMatchObject({ events: [], error: undefined })
    const source = new CutSource(blocks, [{ after: 20, size: 50, how: 'error' }])
    let asked = 0
    const { events, error } = await read({ open: (at) => (asked++ === 0 ? source.behindId(at) : nothing()) })
    expect({ events, code: error?.code, asked }).toEqual({
      events: ['1|message|a'],
      code: 'upstream_truncated',
      asked: 2,
    })
  })
})

describe('waiting', () => {
  const blocks: Block[] = [['id: 1', 'data: a'], ['id: 2', 'data: b'], ['data: over']]
  const cut: Cut = { after: 15, size: 50, how: 'error' }
  const down = (): never => {
    throw new Error('connection refused')
  }

  it('the first attempt after a break sets no timer and lets no time pass', async () => {
    const clock = new FakeClock()
    const source = new CutSource(blocks, [cut, cut, cut])
    const gaps: number[] = []
    const { events } = await read({ open: source.behindId, clock, onResume: ({ gapMs }) => gaps.push(gapMs) })
    expect({ events: events.length, timers: clock.set, gaps }).toEqual({ events: 3, timers: 0, gaps: [0, 0] })
  })

  it('the next attempts come later and later, and not without end', async () => {
    const clock = new EagerClock()
    let asked = 0
    const open = (): never => {
      asked++
      return down()
    }
    const { error } = await read({ open, clock, attempts: 4, backoffMs: 100, maxBackoffMs: 150 })
    expect(asked).toBe(5)
    expect(clock.waits.length).toBe(3)
    for (const [i, least] of [100, 150, 150].entries()) {
      expect(clock.waits[i]).toBeGreaterThanOrEqual(least)
      expect(clock.waits[i]).toBeLessThanOrEqual(least * 1.5)
    }
    expect(error).toMatchObject({ code: 'upstream_unreachable', message: expect.stringMatching(/connection refused/) })
  })

  it('a new event gives all attempts back', async () => {
    const long = Array.from({ length: 30 }, (_, i): Block => [`id: ${i}`, `data: ${i}`])
    const clock = new EagerClock()
    const source = new CutSource([...long, ['data: over']], Array<Cut>(30).fill({ after: 18, size: 50, how: 'error' }))
    const { events, stream } = await read({ open: source.behindId, clock, attempts: 1 })
    expect({ events: events.length, waits: clock.waits }).toEqual({ events: 31, waits: [] })
    expect(stream.resumes).toBeGreaterThan(10)
  })

  it.each([
    ['retry of the stream', ['retry: 700', 'id: 1', 'data: a'], 700],
    ['no retry', ['id: 1', 'data: a'], 100],
    ['a retry without measure', [`retry: ${'9'.repeat(400)}`, 'id: 1', 'data: a'], 5000],
  ] as const)('is as long as the source asks for: %s', async (_, first, least) => {
    const clock = new EagerClock()
    const source = new CutSource(
      [first, ['data: over']],
      [{ after: first.join('\n').length + 2, size: 999, how: 'error' }],
    )
    let asked = 0
    const open = (at: never) => (asked++ === 1 ? down() : source.behindId(at))
    await read({ open, clock, backoffMs: 100, maxBackoffMs: 5000 })
    expect(clock.waits.length).toBe(1)
    expect(clock.waits[0]).toBeGreaterThanOrEqual(least)
    expect(clock.waits[0]).toBeLessThanOrEqual(least * 1.5)
  })

  it('Retry-After is kept to, and a source that asks for too much is given up', async () => {
    const busy = (seconds: string) => new Response('later', { status: 429, headers: { 'retry-after': seconds } })
    const clock = new EagerClock()
    const source = new CutSource(blocks)
    let asked = 0
    await read({ open: (at) => (asked++ === 0 ? busy('3') : source.behindId(at)), clock })
    expect(clock.waits).toEqual([3000])
    asked = 0
    const { error } = await read({
      open: () => {
        asked++
        return busy('3600')
      },
    })
    expect(asked).toBe(1)
    expect(error).toMatchObject({ code: 'upstream_rate_limit', retryAfterMs: 3_600_000 })
  })
})

describe('an answer that is no stream', () => {
  const blocks: Block[] = [['id: 1', 'data: a'], ['id: 2', 'data: b'], ['data: over']]
  const page = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } }

  it.each([
    [400, 'upstream_invalid_request'],
    [401, 'upstream_auth'],
    [404, 'upstream_not_found'],
    [302, 'upstream_invalid_request'],
  ])('status %i is asked once', async (status, code) => {
    let asked = 0
    const refuse = () => {
      asked++
      return new Response('no', { status })
    }
    expect(await read({ open: refuse, attempts: 4 })).toMatchObject({ error: { code }, events: [] })
    expect(asked).toBe(1)
  })

  it.each([408, 425, 429, 500, 502, 503, 504, 529])('status %i is asked again', async (status) => {
    const source = new CutSource(blocks)
    let asked = 0
    const { events } = await read({
      open: (at) => (asked++ < 3 ? new Response('no', { status }) : source.behindId(at)),
    })
    expect(events).toEqual(original(source.bytes))
  })

  it.each([
    ['a page of a proxy', () => new Response('<html>', page)],
    ['a refusal', () => new Response('no', { status: 503 })],
  ])('between two good ones, %s loses nothing', async (_, bad) => {
    const source = new CutSource(blocks, [{ after: 15, size: 50, how: 'error' }])
    let asked = 0
    const { events } = await read({ open: (at) => (asked++ === 1 ? bad() : source.behindId(at)) })
    expect(events).toEqual(original(source.bytes))
  })

  it('after a break, a refusal ends the stream as one that is not whole', async () => {
    const source = new CutSource(blocks, [{ after: 15, size: 50, how: 'error' }])
    let asked = 0
    const { events, error } = await read({
      open: (at) => (asked++ === 0 ? source.behindId(at) : new Response('gone', { status: 410 })),
    })
    expect(events).toEqual(['1|message|a'])
    expect(error).toMatchObject({ code: 'upstream_truncated', cause: { code: 'upstream_not_found' } })
    expect(asked).toBe(2)
  })

  it('an event that is too large is an error at once, behind the good ones of the same read', async () => {
    const source = new CutSource(
      [['id: 1', 'data: a'], [`data: ${'x'.repeat(500)}`]],
      [{ after: 999, size: 999, how: 'end' }],
    )
    const { events, error } = await read({ open: source.behindId, maxEventBytes: 100 })
    expect(events).toEqual(['1|message|a'])
    expect(error?.code).toBe('event_too_large')
    expect(source.asked).toHaveLength(1)
  })
})

describe('leaving', () => {
  const blocks: Block[] = [['id: 1', 'data: a'], ['id: 2', 'data: b'], ['data: over']]
  const silent = (signal?: AbortSignal): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => signal?.addEventListener('abort', () => controller.error(signal.reason)),
    })

  it.each(['open', 'body', 'pause'] as const)('an abort ends the wait for the %s', async (phase) => {
    const abort = new AbortController()
    const signals: AbortSignal[] = []
    const clock = new FakeClock()
    const open = (_: unknown, signal: AbortSignal) => {
      signals.push(signal)
      if (phase === 'open') return new Promise<never>(() => {})
      if (phase === 'body') return silent()
      throw new Error('connection refused')
    }
    const reading = read({ open, signal: abort.signal, clock })
    await new Promise((resolve) => setTimeout(resolve))
    abort.abort('enough')
    const { error } = await reading
    expect(error).toMatchObject({ code: 'client_closed', cause: 'enough' })
    expect(signals.every((signal) => signal.aborted)).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('with a signal that has aborted nothing is asked', async () => {
    let asked = 0
    const open = () => {
      asked++
      return silent()
    }
    const { error } = await read({ open, signal: AbortSignal.abort() })
    expect({ code: error?.code, asked }).toEqual({ code: 'client_closed', asked: 0 })
  })

  it('a body that comes after the abort is sent away', async () => {
    const abort = new AbortController()
    let cancelled = false
    let give: (body: ReadableStream<Uint8Array>) => void = () => {}
    const open = () => new Promise<ReadableStream<Uint8Array>>((resolve) => (give = resolve))
    const reading = read({ open, signal: abort.signal })
    abort.abort()
    await reading
    give(
      new ReadableStream({
        cancel() {
          cancelled = true
        },
      }),
    )
    await new Promise((resolve) => setTimeout(resolve))
    expect(cancelled).toBe(true)
  })

  it.each(['for await', 'run'] as const)('who leaves in the middle closes the connection (%s)', async (way) => {
    const source = new CutSource(blocks)
    const stream = new ResumableStream({ open: source.behindId, isEnd })
    const leave = (): never => {
      throw new RangeError('mine')
    }
    const reading =
      way === 'run'
        ? stream.run(leave)
        : (async () => {
            for await (const _ of stream) leave()
          })()
    await expect(reading).rejects.toThrow(RangeError)
    expect(source).toMatchObject({ left: 1, asked: { length: 1 } })
  })

  it('what isEnd throws is thrown as it is, and is no break', async () => {
    const source = new CutSource(blocks)
    const { error } = await read({
      open: source.behindId,
      isEnd: () => {
        throw new RangeError('mine')
      },
    })
    expect(error).toBeInstanceOf(RangeError)
    expect(source.asked).toHaveLength(1)
  })

  it('a stream is read once', async () => {
    const { stream } = await read({ open: new CutSource(blocks).behindId })
    await expect(stream.run(() => {})).rejects.toThrow(SluiceError)
  })

  it('whoever speaks in time is not silent, however long it takes', async () => {
    const clock = new FakeClock()
    let speak: (bytes: Uint8Array) => void = () => {}
    let asked = 0
    const open = () => {
      asked++
      return new ReadableStream<Uint8Array>({
        start(controller) {
          speak = (bytes) => controller.enqueue(bytes)
        },
      })
    }
    const reading = read({ open, clock, idleTimeoutMs: 1000 })
    const turn = () => new Promise((resolve) => setTimeout(resolve))
    await turn()
    for (const text of ['id: 1\n', ': still here\n', 'data: a\n\n', 'data: over', '\n\n']) {
      clock.pass(900)
      speak(new TextEncoder().encode(text))
      await turn()
    }
    expect({ events: (await reading).events, asked }).toEqual({ events: ['1|message|a', '1|message|over'], asked: 1 })
  })

  it('silence counts as a break, but not the silence of a slow reader', async () => {
    const clock = new FakeClock()
    const source = new CutSource(blocks, [{ after: 15, size: 50, how: 'end' }])
    let asked = 0
    const open = (at: never, signal: AbortSignal) => (asked++ === 1 ? silent(signal) : source.behindId(at))
    const stream = new ResumableStream({ open, isEnd, clock, idleTimeoutMs: 1000 })
    const events = stream[Symbol.asyncIterator]()
    expect((await events.next()).value?.data).toBe('a')
    clock.pass(5000)
    const next = events.next()
    await new Promise((resolve) => setTimeout(resolve))
    expect(asked).toBe(2)
    clock.pass(999)
    await new Promise((resolve) => setTimeout(resolve))
    expect(asked).toBe(2)
    clock.pass(1)
    await new Promise((resolve) => setTimeout(resolve))
    clock.pass(1000)
    expect((await next).value?.data).toBe('b')
    expect(asked).toBe(3)
    await events.return()
    expect(clock.waiting).toBe(0)
  })
})
