import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { fold, type ReplyChoice, type StreamToken, unfold } from '../../src/tokens/index.ts'
import { checkWire } from '../fixtures/check-wire.ts'
import { clientNames, encode } from '../fixtures/goldens.ts'
import { arbitraryReply } from './arbitrary-reply.ts'
import { arbitraryTokens } from './arbitrary-tokens.ts'

/** A language that has one answer to a request is never asked for more. */
const several = new Set(['openai-chat', 'gemini'])

/**
 * No provider calls tools without naming one, calls two by one id, or makes pictures of no type. What becomes of arguments
 * that are no JSON is each language's own matter, and tested there.
 */
function likely({ parts, finish, ...choice }: ReplyChoice): ReplyChoice {
  const called = parts.some(({ type }) => type === 'tool-call')
  return {
    ...choice,
    parts: parts.map((part, at) => {
      if (part.type === 'tool-call')
        return {
          ...part,
          id: `call_${choice.choice}_${at}`,
          arguments: JSON.stringify({ text: part.arguments }),
        }
      if ('block' in part)
        return { ...part, block: { type: 'server_tool_use', id: 'x', name: 'y', input: {}, ...part.block } }
      return part.type === 'media' && part.mediaType ? { ...part, mediaType: `${part.kind}/x` } : part
    }),
    finish: finish.reason === 'tool_calls' && !called ? { ...finish, reason: 'stop' } : finish,
  }
}

/** Providers say nothing at times, and that is not worth an event. */
function withNothing(token: StreamToken): StreamToken[] {
  if (token.type === 'text-delta') return [{ ...token, text: '' }, token]
  if (token.type === 'reasoning-delta') return [{ ...token, text: '' }, token]
  return [token]
}

describe.each(clientNames)('what a client of %s is sent keeps to the grammar of its language', (client) => {
  const wire = (tokens: Iterable<StreamToken>) => checkWire(client, new TextEncoder().encode(encode(client, tokens)))
  const choices = several.has(client) ? 3 : 1
  const texts = (tokens: readonly StreamToken[]): string =>
    fold(tokens)
      .choices[0]!.parts.map((part) => (part.type === 'text' ? part.text : ''))
      .join('')

  it('whatever is streamed, and nothing of its text is lost', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices }), (tokens) => {
        const { outcome, text } = wire(tokens.flatMap(withNothing))
        expect([outcome, text]).toEqual(['clean', texts(tokens)])
      }),
      { numRuns: 150 },
    )
  })

  it('wherever it breaks off, and then it is an error', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 1 }), fc.nat(40), fc.boolean(), (tokens, at, told) => {
        const finish = tokens.findIndex(({ type }) => type === 'finish')
        const cut = tokens.slice(0, Math.min(at, finish))
        const error: StreamToken = { type: 'error', error: new SluiceError('upstream_overloaded', 'busy') }
        expect(wire(told ? [...cut, error] : cut).outcome).toBe('error')
      }),
      { numRuns: 150 },
    )
  })

  it('whatever parts an answer has, those of other vendors too', () => {
    fc.assert(
      fc.property(arbitraryReply, (reply) => {
        const most = several.has(client) ? 3 : 1
        wire(unfold({ ...reply, choices: reply.choices.slice(0, most).map(likely) }))
      }),
      { numRuns: 300 },
    )
  })
})
