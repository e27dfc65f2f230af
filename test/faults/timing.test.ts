import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { checkStream, checkWhole } from './check-stream.ts'
import { wire } from './hostile.ts'
import { chat, type House, house, type Pair, pairs, paths, pause, post, scripted, until } from './house.ts'

const words = 'Grüße aus 世界, one two three'
const text = { text: words, chunk: 'word' }

describe.each(pairs)('$client before $upstream', (pair) => {
  const open = async (streaming: object, script: object) => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url, streaming })
    const ask = (stream: boolean) => post(gateway.url + paths[pair.client], chat(pair, { stream, script }))
    return { upstream, gateway, ask }
  }
  const life = pair.client === 'openai-chat' ? /^: / : /^event: ping\n/
  const start = pair.client === 'openai-chat' ? '"role":"assistant"' : 'message_start'

  it('a slow provider: at the ceiling come the head and signs of life, and the start comes with the content', async () => {
    const { ask } = await open({ status_ceiling: '60ms', heartbeat: '40ms' }, { headDelay: '600ms', steps: [text] })
    const answer = await ask(true)
    expect(answer.status).toBe(200)
    const [first, ...others] = answer.reads
    expect(first?.at).toBeGreaterThan(50)
    expect(first?.at).toBeLessThan(500)
    expect(first?.text).toMatch(life)
    const at = others.findIndex((read) => read.text.includes(start))
    expect(at).toBeGreaterThan(1)
    for (const read of others.slice(0, at)) expect(read.text).toMatch(life)
    expect(others[at]?.text).toContain('Gr')
    expect(answer.headers['x-sluice-stream']).toBe('unknown')
    expect(checkStream(pair.client, answer.body)).toMatchObject({ outcome: 'clean', text: words })
  })

  it.each([
    ['a refusal', { headDelay: '120ms', fault: { status: 429, retryAfter: '3s' } }],
    ['a cut', { headDelay: '120ms', fault: { cutBeforeHead: true } }],
    ['an error event', { headDelay: '120ms', steps: [text], fault: { errorEvent: {}, afterEvents: 1 } }],
    ['silence', { steps: [text], fault: { stallAfterEvents: 1 } }],
  ])('%s after the ceiling is told inside the stream, without a start', async (_, script) => {
    const { ask, gateway } = await open({ status_ceiling: '40ms', total_timeout: '250ms' }, script)
    const answer = await ask(true)
    expect(answer.status).toBe(200)
    const seen = checkStream(pair.client, answer.body)
    expect(seen.outcome).toBe('error')
    expect(seen.comments).toBeGreaterThan(0)
    expect(answer.body.toString()).not.toContain(start)
    expect(gateway.records).toMatchObject([{ outcome: 'error', status: 200 }])
  })

  it('the ceiling says nothing to those who want a whole answer', async () => {
    const { ask } = await open(
      { status_ceiling: '30ms', heartbeat: '20ms' },
      { headDelay: '120ms', fault: { status: 429, retryAfter: '3s' } },
    )
    const answer = await ask(false)
    expect(answer.status).toBe(429)
    expect(answer.headers['retry-after']).toBe('3')
    checkWhole(pair.client, 429, answer.body)
  })

  it('start events wait for the first content and leave with it', async () => {
    const { ask } = await open({}, { steps: [{ wait: '120ms' }, text] })
    const answer = await ask(true)
    expect(answer.reads[0]?.at).toBeGreaterThan(110)
    expect(answer.reads[0]?.text).toContain(start)
    expect(answer.reads[0]?.text).toContain('Gr')
  })

  it('signs of life stand between events, even where the provider tears them', async () => {
    const { ask } = await open(
      { heartbeat: '15ms' },
      { steps: [{ text: '世界 one', chunk: 'word' }], wire: { write: 40, gap: '20ms' } },
    )
    const answer = await ask(true)
    const seen = checkStream(pair.client, answer.body)
    expect(seen).toMatchObject({ outcome: 'clean', text: '世界 one' })
    expect(seen.comments).toBeGreaterThan(3)
  })

  it.each([
    ['idle_timeout', { idle_timeout: '120ms', stall_timeout: '2s' }, { stallAfterEvents: 7 }, 100, 1800],
    [
      'stall_timeout',
      { idle_timeout: '400ms', stall_timeout: '600ms' },
      { stallAfterEvents: 7, comments: '30ms' },
      580,
      2500,
    ],
    ['total_timeout', { idle_timeout: '2s', total_timeout: '200ms' }, { stallAfterEvents: 7 }, 180, 1800],
  ])('%s strikes in time, and not before', async (code, streaming, fault, least, most) => {
    const { ask, gateway, upstream } = await open(streaming, { steps: [text], fault })
    const answer = await ask(true)
    expect(checkStream(pair.client, answer.body).outcome).toBe('error')
    expect(gateway.records).toMatchObject([{ outcome: 'error', code }])
    expect(answer.ms).toBeGreaterThan(least)
    expect(answer.ms).toBeLessThan(most)
    await upstream.aborted(0)
  })

  it('an end marker that does not come is waited for no longer than the grace', async () => {
    const { ask, gateway } = await open(
      { finish_grace: '80ms' },
      {
        steps: [{ text: 'one', chunk: 'whole' }],
        fault: { stallAfterEvents: pair.upstream === 'openai-chat' ? 3 : 5, comments: '20ms' },
      },
    )
    const answer = await ask(true)
    expect(checkStream(pair.client, answer.body)).toMatchObject({ outcome: 'clean', text: 'one' })
    expect(answer.ms).toBeLessThan(1500)
    expect(gateway.records).toMatchObject([{ outcome: 'ok' }])
  })

  it('a whole answer has the total time and no other', async () => {
    const { ask, gateway } = await open(
      { idle_timeout: '30ms', stall_timeout: '30ms', total_timeout: '200ms' },
      { headDelay: '120ms', steps: [text] },
    )
    expect((await ask(false)).status).toBe(200)
    const slow = await post(gateway.url + paths[pair.client], chat(pair, { script: { headDelay: '2s' } }))
    expect(slow.status).toBe(504)
    expect(gateway.records[1]).toMatchObject({ code: 'total_timeout' })
  })

  it.each([
    ['before the head', true, { headDelay: '30s', steps: [text] }],
    ['while start events are held', true, { steps: [text], fault: { stallAfterEvents: 1 } }],
    ['in the middle of the stream', true, { steps: [text], fault: { stallAfterEvents: 7 } }],
    ['while the provider sends pings', true, { steps: [text], fault: { stallAfterEvents: 7, comments: '10ms' } }],
    ['while the stream runs at full speed', true, { steps: [{ repeat: 1_000_000, text: ' word' }] }],
    ['behind the ceiling', true, { headDelay: '30s', steps: [text] }],
    ['before a whole answer', false, { headDelay: '30s', steps: [text] }],
    ['in the middle of a whole answer', false, { steps: [text], fault: { stallAfterEvents: 1 } }],
  ])('the client leaves %s: the provider hears of it at once', async (phase, stream, script) => {
    const { gateway, upstream } = await open(
      phase === 'behind the ceiling' ? { status_ceiling: '20ms', heartbeat: '10ms' } : {},
      script,
    )
    const leaving = new AbortController()
    const answer = post(gateway.url + paths[pair.client], chat(pair, { stream, script }), {
      signal: leaving.signal,
    }).catch(() => undefined)
    await until(() => upstream.requests.length === 1, 'the provider is asked')
    await pause(60)
    const left = performance.now()
    leaving.abort()
    await upstream.aborted(0)
    expect(performance.now() - left).toBeLessThan(1000)
    await answer
    await until(() => gateway.gateway.running === 0, 'nothing is running')
    expect(gateway.records).toMatchObject([{ outcome: 'aborted', code: 'client_closed' }])
  })
})

describe('a client that leaves', () => {
  const pair: Pair = { client: 'openai-chat', upstream: 'anthropic-messages' }

  const half = (gateway: House): Promise<void> =>
    new Promise((resolve) => {
      const call = request(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-length': '1000' },
      })
      call.on('error', () => resolve())
      call.write('{"model":')
      setTimeout(() => call.destroy(), 50)
    })

  it('in the middle of its request costs no call and leaves one record', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    await half(gateway)
    await until(() => gateway.records.length === 1 && gateway.gateway.running === 0, 'it is over')
    expect(gateway.records).toMatchObject([{ outcome: 'aborted', code: 'client_closed' }])
    expect(upstream.requests.length).toBe(0)
  })

  it('while the connection to the provider is being made ends the attempt', async () => {
    const upstream = await wire(() => {})
    const gateway = await house({ upstream: upstream.url.replace('http', 'https') })
    const leaving = new AbortController()
    const answer = post(`${gateway.url}/v1/chat/completions`, chat(pair, { stream: true }), {
      signal: leaving.signal,
    }).catch(() => undefined)
    await until(() => upstream.open.size === 1, 'it connects')
    leaving.abort()
    await answer
    await until(() => gateway.records.length === 1 && gateway.gateway.running === 0, 'it is over')
    expect(gateway.records).toMatchObject([{ outcome: 'aborted' }])
  })

  it('by closing its half of the connection is a client that left', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    const body = JSON.stringify(
      chat(pair, { stream: true, script: { steps: [{ repeat: 1000, text: ' word', pace: '5ms' }] } }),
    )
    const socket = connect(gateway.port, '127.0.0.1')
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    await until(() => upstream.requests.length === 1, 'the provider is asked')
    socket.end()
    await until(() => gateway.records.length === 1 && gateway.gateway.running === 0, 'it is over')
    expect(gateway.records).toMatchObject([{ outcome: 'aborted' }])
    socket.destroy()
  })

  it('while it counts tokens or lists models leaves nothing behind', async () => {
    const upstream = await wire(() => {})
    const gateway = await house({ upstream: upstream.url })
    const leaving = new AbortController()
    const count = { model: 'anthropic-messages/m', messages: [{ role: 'user', content: 'Hi' }] }
    const answer = post(`${gateway.url}/v1/messages/count_tokens`, count, { signal: leaving.signal }).catch(
      () => undefined,
    )
    await until(() => upstream.requests === 1, 'the provider is asked')
    leaving.abort()
    await answer
    await until(() => upstream.open.size === 0, 'the connection is closed')
  })
})
