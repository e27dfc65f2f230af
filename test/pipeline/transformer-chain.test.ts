import { describe, expect, it } from 'vitest'
import { pass, standardTransformers, TransformerChain, transformReply } from '../../src/pipeline/index.ts'
import type { ChatReply } from '../../src/tokens/index.ts'

const reply = (text: string): ChatReply => ({
  choices: [{ choice: 0, parts: [{ type: 'text', text }], finish: { reason: 'stop' } }],
  metadata: [],
})

const neededOfRequests = {
  'drop-fields': { fields: ['seed'] },
  'reasoning-effort': { missing: 'low' },
  'system-text': { before: 'a' },
}

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
    const chain = new TransformerChain()
    const all = chain.transformers(chain.names, { ...needed, ...neededOfRequests })
    expect(all.map(({ name }) => name)).toEqual(chain.names)
    expect(standardTransformers.map(({ name }) => name)).toEqual(chain.names)
    const streams = standardTransformers.filter(({ on, name }) => on.join() === 'answers' && name !== 'delta-pacing')
    const names = streams.map(({ name }) => name)
    expect(TransformerChain.fromNames(names, needed).map((make) => make().name)).toEqual(names)
    expect(names).toHaveLength(11)
  })

  it.each([
    [
      ['think'],
      {},
      'cannot use the transformer "think": it is not known; write one of cache-markers, clamp-max-tokens',
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
    [['content-filter'], {}, 'cannot do without the option `patterns`: write a list of texts'],
    [['tool-call-repair'], { 'tool-call-repair': { hard: true } }, 'it takes none'],
    [['clamp-max-tokens'], {}, 'it changes requests; make a `Chain` of it'],
    [['delta-pacing'], {}, 'it waits; use `addAsyncTransformer`'],
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
