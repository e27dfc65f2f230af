import { scatter } from './rank-index.ts'

/** A longer word is not kept: it comes but once. */
const longest = 96
const slots = 8192
/** Places that a word can stand in: with one alone, two words of a text would often push each other out. */
const ways = 4

/**
 * The sizes of words that are no token themselves, as names and sentences without spaces are: the same ones come again
 * and again. A newer word takes the place of an older one, so it is 0.9 MB for good; and the bytes are compared, so it
 * is never wrong.
 */
export class WordMemo {
  readonly #words = new Uint8Array(slots * longest)
  readonly #hashes = new Int32Array(slots)
  readonly #lengths = new Uint8Array(slots)
  readonly #counts = new Uint8Array(slots)
  #turn = 0

  /** 0 for a word that is not known. */
  get(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const first = scatter(hash) & (slots - ways)
    for (let slot = first; slot < first + ways; slot++) {
      if (this.#hashes[slot] === hash && this.#lengths[slot] === to - from && this.#is(slot, bytes, from, to)) {
        return this.#counts[slot]!
      }
    }
    return 0
  }

  put(bytes: Uint8Array, from: number, to: number, hash: number, count: number): void {
    if (to - from > longest) return
    this.#turn = (this.#turn + 1) % ways
    const slot = (scatter(hash) & (slots - ways)) + this.#turn
    this.#hashes[slot] = hash
    this.#lengths[slot] = to - from
    this.#counts[slot] = count
    for (let at = from, own = slot * longest; at < to; at++, own++) this.#words[own] = bytes[at]!
  }

  #is(slot: number, bytes: Uint8Array, from: number, to: number): boolean {
    const words = this.#words
    for (let at = from, own = slot * longest; at < to; at++, own++) if (words[own] !== bytes[at]) return false
    return true
  }
}
