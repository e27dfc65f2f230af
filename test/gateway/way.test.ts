import { expect, it } from 'vitest'
import { StreamingCapabilityCache } from '../../src/capabilities/index.ts'
import { chooseWay, type Wish } from '../../src/gateway/way.ts'
import { defineProvider, targetOf } from '../../src/providers/index.ts'

const provider = defineProvider({ name: 'house', dialect: 'openai-chat', base_url: 'http://127.0.0.1:9/v1' })
const policy = {
  force: 'auto',
  fallback: true,
  simulateRate: 0,
  afterContent: 'end',
  leastRate: 0,
  firstTokenTimeoutMs: 1,
  hedgeAfterMs: 0,
  idleTimeoutMs: 1,
  stallTimeoutMs: 1,
  totalTimeoutMs: 1,
} as const
const asked: Wish = { stream: true, tools: false, nativeOnly: false, streamRefused: false }

async function open() {
  const clock = { at: 1_000_000 }
  const cache = new StreamingCapabilityCache({ ttlMs: 1000, now: () => clock.at })
  const lessons = await cache.of(provider)
  const choose = (wish: Partial<Wish> = {}) =>
    chooseWay(lessons, provider, targetOf(provider, 'model'), { ...asked, ...wish }, policy)
  return { clock, lessons, choose }
}

it('a request that tries nothing does not use up the turn of one that would', async () => {
  const { clock, lessons, choose } = await open()
  lessons.learn('model', 'stream_options', false, 'refused')
  lessons.learn('model', 'whole', false, 'refused')
  lessons.learn('model', 'whole', true, 'given')
  expect(choose()).toEqual({ stream: true, traits: { streamUsage: false } })
  clock.at += 1000
  // An answer in one piece has no options of a stream.
  expect(choose({ stream: false })).toEqual({ stream: false })
  expect(choose()).toEqual({ stream: true, traits: {} })
  expect(choose()).toEqual({ stream: true, traits: { streamUsage: false } })
})

it('a stream does not use up the turn in which a whole answer is tried again', async () => {
  const { clock, lessons, choose } = await open()
  lessons.learn('model', 'whole', false, 'refused')
  clock.at += 1000
  expect(choose().stream).toBe(true)
  expect(choose({ stream: false }).stream).toBe(false)
  expect(choose({ stream: false }).stream).toBe(true)
})

it('a model that is known to stream only is asked for a stream, whatever else was learned', async () => {
  const { lessons, choose } = await open()
  lessons.learn('model', 'whole', false, 'refused')
  lessons.learn('model', 'stream', false, 'gave one piece')
  lessons.learn('model', 'tool_stream', false, 'refused')
  expect([choose().stream, choose({ tools: true }).stream]).toEqual([true, true])
})
