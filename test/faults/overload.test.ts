import { readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { platform } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { begin, emptyFolder } from '../cli/command.ts'
import { checkWhole } from './check-stream.ts'
import { atEnd, chat, type DialectName, dialects, house, pairs, paths, pause, post, scripted, until } from './house.ts'

const overloaded = { 'openai-chat': 503, 'anthropic-messages': 529 } as const

interface Heard {
  status: number
  text: string
}

/** One request on a connection of its own, for crowds: nothing but a socket and what came out of it. */
function knock(port: number, request: string, opened: Socket[] = []): Promise<Heard> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    opened.push(socket)
    const done = (): void => {
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0)
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN)
      const whole = text.length - text.indexOf('\r\n\r\n') - 4 >= length
      if (status === 0 || !whole) reject(new Error(`a connection ended without a whole answer: ${text.slice(0, 200)}`))
      else resolve({ status, text })
    }
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      text += piece
    })
    socket.on('error', () => {})
    socket.on('close', done)
  })
}

function question(path: string, body: object, padding = 0): string {
  const text = JSON.stringify({ ...body, user: 'x'.repeat(padding) })
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

async function open(limits: object, pace = '5s') {
  const upstream = await scripted()
  const opened = await house({ upstream: upstream.url, limits })
  const script = { steps: [{ repeat: 2, text: 'Hi', pace }] }
  return { ...opened, upstream, script }
}

/** As `until`, for what has to be asked for. */
async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 5000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await pause(5)
  }
}

const status = async (url: string) => (await (await fetch(`${url}/admin/v1/targets`)).json()) as Record<string, unknown>

it.skipIf(platform() !== 'linux')(
  '10,000 requests at once are all answered, and neither they nor their bodies make the gateway grow',
  { timeout: 120_000 },
  async () => {
    const upstream = await scripted()
    const file = join(emptyFolder(), 'sluice.toml')
    writeFileSync(
      file,
      `[limits]\nstreams = 20\nqueue = 50\nqueue_timeout = "60s"\n[log]\nlevel = "error"\n[[providers]]\nname = "house"\ndialect = "openai-chat"\nbase_url = "${upstream.url}/v1"\n`,
    )
    const running = begin(['start', '--port', '0', '--config', file])
    const [, url = ''] = await running.said(/listening on (http:\S+)/)
    const port = Number(new URL(url).port)
    const resident = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${running.child.pid}/status`, 'utf8'))?.[1]) / 1024
    const script = { headDelay: '500ms', steps: [{ text: 'Hi' }] }
    const body = { model: 'house/m', messages: [{ role: 'user', content: JSON.stringify({ sluice_script: script }) }] }
    const request = question('/v1/chat/completions', body, 20_000)

    let asked = 0
    const wave = async (crowd: number) => {
      let peak = 0
      const looking = setInterval(() => {
        peak = Math.max(peak, resident())
      }, 20)
      const heard = await Promise.all(Array.from({ length: crowd }, () => knock(port, request)))
      clearInterval(looking)
      const good = heard.filter((one) => one.status === 200).length
      const refused = heard.filter((one) => one.status === 503)
      expect(good + refused.length).toBe(crowd)
      // All that had a place were answered by the provider, and nobody else was.
      expect(upstream.requests.length - asked).toBe(good)
      expect(good).toBeGreaterThanOrEqual(70)
      asked = upstream.requests.length
      for (const { text } of refused) {
        expect(text).toContain('"code":"server_is_overloaded"')
        expect(Number(/\r\nretry-after: (\d+)\r\n/i.exec(text)?.[1])).toBeLessThanOrEqual(60)
      }
      return peak
    }
    await wave(500)
    const [first, second] = [await wave(10_000), await wave(10_000)]
    // What 10,000 connections cost for a moment; a crowd of that size that is let in takes 1.4 GB.
    expect(first).toBeLessThan(600)
    expect(second - first).toBeLessThan(150)
    expect(await status(url)).toMatchObject({ running: 0, waiting: 0, draining: false })
  },
)

it.each(dialects)('the one too many gets its refusal in the words of %s', async (client) => {
  const { url, script, records } = await open({ streams: 1, queue: 0 })
  const pair = pairs.find((one) => one.client === client)!
  const leaving = new AbortController()
  const held = post(url + paths[client], chat(pair, { stream: true, script }), { signal: leaving.signal })
  await eventually(async () => (await status(url)).running === 1, 'one is running')
  const refused = await post(url + paths[client], chat(pair, { stream: true }))
  expect(refused.status).toBe(overloaded[client])
  expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  checkWhole(client, 503, refused.body)
  expect(refused.body.toString()).toContain('1 request is being answered and none may wait')
  const raw = await post(`${url}/raw/${pair.upstream}/anything`, {})
  expect(raw.status).toBe(503)
  expect(JSON.parse(raw.body.toString())).toMatchObject({ error: { code: 'overloaded' } })
  const count = await post(`${url}/v1/messages/count_tokens`, chat(pair, {}))
  expect(count.status).toBe(529)
  // Those who look after it are let in all the same.
  for (const path of ['/readyz', '/healthz', '/v1/models', '/admin/v1/targets']) {
    expect((await fetch(url + path)).status).toBe(200)
  }
  leaving.abort()
  await held.catch(() => {})
  await eventually(async () => (await status(url)).running === 0, 'nobody is left')
  expect(records.filter((one) => one.code === 'overloaded').length).toBe(3)
})

it('those who wait are answered in the order in which they came', async () => {
  const { url, upstream, script } = await open({ streams: 1, queue: 20, queue_timeout: '30s' }, '20ms')
  const pair = pairs[0]!
  const ask = (n: number) => post(url + paths[pair.client], chat(pair, { script, user: `user ${n}` }))
  const answers: Array<ReturnType<typeof ask>> = []
  for (let n = 0; n <= 12; n++) {
    answers.push(ask(n))
    await eventually(async () => {
      const { running, waiting } = await status(url)
      return Number(running) + Number(waiting) + upstream.requests.length > n
    }, `request ${n} is there`)
  }
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200)
  const order = upstream.requests.map(({ body }) => (body as { user: string }).user)
  expect(order).toEqual(Array.from({ length: 13 }, (_, n) => `user ${n}`))
})

it('a client that leaves the queue frees its place at once, and its request goes nowhere', async () => {
  const { url, upstream, script, records } = await open({ streams: 1, queue: 1, queue_timeout: '30s' })
  const pair = pairs[0]!
  const stop = new AbortController()
  const running = post(url + paths[pair.client], chat(pair, { stream: true, script }), { signal: stop.signal })
  await until(() => upstream.requests.length === 1, 'one is running')
  for (let i = 0; i < 5; i++) {
    const leaving = new AbortController()
    const waiting = post(url + paths[pair.client], chat(pair, { script }), { signal: leaving.signal })
    await eventually(async () => (await status(url)).waiting === 1, 'one waits')
    expect((await post(url + paths[pair.client], chat(pair, {}))).status).toBe(503)
    leaving.abort()
    await waiting.catch(() => {})
    await eventually(async () => (await status(url)).waiting === 0, 'its place is free')
  }
  const last = post(url + paths[pair.client], chat(pair, { script: { steps: [{ text: 'last' }] } }))
  await eventually(async () => (await status(url)).waiting === 1, 'the last one waits')
  stop.abort()
  await running.catch(() => {})
  expect((await last).status).toBe(200)
  expect(upstream.requests.length).toBe(2)
  const chats = () => records.filter(({ path }) => path === paths[pair.client])
  await until(() => chats().length === 12, 'each has its record')
  expect(
    chats()
      .map(({ code }) => code)
      .sort(),
  ).toEqual([
    ...Array.from({ length: 6 }, () => 'client_closed'),
    ...Array.from({ length: 5 }, () => 'overloaded'),
    undefined,
  ])
})

it('a response in the background has its place until its work is over', async () => {
  const { url, upstream } = await open({ streams: 1, queue: 0 })
  const input = JSON.stringify({ sluice_script: { headDelay: '400ms', steps: [{ text: 'Hi' }] } })
  const begun = await post(`${url}/v1/responses`, { model: 'openai-chat/m', input, background: true })
  expect(begun.status).toBe(200)
  const pair = pairs[0]!
  expect((await post(url + paths[pair.client], chat(pair, {}))).status).toBe(503)
  expect((await post(`${url}/v1/responses`, { model: 'openai-chat/m', input, background: true })).status).toBe(503)
  await eventually(async () => (await status(url)).running === 0, 'its work is over')
  expect((await post(url + paths[pair.client], chat(pair, {}))).status).toBe(200)
  expect(upstream.requests.length).toBe(2)
})

it('whoever has waited too long is told so in time', async () => {
  const { url, script } = await open({ streams: 1, queue: 5, queue_timeout: '50ms' })
  const pair = pairs[0]!
  const stop = new AbortController()
  const running = post(url + paths[pair.client], chat(pair, { stream: true, script }), { signal: stop.signal })
  await eventually(async () => (await status(url)).running === 1, 'one is running')
  const late = await post(url + paths[pair.client], chat(pair, { script }))
  expect(late.status).toBe(503)
  expect(late.body.toString()).toContain('it has waited for 0.05 s')
  stop.abort()
  await running.catch(() => {})
})

it('nothing of a body is read while its request waits', async () => {
  const { port, url, script, upstream } = await open({ streams: 1, queue: 5, queue_timeout: '30s' })
  const pair = pairs[0]!
  const stop = new AbortController()
  const running = post(url + paths[pair.client], chat(pair, { stream: true, script }), { signal: stop.signal })
  await until(() => upstream.requests.length === 1, 'one is running')
  const sockets: Socket[] = []
  const size = 24_000_000
  const body = { ...chat(pair, { script: { steps: [{ text: 'read' }] } }) }
  const big = knock(port, question(paths[pair.client], body, size), sockets)
  await eventually(async () => (await status(url)).waiting === 1, 'it waits')
  await pause(200)
  // What is on its way fits into the buffers of the system; the rest is still with the client.
  expect(sockets[0]!.writableLength).toBeGreaterThan(size / 4)
  stop.abort()
  await running.catch(() => {})
  expect(await big).toMatchObject({ status: 200 })
})

it('draining sends away those who wait, and lets the running ones end', async () => {
  const { url, gateway, script, upstream } = await open({ streams: 2, queue: 10, queue_timeout: '30s' }, '300ms')
  const ask = (client: DialectName) => {
    const pair = pairs.find((one) => one.client === client)!
    return post(url + paths[client], chat(pair, { stream: true, script }))
  }
  const running = [ask('openai-chat'), ask('anthropic-messages')]
  await until(() => upstream.requests.length === 2, 'two are running')
  const waiting = [ask('openai-chat'), ask('anthropic-messages'), ask('openai-chat')]
  await eventually(async () => (await status(url)).waiting === 3, 'three wait')
  const drained = gateway.drain(5000)
  for (const answer of await Promise.all(waiting)) {
    expect([503, 529]).toContain(answer.status)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.body.toString()).toContain('sluice is shutting down')
  }
  expect(await status(url)).toMatchObject({ draining: true, waiting: 0 })
  for (const answer of await Promise.all(running)) expect(answer.status).toBe(200)
  await drained
  expect(upstream.requests.length).toBe(2)
})

it('a key that asks for too much leaves room for the others', async () => {
  const upstream = await scripted()
  const { url } = await house({
    upstream: upstream.url,
    access: { keys: ['alice', 'bob'] },
    limits: { streams: 10, per_key: 2 },
  })
  const pair = pairs[0]!
  const script = { steps: [{ repeat: 2, text: 'Hi', pace: '5s' }] }
  const stop = new AbortController()
  atEnd(async () => stop.abort())
  const ask = (key: string) =>
    post(url + paths[pair.client], chat(pair, { stream: true, script }), {
      signal: stop.signal,
      headers: { authorization: `Bearer ${key}` },
    })
  const held = [ask('alice'), ask('alice')]
  await until(() => upstream.requests.length === 2, 'two are running')
  const refused = await ask('alice')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  checkWhole('openai-chat', 429, refused.body)
  held.push(ask('bob'))
  await until(() => upstream.requests.length === 3, "another's is running")
  stop.abort()
  await Promise.allSettled(held)
})
