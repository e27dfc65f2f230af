import { JsonArrayWriter, writeNdjson } from '../framing/index.ts'
import { type SseMessage, writeSse } from '../sse/index.ts'

/** How the events of an answer are wrapped for a client: one of these for each stream. */
export interface StreamFraming {
  readonly name: 'sse' | 'ndjson' | 'json-array'
  readonly contentType: string
  /** A sign of life as wire text that stands between two events; empty where the dialect has no room for one. */
  readonly heartbeat: string
  /** What stands behind an event whose end has not come. */
  readonly border: string
  write(message: SseMessage): string
  /** What closes the body, behind the last event. */
  close(): string
}

export function sseFraming(heartbeat: string): StreamFraming {
  return {
    name: 'sse',
    contentType: 'text/event-stream; charset=utf-8',
    heartbeat,
    border: '\n\n',
    write: writeSse,
    close: nothing,
  }
}

/** A JSON text a line. Names of events have no place in it. */
export function ndjsonFraming(): StreamFraming {
  return {
    name: 'ndjson',
    contentType: 'application/x-ndjson',
    heartbeat: '',
    border: '\n',
    write: ({ data }) => writeNdjson(data),
    close: nothing,
  }
}

/** The elements of one JSON array. White space between them is the sign of life. */
export function jsonArrayFraming(): StreamFraming {
  const writer = new JsonArrayWriter()
  return {
    name: 'json-array',
    contentType: 'application/json; charset=utf-8',
    heartbeat: '\n',
    border: '',
    write: ({ data }) => writer.write(data),
    close: () => writer.end(),
  }
}

function nothing(): string {
  return ''
}
