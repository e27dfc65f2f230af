/** Bytes that are no HTTP/1.1 answer, or one that could be read in two ways. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}
