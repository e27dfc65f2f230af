import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'

/** Headers as `fetch` has them, or as Node and undici do. */
type HeaderBag = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>

/** Anything that gives pieces one after the other. Text is taken as UTF-8. */
export type Pieceful<Piece> = ReadableStream<Piece> | AsyncIterable<Piece> | Iterable<Piece>

/**
 * An HTTP answer in any of its shapes: a `Response` of fetch, what undici's `request` gives, an `IncomingMessage` of
 * Node; or a bare body, which counts as a status of 200.
 */
export type AnyAnswer =
  | { status: number; headers: HeaderBag; body: ReadableStream<Uint8Array> | null }
  | { statusCode?: number | undefined; headers: HeaderBag; body: Pieceful<Uint8Array | string> }
  | Uint8Array
  | Pieceful<Uint8Array | string>

/** The pull side of a source. One `read` at a time. */
export interface PieceSource<Piece> {
  /** The next piece; undefined at the end. Rejects when the source breaks. */
  read(): Promise<Piece | undefined>
  /** Nothing more is wanted: the source closes what it holds. Harmless at any time, and repeated. */
  cancel(): void
}

export interface AnswerHead {
  status: number
  contentType: string | undefined
  /** As the header says it; undefined too where the runtime has decompressed already. */
  contentEncoding: string | undefined
}

/** @throws SluiceError `invalid_request` for what is no answer and no body */
export function openAnswer(answer: AnyAnswer): { head: AnswerHead; body: PieceSource<Uint8Array> } {
  const { status, statusCode, headers, body } = (answer ?? {}) as {
    status?: unknown
    statusCode?: unknown
    headers?: HeaderBag
    body?: unknown
  }
  const header = (name: string): string | undefined => {
    if (typeof headers !== 'object' || headers === null) return undefined
    const value = typeof headers.get === 'function' ? headers.get(name) : (headers as Record<string, unknown>)[name]
    return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : undefined
  }
  const code = typeof status === 'number' ? status : typeof statusCode === 'number' ? statusCode : 200
  // fetch decompresses and leaves the header where it was.
  const fetched = typeof status === 'number' && typeof headers?.get === 'function'
  // A message of Node is its own body; where there is a field for it, null stands for an empty one.
  const bare = answer instanceof Uint8Array ? [answer] : answer
  // What is neither is complained of as it was given.
  const pieces = isPieceful(bare) ? bare : body === null ? [] : (body ?? answer)
  return {
    head: {
      status: code,
      contentType: header('content-type'),
      contentEncoding: fetched ? undefined : header('content-encoding'),
    },
    body: mapped(openPieces(pieces), toBytes),
  }
}

/** Tokens one by one, or in lists. @throws SluiceError `invalid_request` */
export function openTokens(
  source: Pieceful<StreamToken | readonly StreamToken[]>,
): PieceSource<readonly StreamToken[]> {
  return mapped(openPieces<StreamToken | readonly StreamToken[]>(source), (piece) =>
    'type' in piece ? [piece] : piece,
  )
}

function mapped<A, B>(source: PieceSource<A>, map: (piece: A) => B): PieceSource<B> {
  return {
    read: async () => {
      const piece = await source.read()
      return piece === undefined ? undefined : map(piece)
    },
    cancel: () => source.cancel(),
  }
}

function isPieceful(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'getReader' in value || Symbol.asyncIterator in value || Symbol.iterator in value
}

function openPieces<Piece>(source: unknown): PieceSource<Piece> {
  if (typeof source === 'object' && source !== null) {
    if ('getReader' in source) return readerOf(source as ReadableStream<Piece>)
    if (Symbol.asyncIterator in source)
      return iteratorOf((source as AsyncIterable<Piece>)[Symbol.asyncIterator](), source)
    if (Symbol.iterator in source) return iteratorOf((source as Iterable<Piece>)[Symbol.iterator](), source)
  }
  const found = source === null ? 'null' : source instanceof Promise ? 'a promise' : `of type ${typeof source}`
  throw new SluiceError(
    'invalid_request',
    `cannot read the stream: the source is ${found}, not a stream or an iterable${found === 'a promise' ? '; await it' : ''}`,
  )
}

function readerOf<Piece>(stream: ReadableStream<Piece>): PieceSource<Piece> {
  if (stream.locked) {
    throw new SluiceError(
      'invalid_request',
      'cannot read the stream: it is being read already; give each reader its own',
    )
  }
  const reader = stream.getReader()
  return {
    read: async () => (await reader.read()).value,
    cancel: () => void reader.cancel().catch(ignore),
  }
}

function iteratorOf<Piece>(iterator: AsyncIterator<Piece> | Iterator<Piece>, source: object): PieceSource<Piece> {
  let over = false
  return {
    read: async () => {
      const { done, value } = await iterator.next()
      if (done) over = true
      return done ? undefined : value
    },
    cancel: () => {
      if (over) return
      over = true
      // An iterator over a stream of Node hears of its return only when the next piece comes: the stream itself is closed.
      if ('destroy' in source && typeof source.destroy === 'function') source.destroy()
      // A generator may throw here, at once or later. Nobody is left who would want to know.
      void (async () => iterator.return?.())().catch(ignore)
    },
  }
}

const encoder = new TextEncoder()

function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  if (typeof piece === 'string') return encoder.encode(piece)
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece)
  throw new SluiceError('invalid_request', `cannot read the body: a piece of it is of type ${typeof piece}, not bytes`)
}

function ignore(): void {}
