import { describe, expect, it } from 'vitest'
import { pass, TransformerChain, transformReply } from '../../src/pipeline/index.ts'
import type { ChatReply } from '../../src/tokens/index.ts'

const reply = (text: string): ChatReply => ({
  choices: [{ choice: 0, parts: [{ type: 'text', text }], finish: { reason: 'stop' } }],
  metadata: [],
})

describe('TransformerChain', () => {
  it('makes transformers by name, in order, with options as a configuration has them', () => {
    const makers = TransformerChain.fromNames(['think-extraction', 'content-filter', 'text-replacement'], {
      'content-filter': {
        patterns: ['secret', { pattern: '#\\d+', longest: 9, begins: '#' }],
        where: { reasoning: true },
      },
      'text-replacement': { replace: { '***': '*' } },
    })
    expect(makers.map((make) => make().name)).toEqual(['think-extraction', 'content-filter', 'text-replacement'])
    const given = reply('<think>a secret</think>#12 b')
    expect(transformReply(given, makers).choices[0]!.parts).toEqual([
      { type: 'reasoning', text: 'a ***' },
      { type: 'text', text: '* b' },
    ])
    expect(given).toEqual(reply('<think>a secret</think>#12 b'))
  })

  it('every standard one can be made', () => {
    const needed = {
      'content-filter': { patterns: ['a'] },
      'max-tokens': { tokens: 1 },
      'stop-sequences': { sequences: ['a'] },
      'text-replacement': { replace: { a: 'b' } },
    }
    const { names } = new TransformerChain()
    expect(names).toHaveLength(10)
    for (const make of TransformerChain.fromNames(names, needed)) expect(names).toContain(make().name)
  })

  it.each([
    [
      ['think'],
      {},
      'cannot use the transformer "think": it is not known; write one of content-filter, delta-smoothing',
    ],
    [['redaction'], { redaction: { kind: ['email'] } }, 'the options are kinds, own, where (transformer "redaction")'],
    [['redaction'], { redaction: { kinds: 'email' } }, '`kinds`: it is "email"; write a list of texts'],
    [['redaction'], { redaction: { kinds: ['iban'] } }, 'cannot redact iban'],
    [['redaction'], { redaction: { own: { a: { pattern: '(', longest: 1 } } } }, 'write expressions with `pattern`'],
    [['content-filter'], { 'content-filter': { patterns: [{ pattern: 'a', longest: 1, most: 2 }] } }, 'write a list'],
    [
      ['content-filter'],
      { 'content-filter': { patterns: ['a'], where: { texts: true } } },
      'write true or false for text',
    ],
    [['max-tokens'], { 'max-tokens': { tokens: '5' } }, '`tokens`: it is "5"; write a number'],
    [['max-tokens'], {}, 'write `tokens` or `characters` (transformer "max-tokens")'],
    [['redaction'], { 'max-tokens': { tokens: 5 } }, 'options for the transformer "max-tokens": it is not in the list'],
    [['toString'], {}, 'it is not known'],
  ])('%j with %j is refused', (names, options, words) => {
    expect(() => TransformerChain.fromNames(names, options)).toThrow(words)
  })

  it('knows those that are registered with it, and no other chain does', () => {
    const chain = new TransformerChain()
    chain.register('nothing-much', () => () => ({ name: 'nothing-much', transform: () => pass }))
    expect(chain.fromNames(['nothing-much'])).toHaveLength(1)
    expect(() => TransformerChain.fromNames(['nothing-much'])).toThrow('it is not known')
    expect(() => chain.register('nothing-much', () => () => ({ name: 'x', transform: () => pass }))).toThrow('taken')
    expect(() => chain.register('NothingMuch', () => () => ({ name: 'x', transform: () => pass }))).toThrow(
      'kebab-case',
    )
  })
})
