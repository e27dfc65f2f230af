import { type AwsHeaders, concat, writeAwsHeaders } from './aws-headers.ts'
import { crc32 } from './crc32.ts'

/**
 * A message of an AWS event stream, with its checksums. Numbers are written with 32 bits, bigints with 64; which headers
 * are needed is the reader's matter (`:message-type`, `:event-type` and `:content-type` at Bedrock).
 *
 * @param payload text, or bytes as they are
 * @throws SluiceError `internal` for a header that has no place on the wire
 * @example
 * writeAwsEvent({ ':message-type': 'event', ':event-type': 'messageStop' }, '{"stopReason":"end_turn"}')
 */
export function writeAwsEvent(headers: AwsHeaders, payload: string | Uint8Array): Uint8Array {
  const head = writeAwsHeaders(headers)
  const body = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
  const message = concat([new Uint8Array(12), head, body, new Uint8Array(4)])
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length)
  view.setUint32(4, head.length)
  view.setUint32(8, crc32(message, 0, 8))
  view.setUint32(message.length - 4, crc32(message, 0, message.length - 4))
  return message
}
