import { Buffer } from 'node:buffer'
import { Malformed } from '../../src/transport/http1/malformed.ts'
import { ResponseParser } from '../../src/transport/http1/response-parser.ts'

export interface Read {
  head: { status: number; headers: Record<string, string> } | undefined
  body: string
  /** What the reader threw. */
  error: string | undefined
  done: boolean
  /** The end of the connection would end the answer. */
  endsWithConnection: boolean
  /** How many bytes were left untouched behind the end of the answer. */
  rest: number
  idleMs: number
}

/** What the parser makes of bytes that come in these reads, all into one buffer, as on a socket. */
export function readAll(reads: Iterable<Uint8Array>): Read {
  const parser = new ResponseParser()
  const buffer = Buffer.alloc(64 * 1024)
  const bodies: string[] = []
  const told: Read = {
    head: undefined,
    body: '',
    error: undefined,
    done: false,
    endsWithConnection: false,
    rest: 0,
    idleMs: 0,
  }
  parser.begin({
    onHead({ status, headers }) {
      if (told.head) throw new Error('a second head was told')
      told.head = { status, headers: { ...headers } }
    },
    onBody(bytes) {
      if (!told.head || told.error !== undefined) throw new Error('a body was told where there is none')
      bodies.push(Buffer.from(bytes).toString('latin1'))
    },
  })
  let filled = 0
  for (const read of reads) {
    buffer.fill(0xaa, 0, filled)
    buffer.set(read)
    filled = read.length
    if (parser.done) {
      told.rest += read.length
      continue
    }
    try {
      told.rest += read.length - parser.push(buffer, read.length)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      told.error = error.message
      break
    }
  }
  return {
    ...told,
    body: bodies.join(''),
    done: parser.done,
    endsWithConnection: parser.endsWithConnection,
    idleMs: parser.idleMs,
  }
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** How much one read of a socket can bring. */
const largest = 64 * 1024

/** One read for each length; the rest comes in reads as large as they get. */
export function* cut(bytes: Uint8Array, lengths: Iterable<number>): Generator<Uint8Array> {
  let at = 0
  for (const length of lengths) {
    if (at >= bytes.length) return
    const end = at + Math.min(length, largest)
    yield bytes.subarray(at, end)
    at = end
  }
  for (; at < bytes.length; at += largest) yield bytes.subarray(at, at + largest)
}

export function chunk(text: string, extension = ''): string {
  return `${text.length.toString(16)}${extension}\r\n${text}\r\n`
}
