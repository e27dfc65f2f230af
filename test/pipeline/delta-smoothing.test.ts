import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeltaSmoothing } from '../../src/pipeline/index.ts'
import { wordPieces } from '../../src/pipeline/transformers/word-pieces.ts'
import { delta, saying, through } from './streams.ts'

const deltas = (texts: string[], options?: ConstructorParameters<typeof DeltaSmoothing>[0]): string[] =>
  through(new DeltaSmoothing(options), saying(...texts)).flatMap((token) =>
    token.type === 'text-delta' ? token.text : [],
  )

describe('DeltaSmoothing', () => {
  it('cuts a paragraph into words and leaves what is short enough', () => {
    expect(deltas(['The quick brown fox jumps over it.', ' A short one.'])).toEqual([
      ...['The ', 'quick ', 'brown ', 'fox ', 'jumps ', 'over ', 'it.'],
      ' A short one.',
    ])
  })

  it('cuts scripts without spaces, and no character that a reader sees', () => {
    const family = '👨‍👩‍👧'
    expect(deltas([`世界世界世界世界世界世界世界${family}${family}${family}क्षि`])).toEqual([
      ...['世界世界世界世界世界世界', `世界${family}`, family, `${family}क्षि`],
    ])
  })

  it('loses nothing and cuts nothing apart, whatever the text', () => {
    const unit = fc.constantFrom(
      'a',
      '\u0301',
      '\u200d',
      '👩',
      '🇩',
      '🇪',
      '\r',
      '\n',
      ' ',
      'क',
      '्',
      'ष',
      '\ud83d',
      '\u{1f3fd}',
    )
    const segmenter = new Intl.Segmenter()
    const graphemes = (text: string): string[] => [...segmenter.segment(text)].map(({ segment }) => segment)
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), fc.integer({ min: 1, max: 20 }), (text, longest) => {
        const pieces = wordPieces(text, longest)
        expect(pieces.flatMap(graphemes)).toEqual(graphemes(text))
      }),
      { numRuns: 500 },
    )
  })

  it('joins tiny deltas where asked, and lets go of what is left when the block ends', () => {
    expect(deltas(['a', 'b', 'c', 'd', 'e'], { join: 2 })).toEqual(['ab', 'cd', 'e'])
    expect(deltas(['a', 'b'])).toEqual(['a', 'b'])
  })

  it('deltas with log-probabilities stay as they are', () => {
    const text = 'a text that is long enough to be cut'
    const tokens = saying(text)
    tokens[2] = delta(text, [{ token: text, logprob: -1 }])
    expect(through(new DeltaSmoothing({ join: 100 }), tokens)).toEqual(tokens)
  })
})
