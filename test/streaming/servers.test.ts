import { describe, expect, it } from 'vitest'
import type { Streaming } from '../../src/providers/scripted/index.ts'
import { answer, openStreamingHouse } from './house.ts'

type Force = 'auto' | 'always' | 'never'

/** What comes of it, and how many requests the server gets: for streams, and for whole answers. */
type Outcome = [label: string, streamed: number, whole: number]

interface Case {
  server: Streaming
  /** The first request, and the second one, when the lesson has been learned. */
  outcomes: Record<Force, [first: Outcome, second: Outcome]>
}

const native: Outcome = ['passthrough', 1, 0]
const simulatedAtOnce: Outcome = ['simulated', 0, 1]
const simulatedAfterRefusal: Outcome = ['simulated', 1, 1]
const simulatedFromJson: Outcome = ['simulated', 1, 0]
const notSupported: Outcome = ['not_supported', 0, 0]
const refusedThenNotSupported: Outcome = ['not_supported', 1, 0]
const wholeRefused: Outcome = ['not_supported', 0, 1]

const refusing: Case['outcomes'] = {
  auto: [simulatedAfterRefusal, simulatedAtOnce],
  always: [simulatedAfterRefusal, simulatedAfterRefusal],
  never: [simulatedAtOnce, simulatedAtOnce],
}
const streaming: Case['outcomes'] = {
  auto: [native, native],
  always: [native, native],
  never: [simulatedAtOnce, simulatedAtOnce],
}
const answering: Case['outcomes'] = {
  auto: [simulatedFromJson, simulatedAtOnce],
  always: [simulatedFromJson, simulatedFromJson],
  never: [simulatedAtOnce, simulatedAtOnce],
}

const servers: Record<string, Case> = {
  streams: { server: 'streams', outcomes: streaming },
  ...Object.fromEntries(
    [400, 404, 405, 415, 422, 501].flatMap((status) =>
      (['field', 'streaming'] as const).map((names) => [
        `refuses to stream with ${status}, naming ${names === 'field' ? 'the field' : 'it in words'}`,
        { server: { habit: 'refuses', status, names }, outcomes: refusing } satisfies Case,
      ]),
    ),
  ),
  'refuses to stream in the form of a validator': {
    server: { habit: 'refuses', status: 422, form: 'fields' },
    outcomes: refusing,
  },
  'refuses to stream in plain text': {
    server: { habit: 'refuses', form: 'text', names: 'streaming' },
    outcomes: refusing,
  },
  'refuses to stream with a page': {
    server: { habit: 'refuses', form: 'html', names: 'streaming' },
    outcomes: refusing,
  },
  'passes `stream` over': { server: 'ignores', outcomes: answering },
  'sends its stream at the end, all at once': { server: 'buffers', outcomes: streaming },
  'calls a whole answer a stream': { server: 'json-as-events', outcomes: answering },
  'calls a stream JSON': {
    server: 'events-as-json',
    outcomes: { ...streaming, never: [simulatedAtOnce, simulatedAtOnce] },
  },
  'refuses `stream_options`': {
    server: 'refuses-options',
    outcomes: {
      auto: [
        ['passthrough', 2, 0],
        ['native', 1, 0],
      ],
      always: [
        ['passthrough', 2, 0],
        ['native', 1, 0],
      ],
      never: [simulatedAtOnce, simulatedAtOnce],
    },
  },
  'streams only': {
    server: 'streams-only',
    outcomes: { auto: [native, native], always: [native, native], never: [wholeRefused, notSupported] },
  },
  'streams whatever is asked': {
    server: 'streams-always',
    outcomes: {
      ...streaming,
      never: [
        ['native', 0, 1],
        ['native', 0, 1],
      ],
    },
  },
}

/** The same where nothing may stand in for a stream. */
function withoutFallback(force: Force, [first, second]: [Outcome, Outcome]): [Outcome, Outcome] {
  if (force === 'never') return [notSupported, notSupported]
  const bare = (outcome: Outcome): Outcome => {
    if (outcome === simulatedAfterRefusal) return refusedThenNotSupported
    if (outcome === simulatedFromJson) return ['not_supported', 1, 0]
    return outcome === simulatedAtOnce ? notSupported : outcome
  }
  return [bare(first), bare(second)]
}

for (const force of ['auto', 'always', 'never'] as const) {
  for (const fallback of [true, false]) {
    describe(`force = "${force}", ${fallback ? 'with' : 'without'} a fallback, before a server that`, () => {
      it.each(Object.entries(servers))('%s', async (_, { server, outcomes }) => {
        const expected = fallback ? outcomes[force] : withoutFallback(force, outcomes[force])
        const house = await openStreamingHouse({ force, fallback }, { streaming: server })
        for (const [label, streamed, whole] of expected) {
          house.scripted.resetCounts()
          const told = await house.ask()
          const requests = [house.scripted.count({ stream: true }), house.scripted.count({ stream: false })]
          if (label === 'not_supported') {
            expect([told.status, told.error, ...requests]).toEqual([400, label, streamed, whole])
            continue
          }
          expect([told.error, told.text, told.finishes, told.done]).toEqual([undefined, answer, 1, 1])
          // What is encoded anew because of a lesson is translated, and what goes on as it is passes through.
          const kind = label === 'native' ? ['native', 'passthrough'] : [label]
          expect(kind).toContain(told.label)
          expect(requests).toEqual([streamed, whole])
          if (label === 'simulated') expect(told.pieces).toBeGreaterThan(5)
        }
      })
    })
  }
}

describe('a client that wants a whole answer', () => {
  it('gets it from a server that only streams, after one refusal, and then at once', async () => {
    const { ask, scripted } = await openStreamingHouse({}, { streaming: 'streams-only' })
    for (const [streamed, whole] of [
      [1, 1],
      [1, 0],
    ]) {
      scripted.resetCounts()
      const told = await ask({ stream: false })
      expect([told.status, told.text, told.label]).toEqual([200, answer, null])
      expect([scripted.count({ stream: true }), scripted.count({ stream: false })]).toEqual([streamed, whole])
    }
  })

  it('is not touched by what is forced for streams', async () => {
    const { ask, scripted } = await openStreamingHouse({ force: 'always', fallback: false })
    expect(await ask({ stream: false })).toMatchObject({ status: 200, text: answer, label: null })
    expect(scripted.count({ stream: true })).toBe(0)
  })
})

describe('a server that changes its mind', () => {
  it('is found out when the lesson grows old, and nobody waits for that', async () => {
    const { ask, scripted } = await openStreamingHouse({ detection_ttl: '60ms' }, { streaming: 'refuses' })
    expect((await ask()).label).toBe('simulated')
    scripted.setStreaming('streams')
    expect((await ask()).label).toBe('simulated')
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect((await ask()).label).toBe('passthrough')
    scripted.setStreaming('refuses')
    scripted.resetCounts()
    expect((await ask()).label).toBe('simulated')
    expect((await ask()).label).toBe('simulated')
    expect(scripted.count({ stream: true, refused: true })).toBe(1)
  })

  it('and can be asked in no way at all is told so, with both of its refusals', async () => {
    const { ask, scripted } = await openStreamingHouse(
      {},
      { streaming: [{ habit: 'refuses', requests: 1 }, 'streams-only'] },
    )
    const told = await ask()
    expect([told.status, told.error]).toEqual([502, 'detection_failed'])
    expect(told.body).toMatch(/not supported with this model.*must be true with this model.*sluice probe/)
    expect(scripted.count()).toBe(2)
    // Nothing is held against it.
    expect((await ask()).label).toBe('passthrough')
  })
})

describe('a refusal that is none of the way it was asked', () => {
  it.each([
    ['names nothing', { habit: 'refuses', names: 'nothing' }, 400],
    ['is of another kind', { habit: 'refuses', status: 429 }, 429],
    ['is a failure', { habit: 'refuses', status: 500 }, 500],
  ] as Array<[string, Streaming, number]>)('goes to the client as it is: it %s', async (_, streaming, status) => {
    const { ask, scripted } = await openStreamingHouse({}, { streaming })
    expect((await ask()).status).toBe(status)
    expect(scripted.count()).toBe(1)
  })
})

describe('tools', () => {
  it('that a server does not stream with cost the streams without them nothing', async () => {
    const { ask, scripted } = await openStreamingHouse(
      {},
      { streaming: { habit: 'refuses', when: 'tools', message: 'Streaming is not supported with tools' } },
    )
    expect((await ask({ tools: true })).label).toBe('simulated')
    expect((await ask()).label).toBe('passthrough')
    scripted.resetCounts()
    expect((await ask({ tools: true })).label).toBe('simulated')
    expect(scripted.count({ stream: true })).toBe(0)
  })
})

describe('servers of other languages', () => {
  it.each(['an/model', 'ge/model'])('are found out in the same way: %s', async (model) => {
    const { ask, scripted } = await openStreamingHouse({}, { streaming: 'refuses' })
    expect(await ask({ model })).toMatchObject({ label: 'simulated', text: answer, finishes: 1, done: 1 })
    expect(await ask({ model })).toMatchObject({ label: 'simulated', text: answer, finishes: 1, done: 1 })
    expect([scripted.count({ stream: true }), scripted.count({ stream: false })]).toEqual([1, 2])
  })
})

describe('a demand for a native stream', () => {
  const headers = { 'x-sluice-require': 'native-stream' }

  it('is met by a server that streams, and refused for one that does not, before it is asked again', async () => {
    const { ask, scripted } = await openStreamingHouse()
    expect((await ask({ headers })).label).toBe('passthrough')
    scripted.setStreaming('ignores')
    expect(await ask({ headers })).toMatchObject({ status: 400, error: 'not_supported' })
    scripted.resetCounts()
    expect(await ask({ headers })).toMatchObject({ status: 400, error: 'not_supported' })
    expect(scripted.count()).toBe(0)
    expect((await ask()).label).toBe('simulated')
  })

  it('of another kind is a mistake', async () => {
    const { ask } = await openStreamingHouse()
    const told = await ask({ headers: { 'x-sluice-require': 'wings' } })
    expect([told.status, told.error]).toEqual([400, 'invalid_request'])
    expect(told.body).toContain('x-sluice-require')
  })
})

describe('settings for some models', () => {
  it('stand above the general ones, the last that matches above those before', async () => {
    const { ask, scripted } = await openStreamingHouse({
      force: 'never',
      models: [
        { match: 'oa/*', force: 'auto' },
        { match: 'oa/odd*', force: 'never', fallback: false },
      ],
    })
    expect((await ask({ model: 'oa/plain' })).label).toBe('passthrough')
    expect(await ask({ model: 'oa/odd-one' })).toMatchObject({ status: 400, error: 'not_supported' })
    expect((await ask({ model: 'an/plain' })).label).toBe('simulated')
    expect(scripted.count({ model: 'odd-one' })).toBe(0)
  })
})
