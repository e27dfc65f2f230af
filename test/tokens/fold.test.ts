import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { collect } from '../../src/flow/index.ts'
import { Folder, fold, grammar, merge, type StreamToken, unfold } from '../../src/tokens/index.ts'
import { arbitraryReply } from '../properties/arbitrary-reply.ts'
import { arbitraryTokens } from '../properties/arbitrary-tokens.ts'

const at = { choice: 0, index: 0 }
const start: StreamToken = { type: 'message-start', id: 'm' }
const finish: StreamToken = { type: 'finish', choice: 0, reason: 'stop' }

describe('fold and unfold', () => {
  it('a whole answer survives being streamed, and its stream is legal', () => {
    fc.assert(
      fc.property(arbitraryReply, (reply) => {
        const tokens = collect(grammar(), unfold(reply))
        expect(fold(tokens)).toEqual(reply)
      }),
      { numRuns: 500 },
    )
  })

  it('what a stream says does not depend on its cut: fold after unfold after fold changes nothing', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 3 }), (tokens) => {
        const reply = fold(tokens)
        expect(fold(unfold(reply))).toEqual(reply)
      }),
      { numRuns: 300 },
    )
  })

  it('blocks stand in the order of their index, whichever ended first; choices likewise', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', choice: 1, index: 7 },
      { type: 'tool-call-start', choice: 1, index: 2, id: 'c', name: 'f', kind: 'function' },
      { type: 'text-delta', choice: 1, index: 7, text: 'late' },
      { type: 'text-end', choice: 1, index: 7 },
      { type: 'tool-call-end', choice: 1, index: 2 },
      { type: 'finish', choice: 1, reason: 'tool_calls' },
      finish,
    ]
    const { choices } = fold(tokens)
    expect(choices.map(({ choice, parts }) => [choice, parts.map((part) => part.type)])).toEqual([
      [0, []],
      [1, ['tool-call', 'text']],
    ])
  })

  it('usage and names that come twice: the later ones count, field by field', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'usage', usage: { input: 10, output: 1 } },
      { type: 'message-start', model: 'x' },
      finish,
      { type: 'usage', usage: { output: 5 } },
    ]
    expect(fold(tokens)).toMatchObject({ id: 'm', model: 'x', usage: { input: 10, output: 5 } })
  })

  it('costs a step per token: a thousand times more of them is no thousand times slower each', () => {
    const folder = new Folder()
    folder.push({ type: 'text-start', ...at })
    for (let i = 0; i < 300_000; i++) folder.push({ type: 'text-delta', ...at, text: 'word ' })
    folder.push(finish)
    expect(folder.reply().choices[0]!.parts[0]).toMatchObject({ text: 'word '.repeat(300_000) })
  }, 3000)

  const boom = new SluiceError('upstream_overloaded', 'x')
  it.each<[string, StreamToken[], object]>([
    ['an error is thrown as it came', [start, finish, { type: 'error', error: boom }], boom],
    ['an answer without a finish is not whole', [start], { code: 'upstream_truncated' }],
    [
      'nor is one with an unfinished choice',
      [start, finish, { type: 'text-start', choice: 2, index: 0 }],
      { code: 'upstream_truncated', message: 'cannot give a whole answer: choice 2 was never finished' },
    ],
    [
      'a delta of no block is a fault',
      [start, { type: 'text-delta', ...at, text: 'x' }],
      { code: 'token_grammar', message: 'cannot fold the stream: text-delta for block 0, which was not started' },
    ],
  ])('%s', (_, tokens, error) => {
    expect(() => fold(tokens)).toThrow(expect.objectContaining(error))
  })
})

describe('merge', () => {
  it('keeps what is said and the order of everything else, in as few tokens as there are turns of speech', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 3 }), (tokens) => {
        const merged = collect(grammar(), merge(tokens))
        expect(fold(merged)).toEqual(fold(tokens))
        expect([...merge(merged)]).toEqual(merged)
        const frame = (all: StreamToken[]) => all.filter((token) => !token.type.endsWith('-delta'))
        expect(frame(merged)).toEqual(frame(tokens))
        for (const [i, token] of merged.entries()) {
          const before = merged[i - 1]
          if (!before?.type.endsWith('-delta') || before.type !== token.type) continue
          expect([before, token].map((one) => 'index' in one && `${one.choice}/${one.index}`)).not.toEqual(
            Array(2).fill('index' in token && `${token.choice}/${token.index}`),
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  it('never joins over a log-probability, another block, another kind or anything between', () => {
    const text = (said: string, more = {}): StreamToken => ({ type: 'text-delta', ...at, text: said, ...more })
    const apart: StreamToken[] = [
      text('a', { logprobs: [{ token: 'a', logprob: -1 }] }),
      text('b'),
      text('c', { index: 1 }),
      text('d', { choice: 1 }),
      { type: 'reasoning-delta', ...at, text: 'e' },
      text('f'),
      { type: 'usage', usage: {} },
      text('g'),
    ]
    expect([...merge(apart)]).toEqual(apart)
  })

  it('leaves the tokens it was given as they were', () => {
    const given: StreamToken[] = [
      { type: 'tool-call-delta', ...at, arguments: '{' },
      { type: 'tool-call-delta', ...at, arguments: '}' },
    ]
    const before = structuredClone(given)
    expect([...merge(given)]).toEqual([{ type: 'tool-call-delta', ...at, arguments: '{}' }])
    expect(given).toEqual(before)
  })
})
