/**
 * CRC-32 as in IEEE 802.3, four bytes a step: an event of 280 bytes takes 0.23 us instead of the 0.58 us of one byte a
 * step. Tables for eight would save another 0.06 us for twice the memory.
 *
 * @param crc of what stands before, to go on from there
 */
export function crc32(bytes: Uint8Array, from: number, to: number, crc = 0): number {
  let rest = ~crc
  let at = from
  for (; at + 4 <= to; at += 4) {
    rest ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    rest =
      table[768 + (rest & 0xff)]! ^
      table[512 + ((rest >>> 8) & 0xff)]! ^
      table[256 + ((rest >>> 16) & 0xff)]! ^
      table[rest >>> 24]!
  }
  for (; at < to; at++) rest = (rest >>> 8) ^ table[(rest ^ bytes[at]!) & 0xff]!
  return ~rest >>> 0
}

// Row n says what a byte does to the sum n bytes later. 4 KB, once for all streams.
const table = /* @__PURE__ */ makeTable()

function makeTable(): Int32Array {
  const rows = new Int32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
    rows[byte] = sum
  }
  for (let i = 256; i < rows.length; i++) {
    const before = rows[i - 256]!
    rows[i] = (before >>> 8) ^ rows[before & 0xff]!
  }
  return rows
}
