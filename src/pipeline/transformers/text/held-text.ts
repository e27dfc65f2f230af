import { type Delta, textOf } from './delta.ts'
import type { Match, TextScan, TextWindow } from './scan.ts'

/** A match taken out of the text. */
export interface Found {
  readonly pattern: number
  /** What stood there. */
  readonly text: string
  /** It overlaps the match before it: its text is taken out too, with nothing in its place. */
  readonly more: boolean
}

/** What goes on: a delta as it came, a piece of text, or a match that was taken out. */
export type Segment<D extends Delta> = D | string | Found

/**
 * The text of one block on its way through scans. It holds back what may still become a match and nothing else, as the
 * deltas that it came in: one that goes on whole goes on by identity, its log-probabilities with it.
 *
 * Of a delta that is given out in parts the last part has the log-probabilities, unless some of its text was taken out.
 */
export class HeldText<D extends Delta> implements TextWindow {
  readonly #scans: readonly TextScan[]
  readonly #found: Match[] = []
  #segments: Segment<D>[] = []
  /** Deltas of which not all has gone on, and where the first of them begins, if there is one. */
  readonly #deltas: D[] = []
  /** The first of them. Taking each away from a long list would move the list each time. */
  #head = 0
  #headFrom = 0
  /** Some of the text of the first one was taken out. */
  #headCut = false
  /** How far the text has been read, and how far it has gone on or been taken out. */
  #read = 0
  #given = 0
  /**
   * The text behind the place that all scans have decided, where it begins if there is any, and the code unit before
   * that.
   */
  #tail = ''
  #tailFrom = 0
  #before = 0
  /** The piece that is being read. */
  #piece = ''

  constructor(scans: readonly TextScan[]) {
    this.#scans = scans
  }

  /** How many characters are held back. */
  get length(): number {
    return this.#read - this.#given
  }

  /** True: the delta goes on as it is. Otherwise `take` has what goes on. */
  push(delta: D): boolean {
    const text = textOf(delta)
    const at = this.#read
    const read = at + text.length
    this.#piece = text
    let decided = read
    const scans = this.#scans
    for (let i = 0; i < scans.length; i++) {
      const upTo = scans[i]!.read(text, at, this, this.#found)
      if (upTo < decided) decided = upTo
    }
    this.#read = read
    if (decided === read && this.#deltas.length === this.#head && this.#found.length === 0) {
      if (text !== '') this.#before = text.charCodeAt(text.length - 1)
      if (this.#tail !== '') this.#tail = ''
      this.#given = read
      return true
    }
    this.#piece = ''
    if (this.#deltas.length === this.#head) this.#headFrom = at
    if (this.#tail === '') this.#tailFrom = at
    this.#tail += text
    this.#deltas.push(delta)
    this.#settle(decided)
    this.#keepTail(decided)
    return false
  }

  /** The text is complete: `take` has all of the rest. */
  end(): void {
    this.#piece = ''
    for (const scan of this.#scans) scan.end(this.#read, this, this.#found)
    this.#settle(this.#read)
  }

  /** What goes on since the last call. */
  take(): readonly Segment<D>[] {
    const segments = this.#segments
    this.#segments = []
    return segments
  }

  slice(from: number, to: number): string {
    const tailFrom = this.#tail === '' ? this.#read : this.#tailFrom
    const before = from < tailFrom ? String.fromCharCode(this.#before) : ''
    const text = this.#tail + this.#piece
    return before + text.slice(Math.max(0, from - tailFrom), to - tailFrom)
  }

  /** What a scan may still ask for: it can be more than what is held, as a match of another one may reach past it. */
  #keepTail(decided: number): void {
    const from = decided - 1 - this.#tailFrom
    if (decided === this.#read && this.#tail !== '') {
      this.#before = this.#tail.charCodeAt(this.#tail.length - 1)
      this.#tail = ''
      this.#tailFrom = this.#read
    } else if (from > 64 + this.#tail.length / 2) {
      // Not each time, so that a long tail is not copied for each short piece.
      this.#tail = this.#tail.slice(from)
      this.#tailFrom += from
    }
  }

  #settle(decided: number): void {
    const found = this.#found
    if (found.length > 0) this.#takeOut(found, decided)
    if (decided > this.#given || this.length === 0) this.#give(Math.max(decided, this.#given))
  }

  #takeOut(found: Match[], decided: number): void {
    if (found.length > 1 && this.#scans.length > 1) found.sort((a, b) => a.from - b.from || b.to - a.to)
    let used = 0
    for (const { from, to, pattern } of found) {
      if (from >= decided) break
      used++
      if (to <= this.#given) continue
      const more = from < this.#given
      if (!more) this.#give(from)
      this.#segments.push({ pattern, text: this.#drop(to), more })
    }
    found.splice(0, used)
  }

  #give(to: number): void {
    while (this.#deltas.length > this.#head) {
      const delta = this.#deltas[this.#head]!
      const text = textOf(delta)
      const from = this.#given - this.#headFrom
      if (this.#headFrom + text.length > to) {
        if (to > this.#given) this.#segments.push(text.slice(from, to - this.#headFrom))
        this.#given = to
        return
      }
      if (from === 0 && !this.#headCut) this.#segments.push(delta)
      else if (delta.type === 'text-delta' && delta.logprobs && !this.#headCut) {
        this.#segments.push({ ...delta, text: text.slice(from) })
      } else if (from < text.length) this.#segments.push(text.slice(from))
      this.#pop(text)
    }
  }

  #drop(to: number): string {
    let dropped = ''
    while (this.#deltas.length > this.#head && this.#given < to) {
      const text = textOf(this.#deltas[this.#head]!)
      const part = text.slice(this.#given - this.#headFrom, to - this.#headFrom)
      dropped += part
      this.#given += part.length
      if (part !== '') this.#headCut = true
      if (this.#headFrom + text.length <= this.#given) this.#pop(text)
    }
    return dropped
  }

  #pop(text: string): void {
    this.#headFrom += text.length
    this.#given = this.#headFrom
    this.#headCut = false
    this.#head++
    if (this.#head * 2 < this.#deltas.length || (this.#head < 64 && this.#head < this.#deltas.length)) return
    this.#deltas.splice(0, this.#head)
    this.#head = 0
  }
}
