import { Malformed } from './malformed.ts'

type State = 'size' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailers'

/**
 * The frames of a chunked body (RFC 9112, section 7.1), up to the line of the last chunk. The frames are counted, and
 * what stands inside is handed on where it lies, without a copy. Each byte of a frame is looked at once, in any cut.
 *
 * A line here must end with CR LF: what two readers could part differently is refused.
 */
export class ChunkedBody {
  #state: State = 'size'
  /** What the size line says so far; then what is missing of the chunk. */
  #left = 0
  /** Of the size line, without its end. */
  #lineLength = 0

  begin(): void {
    this.#state = 'size'
    this.#left = 0
    this.#lineLength = 0
  }

  /** The last chunk has come, and the trailers follow. */
  get over(): boolean {
    return this.#state === 'trailers'
  }

  /**
   * Reads on from `at` until bytes of a chunk are found or the last chunk is over. `payload` is how many bytes of a
   * chunk end at the place that is returned.
   *
   * @throws Malformed
   */
  read(bytes: Uint8Array, at: number, to: number): number {
    this.payload = 0
    while (at < to) {
      switch (this.#state) {
        case 'data': {
          const length = Math.min(this.#left, to - at)
          this.#left -= length
          if (this.#left === 0) this.#state = 'data-cr'
          this.payload = length
          return at + length
        }
        case 'data-cr':
          if (bytes[at++] !== cr) throw new Malformed('a chunk is longer than its size says')
          this.#state = 'data-lf'
          break
        case 'data-lf':
          if (bytes[at++] !== lf) throw new Malformed('a chunk is longer than its size says')
          this.#state = 'size'
          break
        case 'size':
          this.#size(bytes[at++]!)
          break
        case 'extension':
          this.#extension(bytes[at++]!)
          break
        case 'size-end':
          if (bytes[at++] !== lf) throw new Malformed('the size of a chunk is not on a line of its own')
          this.#lineLength = 0
          if (this.#left === 0) {
            this.#state = 'trailers'
            return at
          }
          this.#state = 'data'
          break
        case 'trailers':
          return at
      }
    }
    return at
  }

  payload = 0

  #size(byte: number): void {
    const digit = hexDigit(byte)
    if (digit === -1) {
      if (this.#lineLength === 0) throw new Malformed('the size of a chunk is no number')
      this.#extension(byte)
      return
    }
    this.#left = this.#left * 16 + digit
    if (++this.#lineLength > 16 || this.#left > Number.MAX_SAFE_INTEGER) throw new Malformed('a chunk is too large')
  }

  /** Nothing behind the size has a meaning here. White space before the end of the line is written by old servers. */
  #extension(byte: number): void {
    if (byte === cr) {
      this.#state = 'size-end'
      return
    }
    const begins = byte === semicolon || byte === space || byte === tab
    if (this.#state === 'size' && !begins) throw new Malformed('the size of a chunk is no number')
    if (byte === lf) throw new Malformed('the size of a chunk is not on a line of its own')
    this.#state = 'extension'
    if (++this.#lineLength > longestSizeLine) throw new Malformed('the line of a chunk size has no end')
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

const cr = 0x0d
const lf = 0x0a
const tab = 0x09
const space = 0x20
const semicolon = 0x3b

/** In bytes. */
const longestSizeLine = 4096
