import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SseEvent, SseParser, writeComment, writeSse } from '../../src/sse/index.ts'

function read(text: string): Array<Omit<SseEvent, 'end'>> {
  const events: Array<Omit<SseEvent, 'end'>> = []
  const parser = new SseParser()
  parser.push(new TextEncoder().encode(text), ({ event, data, id }) => events.push({ event, data, id }))
  parser.end(() => {})
  return events
}

/** Texts that would like to be more than a value. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\0', 'data: ', 'event: x', 'id: 9', ': ', '\u2028', ' '),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))

describe('writing', () => {
  it.each([
    [{ data: 'a' }, 'data: a\n\n'],
    [{ event: 'x', data: '{}' }, 'event: x\ndata: {}\n\n'],
    [{ event: 'x', id: '7', data: '' }, 'event: x\nid: 7\ndata: \n\n'],
    [{ data: 'a\nb\r\nc\rd' }, 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
  ])('%j', (message, text) => expect(writeSse(message)).toBe(text))

  it('no value can bring in a field or an event of its own', () => {
    fc.assert(
      fc.property(
        hostile,
        fc.option(hostile, { nil: undefined }),
        fc.option(hostile, { nil: undefined }),
        (data, event, id) => {
          const text = writeSse({ data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) })
          const plain = (value: string | undefined): string => (value ?? '').replace(/[\r\n\0]/g, '')
          expect(read(text)).toEqual([
            { event: plain(event) || 'message', data: data.replace(/\r\n|\r/g, '\n'), id: plain(id) },
          ])
          expect(text.endsWith('\n\n')).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('a comment says nothing to a reader, whatever stands in it', () => {
    fc.assert(
      fc.property(hostile, (comment) => {
        expect(read(`${writeComment(comment)}data: next\n\n`)).toEqual([{ event: 'message', data: 'next', id: '' }])
      }),
    )
  })
})
