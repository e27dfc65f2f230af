import type { RankEntry } from './vocabulary.ts'

/** The rank of what is no token: behind all others. */
export const none = 0xffffff

const base = 0x01000193
/** Numbers of a slot: the hash, the rank + 1 (0 where the slot is free), where the bytes begin, how many. */
const slotSize = 4

/**
 * From the bytes of a token to its rank: an open table over one block of memory that holds the bytes of all tokens. The
 * hash is a polynomial, so that of any piece of a word follows from two running sums (`hashSums`) in one step.
 *
 * Most questions are about pieces that are no token, and the table is larger than a processor's nearest caches. So a
 * small set of bits is asked first, and what is compared lies together.
 */
export class RankIndex {
  readonly #bytes: Uint8Array
  readonly #slots: Int32Array
  readonly #mask: number
  readonly #bits = new Int32Array(0x8000)
  readonly #longest: number
  /** `base` to the power of the index. */
  readonly #powers: Int32Array
  /** Ranks of two bytes, where every merge begins. */
  readonly #pairs = new Int32Array(0x10000).fill(none)

  constructor(ranks: ReadonlyArray<RankEntry | undefined>) {
    const { bytes, ends } = block(ranks)
    this.#bytes = bytes
    let capacity = 1024
    while (capacity < ranks.length * 1.6) capacity *= 2
    this.#slots = new Int32Array(capacity * slotSize)
    this.#mask = capacity - 1
    let longest = 2
    let from = 0
    for (let rank = 0; rank < ranks.length; rank++) {
      const to = ends[rank]!
      if (to === from) continue
      if (to - from === 2) this.#pairs[(bytes[from]! << 8) | bytes[from + 1]!] = rank
      this.#put(from, to, rank)
      longest = Math.max(longest, to - from)
      from = to
    }
    this.#longest = longest
    this.#powers = new Int32Array(longest + 1).fill(1)
    for (let i = 1; i <= longest; i++) this.#powers[i] = Math.imul(this.#powers[i - 1]!, base)
  }

  #put(from: number, to: number, rank: number): void {
    const hash = hashOf(this.#bytes, from, to)
    const mixed = scatter(hash)
    this.#bits[(mixed >>> 5) & 0x7fff]! |= 1 << (mixed & 31)
    let slot = mixed & this.#mask
    while (this.#slots[slot * slotSize + 1] !== 0) slot = (slot + 1) & this.#mask
    this.#slots.set([hash, rank + 1, from, to - from], slot * slotSize)
  }

  /** The rank of two bytes, or `none`. */
  ofPair(bytes: Uint8Array, at: number): number {
    return this.#pairs[(bytes[at]! << 8) | bytes[at + 1]!]!
  }

  /** The rank of a piece of a word, or `none`. `sums` are those of the word, which begins at `wordFrom`. */
  ofPiece(bytes: Uint8Array, from: number, to: number, sums: Int32Array, wordFrom: number): number {
    const length = to - from
    if (length > this.#longest) return none
    const hash = (sums[to - wordFrom]! - Math.imul(sums[from - wordFrom]!, this.#powers[length]!)) | 0
    return this.of(bytes, from, to, hash)
  }

  /** The rank of bytes whose hash is known, or `none`. */
  of(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const mixed = scatter(hash)
    if (((this.#bits[(mixed >>> 5) & 0x7fff]! >>> (mixed & 31)) & 1) === 0) return none
    const slots = this.#slots
    const length = to - from
    for (let slot = (mixed & this.#mask) * slotSize; ; slot = (slot + slotSize) & (slots.length - 1)) {
      const rank = slots[slot + 1]! - 1
      if (rank === -1) return none
      if (slots[slot] === hash && slots[slot + 3] === length && this.#is(slots[slot + 2]!, bytes, from, to)) return rank
    }
  }

  #is(own: number, bytes: Uint8Array, from: number, to: number): boolean {
    const all = this.#bytes
    for (let at = from; at < to; at++, own++) if (all[own] !== bytes[at]) return false
    return true
  }
}

/** The hash of every beginning of a word: `sums[i]` that of its first `i` bytes. */
export function hashSums(bytes: Uint8Array, from: number, to: number, sums: Int32Array): void {
  let hash = 0
  sums[0] = 0
  for (let at = from; at < to; at++) {
    hash = (Math.imul(hash, base) + bytes[at]! + 1) | 0
    sums[at - from + 1] = hash
  }
}

export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0
  for (let at = from; at < to; at++) hash = (Math.imul(hash, base) + bytes[at]! + 1) | 0
  return hash
}

/** The sum is weak in its low bits, which choose the place in a table. */
export function scatter(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return once ^ (once >>> 13)
}

/** The bytes of all tokens behind each other, and where each one ends. */
function block(ranks: ReadonlyArray<RankEntry | undefined>): { bytes: Uint8Array; ends: Int32Array } {
  const encoder = new TextEncoder()
  let room = 0
  for (const entry of ranks) room += entry === undefined ? 0 : entry.length * (typeof entry === 'string' ? 3 : 1)
  const bytes = new Uint8Array(room)
  const ends = new Int32Array(ranks.length)
  let at = 0
  for (let rank = 0; rank < ranks.length; rank++) {
    const entry = ranks[rank]
    if (typeof entry === 'string') at += encoder.encodeInto(entry, bytes.subarray(at)).written
    else if (entry !== undefined) {
      bytes.set(entry, at)
      at += entry.length
    }
    ends[rank] = at
  }
  return { bytes: bytes.slice(0, at), ends }
}
