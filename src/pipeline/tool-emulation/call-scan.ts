import type { Match, TextScan, TextWindow } from '../transformers/text/scan.ts'
import { type CallFormat, callFormats, type WrittenCall } from './call-formats.ts'
import { CodeFences } from './code-fences.ts'
import { type FoundCall, foundCall, type OfferedTool } from './offered-tool.ts'
import { isSpace, type Reading, SectionCursor } from './section-cursor.ts'

/** What a match stands for: calls that are to be taken, or white space that belongs to them. */
export const callsFound = 0
export const spaceFound = 1

export interface CallScanOptions {
  tools: readonly OfferedTool[]
  /** The longest section that is waited for, in UTF-16 code units. */
  longest: number
}

interface Section {
  from: number
  cursor: SectionCursor
  reading: Reading<WrittenCall[] | undefined>
  /** All of it so far. */
  text: string
}

/** What may begin something, or ends a line. */
const telling = /[<\n]/g

/** White space before a call. */
const longestLead = 64

/**
 * Finds sections of calls in one text. A section counts when it is whole and all that stands in it can be called;
 * otherwise it stays text, and the scan goes on behind the character that gave it away. White space before a call that
 * begins a text, and behind calls, goes with them.
 */
export class CallScan implements TextScan {
  readonly #options: CallScanOptions
  readonly #fences = new CodeFences()
  readonly #found: FoundCall[][] = []
  /** What may be the beginning of an opening, and where it stands. */
  #opening = ''
  #openingFrom = 0
  #section: Section | undefined
  /** Nothing but white space has come since the beginning, or since the last call. */
  #lead = true
  #leadFrom = -1
  #behindCalls = false
  #last = ''

  constructor(options: CallScanOptions) {
    this.#options = options
  }

  /** A section has begun and not ended. */
  get inSection(): boolean {
    return this.#section !== undefined
  }

  /** The calls of the next match. */
  take(): readonly FoundCall[] {
    return this.#found.shift() ?? []
  }

  read(text: string, at: number, _: TextWindow, found: Match[]): number {
    for (let i = 0; i < text.length; )
      i = this.#section ? this.#inSection(text, i, at, found) : this.#inText(text, i, at)
    if (this.#section) return this.#section.from
    if (this.#leadFrom !== -1) return this.#leadFrom
    return this.#opening === '' ? at + text.length : this.#openingFrom
  }

  end(at: number, _: TextWindow, found: Match[]): void {
    const onlySpace = this.#behindCalls && this.#leadFrom !== -1 && !this.#section && this.#opening === ''
    if (onlySpace) found.push({ from: this.#leadFrom, to: at, pattern: spaceFound })
    this.#section = undefined
  }

  /** Up to the opening of a section. */
  #inText(text: string, from: number, at: number): number {
    for (let i = from; i < text.length; i++) {
      // Most of a text is none of these, and is not looked at character by character.
      if (this.#opening === '' && !this.#lead && this.#fences.quiet) {
        telling.lastIndex = i
        const next = telling.exec(text)?.index ?? text.length
        if (next > i) this.#last = text[next - 1]!
        if (next === text.length) return next
        i = next
      }
      const char = text[i]!
      if (this.#opening !== '') {
        const next = this.#opening + char
        const fits = callFormats.filter(({ open }) => open.startsWith(next))
        if (fits[0]?.open === next) {
          this.#open(fits[0])
          return i + 1
        }
        if (fits.length > 0) {
          this.#opening = next
          continue
        }
        this.#plain(this.#opening)
      }
      if (char === '<' && !this.#fences.inside && this.#last !== '`') {
        this.#opening = char
        this.#openingFrom = at + i
        continue
      }
      this.#fences.read(char)
      this.#last = char
      if (!this.#lead) continue
      if (!isSpace(char.charCodeAt(0)) || (this.#leadFrom !== -1 && at + i - this.#leadFrom >= longestLead)) {
        this.#said()
      } else if (this.#leadFrom === -1) this.#leadFrom = at + i
    }
    return text.length
  }

  #open({ open, read }: CallFormat): void {
    const cursor = new SectionCursor()
    const from = this.#leadFrom === -1 ? this.#openingFrom : this.#leadFrom
    this.#section = { from, cursor, reading: read(cursor), text: open }
    this.#opening = ''
  }

  /** What was held is text. */
  #plain(text: string): void {
    this.#fences.read(text)
    this.#opening = ''
    this.#last = text.at(-1) ?? this.#last
    this.#said()
  }

  #said(): void {
    this.#lead = false
    this.#leadFrom = -1
    this.#behindCalls = false
  }

  #inSection(text: string, from: number, at: number, found: Match[]): number {
    const section = this.#section!
    const { cursor } = section
    // Where a section is given up for its length must not depend on the cut of the text.
    const room = Math.max(0, this.#options.longest - section.text.length)
    cursor.give(text.length - from > room ? text.slice(0, from + room) : text, from)
    const { done, value } = section.reading.next()
    section.text += text.slice(from, cursor.at)
    if (!done && section.text.length < this.#options.longest) return text.length
    this.#section = undefined
    const calls = done ? value?.map((one) => foundCall(one, this.#options.tools)) : undefined
    const to = at + cursor.at
    if (calls?.every((one) => one !== undefined)) {
      found.push({ from: section.from, to, pattern: callsFound })
      this.#found.push(calls)
      this.#lead = true
      this.#leadFrom = -1
      this.#behindCalls = true
      this.#last = ''
      return cursor.at
    }
    const { partial } = cursor
    this.#plain(section.text.slice(0, section.text.length - partial.length))
    this.#inText(partial, 0, to - partial.length)
    return cursor.at
  }
}
