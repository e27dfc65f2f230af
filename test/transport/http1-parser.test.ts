import { describe, expect, it } from 'vitest'
import { bytesOf, chunk, cut, type Read, readAll } from './http1-reading.ts'

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`
const done = { done: true, error: undefined, rest: 0, endsWithConnection: false }

const answers: Array<[name: string, text: string, expected: Partial<Read>]> = [
  [
    'a length',
    `${ok}Content-Length: 5\r\nX-A:  b \r\n\r\nhello`,
    { ...done, head: { status: 200, headers: { 'content-length': '5', 'x-a': 'b' } }, body: 'hello', idleMs: 4000 },
  ],
  ['a length of nothing', `${ok}content-length: 0\r\n\r\n`, { ...done, body: '', idleMs: 4000 }],
  ['the same length twice', `${ok}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`, { ...done, body: 'hello' }],
  [
    'chunks',
    `${chunked}${chunk('hel')}${chunk('lo, wörld')}0\r\n\r\n`,
    { ...done, body: 'hello, wörld', idleMs: 4000 },
  ],
  ['one chunk of nothing', `${chunked}0\r\n\r\n`, { ...done, body: '' }],
  ['large digits and zeros before them', `${chunked}000A\r\n0123456789\r\n00\r\n\r\n`, { ...done, body: '0123456789' }],
  [
    'digits in capitals',
    `${ok}Transfer-Encoding: Chunked\r\n\r\nB\r\nhello world\r\n0\r\n\r\n`,
    { ...done, body: 'hello world' },
  ],
  [
    'chunk extensions',
    `${chunked}${chunk('hello', ';a=b;c="d e"')}${chunk('!', ' ')}0;last\r\n\r\n`,
    { ...done, body: 'hello!' },
  ],
  ['trailers', `${chunked}${chunk('hello')}0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n`, { ...done, body: 'hello' }],
  ['line ends inside chunks', `${chunked}${chunk('0\r\n\r\n')}0\r\n\r\n`, { ...done, body: '0\r\n\r\n' }],
  [
    'neither: the connection ends it',
    `${ok}\r\nhello`,
    { done: false, error: undefined, endsWithConnection: true, body: 'hello', idleMs: 0 },
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok', { ...done, body: 'ok', idleMs: 0 }],
  [
    'HTTP/1.0 that keeps the connection',
    'HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 2\r\n\r\nok',
    { ...done, body: 'ok', idleMs: 4000 },
  ],
  ['no reason behind the status', 'HTTP/1.1 429\r\ncontent-length: 0\r\n\r\n', { ...done, body: '' }],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { ...done, body: '', idleMs: 4000 }],
  ['304 with the length it would have', 'HTTP/1.1 304 -\r\ncontent-length: 9\r\n\r\n', { ...done, body: '' }],
  [
    'early answers before it',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}content-length: 2\r\n\r\nok`,
    { ...done, head: { status: 200, headers: { 'content-length': '2' } }, body: 'ok' },
  ],
  ['an empty line before it', `\r\n${ok}content-length: 2\r\n\r\nok`, { ...done, body: 'ok' }],
  ['bare line feeds in its head', `${ok}content-length: 2\r\n\r\nok`.replaceAll('\r', ''), { ...done, body: 'ok' }],
  [
    'a header that is repeated',
    `${ok}x-a: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n`,
    { ...done, head: { status: 200, headers: { 'x-a': '1, 2', 'content-length': '0' } } },
  ],
  [
    'a header over two lines',
    `${ok}x-a: b\r\n  c\r\ncontent-length: 0\r\n\r\n`,
    { ...done, head: { status: 200, headers: { 'x-a': 'b c', 'content-length': '0' } } },
  ],
  [
    'an empty header and one in Latin-1',
    `${ok}x-a:\r\nx-b: \xe9\r\ncontent-length: 0\r\n\r\n`,
    { ...done, head: { status: 200, headers: { 'x-a': '', 'x-b': '\xe9', 'content-length': '0' } } },
  ],
  [
    'headers called like what every object has',
    `${ok}constructor: a\r\ntostring: b\r\ncontent-length: 0\r\n\r\n`,
    { ...done, head: { status: 200, headers: { constructor: 'a', tostring: 'b', 'content-length': '0' } } },
  ],
  ['bytes behind its end', `${ok}content-length: 2\r\n\r\nokHTTP/1.1 200`, { ...done, body: 'ok', rest: 12 }],
  ['bytes behind its last chunk', `${chunked}0\r\n\r\nHTTP/1.1`, { ...done, body: '', rest: 8 }],
]

describe('an answer is read alike in one read and cut at every byte', () => {
  it.each(answers)('%s', (_, text, expected) => {
    const bytes = bytesOf(text)
    const whole = readAll([bytes])
    expect(whole).toMatchObject(expected)
    for (let at = 1; at < bytes.length; at++) {
      expect(readAll([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(whole)
    }
    expect(readAll(cut(bytes, Array(bytes.length).fill(1)))).toEqual(whole)
  })

  it.each(answers.filter(([, , { rest, done }]) => done && rest === 0))('%s, cut short, is not done', (_, text) => {
    const bytes = bytesOf(text)
    for (let at = 0; at < bytes.length; at++) {
      expect(readAll([bytes.subarray(0, at)]), `the first ${at} bytes`).toMatchObject({ done: false, error: undefined })
    }
  })
})

const faults: Array<[name: string, text: string, error: RegExp]> = [
  ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', /does not begin with HTTP\/1\./],
  ['another protocol without line ends', '\x15\x03\x03', /does not begin with/],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n', /does not begin with/],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n', /status line/],
  ['no status', 'HTTP/1.1 OK\r\n\r\n', /status line/],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', /status line/],
  ['a switch of protocols', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', /switches/],
  ['a header without a colon', `${ok}what is this\r\n\r\n`, /no name/],
  ['a header without a name', `${ok}: b\r\n\r\n`, /no name/],
  ['white space behind the name', `${ok}content-length : 5\r\n\r\nhello`, /no name/],
  ['white space before the first header', `${ok} a: b\r\n\r\n`, /white space/],
  ['a control character', `${ok}a: b\0c\r\n\r\n`, /control/],
  ['a lone CR in a header', `${ok}a: b\rcontent-length: 5\r\n\r\nhello`, /control/],
  ['two lengths', `${ok}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`, /two lengths/],
  ['two lengths in one header', `${ok}content-length: 5, 6\r\n\r\nhello`, /two lengths/],
  ['a length below nothing', `${ok}content-length: -1\r\n\r\n`, /no number/],
  ['a length with a sign', `${ok}content-length: +5\r\n\r\nhello`, /no number/],
  ['a length in hexadecimal', `${ok}content-length: 0x5\r\n\r\nhello`, /no number/],
  ['a length over two lines', `${ok}content-length: 5\r\n 6\r\n\r\nhello`, /no number/],
  ['an empty length', `${ok}content-length:\r\n\r\nhello`, /no number/],
  ['a length beyond all numbers', `${ok}content-length: 99999999999999999999\r\n\r\nhello`, /no number/],
  ['a length and chunks', `${ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, /both/],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', /HTTP\/1\.0/],
  ['a coding that nobody asked for', `${ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, /transfer-encoding/],
  [
    'chunks twice',
    `${ok}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    /transfer-encoding/,
  ],
  ['a chunk size that is no number', `${chunked}zz\r\n`, /no number/],
  ['a chunk size with a sign', `${chunked}-1\r\n`, /no number/],
  ['a chunk size with a prefix', `${chunked}0x5\r\nhello\r\n`, /no number/],
  ['no chunk size', `${chunked}\r\nhello\r\n`, /no number/],
  ['no chunk size before an extension', `${chunked};a\r\nhello\r\n`, /no number/],
  ['a chunk size beyond all numbers', `${chunked}fffffffffffffff\r\n`, /too large/],
  ['a chunk size of many digits', `${chunked}00000000000000001\r\n`, /too large/],
  ['a chunk size behind which a bare LF stands', `${chunked}5\nhello\r\n`, /no number|own/],
  ['an extension that a bare LF ends', `${chunked}5;a\nhello\r\n`, /own/],
  ['a lone CR behind a chunk size', `${chunked}5\rhello\r\n`, /own/],
  ['a chunk that is longer than it said', `${chunked}3\r\nhello\r\n`, /longer/],
  ['a chunk that a bare LF ends', `${chunked}5\r\nhello\n0\r\n\r\n`, /longer/],
  ['an extension without an end', `${chunked}5;${'a'.repeat(5000)}`, /no end/],
  ['a head without an end', `${ok}a: ${'b'.repeat(70_000)}`, /larger than 65536/],
  ['a status line without an end', `HTTP/1.1 200 ${'b'.repeat(70_000)}`, /larger than 65536/],
  ['headers without an end', `${ok}${'a: b\r\n'.repeat(12_000)}`, /larger than 65536/],
  ['early answers without an end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3000), /larger than 65536/],
  ['empty lines without an end', '\r\n'.repeat(40_000), /larger than 65536/],
  ['trailers without an end', `${chunked}0\r\n${'a: b\r\n'.repeat(12_000)}`, /larger than 65536/],
]

describe('what is no answer, or could be read in two ways, is refused', () => {
  it.each(faults)('%s', (_, text, error) => {
    const bytes = bytesOf(text)
    const whole = readAll(cut(bytes, []))
    expect(whole.error).toMatch(error)
    expect(whole.done).toBe(false)
    expect(readAll(cut(bytes, Array(bytes.length).fill(1)))).toEqual(whole)
    const step = Math.max(1, Math.floor(bytes.length / 50))
    for (let at = 1; at < bytes.length; at += step) expect(readAll(cut(bytes, [at]))).toEqual(whole)
  })
})

describe('how long a connection may be kept behind an answer', () => {
  it.each([
    ['', 4000],
    ['connection: close', 0],
    ['connection: keep-alive', 4000],
    ['connection: x, Close', 0],
    ['keep-alive: timeout=5', 4000],
    ['keep-alive: timeout=1', 0],
    ['keep-alive: timeout=0', 0],
    ['keep-alive: max=3, timeout = 61', 60_000],
    ['Keep-Alive: TIMEOUT=61', 60_000],
    ['keep-alive: timeout=99999999', 600_000],
    ['keep-alive: what', 4000],
    ['keep-alive: notimeout=99', 4000],
  ])('%s: %i ms', (header, idleMs) => {
    const line = header === '' ? '' : `${header}\r\n`
    expect(readAll([bytesOf(`${ok}${line}content-length: 0\r\n\r\n`)]).idleMs).toBe(idleMs)
  })
})

it('a head of 64 KiB that comes byte by byte is read', () => {
  const value = 'a'.repeat(60_000)
  const bytes = bytesOf(`${ok}x-a: ${value}\r\ncontent-length: 0\r\n\r\n`)
  expect(readAll(cut(bytes, Array(bytes.length).fill(1))).head?.headers['x-a']).toBe(value)
})
