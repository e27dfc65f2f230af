import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainHeader, explainRows, type RoutingTable, route } from '../../src/routing/index.ts'
import { factsLike, live, server, tableOf } from './facts.ts'

const table = tableOf(
  [
    'a',
    server('blind', { quirks: { parts: false } }),
    server('anthropic', { kind: 'anthropic', dialect: 'anthropic-messages' }),
  ],
  [
    { name: 'smart', targets: ['a/x', 'blind/x', 'anthropic/y'], strategy: 'least-busy' },
    { name: 'claude-*', targets: ['a/claude-*'] },
  ],
  {
    rules: [
      { name: 'long', when: { inputTokensOver: 50_000 }, to: 'a/long' },
      { when: { headers: { 'x-team': 'blue' } }, to: 'a/blue' },
      { name: 'seen', when: { images: true, stream: true }, to: 'smart' },
    ],
    situations: { think: 'a/thinker' },
  },
)

function told(said: Parameters<typeof factsLike>[0], from: RoutingTable = table, running = () => 0) {
  const facts = factsLike(said)
  const { explanation } = route(facts, from, live({ running, healthy: ({ provider }) => provider.name !== 'a' }))
  return { header: explainHeader(explanation), rows: explainRows(explanation, facts, from) }
}

describe('a decision is explained', () => {
  it.each<[string, Parameters<typeof factsLike>[0], string]>([
    [
      'by a rule',
      { model: 'claude-x', images: true },
      'resolve: "claude-x" from the request fits the alias "claude-*"; select: rule 3 "seen" chose smart (a stream, images); rank: least-busy: anthropic/y (0 running), a/x (0 running, not well), blind/x (left out, 0 running, reads no images)',
    ],
    [
      'by a situation',
      { model: 'smart', thinking: true },
      'resolve: "smart" from the request is an alias of 3; select: situation "think" chose a/thinker (thinking); rank: one target: a/thinker',
    ],
    [
      'by nothing but the name',
      { model: 'anthropic/y' },
      'resolve: "anthropic/y" from the request names anthropic; select: nothing else; rank: one target: anthropic/y',
    ],
    [
      'by a tag',
      { tag: 'claude-opus', images: true },
      'resolve: "claude-opus" from a tag in the prompt fits the alias "claude-*"; select: not asked; rank: one target: a/claude-opus',
    ],
    [
      'by a guess of its size',
      { model: 'gpt-x', inputTokens: 60_000 },
      'resolve: "gpt-x" from the request leads nowhere by itself; select: rule 1 "long" chose a/long (about 60000 input tokens); rank: one target: a/long',
    ],
  ])('%s', (_, said, wanted) => {
    expect(told(said).header).toBe(wanted)
  })

  it('with each rule that was passed by, and why', () => {
    expect(told({ model: 'claude-x', images: true, headers: { 'x-team': 'secret' } }).rows).toEqual([
      ['resolve', 'name', '"claude-x" from the request fits the alias "claude-*"'],
      ['select', 'rule 1 "long"', 'passed by: about 100 input tokens'],
      ['select', 'rule 2', 'passed by: header x-team does not fit "blue"'],
      ['select', 'chosen', 'rule 3 "seen" chose smart (a stream, images)'],
      ['rank', 'strategy', 'least-busy'],
      ['rank', '1', 'anthropic/y (0 running)'],
      ['rank', '2', 'a/x (0 running, not well)'],
      ['rank', '-', 'blind/x (left out, 0 running, reads no images)'],
    ])
    expect(
      told({ model: 'anthropic/y' })
        .rows.slice(1, 4)
        .map(([, , why]) => why),
    ).toEqual(Array.from({ length: 3 }, () => 'passed by: the name says its provider'))
    expect(told({ tag: 'smart' }).rows.filter(([phase]) => phase === 'select')).toEqual([
      ['select', 'chosen', 'not asked'],
    ])
  })

  it('without the keys of providers', () => {
    const keyed = tableOf([server('a', { api_keys: ['sk-secret'] })], [{ name: 'plain', targets: ['a/x', 'a/y'] }])
    const { explanation } = route(factsLike(), keyed, live())
    expect(explanation.targets).toHaveLength(2)
    expect(JSON.stringify(explanation)).not.toContain('secret')
  })

  it('as far as it goes in a kilobyte', () => {
    const targets = Array.from({ length: 40 }, (_, i) => `a/${'long '.repeat(9)}${i}`)
    const { header } = told({}, tableOf(['a'], [{ name: 'plain', targets }]))
    expect(header).toHaveLength(1024)
    expect(header.endsWith('...')).toBe(true)
  })

  it('in a line that any header can carry, whatever the names are', () => {
    const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 20 }), (name, models) => {
        const targets = models.map((model) => `a/${model}`)
        const all = tableOf(['a', 'b'], [{ name, targets, strategy: 'cost' }], { rules: [{ when: {}, to: targets }] })
        const { header } = told({ model: name.replaceAll('*', '') || 'x' }, all)
        expect(header).toMatch(/^[\x20-\x7e]{1,1024}$/)
      }),
    )
  })
})
