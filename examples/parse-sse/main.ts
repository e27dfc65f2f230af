/**
 * Server-sent events out of bytes that come in any cut: lines, characters and line ends may be torn.
 * Run: npx node --conditions=source examples/parse-sse/main.ts
 */
import { SseParser, writeSse } from 'sluice/sse'

const bytes = new TextEncoder().encode(
  writeSse({ event: 'greeting', data: 'Grüße, 世界 👋' }) +
    ': a comment, which nobody sees\n\n' +
    writeSse({ data: 'two\nlines', id: '7' }),
)

const parser = new SseParser()
for (let at = 0; at < bytes.length; at += 5) {
  parser.push(bytes.subarray(at, at + 5), ({ event, data, id }) => console.log({ event, data, id }))
}
parser.end(() => {})
