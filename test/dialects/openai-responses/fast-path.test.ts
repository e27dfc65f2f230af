import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeltaShape } from '../../../src/dialects/openai-responses/delta-shape.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'
import { responseEvents } from '../../fixtures/check-responses.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'
import { streamOf, tokensOf } from './read.ts'

const delta = (number: number, text: string, more: JsonObject = {}): JsonObject => ({
  type: 'response.output_text.delta',
  sequence_number: number,
  item_id: 'msg_1',
  output_index: 0,
  content_index: 0,
  delta: text,
  logprobs: [],
  ...more,
})

/** How servers write the same event: the number in front, at the end, or in between. */
const writers: Array<[string, (event: JsonObject, at: number) => string]> = [
  [
    'as OpenAI',
    ({ type, sequence_number, ...more }, at) =>
      JSON.stringify({ type, sequence_number, ...more, obfuscation: 'x'.repeat(at % 5) }),
  ],
  ['as LM Studio', ({ sequence_number, ...more }) => JSON.stringify({ ...more, sequence_number })],
  [
    'as Copilot',
    (event, at) =>
      JSON.stringify(
        Object.fromEntries(
          Object.entries({ ...event, ...(event.item_id !== undefined && { item_id: `i${at}` }) }).sort(([a], [b]) =>
            a < b ? -1 : 1,
          ),
        ),
      ),
  ],
  ['without numbers', ({ sequence_number: _, ...more }) => JSON.stringify(more)],
]

describe.each(writers)('deltas that are written %s', (_, write) => {
  it('are the same tokens as when each is read in full', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 1 }), (tokens) => {
        const events = responseEvents(streamOf(tokens)).map(({ data }) => data)
        // A field that is not known makes an event one to be read.
        const slow = events.map((event, at) => write({ ...event, unknown: 1 }, at))
        expect(tokensOf(events.map(write))).toEqual(tokensOf(slow))
      }),
      { numRuns: 150 },
    )
  })
})

describe('a shape', () => {
  it('matches the next delta of its part and no other', () => {
    const shape = new DeltaShape()
    const texts = (event: JsonObject): string | undefined => shape.match(JSON.stringify(event))
    shape.learn(delta(9, 'Hi'), JSON.stringify(delta(9, 'Hi')))
    expect(texts(delta(10, ' "there" "sequence_number":7 \\'))).toBe(' "there" "sequence_number":7 \\')
    expect(texts(delta(100_000, 'x'))).toBe('x')
    expect(texts(delta(11, 'x', { content_index: 1 }))).toBeUndefined()
    expect(texts(delta(11, 'x', { output_index: 1 }))).toBeUndefined()
    expect(texts(delta(11, 'x', { logprobs: [{ token: 'x' }] }))).toBeUndefined()
    expect(texts(delta(11, 'x', { surprise: true }))).toBeUndefined()
    expect(texts({ ...delta(11, 'x'), type: 'response.refusal.delta' })).toBeUndefined()
  })

  it('is given up where nothing comes of it', () => {
    const shape = new DeltaShape()
    const odd = (number: number): JsonObject => delta(number, `t${number}`, { item_id: `msg_${number}` })
    for (let number = 0; number < 10; number++) {
      expect(shape.match(JSON.stringify(odd(number)))).toBeUndefined()
      shape.learn(odd(number), JSON.stringify(odd(number)))
    }
    expect(shape.match(JSON.stringify({ ...odd(9), delta: 'y' }))).toBeUndefined()
  })
})
