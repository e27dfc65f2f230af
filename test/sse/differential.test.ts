import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SseParser } from '../../src/sse/index.ts'

/** Pieces of streams, the common and the odd, that may stand in any order. */
const soup = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('data: a\n\n', 'event: x\ndata: {"a":1}\n\n', 'data: b\n', 'id: 7\n', '\n'),
      },
      { weight: 2, arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\n\n', ':', ' ', 'data', 'event', 'id', 'retry') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(': ping\n', 'retry: 12\n', 'x: y\n', '\0', '\ufeff', 'é', '流', '😀', '\u2028'),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => new TextEncoder().encode(parts.join('')))

it('any stream, cut anywhere, is read as eventsource-parser reads it', () => {
  fc.assert(
    fc.property(soup, fc.array(fc.nat(200), { maxLength: 8 }), (input, places) => {
      const ours: unknown[] = []
      const parser = new SseParser()
      let from = 0
      for (const to of [...places.filter((at) => at < input.length).sort((x, y) => x - y), input.length]) {
        parser.push(input.subarray(from, to), ({ event, data, id }) => ours.push({ event, data, id }))
        from = to
      }
      parser.end(() => expect.unreachable())

      const theirs: unknown[] = []
      let retry: number | undefined
      let lastId = ''
      const other = createParser({
        onEvent: ({ event = 'message', data, id = lastId }) => theirs.push({ event, data, id }),
        onId: (id) => {
          lastId = id
        },
        onRetry: (ms) => {
          retry = ms
        },
      })
      other.feed(new TextDecoder('utf-8', { ignoreBOM: true }).decode(input))
      expect({ events: ours, retry: parser.retry }).toEqual({ events: theirs, retry })
    }),
    { numRuns: 2000 },
  )
})
