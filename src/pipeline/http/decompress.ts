import { SluiceError } from '../../errors/index.ts'
import type { PieceSource } from './body-source.ts'

/**
 * A body without the compression that its `content-encoding` names, with the decompressors of the runtime, which pass
 * every flush of the sender on. The first bytes are asked too: text under a header that names gzip is text, and
 * `deflate` means the zlib format, which some servers leave out.
 *
 * Reading rejects with `upstream_truncated` when the body ends within the compressed data, with `upstream_protocol` for
 * damage and for an encoding that the runtime does not know.
 */
export function decompressed(
  body: PieceSource<Uint8Array>,
  contentEncoding: string | undefined,
): PieceSource<Uint8Array> {
  const names = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  // The last one named was put on last.
  return names.reduceRight((source, name) => new Decompressed(source, name), body)
}

class Decompressed implements PieceSource<Uint8Array> {
  readonly #source: PieceSource<Uint8Array>
  readonly #name: string
  #inner: PieceSource<Uint8Array> | undefined
  /** The compressed bytes have all been given to the decompressor. */
  #given = false
  #cancelled = false

  constructor(source: PieceSource<Uint8Array>, name: string) {
    this.#source = source
    this.#name = name
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#inner ??= await this.#open()
    return this.#inner.read()
  }

  cancel(): void {
    this.#cancelled = true
    this.#inner?.cancel()
    this.#source.cancel()
  }

  async #open(): Promise<PieceSource<Uint8Array>> {
    let head = new Uint8Array(0)
    while (head.length < 4) {
      const piece = await this.#source.read()
      if (piece === undefined) break
      const longer = new Uint8Array(head.length + piece.length)
      longer.set(head)
      longer.set(piece, head.length)
      head = longer
    }
    const format = formatOf(this.#name, head)
    return format === undefined || head.length === 0 ? this.#plain(head) : this.#through(format, head)
  }

  #plain(head: Uint8Array): PieceSource<Uint8Array> {
    let first: Uint8Array | undefined = head
    return {
      read: async () => {
        const piece = first
        first = undefined
        return piece === undefined || piece.length === 0 ? this.#source.read() : piece
      },
      cancel: () => {},
    }
  }

  #through(format: string, head: Uint8Array): PieceSource<Uint8Array> {
    const { readable, writable } = open(format, this.#name)
    const reader = readable.getReader()
    const writer = writable.getWriter()
    const early: Array<ReturnType<typeof reader.read>> = []
    let broken: { error: unknown } | undefined
    const pump = async (): Promise<void> => {
      let piece: Uint8Array | undefined = head
      while (piece !== undefined && !this.#cancelled) {
        // Waits while nobody reads what came out: so a slow consumer pauses the source.
        await writer.write(piece as Uint8Array<ArrayBuffer>)
        try {
          piece = await this.#source.read()
        } catch (error) {
          broken = { error }
          piece = undefined
        }
      }
      this.#given = true
      // Where the data breaks off, to close is an error, and with it runtimes throw away what they have not handed out.
      // They do not say either when the last piece has been worked through: silence says it.
      for (let more = true; more && early.length < earlyReads; ) {
        const read = reader.read()
        early.push(read)
        more = await givenWithin(read, silenceMs)
      }
      await writer.close()
    }
    pump().catch(ignore)
    return {
      read: async () => {
        try {
          const { value } = await (early.shift() ?? reader.read())
          if (value === undefined && broken) throw broken.error
          return value
        } catch (cause) {
          throw broken ? broken.error : this.#damage(cause)
        }
      },
      cancel: () => void reader.cancel().catch(ignore),
    }
  }

  #damage(cause: unknown): SluiceError {
    return this.#given
      ? new SluiceError('upstream_truncated', `the answer is not whole: its ${this.#name} data breaks off`, { cause })
      : new SluiceError('upstream_protocol', `cannot read the answer: its ${this.#name} data is damaged`, { cause })
  }
}

/** The runtime's name for what the bytes are; undefined when they are not compressed, whatever the header says. */
function formatOf(name: string, head: Uint8Array): string | undefined {
  if (plainly.test(new TextDecoder('latin1').decode(head))) return undefined
  const [a = 0, b = 0] = head
  switch (name) {
    case 'x-gzip':
      return 'gzip'
    case 'deflate':
      return (a & 0x0f) === 8 && (a * 256 + b) % 31 === 0 ? 'deflate' : 'deflate-raw'
    case 'br':
      return 'brotli'
    default:
      return name
  }
}

/** How events and JSON begin. Four bytes of compressed data that look like it would be one in millions. */
const plainly = /^(data|even|retr|id:|: |\{\s*"|\[\s*\{)/

function open(format: string, name: string): { readable: ReadableStream<Uint8Array>; writable: WritableStream } {
  try {
    return new DecompressionStream(format as CompressionFormat)
  } catch (cause) {
    throw new SluiceError(
      'upstream_protocol',
      `cannot read the answer: it is compressed as \`${name}\`, which this runtime cannot undo; ask with \`accept-encoding: gzip\``,
      { cause },
    )
  }
}

function givenWithin(read: Promise<{ done: boolean }>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Not the clock of the house, whose timers let a process end: somebody waits for this one.
    const timer = setTimeout(() => resolve(false), ms)
    const settle = (given: boolean): void => {
      clearTimeout(timer)
      resolve(given)
    }
    read.then(
      ({ done }) => settle(!done),
      () => settle(false),
    )
  })
}

/** A stream with an end marker does not wait for this, and a whole answer has taken a hundred times as long. */
const silenceMs = 5
/** Pieces of 16 KiB and more. */
const earlyReads = 64

function ignore(): void {}
