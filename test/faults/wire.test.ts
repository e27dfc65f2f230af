import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { checkStream, checkWhole } from './check-stream.ts'
import { goodBody, hostile } from './hostile.ts'
import { chat, type DialectName, dialects, house, pairs, paths, post, scripted, until } from './house.ts'

const words = 'Grüße aus 世界 👩‍👩‍👧‍👦 one two'
const script: Script = {
  steps: [
    { reasoning: 'Let me think', signature: 'c2ln' },
    { text: words, chunk: 1 },
    { tool: 'get_weather', arguments: { city: 'Zürich' } },
  ],
}
const streaming = { finish_grace: '1s', idle_timeout: '1s', total_timeout: '5s' }
const usage = (client: DialectName) => (client === 'openai-chat' ? { stream_options: { include_usage: true } } : {})

const shapes: Array<[string, Script]> = [
  ['CRLF', { wire: { lineEnd: 'crlf' } }],
  ['CR alone', { wire: { lineEnd: 'cr' } }],
  ['CRLF torn into bytes', { wire: { lineEnd: 'crlf', write: 1, batch: 40 } }],
  ['CR torn into bytes', { wire: { lineEnd: 'cr', write: 1, batch: 40 } }],
  ['characters torn into bytes', { wire: { write: 1 } }],
  ['writes of 7 bytes', { wire: { write: 7 } }],
  ['many events in a write', { wire: { batch: 1000 } }],
  ['comments and pings between events', { wire: { comments: 1, pings: 1 } }],
  ['an event of a megabyte', { wire: { huge: 1_000_000 } }],
  ['no end marker', { fault: { noEndMarker: true } }],
  ['two end markers', { fault: { duplicateEnd: true } }],
  ['two end markers in one write', { fault: { duplicateEnd: true }, wire: { batch: 1000 } }],
  ['events behind the end', { fault: { trailing: 'data: {"choices":[{"index":0,"delta":{"content":"more"}}]}\n\n' } }],
  [
    'garbage behind the end, in one write',
    { fault: { trailing: 'what\0 is this\n\ndata: {"error":{"message":"no"}}\n\n' }, wire: { batch: 1000 } },
  ],
  ['half an event behind the end', { fault: { trailing: 'data: {"choi' } }],
]

/** With `normalise` both ends may speak one dialect, and the stream is decoded and encoded all the same. */
const roads = [
  ...pairs.map((pair) => ({ ...pair, normalise: false })),
  ...dialects.map((one) => ({ client: one, upstream: one, normalise: true })),
]

describe.each(roads)('$client before $upstream, normalise $normalise', ({ normalise, ...pair }) => {
  it.each(shapes)('a stream with %s is whole', async (_, shape) => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url, streaming, normalise })
    const answer = await post(
      gateway.url + paths[pair.client],
      chat(pair, { stream: true, script: { ...script, ...shape }, ...usage(pair.client) }),
    )
    const seen = checkStream(pair.client, answer.body)
    expect(seen, answer.body.toString().slice(-500)).toMatchObject({
      outcome: 'clean',
      text: words,
      tools: [{ name: 'get_weather', args: '{"city":"Zürich"}' }],
    })
    expect(seen.usage).toBe(true)
    expect(seen.finish).toMatch(/^tool_/)
    await until(() => gateway.gateway.running === 0, 'nothing is running', 1500)
  })

  it('a stream that is cut after any byte is an error, or whole when only the end marker was lost', async () => {
    const good = await goodBody(pair.upstream, { steps: [{ text: words, chunk: 'word' }] }, true)
    let next = 0
    const server = await hostile((response) => {
      const at = next++ * 9
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(good.subarray(0, at))
      if (at % 2) response.end()
      else setImmediate(() => response.destroy())
    })
    const gateway = await house({ upstream: server.url, streaming, normalise })
    const finish = good.indexOf(pair.upstream === 'openai-chat' ? '"finish_reason":"stop"' : '"stop_reason":"end_turn"')
    const borders = good.indexOf('\n\n', finish)
    for (let at = 0; at < good.length; at += 9) {
      const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream: true }))
      const said = `after ${at} of ${good.length} bytes: ${answer.status} ${answer.body.toString().slice(-300)}`
      expect(answer.broken, said).toBe(false)
      if (answer.status !== 200) {
        expect(answer.status, said).toBe(502)
        checkWhole(pair.client, answer.status, answer.body)
        continue
      }
      const seen = checkStream(pair.client, answer.body)
      expect(words.startsWith(seen.text), said).toBe(true)
      if (at < borders) expect(seen.outcome, said).toBe('error')
      if (at > borders + 2) expect(seen, said).toMatchObject({ outcome: 'clean', text: words })
    }
    await until(() => gateway.gateway.running === 0, 'nothing is running')
  })
})
