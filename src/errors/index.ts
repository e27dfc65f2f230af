/**
 * One error class and one table of codes. Every other room throws `SluiceError`; dialects say it in their own wire
 * form. No room stands above this one.
 */
export { BareError, type ErrorRow, type SluiceErrorOptions, type UpstreamErrorFacts } from './bare-error.ts'
export { type ErrorCode, type ErrorKind, errorCodes } from './codes.ts'
export { SluiceError } from './error.ts'
export { StreamingError, type StreamingErrorCode } from './streaming-error.ts'
