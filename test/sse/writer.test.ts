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

/** As UTF-8 has it: a lone half of a pair becomes U+FFFD. Made with an encoder, as `toWellFormed` is young. */
const wellFormed = (text: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))

/** What is taken out can bring two halves together. */
const oneLine = (text: string): string => wellFormed(text.replace(/[\r\n\0]/g, ''))

/** Texts that would like to be more than a value. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\0', 'data: ', 'event: x', 'id: 9', 'retry: 5', ': ', '\u2028', ' '),
      // A byte order mark, halves of a pair, and letters that would be line ends if only their low byte were written.
      fc.constantFrom('\ufeff', '\ud83d', '\ude00', '\u010a', '\u010d', '\u0085', '\v', '\f', '\t'),
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

  it('what is written is read again, among its neighbours and at any cut', () => {
    const message = fc.record({
      data: hostile,
      event: fc.option(hostile, { nil: undefined }),
      id: fc.option(hostile, { nil: undefined }),
      comment: fc.option(hostile, { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (messages, size) => {
        let lastId = ''
        let text = ''
        const expected = messages.map(({ data, event, id, comment }) => {
          if (comment !== undefined) text += writeComment(comment)
          text += writeSse({ data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) })
          if (id !== undefined) lastId = oneLine(id)
          const type = oneLine(event ?? '')
          return { event: type || 'message', data: wellFormed(data.replace(/\r\n|\r/g, '\n')), id: lastId }
        })
        const input = new TextEncoder().encode(text)
        const parser = new SseParser()
        const events: unknown[] = []
        for (let at = 0; at < input.length; at += size) {
          parser.push(input.subarray(at, at + size), ({ event, data, id }) => events.push({ event, data, id }))
        }
        parser.end(() => expect.unreachable())
        expect(events).toEqual(expected)
        expect(parser.retry).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it('no value can bring in a field or an event of its own', () => {
    fc.assert(
      fc.property(
        hostile,
        fc.option(hostile, { nil: undefined }),
        fc.option(hostile, { nil: undefined }),
        (data, event, id) => {
          const text = writeSse({ data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) })
          const plain = (value: string | undefined): string => oneLine(value ?? '')
          expect(read(text)).toEqual([
            { event: plain(event) || 'message', data: wellFormed(data.replace(/\r\n|\r/g, '\n')), id: plain(id) },
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
