import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createSluice, type RequestRecord } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { testedClient } from '../transport/client.ts'
import { checkStream, checkWhole } from './check-stream.ts'
import { hostile } from './hostile.ts'
import { atEnd, chat, type Pair, pairs, paths, pause, post, scripted, until } from './house.ts'

const paced = (count: number) => ({ steps: [{ repeat: count, text: ' word', pace: '10ms' }] })

async function open(drainTimeout = '5s') {
  const upstream = await scripted()
  const records: RequestRecord[] = []
  const sluice = await createSluice({
    config: {
      streaming: { max_retries: 0 },
      server: { port: 0, drain_timeout: drainTimeout },
      transport: { client: testedClient },
      providers: [
        { name: 'openai-chat', dialect: 'openai-chat', base_url: `${upstream.url}/v1` },
        { name: 'anthropic-messages', dialect: 'anthropic-messages', base_url: upstream.url },
      ],
    },
    env: {},
    log: { ...silentLog, request: (record) => records.push(record) },
  })
  atEnd(() => sluice.close())
  return { upstream, sluice, records }
}

/** A connection whose request line is on its way, so that it is not idle. */
function knock(port: number, first: string) {
  let got = ''
  const socket = connect(port, '127.0.0.1', () => socket.write(first))
  socket.on('data', (piece) => {
    got += piece.toString()
  })
  socket.on('error', () => {})
  return {
    send: async (rest: string): Promise<string> => {
      socket.write(rest)
      await until(() => got.includes('\r\n\r\n') && got.length > got.indexOf('\r\n\r\n') + 10, 'an answer')
      socket.destroy()
      return got
    },
  }
}

describe.each(pairs)('$client before $upstream', (pair) => {
  it('running answers come to their end, and nothing new is taken', async () => {
    const { sluice, records, upstream } = await open()
    const url = sluice.url + paths[pair.client]
    const running = post(url, chat(pair, { stream: true, script: paced(80) }))
    const whole = post(url, chat(pair, { script: { headDelay: '700ms', steps: [{ text: 'whole' }] } }))
    const ready = knock(sluice.port, 'GET /readyz HTTP/1.1\r\n')
    const late = knock(sluice.port, `POST ${paths[pair.client]} HTTP/1.1\r\nhost: localhost\r\n`)
    await until(() => upstream.requests.length === 2, 'both are running')
    await pause(100)
    const started = performance.now()
    const drained = sluice.drain()
    await pause(20)
    // A load balancer that knocks anew hears the same.
    const fresh = await fetch(`${sluice.url}/readyz`)
    expect([fresh.status, await fresh.json()]).toEqual([503, { status: 'draining', running: 2 }])
    const health = await ready.send('host: localhost\r\n\r\n')
    expect(health).toMatch(/^HTTP\/1\.1 503 /)
    const body = JSON.stringify(chat(pair, {}))
    const refused = await late.send(`content-length: ${body.length}\r\n\r\n${body}`)
    expect(refused).toMatch(/^HTTP\/1\.1 (503|529) /)
    expect(refused.toLowerCase()).toContain('\r\nretry-after: 1\r\n')
    checkWhole(pair.client, 503, Buffer.from(refused.slice(refused.indexOf('\r\n\r\n') + 4)))
    expect(checkStream(pair.client, (await running).body)).toMatchObject({ outcome: 'clean', text: ' word'.repeat(80) })
    expect((await whole).status).toBe(200)
    await drained
    expect(performance.now() - started).toBeLessThan(4000)
    await expect(post(url, {})).rejects.toThrow()
    expect(records.map(({ outcome }) => outcome).sort()).toEqual(['error', 'ok', 'ok'])
  })

  it('what is left when the time is up ends with an honest error', async () => {
    const { sluice, records, upstream } = await open('150ms')
    const url = sluice.url + paths[pair.client]
    const midway = post(url, chat(pair, { stream: true, script: paced(10_000) }))
    const waiting = post(url, chat(pair, { stream: true, script: { headDelay: '60s' } }))
    const whole = post(url, chat(pair, { script: { headDelay: '60s' } }))
    await until(() => upstream.requests.length === 3, 'all are running')
    await pause(80)
    await sluice.drain()
    const cut = await midway
    expect(cut.broken).toBe(false)
    const seen = checkStream(pair.client, cut.body)
    expect(seen.outcome).toBe('error')
    expect(seen.error).toContain('shutting down')
    expect(seen.text.length).toBeGreaterThan(0)
    for (const answer of [await waiting, await whole]) {
      expect([503, 529]).toContain(answer.status)
      expect(checkWhole(pair.client, answer.status, answer.body).error).toContain('shutting down')
    }
    expect(records.map(({ code }) => code)).toEqual(['draining', 'draining', 'draining'])
    for (const index of [0, 1, 2]) await upstream.aborted(index)
  })
})

it('with nothing to wait for, draining is quick, and may be asked for twice', async () => {
  const { sluice } = await open()
  const started = performance.now()
  await Promise.all([sluice.drain(), sluice.drain()])
  await sluice.close()
  expect(performance.now() - started).toBeLessThan(1500)
})

it('an answer that its client is still reading is not cut off by the end of draining', async () => {
  const text = 'x'.repeat(24 << 20)
  const provider = await hostile((response) => {
    const message = { role: 'assistant', content: text }
    response.end(JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }))
  })
  const sluice = await createSluice({
    config: {
      server: { port: 0 },
      providers: [{ name: 'openai-chat', dialect: 'openai-chat', base_url: `${provider.url}/v1` }],
    },
    env: {},
    log: silentLog,
  })
  atEnd(() => sluice.close())
  const pair: Pair = { client: 'openai-chat', upstream: 'openai-chat' }
  const answer = post(sluice.url + paths[pair.client], chat(pair, {}), { slow: 5 })
  await until(() => provider.requests === 1, 'it is running')
  await pause(300)
  await sluice.drain()
  expect(await answer).toMatchObject({ status: 200, broken: false })
  expect((await answer).body.length).toBeGreaterThan(text.length)
})

it('closing in the middle of a stream tells the client why', async () => {
  const { sluice, upstream } = await open()
  const pair: Pair = { client: 'anthropic-messages', upstream: 'openai-chat' }
  const midway = post(sluice.url + paths[pair.client], chat(pair, { stream: true, script: paced(10_000) }))
  await until(() => upstream.requests.length === 1, 'it is running')
  await pause(80)
  await sluice.close()
  const { body } = await midway
  expect(checkStream(pair.client, body)).toMatchObject({ outcome: 'error' })
})
