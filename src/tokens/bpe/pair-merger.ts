import { hashSums, none, type RankIndex } from './rank-index.ts'

/** Up to here looking for the lowest rank by walking over all of them is faster than a heap. */
const shortWord = 96
const startBits = 7
const startMask = (1 << startBits) - 1
const noPart = none << startBits
/** Tokens at the end of a window that are merged again with the next one. */
const margin = 32

/**
 * Byte pair merging: of all neighbours the two whose joint rank is lowest become one, the leftmost first, until no two
 * have a rank. What is left are the tokens of a word.
 *
 * A short word is walked over once for each merge. A long one takes a heap, so time n log n in its length, and is cut
 * into windows, so that memory is bounded and the tokens are still the same: see `#windows`.
 */
export class PairMerger {
  readonly #index: RankIndex
  readonly #window: number
  readonly #parts = new Int32Array(shortWord + 1)
  readonly #sums = new Int32Array(shortWord + 1)

  /** @param window bytes of a word that are merged at once; the result does not depend on it */
  constructor(index: RankIndex, window = 16_384) {
    this.#index = index
    this.#window = window
  }

  /** The number of tokens of a word, which is not empty. */
  count(bytes: Uint8Array, from: number, to: number): number {
    return to - from <= shortWord ? this.#short(bytes, from, to) : this.#windows(bytes, from, to)
  }

  /** Leaves the beginnings of the tokens, counted from that of the word, in the low bits of `#parts`. */
  #short(bytes: Uint8Array, from: number, to: number): number {
    const index = this.#index
    const sums = this.#sums
    // Of each part the rank it has together with the next one, and below that where it begins: the least number is the
    // pair to be merged.
    const parts = this.#parts
    hashSums(bytes, from, to, sums)
    let count = to - from
    let lowest = noPart
    let best = 0
    for (let i = 0; i < count; i++) {
      const part = (i + 1 < count ? index.ofPair(bytes, from + i) << startBits : noPart) | i
      parts[i] = part
      if (part < lowest) {
        lowest = part
        best = i
      }
    }
    parts[count] = noPart | count
    while (lowest < noPart) {
      count--
      const start = parts[best]! & startMask
      const after = parts[best + 2]! & startMask
      const gone = best + 1
      parts[best] =
        (best + 1 < count
          ? index.ofPiece(bytes, from + start, from + (parts[best + 3]! & startMask), sums, from) << startBits
          : noPart) | start
      if (best > 0) {
        const before = parts[best - 1]! & startMask
        parts[best - 1] = (index.ofPiece(bytes, from + before, from + after, sums, from) << startBits) | before
      }
      lowest = noPart
      let i = 0
      for (; i < gone; i++) {
        const part = parts[i]!
        if (part < lowest) {
          lowest = part
          best = i
        }
      }
      for (; i <= count; i++) {
        const part = parts[i + 1]!
        parts[i] = part
        if (part < lowest) {
          lowest = part
          best = i
        }
      }
    }
    return count
  }

  /**
   * Tokens are those of a whole word if and only if every two neighbours are what the bytes of these two alone are
   * merged to: a merge over a border would happen to the two alone as well. So windows are merged one by one, the last
   * tokens of each, which may depend on what follows, are left to the next, and the two tokens at each seam are tried.
   * Where a seam does not hold the windows double; one that holds the whole word has no seam.
   */
  #windows(bytes: Uint8Array, from: number, to: number): number {
    for (let window = this.#window; ; window *= 2) {
      const count = this.#windowed(bytes, from, to, window)
      if (count !== -1) return count
    }
  }

  #windowed(bytes: Uint8Array, from: number, to: number, window: number): number {
    let total = 0
    let lastStart = -1
    for (let at = from; ; ) {
      const end = Math.min(to, at + window)
      const starts = this.#long(bytes, at, end)
      const count = starts.length - 1
      if (lastStart !== -1 && !this.#holds(bytes, lastStart, at, starts[1]!)) return -1
      if (end === to) return total + count
      const kept = count - Math.min(margin, count >> 1)
      total += kept
      lastStart = starts[kept - 1]!
      at = starts[kept]!
    }
  }

  #holds(bytes: Uint8Array, from: number, seam: number, to: number): boolean {
    if (to - from > shortWord) {
      const starts = this.#long(bytes, from, to)
      return starts.length === 3 && starts[1] === seam
    }
    return this.#short(bytes, from, to) === 2 && from + (this.#parts[1]! & startMask) === seam
  }

  /** The beginnings of the tokens, and the end of the last. */
  #long(bytes: Uint8Array, from: number, to: number): Int32Array {
    const length = to - from
    const sums = new Int32Array(length + 1)
    hashSums(bytes, from, to, sums)
    // A list linked both ways: of each part its neighbours, by their first bytes.
    const next = new Int32Array(length + 1)
    const before = new Int32Array(length + 1)
    const ranks = new Int32Array(length + 1).fill(none)
    const heap = new Heap(length)
    for (let i = 0; i < length; i++) {
      next[i] = i + 1
      before[i] = i - 1
      if (i + 1 === length) break
      ranks[i] = this.#index.ofPair(bytes, from + i)
      if (ranks[i] !== none) heap.add(ranks[i]! * room + i)
    }
    const rejoin = (i: number): void => {
      const middle = next[i]!
      ranks[i] = middle === length ? none : this.#index.ofPiece(bytes, from + i, from + next[middle]!, sums, from)
      if (ranks[i] !== none) heap.add(ranks[i]! * room + i)
    }
    let count = length
    for (let key = heap.take(); key !== -1; key = heap.take()) {
      const i = key % room
      // What was joined or has another neighbour since stands there with another rank.
      if (ranks[i] !== (key - i) / room) continue
      const gone = next[i]!
      next[i] = next[gone]!
      before[next[i]!] = i
      ranks[gone] = none
      count--
      rejoin(i)
      if (i > 0) rejoin(before[i]!)
    }
    const starts = new Int32Array(count + 1)
    for (let i = 0, at = 0; i <= count; i++, at = next[at]!) starts[i] = from + at
    return starts
  }
}

/** A key is a rank and a place below this: the lowest rank first, and of equal ones the leftmost. */
const room = 2 ** 31

/** Numbers, the least first. */
class Heap {
  #keys: Float64Array
  #size = 0

  constructor(capacity: number) {
    this.#keys = new Float64Array(Math.max(16, capacity))
  }

  add(key: number): void {
    if (this.#size === this.#keys.length) {
      const larger = new Float64Array(this.#size * 2)
      larger.set(this.#keys)
      this.#keys = larger
    }
    const keys = this.#keys
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (keys[parent]! <= key) break
      keys[at] = keys[parent]!
      at = parent
    }
    keys[at] = key
  }

  /** The least key, or -1 when there is none. */
  take(): number {
    if (this.#size === 0) return -1
    const keys = this.#keys
    const least = keys[0]!
    const size = --this.#size
    const key = keys[size]!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      if (child + 1 < size && keys[child + 1]! < keys[child]!) child++
      if (keys[child]! >= key) break
      keys[at] = keys[child]!
      at = child
    }
    keys[at] = key
    return least
  }
}
