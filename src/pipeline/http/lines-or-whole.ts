import { type Emit, Pieces, type Stage } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { tooLarge } from './too-large.ts'

const LF = 0x0a

/**
 * A body that begins with `{` and does not say what it is: one whole JSON object, or objects a line each. A first line
 * that is JSON, with more behind it, means lines, and from there on they stream; anything else is collected.
 */
export class LinesOrWhole implements Stage<Uint8Array, SseEvent> {
  readonly #limit: number
  readonly #openLines: () => Stage<Uint8Array, SseEvent>
  readonly #pieces = new Pieces()
  #lines: Stage<Uint8Array, SseEvent> | undefined
  /** What the first line end has shown. */
  #first: 'unknown' | 'json' | 'other' = 'unknown'

  constructor(limitBytes: number, openLines: () => Stage<Uint8Array, SseEvent>) {
    this.#limit = limitBytes
    this.#openLines = openLines
  }

  /** @throws SluiceError `event_too_large` */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    if (this.#lines) {
      this.#lines.push(bytes, emit)
      return
    }
    const before = this.#pieces.length
    // The caller may use its bytes again for the next chunk. No `slice`: that of a Node Buffer is a view.
    this.#pieces.push(new Uint8Array(bytes))
    if (this.#pieces.length > this.#limit) throw tooLarge(this.#limit)
    let behind = 0
    if (this.#first === 'unknown') {
      const end = bytes.indexOf(LF)
      if (end === -1) return
      behind = end + 1
      this.#first = isJson(this.#pieces.whole().subarray(0, before + end)) ? 'json' : 'other'
    }
    if (this.#first === 'other' || !hasInk(bytes, behind)) return
    this.#lines = this.#openLines()
    this.#lines.push(this.#pieces.whole(), emit)
    this.#pieces.take()
  }

  end(emit: Emit<SseEvent>): void {
    this.#lines?.end?.(emit)
  }

  /** The whole text, at the end of a body that was no lines. */
  get whole(): string | undefined {
    return this.#lines ? undefined : new TextDecoder().decode(this.#pieces.whole())
  }
}

function hasInk(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at]! > 0x20) return true
  return false
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes))
    return true
  } catch {
    return false
  }
}
