import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DialectName, dialects } from '../../src/dialects/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { join } from '../../src/flow/index.ts'
import { eventParser, isWholeData } from '../../src/pipeline/index.ts'
import type { SseEvent } from '../../src/sse/index.ts'
import { grammar, type StreamToken } from '../../src/tokens/index.ts'
import { checkWire } from '../fixtures/check-wire.ts'
import { clientNames, dialectNames, encode, goldens, makers } from '../fixtures/goldens.ts'

const place = fc.double({ min: 0, max: 0.999, noNaN: true })
const value = fc.constantFrom('null', '7', '-1', '1e99', '""', '"x"', '[]', '{}', '[null]', '[{}]', 'true')

/** One thing that is done to a good stream; the numbers are places in it, as parts of the whole. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), at: place, text: value }),
  fc.record({ kind: fc.constant('value' as const), at: place, text: value }),
  fc.record({ kind: fc.constant('insert' as const), at: place, text: fc.constantFrom('\n', '\n\n', '{', '"', '\0') }),
  fc.record({ kind: fc.constant('drop' as const), at: place, text: fc.constant('') }),
  fc.record({ kind: fc.constant('double' as const), at: place, text: fc.constant('') }),
  fc.record({ kind: fc.constant('cut' as const), at: place, text: fc.constant('') }),
)
type Change = typeof change extends fc.Arbitrary<infer One> ? One : never

function spoilt(good: string, changes: readonly Change[]): string {
  let text = good
  for (const { kind, at, text: more } of changes) {
    const where = Math.floor(at * text.length)
    if (kind === 'cut') text = text.slice(0, where)
    else if (kind === 'insert') text = text.slice(0, where) + more + text.slice(where)
    else if (kind === 'value') {
      const spots = [...text.matchAll(/(?<=":)("(?:[^"\\]|\\.)*"|-?\d+|true|false|null)/g)]
      const spot = spots[Math.floor(at * spots.length)]
      if (spot) text = text.slice(0, spot.index) + more + text.slice(spot.index + spot[0].length)
    } else {
      const lines = text.split(/(?<=\n)/)
      const line = Math.floor(at * lines.length)
      lines.splice(line, 1, ...(kind === 'double' ? [lines[line]!, lines[line]!] : []))
      text = lines.join('')
    }
  }
  return text
}

/** The tokens of a stream as the gateway reads it: what cannot be read at all is a failure of the provider. */
function read(dialect: DialectName, bytes: Uint8Array): StreamToken[] {
  const { upstream } = dialects[dialect] as (typeof dialects)['openai-chat']
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  const over = (): boolean => tokens.at(-1)?.type === 'error'
  const stage = join(upstream.decodeStream(makers[dialect]), grammar())
  const parser = eventParser(upstream.framings?.[0] ?? 'sse', { flushTail: true })
  const take = (event: SseEvent): void => {
    if (!over()) stage.push(event, emit)
  }
  try {
    parser.push(bytes, take)
    parser.end((event) => {
      if (isWholeData(event.data)) take(event)
    })
    if (!over()) stage.end?.(emit)
  } catch (error) {
    if (!SluiceError.is(error) || !error.code.startsWith('upstream_')) throw error
    if (!over()) emit({ type: 'error', error })
  }
  return tokens
}

/** Bedrock's frames carry a sum over their bytes: what is spoilt there is told by test/framing. */
const spoilable = dialectNames.filter((name) => name !== 'bedrock-converse')

describe.each(spoilable)('whatever becomes of a stream of %s', (dialect) => {
  // What goes on to a client of the same language is as good as it came.
  const clients = clientNames.filter((name) => name !== dialect)
  const streams = goldens(dialect).map(({ bytes }) => new TextDecoder().decode(bytes))

  it('every client of another language is sent a stream in the grammar of its own, and one end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...clients),
        (good, changes, client) => {
          const bytes = new TextEncoder().encode(spoilt(good, changes))
          const tokens = read(dialect, bytes)
          const { outcome } = checkWire(client, new TextEncoder().encode(encode(client, tokens)))
          if (tokens.at(-1)?.type === 'error') expect(outcome).toBe('error')
        },
      ),
      { numRuns: 500 },
    )
  })
})
