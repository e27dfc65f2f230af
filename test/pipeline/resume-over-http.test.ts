import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { run } from '../../scripts/run.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { fetchFrom, ResumableStream } from '../../src/pipeline/index.ts'
import type { SseEvent } from '../../src/sse/index.ts'

// Real connections, cut by a server that writes its answers byte by byte as it likes.
let server: Server | undefined
const sockets = new Set<Socket>()

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  server = undefined
})

/** Calls back with the head of each request, as Latin-1. */
async function serve(answer: (head: string, socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.add(socket)
    let head = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      answer(head, socket)
      head = ''
    })
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const isEnd = ({ data }: SseEvent): boolean => data === 'over'
const events = ['a', 'ß', 'c', 'over']
const lastId = (head: string): string =>
  Buffer.from(/^last-event-id: (.*)\r$/im.exec(head)?.[1] ?? '', 'latin1').toString()
/** Every other event has an id, which no header could hold as it is. */
const idOf = (at: number): string => (at % 2 === 0 ? `id: №${at}\r\n` : '')

function answerTo(head: string, chunked: boolean): Buffer {
  const asked = lastId(head)
  const from = asked === '' ? 0 : Number(asked.slice(1)) + 1
  const blocks = events.map((data, at) => `${idOf(at)}data: ${data}\r\n\r\n`).slice(from)
  const body = chunked
    ? [...blocks, ''].map((block) => `${Buffer.byteLength(block).toString(16)}\r\n${block}\r\n`).join('')
    : blocks.join('')
  const framing = chunked ? 'transfer-encoding: chunked' : 'connection: close'
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${framing}\r\n\r\n${body}`)
}

it.each([
  ['reset', true],
  ['closed', true],
  ['closed', false],
] as const)(
  'a connection that is %s after any byte costs nothing (chunked: %s)',
  { timeout: 60_000 },
  async (how, chunked) => {
    let cut = 0
    let asked = 0
    const url = await serve((head, socket) => {
      const bytes = answerTo(head, chunked)
      if (asked++ > 0) return socket.end(bytes)
      socket.write(bytes.subarray(0, cut), () => (how === 'reset' ? socket.resetAndDestroy() : socket.end()))
    })
    const whole = answerTo('', chunked).length
    for (; cut < whole; cut++) {
      asked = 0
      const seen: string[] = []
      await new ResumableStream({ open: fetchFrom(url), isEnd, backoffMs: 1 }).run(({ data }) => seen.push(data))
      expect({ cut, seen }).toEqual({ cut, seen: events })
    }
    expect(asked).toBeGreaterThan(0)
  },
)

it('what is no HTTP between two good answers costs nothing', async () => {
  let asked = 0
  const url = await serve((head, socket) => {
    asked++
    if (asked === 1) socket.end(answerTo(head, false).subarray(0, -20))
    else if (asked === 2) socket.end('+PONG\r\n')
    else if (asked === 3) socket.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n')
    else if (asked === 4) socket.end('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n')
    else socket.end(answerTo(head, true))
  })
  const seen: string[] = []
  await new ResumableStream({ open: fetchFrom(url), isEnd, backoffMs: 1 }).run(({ data }) => seen.push(data))
  expect({ seen, asked }).toEqual({ seen: events, asked: 5 })
})

it('the source is asked with the headers of the caller, for events, and behind the id in UTF-8', async () => {
  const heads: string[] = []
  const url = await serve((head, socket) => {
    heads.push(head)
    const bytes = answerTo(head, false)
    socket.end(heads.length === 1 ? bytes.subarray(0, -12) : bytes)
  })
  await new ResumableStream({ open: fetchFrom(url, { headers: { 'x-mine': '1' } }), isEnd }).run(() => {})
  expect(heads).toHaveLength(2)
  for (const head of heads) {
    expect(head).toMatch(/^x-mine: 1\r$/im)
    expect(head).toMatch(/^accept: text\/event-stream\r$/im)
  }
  expect(heads.map(lastId)).toEqual(['', '№2'])
})

it('a stream of an earlier run goes on behind the id that was kept of it', async () => {
  const url = await serve((head, socket) => socket.end(answerTo(head, true)))
  const kept = Buffer.from('№0').toString('latin1')
  const seen: string[] = []
  const open = fetchFrom(url, { headers: { 'last-event-id': kept } })
  await new ResumableStream({ open, isEnd }).run(({ data }) => seen.push(data))
  expect(seen).toEqual(events.slice(1))
})

it('an abort closes the connection of the source', async () => {
  let closed: () => void = () => {}
  const gone = new Promise<void>((resolve) => {
    closed = resolve
  })
  const url = await serve((head, socket) => {
    socket.on('close', closed)
    socket.write(answerTo(head, true).subarray(0, -30))
  })
  const abort = new AbortController()
  const stream = new ResumableStream({ open: fetchFrom(url), isEnd, signal: abort.signal })
  await expect(stream.run(() => abort.abort())).rejects.toMatchObject({ code: 'client_closed' })
  await gone
})

it('a program that waits to ask again does not end meanwhile', async () => {
  const program = `
    import { ResumableStream } from 'sluice/pipeline'
    const open = () => { throw new Error('down') }
    const stream = new ResumableStream({ open, attempts: 2, backoffMs: 20 })
    await stream.run(() => {}).catch((error) => console.log(error.code))
  `
  const { code, stdout } = await run('node', ['--conditions=source', '--input-type=module', '-e', program])
  expect({ code, said: stdout.trim() }).toEqual({ code: 0, said: new SluiceError('upstream_unreachable', '').code })
})
