/**
 * What the body of an answer is, told by its first byte that is no white space, since content types lie in both
 * directions: `{` and `[` begin JSON and no event stream, `<` begins a page of some proxy, and the length in front of a
 * message of AWS's event stream begins with a NUL, which no text does. Undefined: nothing but white space so far, which
 * some providers send for minutes to keep the line alive.
 */
export type BodyKind = 'object' | 'array' | 'binary' | 'page' | 'events'

export function bodyKind(bytes: Uint8Array): BodyKind | undefined {
  let at = 0
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) at = 3
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
    if (byte === 0x7b) return 'object'
    if (byte === 0x5b) return 'array'
    if (byte === 0x00) return 'binary'
    return byte === 0x3c ? 'page' : 'events'
  }
  return undefined
}
