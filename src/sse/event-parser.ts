import type { Emit, Stage } from '../flow/index.ts'
import type { SseEvent } from './event.ts'

/**
 * Bytes to events, in any cut: the shape that `SseParser` and the parsers of `sluice/framing` share, so that what reads
 * the events need not know how they were wrapped. One parser serves one stream.
 *
 * What it throws ends the stream: after it, nothing may be pushed.
 */
export interface EventParser extends Stage<Uint8Array, SseEvent> {
  /** The bytes are the caller's again when it returns. @throws SluiceError */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void
  /** The input is complete. @throws SluiceError `upstream_truncated` where the framing can tell */
  end(emit: Emit<SseEvent>): void
  /**
   * How many bytes of the latest chunk stand before the last border between two events; 0 when it held none. What
   * stands before it can be passed on: it is made of whole events.
   */
  readonly border: number
}
