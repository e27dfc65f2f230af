import { JsonArrayWriter, writeAwsEvent, writeNdjson } from '../../framing/index.ts'
import { type SseMessage, writeComment, writeSse } from '../../sse/index.ts'
import type { Wire } from './script.ts'

/** How the events of a language stand in a stream. */
export interface Wrapping {
  contentType: string
  /** Bytes where the form is no text. */
  write(event: SseMessage): string | Uint8Array
  /** A sign of life that stands between two events. */
  comment(text: string): string
  /** The text of one event or comment with the line ends that a script asks for, as far as the form allows it. */
  lineEnds(text: string, kind: Wire['lineEnd']): string
  /** What stands behind the last event. */
  close(): string
}

export function sseWrapping(): Wrapping {
  return {
    contentType: 'text/event-stream; charset=utf-8',
    write: writeSse,
    comment: writeComment,
    lineEnds: (text, kind) =>
      kind === undefined || kind === 'lf' ? text : text.replaceAll('\n', kind === 'crlf' ? '\r\n' : '\r'),
    close: () => '',
  }
}

/** A JSON text a line. A blank line is all that can stand between two, and a lone CR ends none. */
export function ndjsonWrapping(): Wrapping {
  return {
    contentType: 'application/x-ndjson',
    write: ({ data }) => writeNdjson(data),
    comment: () => '\n',
    lineEnds: (text, kind) => (kind === 'crlf' ? text.replaceAll('\n', '\r\n') : text),
    close: () => '',
  }
}

/** AWS's binary event stream. Nothing can stand between two messages. What is called an exception is sent as one. */
export function awsWrapping(): Wrapping {
  return {
    contentType: 'application/vnd.amazon.eventstream',
    write({ event = '', data }) {
      const kind = event.endsWith('Exception') ? 'exception' : 'event'
      return writeAwsEvent(
        { [`:${kind}-type`]: event, ':content-type': 'application/json', ':message-type': kind },
        data,
      )
    },
    comment: () => '',
    lineEnds: (text) => text,
    close: () => '',
  }
}

/** The elements of one JSON array, between which there is room for white space. */
export function arrayWrapping(): Wrapping {
  const writer = new JsonArrayWriter()
  return {
    contentType: 'application/json; charset=utf-8',
    write: ({ data }) => writer.write(data),
    comment: () => '\n',
    lineEnds: (text, kind) => (kind === 'crlf' ? text.replaceAll('\n', '\r\n') : text),
    close: () => writer.end(),
  }
}
