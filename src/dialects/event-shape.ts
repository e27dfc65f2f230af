/**
 * Most delta events of a stream differ only in their text and a few volatile keys. An `EventShape` learns the rest of
 * one such event and cuts the text out of the next ones without parsing them; whatever differs in any other way goes
 * the slow way, through JSON.parse. The result is the same on both ways, and a random test holds them equal.
 *
 * Cost per event: comparing the prefix (23 ns for 240 characters) instead of parsing (500 ns and more).
 */
export class EventShape {
  readonly #volatile: readonly string[]
  readonly #read: (parsed: unknown) => unknown
  #prefix = ''
  /** What stands behind the text; between two entries stands the value of a volatile key. */
  #suffix: string[] | undefined
  #failures = 0

  /**
   * @param read takes the text out of a parsed event, or gives undefined when the event carries anything else too
   * @param volatile keys whose (string) values differ from event to event and mean nothing
   */
  constructor(read: (parsed: unknown) => unknown, volatile: readonly string[] = []) {
    this.#read = read
    this.#volatile = volatile
  }

  /** The text of an event of the learned shape; undefined for any other event. */
  match(data: string): string | undefined {
    const suffix = this.#suffix
    if (suffix === undefined) return undefined
    const start = this.#prefix.length
    if (!standsAt(data, this.#prefix, 0)) return undefined
    const plain = plainEnd(data, start)
    const end = plain === -1 ? literalEnd(data, start) : plain
    if (end === -1) return undefined
    let at = end
    for (let i = 0; ; i++) {
      const part = suffix[i]!
      const next = at + part.length
      if (!standsAt(data, part, at)) return undefined
      if (i === suffix.length - 1) {
        if (next !== data.length) return undefined
        break
      }
      at = plainEnd(data, next)
      if (at !== -1) continue
      at = literalEnd(data, next)
      if (at === -1 || special.test(data.substring(next, at))) return undefined
    }
    const raw = data.substring(start, end)
    if (plain !== -1 || !special.test(raw)) return raw
    try {
      return JSON.parse(`"${raw}"`) as string
    } catch {
      return undefined
    }
  }

  /**
   * Offers an event that went the slow way and carried nothing but `text`. After eight events from which nothing
   * could be learned it no longer tries: learning in vain costs more than parsing.
   *
   * @returns whether the event's shape is now the one that `match` knows
   */
  learn(data: string, text: string): boolean {
    if (this.#failures >= 8 || text === '') return false
    const literal = JSON.stringify(text)
    const at = data.indexOf(literal)
    if (at === -1 || data.indexOf(literal, at + 1) !== -1) {
      this.#failures++
      return false
    }
    const prefix = data.slice(0, at + 1)
    const suffix = this.#split(data.slice(at + literal.length - 1))
    // The proof: with other texts in the holes the event still parses, and its text is what was put there.
    for (const probe of ['\u0001sluice', 'x']) {
      const hole = JSON.stringify(probe).slice(1, -1)
      try {
        if (this.#read(JSON.parse(prefix + hole + suffix.join('y'))) !== probe) throw new Error('another field')
      } catch {
        this.#failures++
        return false
      }
    }
    this.#prefix = copy(prefix)
    this.#suffix = suffix.map(copy)
    return true
  }

  #split(text: string): string[] {
    const parts: string[] = []
    let rest = text
    for (const key of this.#volatile) {
      const opening = `"${key}":"`
      const at = rest.indexOf(opening)
      if (at === -1) continue
      const from = at + opening.length
      const to = literalEnd(rest, from)
      if (to === -1) continue
      parts.push(rest.slice(0, from))
      rest = rest.slice(to)
    }
    parts.push(rest)
    return parts
  }
}

/**
 * A piece of a text without the rest, which is a whole read of a stream and would be kept as long as the stream runs. It
 * stays as wide (one or two bytes a character) as what it is compared with, which is twice as fast.
 */
function copy(piece: string): string {
  return ` ${piece}`.slice(1)
}

const special = /[\\\u0000-\u001f]/

/** Whether `text` goes on with `part` at a place. A long piece is cheapest to compare cut out, a short one by hand. */
function standsAt(text: string, part: string, at: number): boolean {
  if (part.length > 16) return text.substring(at, at + part.length) === part
  for (let i = 0; i < part.length; i++) if (text.charCodeAt(at + i) !== part.charCodeAt(i)) return false
  return true
}

/**
 * As `literalEnd`, for a short literal without escapes and control characters, which most deltas are: -1 for any other.
 * A walk of a few characters costs less than a search and a test of what it found.
 */
function plainEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + 24)
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at
    if (code === 0x5c || code < 0x20) return -1
  }
  return -1
}

/** The position of the quote that ends a string literal whose inside starts at `from`; -1 when there is none. */
function literalEnd(text: string, from: number): number {
  let quote = from - 1
  for (;;) {
    quote = text.indexOf('"', quote + 1)
    if (quote === -1) return -1
    let slashes = 0
    while (quote - 1 - slashes >= from && text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return quote
  }
}
