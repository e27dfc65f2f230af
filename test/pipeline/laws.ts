import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { collect } from '../../src/flow/index.ts'
import { type MakeTransformer, TransformerStage, transformReply } from '../../src/pipeline/index.ts'
import { type ChatReply, fold, grammar, merge, type StreamToken } from '../../src/tokens/index.ts'
import { arbitraryTokens } from '../properties/arbitrary-tokens.ts'

export interface Laws {
  /** What the transformer looks for: texts are made of these and of quiet pieces. */
  pieces: readonly string[]
  /** For texts that nothing looks for, where `make` would change them. */
  makeQuiet?: MakeTransformer
  /** Laws that do not hold, with the reason. */
  skips?: Partial<Record<'cut inside characters' | 'whole as streamed', string>>
}

/** What nothing looks for. */
const quiet = ['…', '世', '界 ', '\u00a0', '🌍', ' ', 'ö\u0301']

/** What holds for every transformer, whatever comes in. */
export function describeLaws(
  name: string,
  make: MakeTransformer,
  { pieces, makeQuiet = make, skips = {} }: Laws,
): void {
  const run = (tokens: readonly StreamToken[]): StreamToken[] => collect(new TransformerStage(make()), tokens)
  const loud = streams([...pieces, ...quiet])
  const silent = streams(quiet).map((tokens) => tokens.map(hushed))

  describe(name, () => {
    it('what comes out is a legal stream', () => {
      fc.assert(
        fc.property(loud, (tokens) => void collect(grammar(), run(tokens))),
        { numRuns: 80 },
      )
    })

    it('the cut of the text does not matter', () => {
      const inside = !skips['cut inside characters']
      fc.assert(
        fc.property(loud, fc.infiniteStream(fc.nat(6)), (tokens, cuts) => {
          expect(outcome(run(recut(tokens, cuts, inside)))).toEqual(outcome(run(tokens)))
        }),
        { numRuns: 150 },
      )
    })

    it.skipIf(skips['whole as streamed'])('a whole answer becomes what its stream becomes', () => {
      fc.assert(
        fc.property(loud, (tokens) => {
          expect(attempt(() => transformReply(fold(tokens), [make]))).toEqual(outcome(run(tokens)))
        }),
        { numRuns: 80 },
      )
    })

    it('what it does not touch goes on by identity', () => {
      fc.assert(
        fc.property(silent, (tokens) => {
          const out = new Set(collect(new TransformerStage(makeQuiet()), tokens))
          expect(tokens.filter((token) => !out.has(token))).toEqual([])
        }),
        { numRuns: 80 },
      )
    })

    it('no token that came in is changed', () => {
      fc.assert(
        fc.property(loud, (tokens) => void run(tokens.map(frozen))),
        { numRuns: 40 },
      )
    })

    it('where the stream breaks, all that was held comes before the error', () => {
      fc.assert(
        fc.property(silent, fc.nat(), fc.boolean(), (tokens, at, asToken) => {
          const error = new SluiceError('upstream_server', 'broken')
          const before = tokens.slice(0, 1 + (at % tokens.length))
          const out: StreamToken[] = []
          const stage = new TransformerStage(makeQuiet())
          const take = (token: StreamToken): void => void out.push(token)
          for (const token of before) stage.push(token, take)
          if (asToken) {
            stage.push({ type: 'error', error }, take)
            stage.end(take)
            expect(out.pop()).toEqual({ type: 'error', error })
          } else {
            stage.fail(error, take)
          }
          collect({ ...grammar(), end: () => {} }, out)
          expect(textIn(out)).toEqual(textIn(before))
        }),
        { numRuns: 80 },
      )
    })
  })
}

/** Legal streams whose texts are made of `pieces`. */
function streams(pieces: readonly string[]): fc.Arbitrary<StreamToken[]> {
  return fc
    .tuple(arbitraryTokens({ choices: 2 }), fc.infiniteStream(fc.constantFrom(...pieces)))
    .map(([tokens, texts]) =>
      tokens.map((token) => {
        if (token.type !== 'text-delta' && token.type !== 'reasoning-delta') return token
        const [one, two] = [texts.next().value, texts.next().value]
        return { ...token, text: `${one}${two}` }
      }),
    )
}

/** Arguments of nothing but quiet pieces; they need not be JSON for that. */
function hushed(token: StreamToken): StreamToken {
  return token.type === 'tool-call-delta' ? { ...token, arguments: '… 世' } : token
}

/** The same stream with its deltas cut elsewhere. */
export function recut(tokens: readonly StreamToken[], cuts: Iterator<number>, inside = true): StreamToken[] {
  return [...merge(tokens)].flatMap((token): StreamToken[] => {
    switch (token.type) {
      case 'text-delta':
      case 'reasoning-delta':
        if ('logprobs' in token) return [token]
        return pieces(token.text, cuts, inside).map((text) => ({ ...token, text }))
      case 'tool-call-delta':
        return pieces(token.arguments, cuts, inside).map((text) => ({ ...token, arguments: text }))
      default:
        return [token]
    }
  })
}

function pieces(text: string, cuts: Iterator<number>, inside: boolean): string[] {
  const out: string[] = []
  for (let from = 0; from < text.length; ) {
    // An empty piece now and then.
    let to = from + (cuts.next().value as number)
    if (!inside && /[\ud800-\udbff]/.test(text[to - 1] ?? '')) to++
    out.push(text.slice(from, to))
    from = to
  }
  return out
}

/** The answer, or the error that it broke with. */
function outcome(tokens: readonly StreamToken[]): ChatReply | string {
  return attempt(() => fold(tokens))
}

function attempt(act: () => ChatReply): ChatReply | string {
  try {
    return act()
  } catch (error) {
    return SluiceError.from(error).code
  }
}

/** What each block says, by its place. */
function textIn(tokens: readonly StreamToken[]): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const token of tokens) {
    if (!('text' in token)) continue
    const place = `${token.choice}/${token.index}`
    texts[place] = (texts[place] ?? '') + token.text
  }
  return texts
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const one of Object.values(value)) frozen(one)
  return Object.freeze(value)
}
