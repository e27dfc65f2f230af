/**
 * One JSON text as a line of NDJSON. Line ends can stand in a JSON text only as white space, between two values, so
 * they become spaces: a line never becomes two.
 */
export function writeNdjson(json: string): string {
  return `${json.includes('\n') || json.includes('\r') ? json.replace(/[\r\n]/g, ' ') : json}\n`
}

/**
 * JSON texts as the elements of one array, piece by piece: what `write` and `end` return, one after another, is the
 * array. A text is taken as it is; that it is one JSON value is the caller's part.
 *
 * @example
 * const writer = new JsonArrayWriter()
 * const text = writer.write('{"a":1}') + writer.write('{"a":2}') + writer.end()
 */
export class JsonArrayWriter {
  #opened = false

  /** The element with what stands before it. It can be read as soon as it has arrived. */
  write(json: string): string {
    const before = this.#opened ? ',\n' : '['
    this.#opened = true
    return before + json
  }

  /** The closing bracket, with the opening one where nothing was written. */
  end(): string {
    return this.#opened ? ']' : '[]'
  }
}
