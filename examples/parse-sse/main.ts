/**
 * Server-sent events out of bytes that come in any cut: lines, characters and line ends may be torn.
 * Run: npx node --conditions=source examples/parse-sse/main.ts
 */
import { SseParser, writeComment, writeSse } from 'sluice/sse'

const bytes = new TextEncoder().encode(
  writeSse({ event: 'greeting', data: 'Grüße, 世界 👋' }) +
    writeComment('nobody sees this') +
    writeSse({ data: 'two\nlines', id: '7' }) +
    'retry: 3000\n\ndata: a tail that nothing closes',
)

const parser = new SseParser()
for (let at = 0; at < bytes.length; at += 5) {
  parser.push(bytes.subarray(at, at + 5), ({ event, data, id }) => console.log({ event, data, id }))
}
// What no blank line has closed may be cut off, so it is dropped; `new SseParser({ flushTail: true })` would give it.
parser.end(({ data }) => console.log({ data }))
console.log({ comeBackAfterMs: parser.retry, withLastEventId: parser.lastEventId })
