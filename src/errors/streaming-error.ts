import type { SluiceErrorOptions } from './bare-error.ts'
import { SluiceError } from './error.ts'

/**
 * - `detection_failed`: whether the model streams could not be found out;
 * - `not_supported`: it cannot, and nothing may stand in for a stream;
 * - `stream_interrupted`: its stream broke off after content had come;
 * - `fallback_failed`: what was to stand in for a stream could not.
 */
export type StreamingErrorCode = 'detection_failed' | 'not_supported' | 'stream_interrupted' | 'fallback_failed'

/** A `SluiceError` about streaming itself, rather than about what was asked. */
export class StreamingError extends SluiceError {
  constructor(code: StreamingErrorCode, message: string, options?: SluiceErrorOptions) {
    super(code, message, options)
  }
}
