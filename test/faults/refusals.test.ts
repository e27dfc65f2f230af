import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { checkStream, checkWhole } from './check-stream.ts'
import { chat, house, type Pair, pairs, paths, post, scripted } from './house.ts'

/** What the client sees of a status of the provider. 529 is the same to one dialect as 503 to the other. */
const statuses: Array<[number, number]> = [
  [400, 400],
  [401, 502],
  [402, 402],
  [403, 502],
  [404, 404],
  [405, 405],
  [408, 504],
  [409, 409],
  [413, 413],
  [418, 418],
  [422, 422],
  [429, 429],
  [499, 502],
  [500, 500],
  [501, 501],
  [502, 502],
  [503, 503],
  [504, 504],
  [520, 520],
  [524, 504],
  [529, 503],
  [599, 599],
]

describe.each(pairs)('$client before $upstream', (pair) => {
  it('the status of the provider, and when to come back, reach the client', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    for (const [status, shown] of statuses) {
      // A provider of that dialect calls it a bad request in so many words.
      if (status === 499 && pair.upstream === 'anthropic-messages') continue
      for (const stream of [true, false]) {
        const script = { fault: { status, retryAfter: '7s', message: `because of ${status}` } }
        const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream, script }))
        const said = `${status}: ${answer.status} ${answer.body}`
        const seen = checkWhole(pair.client, answer.status, answer.body)
        expect(answer.status === 529 ? 503 : answer.status, said).toBe(shown)
        expect(seen.error, said).toContain(`because of ${status}`)
        expect(answer.headers['retry-after'], said).toBe('7')
      }
    }
    expect(gateway.records.every(({ outcome, status }) => outcome === 'error' && status >= 400)).toBe(true)
  })

  it('two answers at once: one of them cut off is no whole answer', async () => {
    if (pair.client !== 'openai-chat' || pair.upstream !== 'openai-chat') return
    const upstream = await scripted()
    for (const normalise of [false, true]) {
      const gateway = await house({
        upstream: upstream.url,
        normalise,
        streaming: { finish_grace: '50ms', idle_timeout: '150ms' },
      })
      const script: Script = { steps: [{ text: 'one two', chunk: 'word' }] }
      for (const kind of ['cutAfterEvents', 'endAfterEvents', 'stallAfterEvents']) {
        for (let n = 3; n <= 10; n++) {
          const answer = await post(
            gateway.url + paths[pair.client],
            chat(pair, { stream: true, n: 2, script: { ...script, fault: { [kind]: n } } }),
          )
          const seen = checkStream(pair.client, answer.body)
          const whole = answer.body.toString().match(/"finish_reason":"/g)?.length === 2
          expect(seen.outcome, `${kind} ${n}, normalise ${normalise}: ${answer.body}`).toBe(whole ? 'clean' : 'error')
        }
      }
    }
  })
})

describe('what comes from outside stays inside its place', () => {
  const pair: Pair = { client: 'openai-chat', upstream: 'anthropic-messages' }

  it('the name of a model cannot bring a header with it', async () => {
    const upstream = await scripted({ script: { steps: [{ text: 'hi' }] } })
    const gateway = await house({ upstream: upstream.url })
    for (const model of ['m\r\nx-evil: 1', 'm\0', 'm\u2028世界', 'm'.repeat(20_000), '../../x?y#z']) {
      for (const upstreamName of ['openai-chat', 'anthropic-messages']) {
        const answer = await post(`${gateway.url}/v1/chat/completions`, {
          ...chat(pair, {}),
          model: `${upstreamName}/${model}`,
        })
        expect(answer.status).toBe(200)
        expect(answer.headers['x-evil']).toBeUndefined()
        expect(upstream.requests.at(-1)?.path).toMatch(/^\/v1\/(chat\/completions|messages)$/)
      }
    }
  })

  it('an id of the client that is no id is replaced', async () => {
    const upstream = await scripted({ script: { steps: [{ text: 'hi' }] } })
    const gateway = await house({ upstream: upstream.url })
    for (const [id, kept] of [
      ['trace-1', true],
      ['a b', false],
      ['x'.repeat(101), false],
      ['<b>', false],
    ] as const) {
      const answer = await post(`${gateway.url}/v1/chat/completions`, chat(pair, {}), {
        headers: { 'x-request-id': id },
      })
      expect(answer.headers['x-sluice-request-id'] === id, id).toBe(kept)
    }
  })

  it('text that looks like an event stays text', async () => {
    const evil = 'x\n\ndata: [DONE]\n\nevent: message_stop\ndata: {"type":"message_stop"}\r\n\r\n\u2028: hi'
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    for (const one of pairs) {
      const answer = await post(
        gateway.url + paths[one.client],
        chat(one, { stream: true, script: { steps: [{ text: evil, chunk: 'whole' }] } }),
      )
      expect(checkStream(one.client, answer.body)).toMatchObject({ outcome: 'clean', text: evil })
      const failed = await post(
        gateway.url + paths[one.client],
        chat(one, {
          stream: true,
          script: { steps: [{ text: 'x', chunk: 'whole' }], fault: { errorEvent: { message: evil }, afterEvents: 3 } },
        }),
      )
      expect(checkStream(one.client, failed.body)).toMatchObject({ outcome: 'error', error: evil })
    }
  })

  it('headers of the client that are not the vendor’s stay here', async () => {
    const upstream = await scripted({ script: { steps: [{ text: 'hi' }] } })
    const gateway = await house({ upstream: upstream.url })
    const headers = {
      cookie: 'a=b',
      'x-stainless-lang': 'js',
      'x-forwarded-for': '1.2.3.4',
      authorization: 'Bearer mine',
      'x-api-key': 'mine',
      'accept-encoding': 'gzip',
      te: 'trailers',
      'proxy-authorization': 'Basic mine',
      origin: 'http://localhost',
    }
    for (const one of pairs) {
      await post(gateway.url + paths[one.client], chat(one, {}), { headers })
      const sent = JSON.stringify(upstream.requests.at(-1)?.headers)
      expect(sent).not.toMatch(/mine|stainless|cookie|forwarded|origin|gzip|trailers/)
      expect(sent).toContain('provider-key')
    }
  })
})

it('one connection to the provider serves many answers, and none is left behind', async () => {
  const upstream = await scripted({ script: { steps: [{ text: 'hi' }] } })
  const gateway = await house({ upstream: upstream.url })
  const pair: Pair = { client: 'anthropic-messages', upstream: 'openai-chat' }
  for (let i = 0; i < 20; i++) {
    const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream: i % 2 === 0 }))
    expect(answer.status).toBe(200)
  }
  expect(gateway.gateway.running).toBe(0)
})
