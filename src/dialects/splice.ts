/**
 * Changes to the text of a JSON object that leave the rest of it as it was written: number precision, key order and
 * white space survive, and a large body is not built again.
 */

/** Where the value of a top-level key stands. The text must be a valid JSON object. */
export function findValue(text: string, key: string): { start: number; end: number } | undefined {
  let found: { start: number; end: number } | undefined
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (at < text.length && text[at] === '"') {
    const keyEnd = stringEnd(text, at)
    const name = text.slice(at, keyEnd)
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = valueEnd(text, start)
    // Of a repeated key the last one counts, as in JSON.parse.
    if (name.includes('\\') ? JSON.parse(name) === key : name === `"${key}"`) found = { start, end }
    at = skipSpace(text, end)
    if (text[at] !== ',') break
    at = skipSpace(text, at + 1)
  }
  return found
}

/** The text with the top-level `key` set to `json`, itself the text of a JSON value. */
export function setValue(text: string, key: string, json: string): string {
  const span = findValue(text, key)
  if (span) return text.slice(0, span.start) + json + text.slice(span.end)
  const open = text.indexOf('{') + 1
  const comma = text[skipSpace(text, open)] === '}' ? '' : ','
  return `${text.slice(0, open)}${JSON.stringify(key)}:${json}${comma}${text.slice(open)}`
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
    i++
  }
  return i
}

/** The position behind the string that starts at `at`. Jumps from quote to quote, so long texts cost little. */
function stringEnd(text: string, at: number): number {
  let quote = at
  for (;;) {
    quote = text.indexOf('"', quote + 1)
    if (quote === -1) return text.length
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return quote + 1
  }
}

function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === 0x22) return stringEnd(text, at)
  let depth = 0
  for (let i = at; i < text.length; ) {
    const code = text.charCodeAt(i)
    if (code === 0x22) {
      i = stringEnd(text, i)
      continue
    }
    if (code === 0x7b || code === 0x5b) depth++
    else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) return i
      depth--
      if (depth === 0) return i + 1
    } else if (depth === 0 && (code === 0x2c || code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)) {
      return i
    }
    i++
  }
  return text.length
}
