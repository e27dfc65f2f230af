import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ask, languages, paths, post, start } from './raw-client.ts'

function rawPost(path: string, body: object): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

describe.each(languages)('a client of %s that goes away', (language) => {
  it.each([
    ['during the stream', { steps: [{ repeat: 10_000, text: 'x', pace: 5 }] }],
    ['before the head', { headDelay: '1m', steps: [{ text: 'x' }] }],
    ['during a wait', { steps: [{ wait: '1m' }] }],
    ['during a stall', { steps: [{ text: 'x' }], fault: { stallAfterEvents: 1 } }],
  ])('is noticed at once %s', async (_, script) => {
    const server = await start({ script })
    const stop = new AbortController()
    const call = fetch(server.url + paths[language], {
      method: 'POST',
      body: JSON.stringify(ask()),
      signal: stop.signal,
    })
    const read = call.then((response) => response.text())
    setTimeout(() => stop.abort(), 40)
    await expect(read).rejects.toThrow()
    const left = performance.now()
    const record = await server.aborted(0)
    expect(performance.now() - left).toBeLessThan(500)
    expect(record).toMatchObject({ aborted: true, finished: false, cut: false })
  })

  it('that reads nothing stops the script, and memory stays', async () => {
    const server = await start({ script: { steps: [{ repeat: 1_000_000, text: 'x' }] } })
    const socket = connect(server.port, '127.0.0.1', () => socket.write(rawPost(paths[language], ask())))
    socket.pause()
    const before = process.memoryUsage()
    // Once the kernel's buffers are full, nothing more is made. All of it would take several seconds.
    let full = -1
    const still = () => {
      const last = full
      full = server.requests[0]?.bytesWritten ?? 0
      return full > 0 && full === last
    }
    await expect.poll(still, { interval: 150, timeout: 3000 }).toBe(true)
    const grown = process.memoryUsage()
    expect(full).toBeLessThan(100_000_000)
    expect(grown.heapUsed + grown.external - before.heapUsed - before.external).toBeLessThan(40_000_000)
    socket.destroy()
    await server.aborted(0)
  })
})

describe('the log of requests', () => {
  it('says what came, what played and how it ended', async () => {
    const server = await start({ scripts: { scripts: { mine: { steps: [{ text: 'yes' }] } } } })
    await post(`${server.url}/v1/chat/completions?beta=true`, ask({ model: 'x/mine' }), { 'x-test': '1' })
    await post(`${server.url}/v1/messages`, 'no json')
    expect(await server.settled(1)).toMatchObject({
      index: 1,
      status: 400,
      body: 'no json',
      script: '',
      finished: true,
    })
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions?beta=true',
      headers: { 'x-test': '1' },
      body: { model: 'x/mine' },
      script: 'mine',
      status: 200,
    })
    await expect(server.aborted(0)).rejects.toThrow('answered to the end')
  })

  it('forgets the oldest, and keeps their numbers', async () => {
    const server = await start({ logLimit: 2, script: { steps: [] } })
    for (let i = 0; i < 4; i++) await post(`${server.url}/v1/chat/completions`, ask())
    expect(server.requests.map((request) => request.index)).toEqual([2, 3])
  })

  it('close() cuts what runs and lets nobody wait for ever', async () => {
    const server = await start({ script: { steps: [{ wait: '1m' }] } })
    const running = post(`${server.url}/v1/chat/completions`, ask())
    const later = server.settled(7)
    await expect.poll(() => server.requests[0]?.body).toBeDefined()
    const settled = server.settled(0)
    await Promise.all([
      server.close(),
      expect(later).rejects.toThrow('was closed'),
      expect(settled).resolves.toMatchObject({ cut: true }),
    ])
    const outcome = await running.then(
      (answer) => answer.broken,
      () => true,
    )
    expect(outcome).toBe(true)
  })
})
