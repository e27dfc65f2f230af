import { describe, expect, it } from 'vitest'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { type OwnTransformer, pass } from '../../../src/pipeline/index.ts'
import { checkWire } from '../../fixtures/check-wire.ts'
import type { FakeExchange } from '../exchange.ts'
import { answer, chunk, hedgeMs, openRace, pieces, type Race, settle, textOf, wordsOf } from './race.ts'

const two: ClientDialectName[] = ['openai-chat', 'openai-chat']
const { start, words, finish } = pieces('openai-chat', 't0')

function seen(exchange: FakeExchange, client = 'openai-chat') {
  return checkWire(client, Buffer.from(exchange.text))
}

/** Nothing of the request is left. */
async function expectIdle(race: Race): Promise<void> {
  await settle()
  expect([race.gateway.running, race.clock.waiting]).toEqual([0, 0])
  expect(race.calls.filter(({ isOpen }) => isOpen)).toEqual([])
  expect((await race.running()).every((running) => running === 0)).toBe(true)
  expect(race.records.length).toBe(1)
}

describe('a target that takes its time to begin', () => {
  it('is outrun by the next one, which is asked as well, and dropped at once', async () => {
    const race = openRace()
    const exchange = await race.begin()
    expect(race.calls.map(({ provider }) => provider)).toEqual(['t0', 't1'])
    const [first, second] = race.calls
    // A beginning without content is none.
    first!.head()
    first!.say(start)
    expect([first!.isOpen, second!.isOpen]).toEqual([true, true])
    answer(second!)
    expect(first!.aborted).toBe(true)
    expect(seen(exchange)).toMatchObject({ outcome: 'clean', text: textOf('t1') })
    expect(exchange.sent).toMatchObject({ 'x-sluice-provider': 't1', 'x-sluice-attempts': '2, t0/m;outrun' })
    expect(race.records).toMatchObject([
      { outcome: 'ok', provider: 't1', failed: ['t0/m outrun'], billed: 'maybe', stream: 'passthrough' },
    ])
    await expectIdle(race)
  })

  it('answers all the same when it is quicker than the other in the end', async () => {
    const race = openRace({ client: 'anthropic-messages', dialects: ['openai-chat', 'anthropic-messages'] })
    const exchange = await race.begin()
    const [first, second] = race.calls
    second!.head()
    second!.say(pieces('anthropic-messages', 't1').start)
    answer(first!)
    expect(second!.aborted).toBe(true)
    expect(seen(exchange, 'anthropic-messages')).toMatchObject({ text: textOf('t0') })
    expect(exchange.sent).toMatchObject({
      'x-sluice-provider': 't0',
      'x-sluice-attempts': '2, t1/m;outrun',
      'x-sluice-stream': 'native',
    })
    expect(race.records).toMatchObject([{ outcome: 'ok', provider: 't0', stream: 'native' }])
    await expectIdle(race)
  })

  it('is left alone once it has begun, where nobody is left, or where nobody wants it so', async () => {
    const cases = [
      { begins: true },
      { dialects: two.slice(0, 1) },
      { streaming: { hedge_after: '0s' } },
      // A whole answer has no beginning.
      { stream: false },
    ]
    for (const { begins = false, stream = true, ...options } of cases) {
      const race = openRace(options)
      race.ask(stream)
      await settle()
      if (begins) {
        race.calls[0]!.head()
        race.calls[0]!.say(start + words[0])
      }
      race.clock.pass(hedgeMs * 10)
      await settle()
      expect([options, stream, race.calls.length]).toEqual([options, stream, 1])
      race.gateway.stop()
    }
  })

  it('has won with an answer that is empty, too', async () => {
    const race = openRace()
    const exchange = await race.begin()
    race.calls[0]!.head()
    race.calls[0]!.say(start + finish)
    race.calls[0]!.end()
    expect(race.calls[1]!.aborted).toBe(true)
    expect(seen(exchange)).toMatchObject({ outcome: 'clean', text: '' })
    expect(race.records).toMatchObject([{ outcome: 'ok', provider: 't0' }])
    await expectIdle(race)
  })

  it('has its time anew when it refuses the way it was asked, and no company when it is to answer whole', async () => {
    const race = openRace()
    const exchange = race.ask()
    await settle()
    race.clock.pass(hedgeMs / 2)
    race.calls[0]!.refuse(400, 'stream is not supported for this model')
    await settle()
    race.clock.pass(hedgeMs * 3)
    await settle()
    expect(race.calls.map(({ provider, asksStream }) => [provider, asksStream])).toEqual([
      ['t0', true],
      ['t0', false],
    ])
    race.calls[1]!.whole(textOf('t0'))
    expect(seen(exchange)).toMatchObject({ text: textOf('t0') })
    await expectIdle(race)
  })

  it('is not outrun while it is the client that does not read, or what comes has to wait here', async () => {
    const own: OwnTransformer = { name: 't0', tokens: () => waiting() }
    const race = openRace({ transformers: { t0: own } })
    race.ask()
    await settle()
    race.calls[0]!.head()
    for (const piece of [start, ...words, ...words]) race.calls[0]!.say(piece)
    await settle()
    expect(race.calls[0]!.paused).toBe(true)
    race.clock.pass(hedgeMs * 5)
    await settle()
    expect(race.calls.length).toBe(1)
    race.gateway.stop()
  })
})

describe('of two that are asked', () => {
  it('one may fail, and the other has all the time there is; when it fails as well, the third is asked', async () => {
    const race = openRace()
    const exchange = await race.begin()
    race.calls[0]!.cut()
    await settle()
    race.clock.pass(hedgeMs * 2)
    await settle()
    expect(race.calls.length).toBe(2)
    race.calls[1]!.cut()
    await settle()
    expect(race.calls.map(({ provider }) => provider)).toEqual(['t0', 't1', 't2'])
    answer(race.calls[2]!)
    expect(seen(exchange)).toMatchObject({ text: textOf('t2') })
    expect(exchange.sent['x-sluice-attempts']).toBe('3, t0/m;upstream_truncated, t1/m;upstream_truncated')
    await expectIdle(race)
  })

  it('the one that is left is not cut off for its silence when there is nobody else', async () => {
    const race = openRace({ dialects: two })
    const exchange = await race.begin()
    race.calls[1]!.refuse(503, 'busy')
    await settle()
    race.clock.pass(30_000)
    await settle()
    expect(race.calls[0]!.isOpen).toBe(true)
    answer(race.calls[0]!)
    // The head went out when nobody had content.
    expect(seen(exchange)).toMatchObject({ text: textOf('t0') })
    await expectIdle(race)
  })

  it('the one that is left gives way to another key of the one that failed', async () => {
    const race = openRace({ dialects: two, keys: ['a', 'b'] })
    const exchange = await race.begin()
    race.calls[0]!.refuse(401, 'bad key')
    await settle()
    race.clock.pass(1000)
    await settle()
    expect(race.calls.map(({ provider, isOpen }) => [provider, isOpen])).toEqual([
      ['t0', false],
      ['t1', false],
      ['t0', true],
    ])
    answer(race.calls[2]!)
    expect(seen(exchange)).toMatchObject({ text: textOf('t0') })
    await expectIdle(race)
  })

  it('neither is followed by a third when one has answered what may have been paid for', async () => {
    const race = openRace()
    const exchange = await race.begin()
    race.calls[0]!.head(200, { 'content-type': 'application/json' })
    race.calls[0]!.say('{"what":1}')
    race.calls[0]!.end()
    await settle()
    race.calls[1]!.refuse(503, 'busy')
    await settle()
    expect([race.calls.length, exchange.status >= 500]).toEqual([2, true])
    await expectIdle(race)
  })

  it('the one that was outrun is asked once more where the other fails the client', async () => {
    const race = openRace({ dialects: two, streaming: { after_content: 'continue' } })
    const exchange = await race.begin()
    race.calls[0]!.head()
    race.calls[0]!.say(start + words[0])
    expect(race.calls[1]!.aborted).toBe(true)
    race.calls[0]!.cut()
    await settle()
    race.clock.pass(hedgeMs * 2)
    await settle()
    // And who goes on with an answer is waited for alone.
    expect(race.calls.map(({ provider }) => provider)).toEqual(['t0', 't1', 't1'])
    answer(race.calls[2]!)
    expect(seen(exchange)).toMatchObject({ outcome: 'clean', text: wordsOf('t0')[0] + textOf('t1') })
    await expectIdle(race)
  })

  it('the one that was outrun is asked once more where what the other said is nothing to the client', async () => {
    const race = openRace({ client: 'gemini', dialects: two })
    const exchange = await race.begin()
    race.calls[0]!.head()
    race.calls[0]!.say(start + chunk('t0', { reasoning_content: 'hm' }))
    race.calls[0]!.cut()
    await settle()
    answer(race.calls.at(-1)!)
    expect([exchange.status, race.calls.length]).toEqual([200, 3])
    await expectIdle(race)
  })

  it('one waits for its transformers alone', async () => {
    const own: OwnTransformer = { name: 't1', tokens: () => waiting() }
    const race = openRace({ transformers: { t1: own } })
    await race.begin()
    race.calls[1]!.head()
    for (const piece of [start, ...words, ...words]) race.calls[1]!.say(piece)
    await settle()
    expect(race.calls.map(({ paused }) => paused)).toEqual([false, true])
    race.gateway.stop()
    await expectIdle(race)
  })

  it('one that was never sent is no attempt', async () => {
    const race = openRace({ transformers: { t1: { name: 't1', request: () => new Promise(() => {}) } } })
    const exchange = await race.begin()
    expect(race.calls.length).toBe(1)
    answer(race.calls[0]!)
    expect(exchange.sent['x-sluice-attempts']).toBe('1')
    expect(race.records[0]).not.toHaveProperty('failed')
    await expectIdle(race)
  })

  it('the second does not wait for what the first is about to find out of their provider', async () => {
    const race = openRace({ dialects: two.slice(0, 1), targets: ['t0/a', 't0/b'] })
    await race.begin()
    expect(race.calls.map(({ model }) => model)).toEqual(['a', 'b'])
    race.gateway.stop()
    await expectIdle(race)
  })

  it('both are given up when the client leaves', async () => {
    const race = openRace()
    const exchange = await race.begin()
    exchange.leave()
    expect(race.calls.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(race.records).toMatchObject([{ outcome: 'aborted', billed: 'maybe' }])
    await expectIdle(race)
  })

  it('both are given up when sluice stops, and the client is told so, whoever had begun', async () => {
    for (const begun of [[], [0], [1], [0, 1]]) {
      const race = openRace()
      const exchange = await race.begin()
      for (const i of begun) {
        race.calls[i]!.head()
        race.calls[i]!.say(start)
      }
      race.gateway.stop()
      expect([begun, exchange.status]).toEqual([begun, 503])
      expect(race.records).toMatchObject([{ outcome: 'error', code: 'draining' }])
      await expectIdle(race)
    }
  })
})

it('a stream that somebody has given up is none that sluice could end', async () => {
  const own: OwnTransformer = { name: 't0', tokens: () => waiting() }
  const race = openRace({ transformers: { t0: own }, streaming: { hedge_after: '0s' } })
  const exchange = race.ask()
  await settle()
  race.calls[0]!.head()
  race.calls[0]!.say(start)
  race.clock.pass(1000)
  await settle()
  expect(race.calls.length).toBe(2)
  race.gateway.stop()
  expect(exchange.status).toBe(503)
  await expectIdle(race)
})

/** Lets text through when the world ends. */
function waiting() {
  return {
    name: 'waiting',
    async: true as const,
    limit: 2,
    timeoutMs: 3_600_000,
    async transform({ type }: { type: string }) {
      if (type === 'text-delta') await new Promise(() => {})
      return pass
    },
  }
}
