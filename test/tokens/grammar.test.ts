import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { collect } from '../../src/flow/index.ts'
import { GrammarCheck, grammar, type StreamToken } from '../../src/tokens/index.ts'
import { arbitraryTokens } from '../properties/arbitrary-tokens.ts'

const at = { choice: 0, index: 0 }
const opaque = { type: 'opaque', kind: 'signature', value: 's' } as const
const words: Record<string, StreamToken> = {
  start: { type: 'message-start' },
  'text+': { type: 'text-start', ...at },
  text: { type: 'text-delta', ...at, text: 'a' },
  'text-': { type: 'text-end', ...at },
  'reason+': { type: 'reasoning-start', ...at },
  reason: { type: 'reasoning-delta', ...at, text: 'a' },
  'reason-': { type: 'reasoning-end', ...at },
  'call+': { type: 'tool-call-start', ...at, id: 'c', name: 'f', kind: 'function' },
  call: { type: 'tool-call-delta', ...at, arguments: '{' },
  'call-': { type: 'tool-call-end', ...at },
  'hosted+': { type: 'hosted-call-start', ...at, dialect: 'd', block: {} },
  hosted: { type: 'hosted-call-delta', ...at, arguments: '{' },
  'hosted-': { type: 'hosted-call-end', ...at },
  'media+': { type: 'media-start', ...at, kind: 'audio' },
  media: { type: 'media-delta', ...at, data: 'QQ==' },
  'media-': { type: 'media-end', ...at },
  result: { type: 'hosted-result', ...at, dialect: 'd', block: {} },
  opaque: { ...opaque, ...at },
  cite: { type: 'citation', ...at, dialect: 'd', citation: {} },
  meta: { type: 'metadata', dialect: 'd', fields: {} },
  usage: { type: 'usage', usage: { output: 1 } },
  raw: { type: 'raw', dialect: 'd', data: '{}' },
  finish: { type: 'finish', choice: 0, reason: 'stop' },
  error: { type: 'error', error: new SluiceError('upstream_server', 'x') },
}

/** `text+@1` stands in block 1, `finish#1` in choice 1. */
function stream(row: string): StreamToken[] {
  return row.split(' ').map((word) => {
    const [, name, index, choice] = /^([^@#]+)(?:@(\d))?(?:#(\d))?$/.exec(word)!
    const token = words[name!]!
    return {
      ...token,
      ...('index' in token && { index: Number(index ?? 0) }),
      ...('choice' in token && { choice: Number(choice ?? 0) }),
    } as StreamToken
  })
}

describe('a legal order passes unchanged', () => {
  it.each([
    'start finish',
    'start text+ text text- finish',
    'start text+ text- finish usage meta raw',
    'start reason+ reason opaque reason- call+@1 call@1 opaque@1 call-@1 finish',
    'start text+ text cite opaque text- finish',
    'start usage meta raw text+ usage text meta text raw text- usage finish',
    'start hosted+ hosted hosted- result@1 text+@2 text@2 text-@2 finish',
    'start media+ media media- finish',
    'start text+ call+@1 text call@1 text- call-@1 finish',
    'start text+ text+#1 text#1 text text-#1 finish#1 text- finish',
    'start text+ text- finish text+#1 text-#1 finish#1',
    'start text+@5 text@5 text-@5 finish',
    'start finish finish#1',
    'error',
    'start error',
    'start text+ text error',
  ])('%s', (row) => {
    const tokens = stream(row)
    expect(collect(grammar(), tokens)).toEqual(tokens)
  })
})

describe('an illegal order is refused at the first token that is wrong', () => {
  it.each([
    ['text+', 'text-start: no message-start came before it'],
    ['raw', 'raw: no message-start came before it'],
    ['finish', 'finish: no message-start came before it'],
    ['start start', 'message-start: the message has started already'],
    ['start text', 'text-delta: block 0/0 was never started'],
    ['start text-', 'text-end: block 0/0 was never started'],
    ['start text+ text+', 'text-start: block 0/0 was used before'],
    ['start text+ text- text', 'text-delta: block 0/0 has ended'],
    ['start text+ text- text-', 'text-end: block 0/0 has ended'],
    ['start text+ text- reason+', 'reasoning-start: block 0/0 was used before'],
    ['start text+ reason', 'reasoning-delta: block 0/0 is a text block'],
    ['start call+ call call- opaque', 'opaque: block 0/0 has ended'],
    ['start hosted+ opaque', 'opaque: block 0/0 is a hosted-call block'],
    ['start call+ hosted-', 'hosted-call-end: block 0/0 is a tool-call block'],
    ['start result result', 'hosted-result: block 0/0 was used before'],
    ['start result hosted', 'hosted-call-delta: block 0/0 has ended'],
    ['start reason+ cite', 'citation: block 0/0 is a reasoning block'],
    ['start cite', 'citation: block 0/0 was never started'],
    ['start text+ text@1', 'text-delta: block 0/1 was never started'],
    ['start text+ text#1', 'text-delta: block 1/0 was never started'],
    ['start text+ finish', 'finish: the text block 0/0 is still open'],
    ['start finish finish', 'finish: choice 0 is finished already'],
    ['start finish text+', 'text-start: choice 0 is finished'],
    ['start finish result', 'hosted-result: choice 0 is finished'],
    ['error error', 'error: the stream is over'],
    ['start error usage', 'usage: the stream is over'],
  ])('%s', (row, why) => {
    const tokens = stream(row)
    const stage = grammar()
    const out: StreamToken[] = []
    const push = (token: StreamToken) => stage.push(token, (one) => out.push(one))
    for (const token of tokens.slice(0, -1)) push(token)
    expect(() => push(tokens.at(-1)!)).toThrow(
      expect.objectContaining({ code: 'token_grammar', message: `tokens out of order: ${why}` }),
    )
    expect(out).toEqual(tokens.slice(0, -1))
  })

  it.each([
    ['', 'the stream ended before it started'],
    ['start', 'the stream ended without a finish'],
    ['start text+ text text-', 'the stream ended without a finish'],
    ['start text+ text- text+#1 text-#1 finish', 'the stream ended without a finish for choice 1'],
  ])('at the end of "%s"', (row, why) => {
    expect(() => collect(grammar(), row === '' ? [] : stream(row))).toThrow(`tokens out of order: ${why}`)
  })

  it('but a stream that breaks may break anywhere', () => {
    const stage = grammar()
    stage.push({ type: 'message-start' }, () => {})
    expect(() => stage.fail?.(new SluiceError('idle_timeout', 'x'), () => {})).not.toThrow()
  })
})

it('every stream of the random tests is legal, and loses its legality with any block token', () => {
  fc.assert(
    fc.property(arbitraryTokens(), fc.nat(), (tokens, nth) => {
      expect(collect(grammar(), tokens)).toEqual(tokens)
      const frames = [...tokens.keys()].filter((i) => /-(start|end)$|^finish$/.test(tokens[i]!.type))
      const gone = frames[nth % frames.length]!
      // A finish of a choice that said nothing is missed by nobody while another choice is finished.
      const empty = tokens.some(
        (token) => token.type === 'finish' && !tokens.some((one) => 'index' in one && one.choice === token.choice),
      )
      if (empty && tokens[gone]!.type === 'finish') return
      // A block without its start may have nothing in it but its end.
      expect(() => collect(grammar(), tokens.toSpliced(gone, 1))).toThrow('tokens out of order')
    }),
    { numRuns: 300 },
  )
})

it('what was taken back has never been, whatever came before it', () => {
  fc.assert(
    fc.property(arbitraryTokens(), fc.nat(), fc.nat(9), (tokens, at, back) => {
      const check = new GrammarCheck()
      const upTo = at % (tokens.length + 1)
      const from = Math.max(0, upTo - back)
      for (const token of tokens.slice(0, upTo)) check.push(token)
      for (const token of tokens.slice(from, upTo).reverse()) check.undo(token)
      for (const token of tokens.slice(from)) check.push(token)
      check.end()
    }),
  )
})

it('a token that was refused has changed nothing', () => {
  fc.assert(
    fc.property(arbitraryTokens(), fc.infiniteStream(arbitraryTokens()), (tokens, others) => {
      const check = new GrammarCheck()
      for (const token of tokens) {
        const other = others.next().value.at(-2)!
        try {
          check.push(other)
          check.undo(other)
        } catch (error) {
          expect(error).toMatchObject({ code: 'token_grammar' })
        }
        check.push(token)
      }
      check.end()
    }),
  )
})
