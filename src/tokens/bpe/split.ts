/**
 * Where words end: the pattern by which each vocabulary cuts a text before pairs are merged, as a scanner over UTF-8.
 * As a regular expression it costs a string for each word, backtracks over long runs, and JavaScript's `\s` is not the
 * `\s` that the patterns mean (that has U+0085 and has no U+FEFF). The scanner looks at each byte at most three times.
 */
export type NextWord = (bytes: Uint8Array, at: number) => number

// A class is one bit; the patterns speak of sets of classes.
const UPPER = 1 // Lu, Lt
const LOWER = 2 // Ll
const LETTER = 4 // Lm, Lo: of either case
const MARK = 8
const NUMBER = 16
const SPACE = 32
const LINE = 64 // CR and LF, which are SPACE too
const OTHER = 128

const anyLetter = UPPER | LOWER | LETTER
const notAWord = MARK | OTHER
const upperish = UPPER | LETTER | MARK
const lowerish = LOWER | LETTER | MARK

const classes: ReadonlyArray<readonly [RegExp, number]> = [
  [/[\r\n]/, SPACE | LINE],
  [/\p{White_Space}/u, SPACE],
  [/[\p{Lu}\p{Lt}]/u, UPPER],
  [/\p{Ll}/u, LOWER],
  [/\p{L}/u, LETTER],
  [/\p{M}/u, MARK],
  [/\p{N}/u, NUMBER],
]

// Filled as characters are met: asking the expressions for all of Unicode would take longer than most counts.
const known = new Uint8Array(0x110000)
for (let code = 0; code < 0x80; code++) known[code] = ask(code)

function ask(code: number): number {
  const char = String.fromCodePoint(code)
  return classes.find(([pattern]) => pattern.test(char))?.[1] ?? OTHER
}

/** The class of the character at `at`, and above its eight bits the number of its bytes. The bytes are valid UTF-8. */
function classAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return known[lead]! | 0x100
  let code: number
  let size: number
  if (lead < 0xe0) {
    code = ((lead & 0x1f) << 6) | (bytes[at + 1]! & 0x3f)
    size = 0x200
  } else if (lead < 0xf0) {
    code = ((lead & 0x0f) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f)
    size = 0x300
  } else {
    code =
      ((lead & 0x07) << 18) | ((bytes[at + 1]! & 0x3f) << 12) | ((bytes[at + 2]! & 0x3f) << 6) | (bytes[at + 3]! & 0x3f)
    size = 0x400
  }
  if (known[code] === 0) known[code] = ask(code)
  return known[code]! | size
}

/** Behind the run of characters of the set that starts at `at`. */
function run(bytes: Uint8Array, at: number, set: number): number {
  while (at < bytes.length) {
    const lead = bytes[at]!
    if (lead < 0x80) {
      if ((known[lead]! & set) === 0) break
      at++
    } else {
      const found = classAt(bytes, at)
      if ((found & set) === 0) break
      at += found >> 8
    }
  }
  return at
}

/**
 * `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, the same
 * with `+` and `*` changed places, `\p{N}{1,3}`, ` ?[^\s\p{L}\p{N}]+[\r\n/]*`, `\s*[\r\n]+`, `\s+(?!\S)`, `\s+`.
 */
export const nextO200k: NextWord = (bytes, at) => {
  const first = classAt(bytes, at)
  const behindFirst = at + (first >> 8)
  const hasPrefix = (first & (UPPER | LOWER | LETTER | NUMBER | LINE)) === 0
  const from = hasPrefix ? behindFirst : at

  let upperEnd = from
  // Behind the last character of the run that could as well be lower case: so far the expression would go back.
  let caseless = 0
  while (upperEnd < bytes.length) {
    const found = classAt(bytes, upperEnd)
    if ((found & upperish) === 0) break
    upperEnd += found >> 8
    if ((found & (LETTER | MARK)) !== 0) caseless = upperEnd
  }
  const wordEnd = run(bytes, upperEnd, lowerish)
  if (wordEnd > upperEnd) return contraction(bytes, wordEnd)
  if (caseless > 0) return contraction(bytes, caseless)
  // A mark is the prefix of a word, or without one a word itself.
  if ((first & MARK) !== 0) return contraction(bytes, behindFirst)
  if (upperEnd > from) return contraction(bytes, upperEnd)
  return numberOrOther(bytes, at, first, true) || space(bytes, at)
}

/**
 * `'(?i:[sdmt]|ll|ve|re)`, `[^\r\n\p{L}\p{N}]?\p{L}+`, `\p{N}{1,3}`, ` ?[^\s\p{L}\p{N}]+[\r\n]*`, `\s+$`, `\s*[\r\n]`,
 * `\s+(?!\S)`, `\s`.
 */
export const nextCl100k: NextWord = (bytes, at) => {
  const shortened = contraction(bytes, at)
  if (shortened > at) return shortened
  const first = classAt(bytes, at)
  const hasPrefix = (first & (anyLetter | NUMBER | LINE)) === 0
  const from = hasPrefix ? at + (first >> 8) : at
  const end = run(bytes, from, anyLetter)
  if (end > from) return end
  const other = numberOrOther(bytes, at, first, false)
  if (other > 0) return other
  return run(bytes, at, SPACE) === bytes.length ? bytes.length : space(bytes, at)
}

/** Behind `'s`, `'re` and the like at `at`, or `at`. Without regard to case, which makes U+017F an s. */
function contraction(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x27) return at
  const one = bytes[at + 1]! | 0x20
  if (one === 0x73 || one === 0x74 || one === 0x6d || one === 0x64) return at + 2
  if (bytes[at + 1] === 0xc5 && bytes[at + 2] === 0xbf) return at + 3
  const two = bytes[at + 2]! | 0x20
  if ((one === 0x72 || one === 0x76) && two === 0x65) return at + 3
  return one === 0x6c && two === 0x6c ? at + 3 : at
}

function numberOrOther(bytes: Uint8Array, at: number, first: number, slashes: boolean): number {
  if ((first & NUMBER) !== 0) {
    let end = at + (first >> 8)
    for (let more = 2; more > 0 && end < bytes.length; more--) {
      const found = classAt(bytes, end)
      if ((found & NUMBER) === 0) break
      end += found >> 8
    }
    return end
  }
  const from = bytes[at] === 0x20 ? at + 1 : at
  let end = run(bytes, from, notAWord)
  if (end === from) return 0
  while (bytes[end] === 0x0a || bytes[end] === 0x0d || (slashes && bytes[end] === 0x2f)) end++
  return end
}

/** White space up to its last line end; without one all of it at the end of a text, else all but the last character. */
function space(bytes: Uint8Array, at: number): number {
  let end = at
  let last = at
  let lineEnd = 0
  while (end < bytes.length) {
    const found = classAt(bytes, end)
    if ((found & SPACE) === 0) break
    last = end
    end += found >> 8
    if ((found & LINE) !== 0) lineEnd = end
  }
  if (lineEnd > 0) return lineEnd
  return end === bytes.length || last === at ? end : last
}
