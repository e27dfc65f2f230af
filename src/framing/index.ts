/**
 * The other envelopes around events, beside server-sent ones: NDJSON, a JSON array, AWS's event stream. Bytes to
 * events in the shape of `sse`, and back. It knows nothing of what the events say. Public as `sluice/framing`; runs in
 * any JavaScript runtime.
 */
export { type AwsEvent, AwsEventParser } from './aws-event-parser.ts'
export type { AwsHeaders, AwsHeaderValue } from './aws-headers.ts'
export type { FramingOptions } from './framing-options.ts'
export { JsonArrayParser } from './json-array-parser.ts'
export { JsonArrayWriter, writeNdjson } from './json-writers.ts'
export { NdjsonParser, type NdjsonParserOptions } from './ndjson-parser.ts'
export { writeAwsEvent } from './write-aws-event.ts'
