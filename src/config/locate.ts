import { type Path, pathKey } from './path.ts'

/**
 * Finds the lines of a TOML document on which its keys and array items stand. The parser tells a line for broken
 * syntax alone, and a mistake in the meaning deserves one as well.
 *
 * @param text a document that the parser has accepted; the scan leans on that and checks nothing
 * @returns the line of a path, counted from 1; for a path that does not stand there, that of the nearest table around it
 */
export function locate(text: string): (path: Path) => number | undefined {
  const lines = new Scan(text).run()
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(pathKey(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return undefined
  }
}

class Scan {
  readonly #text: string
  #at = 0
  #line = 1
  readonly #lines = new Map<string, number>()
  /** How many `[[tables]]` of a path there are so far. */
  readonly #counts = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
  }

  run(): Map<string, number> {
    let table: Path = []
    for (this.#blank(); this.#at < this.#text.length; this.#blank()) {
      if (this.#text[this.#at] === '[') table = this.#header()
      else this.#pair(table)
    }
    return this.#lines
  }

  #header(): Path {
    const line = this.#line
    const list = this.#text.startsWith('[[', this.#at)
    this.#at += list ? 2 : 1
    const keys = this.#keys()
    this.#at += list ? 2 : 1
    let path: Path = []
    keys.forEach((key, i) => {
      path = [...path, key]
      const count = this.#counts.get(pathKey(path))
      if (list && i === keys.length - 1) {
        this.#counts.set(pathKey(path), (count ?? 0) + 1)
        this.#note(path, line)
        path = [...path, count ?? 0]
      } else if (count !== undefined) path = [...path, count - 1]
    })
    this.#note(path, line)
    return path
  }

  #pair(table: Path): void {
    const line = this.#line
    let path = table
    for (const key of this.#keys()) {
      path = [...path, key]
      this.#note(path, line)
    }
    this.#at++ // the `=`
    this.#blank()
    this.#value(path)
  }

  /** A dotted key, up to what follows it. */
  #keys(): string[] {
    const keys: string[] = []
    for (;;) {
      this.#blank()
      const quote = this.#text[this.#at]
      if (quote === '"' || quote === "'") {
        const start = this.#at
        this.#string()
        const raw = this.#text.slice(start, this.#at)
        keys.push(quote === '"' ? readQuoted(raw) : raw.slice(1, -1))
      } else keys.push(this.#bare(/[\w-]*/y))
      this.#blank()
      if (this.#text[this.#at] !== '.') return keys
      this.#at++
    }
  }

  #value(path: Path): void {
    const first = this.#text[this.#at]
    if (first === '[') this.#array(path)
    else if (first === '{') this.#inlineTable(path)
    else if (first === '"' || first === "'") this.#string()
    else this.#bare(/[^,\]}#\r\n]*/y)
  }

  #array(path: Path): void {
    this.#at++
    for (let i = 0; ; i++) {
      this.#blank()
      if (this.#text[this.#at] === ']' || this.#at >= this.#text.length) break
      this.#note([...path, i], this.#line)
      this.#value([...path, i])
      this.#blank()
      if (this.#text[this.#at] === ',') this.#at++
    }
    this.#at++
  }

  #inlineTable(path: Path): void {
    this.#at++
    for (;;) {
      this.#blank()
      if (this.#text[this.#at] === '}' || this.#at >= this.#text.length) break
      this.#pair(path)
      this.#blank()
      if (this.#text[this.#at] === ',') this.#at++
    }
    this.#at++
  }

  #string(): void {
    const quote = this.#text[this.#at]!
    const long = this.#text.startsWith(quote.repeat(3), this.#at)
    const close = long ? quote.repeat(3) : quote
    this.#at += close.length
    while (this.#at < this.#text.length && !this.#text.startsWith(close, this.#at)) {
      if (this.#text[this.#at] === '\\' && quote === '"') this.#step()
      this.#step()
    }
    this.#at += close.length
    // A long string may end in up to two quotes of its own: `""""yes""""`.
    if (long) while (this.#text[this.#at] === quote) this.#at++
  }

  #bare(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    // Nothing found would stand still for ever; it cannot be in an accepted document, and a step is the way out.
    this.#at += found.length || 1
    return found
  }

  /** White space, line ends and comments. */
  #blank(): void {
    for (; this.#at < this.#text.length; this.#step()) {
      const char = this.#text[this.#at]!
      if (char === '#') {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end === -1 ? this.#text.length - 1 : end
      } else if (!' \t\r\n'.includes(char)) return
    }
  }

  #step(): void {
    if (this.#text[this.#at] === '\n') this.#line++
    this.#at++
  }

  #note(path: Path, line: number): void {
    const key = pathKey(path)
    // The first line counts: `a.b` on a later line does not move `a`.
    if (!this.#lines.has(key)) this.#lines.set(key, line)
  }
}

/** A quoted key as text. TOML's escapes are JSON's and a few more, which no key of ours holds. */
function readQuoted(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted.slice(1, -1)
  }
}
