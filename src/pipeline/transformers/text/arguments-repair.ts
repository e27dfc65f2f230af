const wide = /^[\s\ufeff]*/
const fence = /^`{3}[a-z]*\s*/
const words: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' }
const controls: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }

/** Where the text is: before the value, in it, in a string of it, behind it; or in what no repair is known for. */
type Place = 'head' | 'quoted' | 'value' | 'string' | 'tail' | 'other'

/**
 * The text of an object's JSON, as it comes piece by piece, with those faults mended that have one possible meaning. JSON
 * of an object goes through unchanged, to the character; what is mended could not have been parsed as it was. Nothing is
 * guessed: what is cut off stays cut off.
 *
 * Only what may turn out to be a fault waits: a comma, a word, a backslash, a fence.
 */
export class ArgumentsRepair {
  #place: Place = 'head'
  #held = ''
  #depth = 0
  #fenced = false
  /** The last that went on belongs to a word that may not be over. */
  #inWord = false

  /** What of the text so far can go on. */
  push(piece: string): string {
    if (piece === '') return ''
    if (this.#place === 'other') return piece
    if (this.#place === 'quoted') {
      this.#held += piece
      return this.#held.length > mostQuoted ? this.#giveUp(this.#held) : ''
    }
    let text = piece
    if (this.#place === 'head') {
      text = this.#open(piece)
      // The place has changed, which the compiler cannot see.
      const place: Place = this.#place as Place
      if (place !== 'value') return text
    }
    return this.#read(text)
  }

  /** The rest, at the end of the text. */
  end(): string {
    const held = this.#held
    this.#held = ''
    switch (this.#place) {
      case 'head':
        // A call without arguments.
        return held.trim() === '' ? `${held}{}` : held
      case 'quoted':
        return unquoted(held)
      case 'tail':
        return this.#fenced && /^\s*`{3}\s*$/.test(held) ? '' : held
      default:
        return held
    }
  }

  /** The rest of a text that was cut off: as it came. */
  cut(): string {
    const held = this.#held
    this.#held = ''
    return held
  }

  #open(piece: string): string {
    const all = this.#held + piece
    const start = wide.exec(all)![0].length
    this.#held = all
    if (start === all.length) return start > mostHeld ? this.#giveUp(all) : ''
    if (all[start] === '`') return this.#openFence(all, start)
    this.#place = all[start] === '{' ? 'value' : all[start] === '"' ? 'quoted' : 'other'
    if (this.#place === 'quoted') return ''
    this.#held = ''
    // A byte order mark is white space for nobody else.
    return this.#place === 'value' ? all.replace(/^\ufeff/, '') : all
  }

  #openFence(all: string, start: number): string {
    const body = all.slice(start)
    const mark = fence.exec(body)?.[0]
    if (mark === undefined) {
      if (/^`{1,2}$/.test(body)) return ''
      return this.#giveUp(all)
    }
    // The language may still go on, and the object has not begun.
    if (mark.length === body.length) return body.length > mostHeld ? this.#giveUp(all) : ''
    if (body[mark.length] !== '{') return this.#giveUp(all)
    this.#fenced = true
    this.#place = 'value'
    this.#held = ''
    return body.slice(mark.length)
  }

  #giveUp(text: string): string {
    this.#place = 'other'
    this.#held = ''
    return text
  }

  #read(piece: string): string {
    const text = this.#held + piece
    this.#held = ''
    let out = ''
    let at = 0
    while (at < text.length) {
      const from = at
      if (this.#place === 'tail') {
        if (!this.#fenced) return out + text.slice(at)
        this.#held = text.slice(at)
        // It was no fence that closes.
        return this.#held.length > mostHeld ? out + this.#giveUp(this.#held) : out
      }
      if (this.#place === 'string') {
        at = this.#inString(text, at)
        if (at < 0) return out + text.slice(from)
        out += text.slice(from, at)
        const mended = this.#stringFault(text, at)
        if (mended === undefined) return out
        out += mended.text
        at += mended.length
        continue
      }
      const unit = text[at]!
      if (unit === '"') this.#place = 'string'
      else if (unit === '{' || unit === '[') this.#depth++
      else if (unit === '}' || unit === ']') {
        if (--this.#depth === 0) this.#place = 'tail'
      } else if (unit === ',') {
        let next = at + 1
        while (next < text.length && /\s/.test(text[next]!)) next++
        if (next === text.length && next - at <= mostHeld) return this.#hold(out, text, at)
        if (text[next] === '}' || text[next] === ']') {
          at++
          continue
        }
      } else if (wordUnit.test(unit)) {
        const word = wordAt(text, at)
        const more = at + word.length === text.length
        // In the middle of a word none begins.
        if (more && !this.#inWord && word.length <= longestWord && startsWord(word)) return this.#hold(out, text, at)
        out += !this.#inWord && Object.hasOwn(words, word) ? words[word] : word
        this.#inWord = more
        at += word.length
        continue
      }
      this.#inWord = false
      out += unit
      at++
    }
    return out
  }

  #hold(out: string, text: string, at: number): string {
    this.#held = text.slice(at)
    return out
  }

  /** The place of the next thing in a string that has to be looked at, or -1. */
  #inString(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit === 0x22 || unit === 0x5c || unit < 0x20) return at
    }
    return -1
  }

  /** What stands for a quotation mark, a backslash or a control character. Undefined: it waits for what comes next. */
  #stringFault(text: string, at: number): { text: string; length: number } | undefined {
    const unit = text[at]!
    if (unit === '"') {
      this.#place = 'value'
      return { text: unit, length: 1 }
    }
    if (unit !== '\\') {
      return { text: controls[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`, length: 1 }
    }
    const next = text[at + 1]
    if (next === undefined) {
      this.#held = unit
      return undefined
    }
    // Languages with both quotation marks escape the one that JSON does not know.
    return next === "'" ? { text: "'", length: 2 } : { text: unit + next, length: 2 }
  }
}

const wordUnit = /\w/
const longestWord = 5

function wordAt(text: string, from: number): string {
  let to = from + 1
  while (to < text.length && wordUnit.test(text[to]!)) to++
  return text.slice(from, to)
}

/** Whether it may become one of the words that are mended. */
function startsWord(text: string): boolean {
  return Object.keys(words).some((word) => word.startsWith(text))
}

/** White space and fences, in UTF-16 code units: what is held is looked at again with every piece. */
const mostHeld = 1024
/** The longest object that is written twice. */
const mostQuoted = 4 * 1024 * 1024

/** An object that was written as JSON twice; anything else as it is. */
function unquoted(text: string): string {
  try {
    const inner: unknown = JSON.parse(text)
    if (typeof inner !== 'string') return text
    const value: unknown = JSON.parse(inner)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? inner : text
  } catch {
    return text
  }
}
