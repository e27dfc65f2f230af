import { SluiceError } from '../errors/index.ts'

/** What every framing can be told. */
export interface FramingOptions {
  /** The largest event, in bytes; a larger one throws `event_too_large`. Default 64 MiB, for AWS 16 MiB. */
  maxEventBytes?: number
}

export function tooLarge(limit: number, size: number): SluiceError {
  return new SluiceError(
    'event_too_large',
    `cannot read the stream: one event is larger than ${limit} bytes (${size} so far); raise \`maxEventBytes\`, in a gateway \`[streaming] max_event\`, if it is right`,
  )
}

// One for all parsers: it is given whole events and keeps nothing between two calls.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** What is malformed becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}
