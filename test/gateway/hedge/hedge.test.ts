import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { checkWire } from '../../fixtures/check-wire.ts'
import { FakeExchange } from '../exchange.ts'
import { type Call, hedgeMs, openRace, pieces, settle, wordsOf } from './race.ts'

const chat: ClientDialectName[] = ['openai-chat', 'openai-chat', 'openai-chat']

function answer(call: Call, dialect: ClientDialectName): void {
  const { start, words, finish } = pieces(dialect, call.provider)
  call.head()
  for (const piece of [start, ...words, finish]) call.say(piece)
  call.end()
}

const words0 = (who: string): string => wordsOf(who)[0]!
const textOf = (who: string): string => wordsOf(who).join('')

describe('a target that takes its time to begin', () => {
  it('is outrun by the next one, which is asked as well, and dropped at once', async () => {
    const race = openRace('openai-chat', chat)
    const exchange = race.ask()
    await settle()
    race.clock.pass(hedgeMs)
    await settle()
    expect(race.calls.map(({ provider }) => provider)).toEqual(['t0', 't1'])
    const [first, second] = race.calls as [Call, Call]
    // A beginning without content is none.
    first.head()
    first.say(pieces('openai-chat', 't0').start)
    expect([first.isOpen, second.isOpen]).toEqual([true, true])
    answer(second, 'openai-chat')
    expect(first.aborted).toBe(true)
    await exchange.answered
    expect(checkWire('openai-chat', Buffer.from(exchange.text))).toMatchObject({ outcome: 'clean', text: textOf('t1') })
    expect(exchange.sent).toMatchObject({ 'x-sluice-provider': 't1', 'x-sluice-attempts': '2, t0/m;outrun' })
    expect(race.records).toMatchObject([
      { outcome: 'ok', provider: 't1', failed: ['t0/m outrun'], billed: 'maybe', stream: 'passthrough' },
    ])
    expect([race.gateway.running, race.clock.waiting]).toEqual([0, 0])
  })

  it('answers all the same when it is quicker than the other in the end', async () => {
    const race = openRace('anthropic-messages', ['openai-chat', 'anthropic-messages'])
    const exchange = race.ask()
    await settle()
    race.clock.pass(hedgeMs)
    await settle()
    const [first, second] = race.calls as [Call, Call]
    second.head()
    second.say(pieces('anthropic-messages', 't1').start)
    answer(first, 'openai-chat')
    expect(second.aborted).toBe(true)
    expect(checkWire('anthropic-messages', Buffer.from(exchange.text))).toMatchObject({ text: textOf('t0') })
    expect(exchange.sent).toMatchObject({
      'x-sluice-provider': 't0',
      'x-sluice-attempts': '2, t1/m;outrun',
      'x-sluice-stream': 'native',
    })
    expect(race.records).toMatchObject([{ outcome: 'ok', provider: 't0', stream: 'native' }])
  })

  it('is left alone once it has begun, where nobody is left, or where nobody wants it so', async () => {
    const cases = [
      { dialects: chat, hedge: `${hedgeMs}ms`, begins: true, stream: true },
      { dialects: chat.slice(0, 1), hedge: `${hedgeMs}ms`, begins: false, stream: true },
      { dialects: chat, hedge: '0s', begins: false, stream: true },
      // A whole answer has no beginning.
      { dialects: chat, hedge: `${hedgeMs}ms`, begins: false, stream: false },
    ]
    for (const { dialects, hedge, begins, stream } of cases) {
      const race = openRace('openai-chat', dialects, hedge)
      race.ask(stream)
      await settle()
      const { start, words } = pieces('openai-chat', 't0')
      if (begins) {
        race.calls[0]!.head()
        race.calls[0]!.say(start + words[0])
      }
      race.clock.pass(hedgeMs * 10)
      await settle()
      expect([hedge, dialects.length, stream, race.calls.length]).toEqual([hedge, dialects.length, stream, 1])
      race.gateway.stop()
    }
  })

  it('may fail while the other is asked, which then has all the time there is, and is followed by the third', async () => {
    const race = openRace('openai-chat', chat)
    const exchange = race.ask()
    await settle()
    race.clock.pass(hedgeMs)
    await settle()
    race.calls[0]!.cut()
    await settle()
    expect(race.calls.length).toBe(2)
    race.clock.pass(hedgeMs * 2)
    await settle()
    expect(race.calls.length).toBe(2)
    race.calls[1]!.cut()
    await settle()
    expect(race.calls.map(({ provider }) => provider)).toEqual(['t0', 't1', 't2'])
    answer(race.calls[2]!, 'openai-chat')
    expect(checkWire('openai-chat', Buffer.from(exchange.text))).toMatchObject({ text: textOf('t2') })
    expect(exchange.sent['x-sluice-attempts']).toBe('3, t0/m;upstream_truncated, t1/m;upstream_truncated')
  })

  it('is waited for alone when it goes on with what another one has begun', async () => {
    const race = openRace('openai-chat', chat, `${hedgeMs}ms`, 'continue')
    const exchange = race.ask()
    await settle()
    const { start, words } = pieces('openai-chat', 't0')
    race.calls[0]!.head()
    race.calls[0]!.say(start + words[0])
    race.calls[0]!.cut()
    await settle()
    expect(race.calls.map(({ provider }) => provider)).toEqual(['t0', 't1'])
    race.clock.pass(hedgeMs * 2)
    await settle()
    expect(race.calls.length).toBe(2)
    answer(race.calls[1]!, 'openai-chat')
    expect(checkWire('openai-chat', Buffer.from(exchange.text))).toMatchObject({
      outcome: 'clean',
      text: words0('t0') + textOf('t1'),
    })
  })

  it('is given up with the other when the client leaves', async () => {
    const race = openRace('openai-chat', chat)
    const exchange = race.ask()
    await settle()
    race.clock.pass(hedgeMs)
    await settle()
    exchange.leave()
    expect(race.calls.map(({ aborted }) => aborted)).toEqual([true, true])
    expect([race.gateway.running, race.clock.waiting]).toEqual([0, 0])
    expect(race.records).toMatchObject([{ outcome: 'aborted', billed: 'maybe' }])
  })
})

/** What a provider may do in its turn. */
type Act = 'head' | 'start' | 'word' | 'finish' | 'refuse' | 'cut' | 'truncate'

const acts = fc.constantFrom<Act>(
  'head',
  'head',
  'start',
  'word',
  'word',
  'word',
  'finish',
  'finish',
  'refuse',
  'cut',
  'truncate',
)
const turns = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ who: fc.nat(2), act: acts }) },
    { weight: 2, arbitrary: fc.constant('time' as const) },
    { weight: 1, arbitrary: fc.constant('leave' as const) },
  ),
  { maxLength: 30 },
)
const last = fc.constantFrom<Act>('finish', 'finish', 'refuse')
const dialect = fc.constantFrom<ClientDialectName>('openai-chat', 'anthropic-messages')

it('whatever targets do in whatever order, a client gets one answer of one of them or one error, and nothing stays', async () => {
  const seen = { clean: 0, error: 0, refused: 0, left: 0, raced: 0 }
  await fc.assert(
    fc.asyncProperty(
      dialect,
      fc.tuple(dialect, dialect, dialect),
      turns,
      last,
      async (client, dialects, turns, last) => {
        const race = openRace(client, dialects)
        const exchange = race.ask()
        await settle()
        const at = new Map<Call, { headed: boolean; started: boolean; words: number }>()
        let left = false
        const play = (call: Call, act: Act): void => {
          const state = at.get(call) ?? { headed: false, started: false, words: 0 }
          at.set(call, state)
          const { start, words, finish } = pieces(dialects[Number(call.provider.slice(1))]!, call.provider)
          if (!state.headed && act !== 'refuse' && act !== 'cut') {
            call.head()
            state.headed = true
          }
          const begin = (): void => {
            if (!state.started) call.say(start)
            state.started = true
          }
          if (act === 'refuse' && !state.headed) {
            call.head(503)
            call.say('{"error":{"message":"busy"}}')
            call.end()
          } else if (act === 'cut' || act === 'refuse') call.cut()
          else if (act === 'truncate') call.end()
          else if (act === 'start') begin()
          else if (act === 'word' && state.words < words.length) {
            begin()
            call.say(words[state.words++]!)
          } else if (act === 'finish') {
            begin()
            while (state.words < words.length) call.say(words[state.words++]!)
            call.say(finish)
            call.end()
          }
        }
        for (const turn of turns) {
          if (turn === 'time') race.clock.pass(hedgeMs)
          else if (turn === 'leave') {
            exchange.leave()
            left = true
          } else {
            const call = race.calls.filter((one) => one.isOpen)[turn.who]
            if (call) play(call, turn.act)
          }
          await settle()
          if (race.calls.filter((one) => one.isOpen).length === 2) seen.raced++
          expect(race.calls.filter((one) => one.isOpen).length).toBeLessThanOrEqual(2)
          if (left) break
        }
        // Whoever is still asked answers, or does not.
        for (let round = 0; round < 5; round++) {
          for (const call of race.calls) if (call.isOpen) play(call, last)
          await settle()
        }
        expect(race.calls.filter((one) => one.isOpen)).toEqual([])
        expect([race.gateway.running, race.clock.waiting]).toEqual([0, 0])
        expect(race.records.length).toBe(1)
        const status = await targets(race)
        expect(status.every(({ running }) => running === 0)).toBe(true)
        if (left && race.records[0]?.outcome === 'aborted') {
          seen.left++
          return
        }
        if (exchange.status !== 200) {
          seen.refused++
          expect(race.records[0]?.outcome).toBe('error')
          return
        }
        const { outcome, text } = checkWire(client, Buffer.from(exchange.text))
        seen[outcome]++
        const by = race.records[0]?.provider ?? ''
        if (outcome === 'clean') expect(text).toBe(textOf(by))
        else expect(textOf(by).startsWith(text)).toBe(true)
        // Each call was one attempt, and each is told of but the one that answered.
        expect(exchange.sent['x-sluice-attempts']?.split(', ').length).toBe(race.calls.length)
      },
    ),
    { numRuns: 600 },
  )
  for (const [what, times] of Object.entries(seen)) expect([what, times > 10]).toEqual([what, true])
})

async function targets({ gateway }: ReturnType<typeof openRace>): Promise<Array<{ running: number }>> {
  const exchange = new FakeExchange({ path: '/admin/v1/targets' })
  gateway.handle(exchange)
  await exchange.answered
  return (exchange.json as { targets: Array<{ running: number }> }).targets
}
