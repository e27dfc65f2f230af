import type { ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkStream, checkWhole } from './check-stream.ts'
import { goodBody, hostile, wire } from './hostile.ts'
import { chat, type DialectName, dialects, house, type Pair, pairs, paths, post, until } from './house.ts'

const words = 'Grüße aus 世界, one two three'
const script = { steps: [{ text: words, chunk: 'word' }] }
const streaming = {
  status_ceiling: '5s',
  finish_grace: '60ms',
  idle_timeout: '400ms',
  stall_timeout: '600ms',
  total_timeout: '800ms',
  connect_timeout: '300ms',
  max_event: '1MiB',
}

interface Good {
  stream: Buffer
  whole: Buffer
}
const good = new Map<DialectName, Good>()
beforeAll(async () => {
  for (const upstream of dialects) {
    const [stream, whole] = await Promise.all([goodBody(upstream, script, true), goodBody(upstream, script, false)])
    good.set(upstream, { stream, whole })
  }
})

const sse = { 'content-type': 'text/event-stream' }
const json = { 'content-type': 'application/json' }
const events = (text: Buffer): string[] => text.toString().split(/(?<=\n\n)/)
const endsWith = (dialect: DialectName): RegExp => (dialect === 'openai-chat' ? /"finish_reason":"/ : /"stop_reason":"/)

interface Case {
  name: string
  /** What the provider does; `own` is its good answer to just this request, `other` the one to its opposite. */
  play(response: ServerResponse, at: { own: Buffer; other: Buffer; stream: boolean; upstream: DialectName }): void
  /** `clean`, or the status where nothing was sent before, or `error` for one inside the stream. */
  streamed: 'clean' | 'error' | number
  whole: 'clean' | number
}

const say = (response: ServerResponse, body: Buffer | string, headers: object = sse, status = 200): void => {
  response.writeHead(status, { ...headers })
  response.end(body)
}
const type = (stream: boolean) => (stream ? sse : json)
const error = '{"type":"error","error":{"type":"overloaded_error","message":"too busy"}}'

const cases: Case[] = [
  {
    name: 'the other content type',
    play: (r, { own, stream }) => say(r, own, type(!stream)),
    streamed: 'clean',
    whole: 'clean',
  },
  { name: 'no content type', play: (r, { own }) => say(r, own, {}), streamed: 'clean', whole: 'clean' },
  {
    name: 'text/html as the content type',
    play: (r, { own }) => say(r, own, { 'content-type': 'text/html' }),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'a whole answer for a stream, a stream for a whole one',
    play: (r, { other, stream }) => say(r, other, type(!stream)),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'the wrong kind of answer under the type of the right one',
    play: (r, { other, stream }) => say(r, other, type(stream)),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'gzip that nobody asked for',
    play: (r, { own, stream }) => say(r, gzipSync(own), { ...type(stream), 'content-encoding': 'gzip' }),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'br that nobody asked for',
    play: (r, { own, stream }) => say(r, brotliCompressSync(own), { ...type(stream), 'content-encoding': 'br' }),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'deflate that nobody asked for',
    play: (r, { own, stream }) => say(r, deflateSync(own), { ...type(stream), 'content-encoding': 'deflate' }),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'damaged gzip',
    play: (r, { own, stream }) => say(r, gzipSync(own).fill(0x55, 20), { ...type(stream), 'content-encoding': 'gzip' }),
    streamed: 502,
    whole: 502,
  },
  {
    name: 'plain text called gzip',
    play: (r, { own, stream }) => say(r, own, { ...type(stream), 'content-encoding': 'gzip' }),
    streamed: 502,
    whole: 502,
  },
  { name: 'an empty body', play: (r, { stream }) => say(r, '', type(stream)), streamed: 502, whole: 502 },
  { name: 'white space alone', play: (r, { stream }) => say(r, ' \n\n \r\n', type(stream)), streamed: 502, whole: 502 },
  { name: 'status 204', play: (r) => say(r, '', {}, 204), streamed: 502, whole: 502 },
  {
    name: 'white space before the answer',
    play: (r, { own, stream }) => say(r, Buffer.concat([Buffer.from('\n \r\n\n'), own]), type(stream)),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'a byte order mark',
    play: (r, { own, stream }) => say(r, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), own]), type(stream)),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'a web page',
    play: (r) => say(r, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    streamed: 502,
    whole: 502,
  },
  {
    name: 'a redirect',
    play: (r) => say(r, 'moved', { location: 'http://127.0.0.1:1/v1' }, 302),
    streamed: 502,
    whole: 502,
  },
  { name: 'an error object with status 200', play: (r) => say(r, error, json), streamed: 503, whole: 503 },
  {
    name: 'an error page with status 500',
    play: (r) => say(r, '<h1>Oops</h1>', { 'content-type': 'text/html' }, 500),
    streamed: 500,
    whole: 500,
  },
  {
    name: 'an error page that is all brackets',
    play: (r) => say(r, '<'.repeat(250_000), { 'content-type': 'text/html' }, 500),
    streamed: 500,
    whole: 500,
  },
  { name: 'an empty 503', play: (r) => say(r, '', {}, 503), streamed: 503, whole: 503 },
  {
    name: 'an error whose body breaks off',
    play: (r) => {
      r.writeHead(429, { 'content-length': '500' })
      r.write('{"error":')
      setTimeout(() => r.destroy(), 10)
    },
    streamed: 429,
    whole: 429,
  },
  {
    name: 'an error whose body never ends',
    play: (r) => {
      r.writeHead(503)
      r.write('{"error":')
    },
    streamed: 503,
    whole: 503,
  },
  {
    name: 'an error with an endless body',
    play: (r) => {
      r.writeHead(503)
      const more = (): void => {
        if (!r.destroyed) r.write('x'.repeat(65536), () => setImmediate(more))
      }
      more()
    },
    streamed: 503,
    whole: 503,
  },
  {
    name: 'an error in gzip',
    play: (r) =>
      say(r, gzipSync(error.replace('overloaded', 'rate_limit')), { ...json, 'content-encoding': 'gzip' }, 429),
    streamed: 429,
    whole: 429,
  },
  { name: 'a status that does not exist', play: (r) => say(r, 'what', {}, 799), streamed: 502, whole: 502 },
  {
    name: 'nothing at all after the head',
    play: (r, { stream }) => {
      r.writeHead(200, type(stream))
      r.flushHeaders()
    },
    streamed: 504,
    whole: 504,
  },
  { name: 'no head', play: () => {}, streamed: 504, whole: 504 },
  { name: 'a closed connection', play: (r) => r.destroy(), streamed: 502, whole: 502 },
  {
    name: 'less than its content-length',
    play: (r, { own, stream }) => {
      r.writeHead(200, { ...type(stream), 'content-length': String(own.length) })
      r.write(own.subarray(0, own.length >> 1))
      setTimeout(() => r.destroy(), 10)
    },
    streamed: 'error',
    whole: 502,
  },
  {
    name: 'half an answer and a clean end',
    play: (r, { own, stream }) => say(r, own.subarray(0, own.length >> 1), type(stream)),
    streamed: 'error',
    whole: 502,
  },
  {
    name: 'a body that stays open behind its end',
    play: (r, { own, stream }) => {
      r.writeHead(200, { ...type(stream) })
      r.write(own)
      if (!stream) r.end()
    },
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'early hints',
    play: (r, { own, stream }) => {
      r.writeEarlyHints({ link: '</a>; rel=preload' })
      say(r, own, type(stream))
    },
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'an id that no header may hold',
    play: (r, { own, stream }) =>
      say(r, own, {
        ...type(stream),
        'x-request-id': Buffer.from('世界').toString('latin1'),
        'request-id': Buffer.from('ü').toString('latin1'),
      }),
    streamed: 'clean',
    whole: 'clean',
  },
  {
    name: 'its finish twice',
    play: (r, { own, stream, upstream }) =>
      say(
        r,
        stream
          ? events(own)
              .flatMap((one) => (endsWith(upstream).test(one) ? [one, one] : [one]))
              .join('')
          : own,
        type(stream),
      ),
    streamed: 'clean',
    whole: 'clean',
  },
  { name: 'JSON that is a list', play: (r) => say(r, '[1, 2]', json), streamed: 502, whole: 502 },
  { name: 'an empty JSON object', play: (r) => say(r, '{}', json), streamed: 502, whole: 502 },
  { name: 'broken JSON', play: (r) => say(r, '{"id": "x", "cho', json), streamed: 502, whole: 502 },
  {
    name: 'JSON of the wrong types',
    play: (r) => say(r, '{"id":5,"choices":{"a":1},"content":"x","type":[]}', json),
    streamed: 502,
    whole: 502,
  },
  {
    name: 'one event over the limit',
    play: (r, { own, stream }) => {
      r.writeHead(200, type(stream))
      r.write(own.subarray(0, own.length >> 1))
      r.end(`data: {"x":"${'x'.repeat(2 << 20)}"}\n\n`)
    },
    streamed: 'error',
    whole: 502,
  },
]

async function check(pair: Pair, url: string, stream: boolean, expected: string | number): Promise<void> {
  const usage = pair.client === 'openai-chat' && stream ? { stream_options: { include_usage: true } } : {}
  const answer = await post(url + paths[pair.client], chat(pair, { stream, ...usage }))
  const said = `${stream ? 'stream' : 'whole'}: ${answer.status} ${answer.body.toString().slice(-300)}`
  expect(answer.broken, said).toBe(false)
  const seen =
    stream && answer.status === 200
      ? checkStream(pair.client, answer.body)
      : checkWhole(pair.client, answer.status, answer.body)
  // The word for an overload in one dialect is a status of its own.
  const status = answer.status === 529 ? 503 : answer.status
  const found = status !== 200 ? status : seen.outcome
  expect(found, said).toBe(expected)
  if (seen.outcome === 'clean') {
    expect(seen.text, said).toBe(words)
    expect(seen.finish, said).toBeDefined()
  } else expect(words.startsWith(seen.text)).toBe(true)
}

describe.each(pairs)('$client before $upstream', (pair) => {
  it.each(cases)('the provider answers with $name', async ({ play, streamed, whole }) => {
    let stream = true
    const { upstream } = pair
    const server = await hostile((response) => {
      const { stream: streamBody, whole: wholeBody } = good.get(upstream)!
      play(response, { own: stream ? streamBody : wholeBody, other: stream ? wholeBody : streamBody, stream, upstream })
    })
    const gateway = await house({ upstream: server.url, streaming })
    await check(pair, gateway.url, true, streamed)
    stream = false
    await check(pair, gateway.url, false, whole)
    await until(() => gateway.gateway.running === 0, 'no request is running', 1500)
    expect(gateway.records.length).toBe(2)
  })
})

describe.each([true, false])('streamed: %s', (stream) => {
  const pair: Pair = { client: 'openai-chat', upstream: 'anthropic-messages' }

  it.each([
    ['nobody listens', 'http://127.0.0.1:1', 502],
    ['the name is not known', 'http://no-such-host.invalid', 502],
    ['the greeting of TLS is never answered', 'https://127.0.0.1:{silent}', 504],
    ['a plain port is called with TLS', 'https://127.0.0.1:{plain}', 502],
  ])('%s', async (_, address, status) => {
    const plain = await hostile((response) => response.end('hello'))
    const silent = await wire(() => {})
    const url = address.replace('{plain}', String(plain.port)).replace('{silent}', String(silent.port))
    const gateway = await house({ upstream: url, streaming })
    const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream }))
    expect(answer.status, answer.body.toString()).toBe(status)
    checkWhole(pair.client, answer.status, answer.body)
    expect(gateway.gateway.running).toBe(0)
  })

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', 502],
    ['a broken status line', 'HTTP/1.1 abc def\r\n\r\n', 502],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n', 502],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello', 502],
    ['a head without an end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(200_000)}`, 502],
  ])('the provider speaks %s', async (_, text, status) => {
    const server = await wire((socket) => socket.write(text))
    const gateway = await house({ upstream: server.url, streaming })
    const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream }))
    expect(answer.status, answer.body.toString()).toBe(status)
    checkWhole(pair.client, answer.status, answer.body)
    await until(() => gateway.gateway.running === 0 && server.open.size === 0, 'the connection is closed')
  })
})

it('a connection that is reset in the middle of the request body is an error with a status', async () => {
  const server = await wire((socket) => socket.resetAndDestroy())
  const gateway = await house({ upstream: server.url, streaming })
  const big = 'x'.repeat(4 << 20)
  const answer = await post(`${gateway.url}/v1/chat/completions`, {
    model: 'openai-chat/m',
    messages: [{ role: 'user', content: big }],
  })
  expect(answer.status).toBe(502)
})

describe('below HTTP', () => {
  const pair: Pair = { client: 'anthropic-messages', upstream: 'openai-chat' }
  const body = () => good.get('openai-chat')!.stream.toString('latin1')
  const ok = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'

  it.each<[string, () => string, 'clean' | 'error' | number]>([
    ['HTTP/1.0, ended by closing', () => `HTTP/1.0 200 OK\r\n\r\n${body()}`, 'clean'],
    [
      'a hundred times 100 Continue first',
      () => `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)}${ok}\r\n${body()}`,
      'clean',
    ],
    ['no length and no chunks', () => `${ok}\r\n${body()}`, 'clean'],
    ['half a body without a length', () => `${ok}\r\n${body().slice(0, 900)}`, 'error'],
    [
      'chunks without the last one',
      () => `${ok}transfer-encoding: chunked\r\n\r\n${chunk(body().slice(0, 900))}`,
      'error',
    ],
    [
      'another protocol after all',
      () => 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
      502,
    ],
    ['bare line feeds in its head', () => `${ok.replaceAll('\r', '')}\n${body()}`, 'clean'],
    ['a header that folds', () => `${ok}x-a: b\r\n c\r\n\r\n${body()}`, 'clean'],
  ])('the provider sends %s', async (_, text, expected) => {
    const server = await wire((socket) => socket.end(text(), 'latin1'))
    const gateway = await house({ upstream: server.url, streaming })
    const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream: true }))
    const seen =
      answer.status === 200
        ? checkStream(pair.client, answer.body)
        : checkWhole(pair.client, answer.status, answer.body)
    // How strictly a head is read is the parser's affair, as long as nothing is half read.
    const found = answer.status === 200 ? seen.outcome : answer.status
    expect([expected, expected === 'clean' ? 502 : expected], answer.body.toString()).toContain(found)
    await until(() => gateway.gateway.running === 0, 'nothing is running')
  })

  it('a second answer to one request reaches nobody', async () => {
    const reply = (text: string): string =>
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
    const whole = good.get('openai-chat')!.whole.toString()
    const evil = whole.replace(/one two/, 'not yours')
    expect(evil).not.toBe(whole)
    const server = await wire((socket) => {
      socket.write(reply(whole) + reply(evil))
      socket.on('data', () => socket.write(reply(whole)))
    })
    const gateway = await house({ upstream: server.url, streaming })
    for (let i = 0; i < 6; i++) {
      const answer = await post(gateway.url + paths[pair.client], chat(pair, {}))
      expect(answer.body.toString()).not.toContain('not yours')
    }
  })
})

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

describe.each(pairs)('$client before $upstream', (pair) => {
  const play = async (text: string) => {
    const server = await hostile((response) => say(response, text))
    const gateway = await house({ upstream: server.url, streaming })
    const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream: true }))
    expect(answer.status, answer.body.toString()).toBe(200)
    return checkStream(pair.client, answer.body)
  }

  it.each<[string, (text: string) => string]>([
    ['without spaces behind the colons', (text) => text.replace(/^(data|event): /gm, '$1:')],
    ['with ids and times', (text) => text.replace(/^data: /gm, 'id: 7\nretry: 10\ndata: ')],
    ['with comments inside of events', (text) => text.replace(/^data: /gm, ': still here\ndata: ')],
    ['with the data before the name', (text) => text.replace(/^(event: .*)\n(data: .*)$/gm, '$2\n$1')],
    [
      'over many data lines',
      (text) =>
        text.replace(
          /^data: (\{.*)$/gm,
          (_, json: string) => `data: ${JSON.stringify(JSON.parse(json), null, 2).replaceAll('\n', '\ndata: ')}`,
        ),
    ],
    [
      'with spaces in its JSON',
      (text) =>
        text.replace(
          /^data: (\{.*)$/gm,
          (_, json: string) => `data: ${JSON.stringify(JSON.parse(json), null, 1).replaceAll('\n', '')}  `,
        ),
    ],
    [
      'in ASCII',
      (text) => text.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['with unknown lines', (text) => text.replace(/^data: /gm, 'what\ndata: ')],
  ])('a stream written %s says the same', async (_, rewrite) => {
    const seen = await play(rewrite(good.get(pair.upstream)!.stream.toString()))
    expect(seen).toMatchObject({ outcome: 'clean', text: words })
    expect(seen.finish).toBeDefined()
  })

  it('a character that is torn over two events comes out whole', async () => {
    const text = good.get(pair.upstream)!.stream.toString()
    const torn = text.replace('"Grüße"', '"Gr\\ud83d"').replace('" aus"', '"\\ude00 aus"')
    expect(torn).not.toBe(text)
    const { text: got } = await play(torn)
    expect(got).toBe(words.replace('Grüße', 'Gr😀'))
  })
})
