/**
 * Server-sent events: bytes to events and events to text, by the WHATWG standard. It knows nothing of what the events
 * say. Public as `sluice/sse`; runs in any JavaScript runtime.
 */
export type { SseEvent, SseMessage } from './event.ts'
export type { EventParser } from './event-parser.ts'
export { SseParser, type SseParserOptions } from './parser.ts'
export { writeComment, writeSse } from './writer.ts'
