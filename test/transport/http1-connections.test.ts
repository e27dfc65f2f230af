import { execFile } from 'node:child_process'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { root } from '../../scripts/run.ts'
import { openTransport } from '../../src/transport/index.ts'
import { closed, pause, send, startRaw, startTransport, startUpstream, Told } from './upstream.ts'

const answer = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`

/** A server that plays one script for each request, in their order; `asked` is what came, request by request. */
async function playing(...scripts: Array<(socket: Socket) => void>) {
  const asked: string[] = []
  const upstream = await startRaw((socket, text) => {
    asked.push(text)
    scripts.shift()?.(socket)
  })
  return { ...upstream, asked }
}
const says = (text: string) => (socket: Socket) => void socket.write(text)

/** Asks again and again, each time after the last answer, and with time to notice what comes behind it. */
async function ask(url: string, times: number, transport = startTransport()): Promise<string[]> {
  const got: string[] = []
  for (let i = 0; i < times; i++) {
    const told = await send(transport, { url }).over
    got.push(told.error ? `${told.error.code}` : told.text)
    await pause(20)
  }
  return got
}

describe('a connection serves again', () => {
  it.each<[string, string]>([
    ['behind a length', answer('ok')],
    ['behind a last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['that the server promises to keep', answer('ok', 'keep-alive: timeout=5\r\n')],
    ['of HTTP/1.0 that is kept', answer('ok', 'connection: keep-alive\r\n').replace('1.1', '1.0')],
  ])('%s', async (_, text) => {
    const upstream = await playing(says(text), says(text), says(text))
    expect(await ask(upstream.url, 3)).toEqual(['ok', 'ok', 'ok'])
    expect(upstream.sockets).toHaveLength(1)
  })

  it('and the one that was used last comes first', async () => {
    const waiting: Socket[] = []
    const upstream = await playing(
      (socket) => waiting.push(socket),
      (socket) => waiting.push(socket),
      says(answer('a')),
      says(answer('b')),
    )
    const transport = startTransport()
    const both = [send(transport, upstream), send(transport, upstream)]
    while (waiting.length < 2) await pause(1)
    waiting[0]!.write(answer('first'))
    await pause(20)
    waiting[1]!.write(answer('second'))
    await Promise.all(both.map(({ over }) => over))
    await pause(20)
    const [before] = [waiting[0]!.bytesRead]
    expect(await ask(upstream.url, 2, transport)).toEqual(['a', 'b'])
    expect(waiting[0]!.bytesRead).toBe(before)
    expect(upstream.sockets).toHaveLength(2)
  })
})

describe('a connection does not serve again', () => {
  it.each<[string, string, (socket: Socket) => void]>([
    ['when the server says close', answer('ok', 'connection: close\r\n'), () => {}],
    ['when the server keeps it for a moment only', answer('ok', 'keep-alive: timeout=1\r\n'), () => {}],
    ['of HTTP/1.0', answer('ok').replace('1.1', '1.0'), () => {}],
    ['whose end was the end of the answer', 'HTTP/1.1 200 OK\r\n\r\nok', (socket) => socket.end()],
    ['when bytes follow the answer', `${answer('ok')}x`, () => {}],
    ['when a second answer follows', answer('ok') + answer('not yours'), () => {}],
    ['when bytes come later', answer('ok'), (socket) => void setTimeout(() => socket.write('HTTP/1.1 408 x\r\n'), 5)],
    ['when the server closes it later', answer('ok'), (socket) => void setTimeout(() => socket.end(), 5)],
  ])('%s', async (_, text, then) => {
    const play = (socket: Socket): void => {
      socket.write(text)
      then(socket)
    }
    const upstream = await playing(play, play, play)
    const transport = startTransport()
    for (let i = 0; i < 3; i++) {
      expect((await send(transport, upstream).over).text).toBe('ok')
      await closed(upstream.sockets[i]!)
    }
    expect(upstream.sockets).toHaveLength(3)
  })

  it('when its time is up and nobody has looked yet', async () => {
    const upstream = await playing(says(answer('ok')), says(answer('ok')))
    const transport = startTransport()
    await ask(upstream.url, 1, transport)
    const { now } = performance
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 4000)
    onTestFinished(() => void vi.restoreAllMocks())
    expect(await ask(upstream.url, 1, transport)).toEqual(['ok'])
    expect(upstream.sockets).toHaveLength(2)
  })

  it('when it was idle for longer than the server keeps it', async () => {
    const upstream = await playing(says(answer('ok', 'keep-alive: timeout=2\r\n')))
    const told = await send(startTransport(), upstream).over
    expect(told.text).toBe('ok')
    await closed(upstream.sockets[0]!)
  })

  it('when a second answer fills the rest of the read and more', async () => {
    // The end of the first answer is the end of a read.
    const first = 'a'.repeat(64 * 1024 - answer('').length - 4)
    expect(answer(first)).toHaveLength(64 * 1024)
    const upstream = await playing(says(answer(first) + answer('not yours')), says(answer('ok')))
    const transport = startTransport()
    const again = new Told()
    const told = new Told()
    told.onEntry = (entry) => entry === 'end' && void send(transport, { url: upstream.url }, again)
    send(transport, { url: upstream.url }, told)
    await Promise.all([told.over, again.over])
    expect([told.text.length, again.text]).toEqual([first.length, 'ok'])
  })
})

describe('an idle connection that the server had let go of', () => {
  const kill = (socket: Socket): void => void socket.destroy()
  const reset = (socket: Socket): void => void socket.resetAndDestroy()

  it.each([
    ['is closed', kill],
    ['is reset', reset],
    ['is half closed', (socket: Socket) => void socket.end()],
  ])('under a request %s: it is sent once more, on a new one', async (_, close) => {
    const upstream = await playing(says(answer('one')), close, says(answer('two')))
    const transport = startTransport()
    await ask(upstream.url, 1, transport)
    const told = await send(transport, { method: 'POST', url: upstream.url, body: '{"a":"é"}' }).over
    expect([told.text, told.log.filter((entry) => entry.startsWith('head')).length]).toEqual(['two', 1])
    expect([upstream.sockets.length, upstream.asked.length]).toEqual([2, 3])
    expect(upstream.asked[2]).toBe(upstream.asked[1])
  })

  it('is forgiven once for each request', async () => {
    const upstream = await playing(says(answer('one')), kill, kill, says(answer('never')))
    expect(await ask(upstream.url, 2)).toEqual(['one', 'upstream_unreachable'])
    expect(upstream.asked).toHaveLength(3)
  })

  it('is not forgiven where it was new: the server has had the request', async () => {
    const upstream = await playing(kill, says(answer('never')))
    expect(await ask(upstream.url, 1)).toEqual(['upstream_unreachable'])
    expect(upstream.asked).toHaveLength(1)
  })

  it.each([
    ['a byte of the answer', 'H'],
    ['an early answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('is not forgiven behind %s', async (_, text) => {
    const upstream = await playing(says(answer('one')), (socket) => socket.end(text), says(answer('never')))
    expect(await ask(upstream.url, 2)).toEqual(['one', 'upstream_unreachable'])
    expect(upstream.asked).toHaveLength(2)
  })

  it('is not forgiven when it took its time: the server was at work', async () => {
    const upstream = await playing(
      says(answer('one')),
      (socket) => void setTimeout(() => socket.destroy(), 1200),
      says(answer('never')),
    )
    expect(await ask(upstream.url, 2)).toEqual(['one', 'upstream_unreachable'])
    expect(upstream.asked).toHaveLength(2)
  })

  it('is not replaced for a request that was aborted', async () => {
    const told = new Told()
    const upstream = await playing(says(answer('one')), (socket) => {
      told.call!.abort()
      socket.destroy()
    })
    const transport = startTransport()
    await ask(upstream.url, 1, transport)
    send(transport, upstream, told)
    await pause(50)
    expect([told.log, upstream.sockets.length]).toEqual([[], 1])
  })
})

describe('a request', () => {
  it('of many megabytes comes whole, as text and as bytes', async () => {
    let bytes = 0
    const upstream = await startUpstream((request, response) => {
      request.on('data', (piece) => (bytes += piece.length))
      request.on('end', () => response.end(`${bytes} of ${request.headers['content-length']}`))
    })
    const transport = startTransport()
    const text = 'é'.repeat(4_000_000)
    for (const body of [text, Buffer.from(text)]) {
      bytes = 0
      expect((await send(transport, { method: 'POST', url: upstream.url, body }).over).text).toBe('8000000 of 8000000')
      await pause(0)
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  it('that is answered before all of it has gone is answered, and its connection closed', async () => {
    const upstream = await playing(
      (socket) => {
        socket.pause()
        socket.write(answer('too large').replace('200 OK', '413 No'))
      },
      says(answer('ok')),
    )
    const transport = startTransport()
    const told = await send(transport, { method: 'POST', url: upstream.url, body: 'x'.repeat(50_000_000) }).over
    expect([told.head?.status, told.text]).toEqual([413, 'too large'])
    await pause(20)
    expect(await ask(upstream.url, 1, transport)).toEqual(['ok'])
    expect(upstream.sockets).toHaveLength(2)
  })

  it('leaves as one piece, and says its length', async () => {
    const upstream = await playing(says(answer('ok')), says(answer('ok')), says(answer('ok')))
    const transport = startTransport()
    await send(transport, { method: 'POST', url: `${upstream.url}/a?b=c#d`, headers: { 'x-a': 'é' }, body: '{"é":1}' })
      .over
    await pause(0)
    await send(transport, { url: upstream.url.replace('//', '//me:secret@') }).over
    await pause(0)
    await send(transport, { method: 'POST', url: upstream.url, headers: { 'content-length': '0' } }).over
    const host = `host: 127.0.0.1:${upstream.port}`
    expect(upstream.asked).toEqual([
      `POST /a?b=c HTTP/1.1\r\n${host}\r\nx-a: \xe9\r\ncontent-length: 8\r\n\r\n{"\xc3\xa9":1}`,
      `GET / HTTP/1.1\r\n${host}\r\n\r\n`,
      `POST / HTTP/1.1\r\n${host}\r\ncontent-length: 0\r\n\r\n`,
    ])
  })

  it.each<[string, Record<string, string>]>([
    ['a line end in a value', { authorization: 'Bearer secret\r\nx-b: c' }],
    ['a lone line feed', { authorization: 'secret\n' }],
    ['a lone carriage return', { authorization: 'secret\r' }],
    ['a NUL', { authorization: 'secret\0' }],
    ['a letter beyond Latin-1', { authorization: 'secret ключ' }],
    ['a line end in a name', { 'x-a: secret\r\nx-b': 'c' }],
    ['an empty name', { '': 'secret' }],
    ['a length of its own', { 'content-length': '5' }],
    ['a transfer-encoding', { 'transfer-encoding': 'chunked' }],
    ['an upgrade', { upgrade: 'websocket' }],
  ])('with %s is refused and not sent', async (_, headers) => {
    const upstream = await playing(says(answer('ok')))
    const told = await send(startTransport(), { method: 'POST', url: upstream.url, headers, body: '{}' }).over
    expect(told.log).toEqual(['error upstream_unreachable'])
    expect(told.error?.message).toMatch(/^cannot call 127\.0\.0\.1:\d+: /)
    expect(told.error?.message).not.toContain('secret')
    await pause(20)
    expect(upstream.asked).toEqual([])
  })

  it.each(['nothing', 'ftp://127.0.0.1/', 'http://'])('to %s is refused', async (url) => {
    expect((await send(startTransport(), { url }).over).log).toEqual(['error upstream_unreachable'])
  })

  it('that is refused can be aborted first, and then nothing is told', async () => {
    const told = send(startTransport(), { url: 'nowhere' })
    told.call!.abort()
    await pause(10)
    expect(told.log).toEqual([])
  })

  it('to a transport that is closed is refused', async () => {
    const transport = openTransport({ connectTimeoutMs: 100, env: {} })
    await transport.close()
    expect((await send(transport, { url: 'http://127.0.0.1:1/' }).over).log).toEqual(['error upstream_unreachable'])
  })
})

it('neither idle connections nor undici are held by a process that has made a call', async () => {
  const upstream = await startUpstream((request, response) => {
    setTimeout(() => response.end('ok'), request.url === '/slow' ? 300 : 0)
  })
  const script = `
    import { createRequire } from 'node:module'
    import { openTransport } from ${JSON.stringify(new URL('../../src/transport/index.ts', import.meta.url).href)}
    const transport = openTransport({ connectTimeoutMs: 1000, env: {} })
    const nothing = () => {}
    const send = (path, onEnd) =>
      transport.send({ method: 'GET', url: ${JSON.stringify(upstream.url)} + path, headers: {} }, {
        onHead: nothing, onData: nothing, onFlush: nothing, onError: nothing, onEnd,
      })
    send('/', () => setTimeout(() => send('/slow', () => {
      const loaded = Object.keys(createRequire(import.meta.url).cache)
      console.log(loaded.filter((path) => path.includes('undici')).length)
    }), 20))`
  const node = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: root })
  // It waited for the answer on the connection that had been idle, and for nothing else.
  expect([node.stdout, upstream.sockets.length]).toEqual(['0\n', 1])
})
