import { AwsEventParser, JsonArrayParser, NdjsonParser } from '../framing/index.ts'
import { type EventParser, SseParser, type SseParserOptions } from '../sse/index.ts'

/** The ways in which events stand in a body. */
export type EventFraming = 'sse' | 'ndjson' | 'json-array' | 'aws-event-stream'

/** The parser of a framing. `decode` and `flushTail` mean something only where a framing is text. */
export function eventParser(framing: EventFraming, options: SseParserOptions = {}): EventParser {
  switch (framing) {
    case 'sse':
      return new SseParser(options)
    case 'ndjson':
      return new NdjsonParser(options)
    case 'json-array':
      return new JsonArrayParser(options)
    case 'aws-event-stream':
      return new AwsEventParser(options)
  }
}
