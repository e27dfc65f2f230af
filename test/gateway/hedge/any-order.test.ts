import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { type OwnTransformer, pass } from '../../../src/pipeline/index.ts'
import { checkWire } from '../../fixtures/check-wire.ts'
import { type Call, openRace, pieces, settle, wordsOf } from './race.ts'

/** What a provider may do in its turn. */
const acts = [
  ...['head', 'start', 'word', 'word', 'word', 'finish', 'finish', 'empty', 'whole', 'no answer'],
  ...['busy', 'slow down', 'wrong key', 'no streams', 'cut', 'truncate', 'error event'],
] as const
type Act = (typeof acts)[number]

const turn = fc.oneof(
  { weight: 8, arbitrary: fc.record({ who: fc.nat(2), act: fc.constantFrom<Act>(...acts) }) },
  { weight: 4, arbitrary: fc.record({ pass: fc.constantFrom(10, 50, 50, 120, 400) }) },
  { weight: 3, arbitrary: fc.record({ open: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constantFrom('leave' as const, 'stop' as const) },
)
const dialect = fc.constantFrom<ClientDialectName>('openai-chat', 'openai-chat', 'anthropic-messages')
const flags = (often: number) =>
  fc.array(
    fc.nat(often).map((n) => n === 0),
    { minLength: 3, maxLength: 3 },
  )
const setup = fc.record({
  client: fc.constantFrom<ClientDialectName>('openai-chat', 'anthropic-messages'),
  dialects: fc.array(dialect, { minLength: 1, maxLength: 3 }),
  twoKeys: fc.boolean(),
  /** Some targets have a transformer before or behind them that waits. */
  slowRequests: flags(4),
  slowTokens: flags(2),
  streaming: fc.record({
    after_content: fc.constantFrom('end' as const, 'continue' as const),
    max_retries: fc.nat(1),
    status_ceiling: fc.constantFrom('30ms', '300ms', '10s'),
    first_token_timeout: fc.constantFrom('30ms', '50ms', '100ms', '1s', '1s', '1s'),
    simulate_rate: fc.constantFrom(0, 0, 50),
    models: fc.constantFrom<Array<{ match: string; force: 'never' }>>(
      [],
      [],
      [{ match: 't0/*', force: 'never' }],
      [{ match: 't1/*', force: 'never' }],
    ),
  }),
})

it('whatever targets do in whatever order, a client gets one answer or one error, and nothing of it stays', async () => {
  const seen: Record<string, number> = { outrun: 0, ok: 0, error: 0, aborted: 0 }
  await fc.assert(
    fc.asyncProperty(setup, fc.array(turn, { maxLength: 25 }), async (setup, turns) => {
      const { client, dialects, twoKeys, streaming } = setup
      const gates: Array<() => void> = []
      const slow = (name: string, i: number): OwnTransformer => ({
        name,
        request: () =>
          setup.slowRequests[i] ? new Promise((resolve) => gates.push(() => resolve(undefined))) : undefined,
        ...(setup.slowTokens[i] && { tokens: () => slowTokens(gates) }),
      })
      const transformers = Object.fromEntries(
        dialects.flatMap((_, i) => (setup.slowRequests[i] || setup.slowTokens[i] ? [[`t${i}`, slow(`t${i}`, i)]] : [])),
      )
      const race = openRace({ client, dialects, keys: twoKeys ? ['a', 'b'] : ['a'], transformers, streaming })
      const exchange = await race.begin()
      const openGates = (): void => {
        for (const gate of gates.splice(0)) gate()
      }
      let over: 'left' | 'stopped' | undefined
      for (const turn of turns) {
        if (turn === 'leave') {
          exchange.leave()
          over = 'left'
        } else if (turn === 'stop') {
          race.gateway.stop()
          over = 'stopped'
        } else if ('pass' in turn) race.clock.pass(turn.pass)
        else if ('open' in turn) gates.splice(turn.open, 1)[0]?.()
        else {
          const call = race.calls.filter(({ isOpen }) => isOpen)[turn.who]
          if (call) play(call, dialects, turn.act)
        }
        await settle()
        const open = race.calls.filter(({ isOpen }) => isOpen).length
        expect(open).toBeLessThanOrEqual(2)
        if (over) break
      }
      // At once, and not only when somebody has answered.
      if (over === 'stopped') expect(race.gateway.running).toBe(0)
      for (let i = 0; i < 400 && race.gateway.running > 0; i++) {
        openGates()
        await settle()
        for (const call of race.calls) if (call.isOpen) play(call, dialects, 'finish')
        openGates()
        await settle()
        race.clock.pass(10)
      }
      openGates()
      await settle()
      expect([race.gateway.running, race.clock.waiting]).toEqual([0, 0])
      expect(race.calls.filter(({ isOpen }) => isOpen)).toEqual([])
      expect((await race.running()).every((running) => running === 0)).toBe(true)
      expect(race.records.length).toBe(1)
      const { outcome, code, provider, failed = [] } = race.records[0]!
      expect(code).not.toBe('internal')
      seen[outcome] = (seen[outcome] ?? 0) + 1
      if (failed.some((one) => one.endsWith('outrun'))) seen.outrun!++
      if (outcome !== 'ok') return
      const read = checkWire(client, Buffer.from(exchange.text))
      expect(read.outcome).toBe('clean')
      // One answer is of one provider, from its first word to its last.
      if (read.text !== '' && streaming.after_content === 'end') expect(read.text).toBe(wordsOf(provider!).join(''))
    }),
    { numRuns: 1500 },
  )
  for (const [what, times] of Object.entries(seen)) expect([what, times > 20]).toEqual([what, true])
})

function play(call: Call, dialects: ClientDialectName[], act: Act): void {
  const dialect = dialects[Number(call.provider.slice(1))]!
  const { start, words, finish } = pieces(dialect, call.provider)
  const whole = act === 'whole' || act === 'no answer'
  const refuses = { busy: 503, 'slow down': 429, 'wrong key': 401, 'no streams': 400 }[act as string]
  if (act === 'cut') call.cut()
  else if (refuses !== undefined) {
    const message = act === 'no streams' ? 'stream is not supported for this model' : act
    if (!call.headed) call.refuse(refuses, message, act === 'slow down' ? { 'retry-after': '1' } : {})
  } else if (whole || !call.asksStream) {
    if (call.headed || (!whole && act !== 'finish')) return
    if (act === 'no answer') {
      call.head(200, { 'content-type': 'application/json' })
      call.say('{"what":1}')
      call.end()
    } else call.whole(wordsOf(call.provider).join(''), dialect)
  } else {
    if (!call.headed) call.head()
    if (act === 'truncate') call.end()
    else if (act === 'error event')
      call.say('event: error\ndata: {"type":"error","error":{"type":"api_error","message":"oops"}}\n\n')
    else if (act !== 'head') {
      if (!call.started) call.say(start)
      call.started = true
      if (act === 'word' && call.words < words.length) call.say(words[call.words++]!)
      if (act === 'empty' && call.words === 0) {
        call.say(finish)
        call.end()
      }
      if (act !== 'finish') return
      while (call.words < words.length) call.say(words[call.words++]!)
      call.say(finish)
      call.end()
    }
  }
}

/** Each text waits for its gate. */
function slowTokens(gates: Array<() => void>) {
  return {
    name: 'slow',
    async: true as const,
    limit: 2,
    timeoutMs: 3_600_000,
    async transform({ type }: { type: string }) {
      if (type === 'text-delta') await new Promise<void>((resolve) => gates.push(resolve))
      return pass
    },
  }
}
