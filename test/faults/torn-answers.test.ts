import { expect, it } from 'vitest'
import { checkWhole } from './check-stream.ts'
import { goodBody, hostile } from './hostile.ts'
import { chat, dialects, house, pairs, paths, pause, post } from './house.ts'

const script = { steps: [{ text: 'Grüße aus 世界 '.repeat(20_000) }] }

/** An upstream whose whole answer comes in several reads. */
async function inPieces(status: number, body: Buffer, length: number) {
  return hostile(async (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    for (let at = 0; at < body.length; at += length) {
      response.write(body.subarray(at, at + length))
      await pause(2)
    }
    response.end()
  })
}

it.each(pairs)('a whole answer that comes in several reads is whole: $client before $upstream', async (pair) => {
  const body = await goodBody(pair.upstream, script, false)
  const server = await inPieces(200, body, 200_000)
  const gateway = await house({ upstream: server.url })
  const answer = await post(gateway.url + paths[pair.client], chat(pair, {}), { slow: 1 })
  expect(answer.status).toBe(200)
  checkWhole(pair.client, 200, answer.body)
  expect(answer.body.toString()).toContain(script.steps[0]!.text)
})

it.each(dialects)('a refusal that comes in several reads is told in its words: %s', async (dialect) => {
  const words = 'no such thing as Grüße; '.repeat(30)
  const body = Buffer.from(JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: words } }))
  const server = await inPieces(400, body, 100)
  const gateway = await house({ upstream: server.url })
  const answer = await post(gateway.url + paths[dialect], chat({ client: dialect, upstream: dialect }, {}))
  expect(answer.status).toBe(400)
  expect(answer.body.toString()).toContain(words.trim())
})
