import { describe, expect, it } from 'vitest'
import {
  type Alias,
  nothingKnown,
  type RouteFunction,
  type Rule,
  type RuleConditions,
  route,
  type Situations,
} from '../../src/routing/index.ts'
import { factsLike, named, server, tableOf } from './facts.ts'

type Said = Parameters<typeof factsLike>[0]

const providers = ['a', 'b', server('anthropic', { kind: 'anthropic', dialect: 'anthropic-messages' })]
const aliases: Alias[] = [
  { name: 'plain', targets: ['a/plain'] },
  { name: 'chosen', targets: ['b/one', 'a/two'] },
]

function routed(said: Said, rest: { rules?: Rule[]; situations?: Situations; decide?: RouteFunction }) {
  const { routes, explanation, warnings } = route(factsLike(said), tableOf(providers, aliases, rest), nothingKnown)
  return { routes: routes.map(named), selected: explanation.selected, warnings }
}

/** Whether a rule with this condition takes the request. */
function taken(when: RuleConditions, said: Said): boolean {
  return routed(said, { rules: [{ when, to: 'chosen' }] }).selected !== undefined
}

describe('a rule holds for what it says and for nothing else', () => {
  it.each<[string, RuleConditions, Said, Said]>([
    ['input over', { inputTokensOver: 1000 }, { inputTokens: 1001 }, { inputTokens: 1000 }],
    ['input under', { inputTokensUnder: 1000 }, { inputTokens: 999 }, { inputTokens: 1000 }],
    ['input between', { inputTokensOver: 10, inputTokensUnder: 20 }, { inputTokens: 15 }, { inputTokens: 25 }],
    ['thinking', { thinking: true }, { thinking: true }, {}],
    ['no thinking', { thinking: false }, {}, { thinking: true }],
    ['web search', { webSearch: true }, { webSearch: true }, {}],
    ['images', { images: true }, { images: true }, { files: true }],
    ['files', { files: true }, { files: true }, { images: true }],
    ['tools over', { toolsOver: 2 }, { tools: 3 }, { tools: 2 }],
    ['tools under', { toolsUnder: 2 }, { tools: 1 }, { tools: 2 }],
    ['structured output', { structuredOutput: true }, { structuredOutput: true }, {}],
    ['a stream', { stream: true }, { stream: true }, { stream: false }],
    ['no stream', { stream: false }, { stream: false }, { stream: true }],
    [
      'a header',
      { headers: { 'X-Team': 'blue*' } },
      { headers: { 'x-team': 'blueish' } },
      { headers: { 'x-team': 'red' } },
    ],
    ['any value of a header', { headers: { 'x-team': '*' } }, { headers: { 'x-team': '' } }, {}],
    ['metadata', { metadata: { tier: 'gold' } }, { metadata: { tier: 'gold' } }, { metadata: { tier: 'tin' } }],
    [
      'metadata that is a number',
      { metadata: { level: '3' } },
      { metadata: { level: 3 } },
      { metadata: { level: [3] } },
    ],
    ['no field of every object', { metadata: { toString: '*' } }, { metadata: { toString: 'x' } }, { metadata: {} }],
    ['the client key', { clientKey: 'ci-*' }, { clientKey: 'ci-1' }, {}],
    [
      'the user agent in any case',
      { userAgent: 'Claude-CLI/*' },
      { headers: { 'user-agent': 'claude-cli/2.1' } },
      { headers: { 'user-agent': 'codex' } },
    ],
    ['the model', { models: ['gpt-*', '*haiku*'] }, { model: 'claude-3-haiku' }, { model: 'claude-3-opus' }],
    ['all that it says', { images: true, stream: true }, { images: true }, { images: true, stream: false }],
  ])('%s', (_, when, right, wrong) => {
    expect(taken(when, right)).toBe(true)
    expect(taken(when, wrong)).toBe(false)
  })

  it('nothing at all: always', () => {
    expect(taken({}, {})).toBe(true)
  })
})

describe('of several rules', () => {
  const rules: Rule[] = [
    { name: 'pictures', when: { images: true }, to: 'b/eyes' },
    { when: { inputTokensOver: 50_000 }, to: ['b/long', 'a/longer', 'b/long'] },
    { when: { stream: true }, to: 'chosen' },
  ]

  it('the first that holds counts, and says by what', () => {
    const { routes, selected } = routed({ images: true, inputTokens: 60_000 }, { rules })
    expect(routes).toEqual(['b/eyes'])
    expect(selected).toMatchObject({ by: 'rule', rule: 1, called: 'pictures', because: ['images'] })
    expect(routed({ inputTokens: 60_000, counted: true }, { rules })).toMatchObject({
      routes: ['b/long', 'a/longer'],
      selected: { by: 'rule', rule: 2, because: ['60000 input tokens'] },
    })
    expect(routed({}, { rules }).routes).toEqual(['b/one', 'a/two'])
  })

  it('a name that says its provider is changed only by those that speak of models', () => {
    expect(routed({ model: 'a/this', images: true }, { rules })).toMatchObject({
      routes: ['a/this'],
      selected: undefined,
    })
    const speaking: Rule[] = [...rules, { when: { models: ['a/*'], images: true }, to: 'b/eyes' }]
    expect(routed({ model: 'a/this', images: true }, { rules: speaking }).routes).toEqual(['b/eyes'])
  })

  it('what is asked for by a tag or a header is not changed at all', () => {
    expect(routed({ tag: 'anthropic/x', images: true }, { rules }).routes).toEqual(['anthropic/x'])
    const headers = { 'x-sluice-model': ' chosen ' }
    expect(routed({ headers, images: true }, { rules }).routes).toEqual(['b/one', 'a/two'])
  })

  it('one that leads nowhere is passed by, and that is told', () => {
    const broken: Rule[] = [
      { when: {}, to: [] },
      { when: {}, to: 'chosen' },
    ]
    expect(routed({}, { rules: broken })).toMatchObject({
      routes: ['b/one', 'a/two'],
      selected: { rule: 2 },
      warnings: ['rule 1 leads nowhere'],
    })
  })

  it('a name that leads nowhere by itself may still be answered by a rule', () => {
    const narrow = tableOf([server('a', { models: ['x'] })], [], { rules: [{ when: { stream: true }, to: 'a/x' }] })
    expect(route(factsLike({ model: 'zzz' }), narrow, nothingKnown).routes.map(named)).toEqual(['a/x'])
    expect(() => route(factsLike({ model: 'zzz', stream: false }), narrow, nothingKnown)).toThrow(
      'cannot find the model "zzz"',
    )
  })
})

describe('the situations of agents', () => {
  const situations: Situations = {
    default: 'a/usual',
    background: 'a/small',
    think: 'a/thinker',
    longContext: 'a/long',
    webSearch: 'a/searcher',
    image: 'a/eyes',
  }
  const model = 'claude-sonnet-4-5'

  it.each<[string, Said, string, string]>([
    ['nothing else', { model }, 'a/usual', 'default'],
    ['a small model', { model: 'claude-3-5-haiku-20241022' }, 'a/small', 'background'],
    ['thinking', { model, thinking: true }, 'a/thinker', 'think'],
    ['a long prompt', { model, inputTokens: 60_001, images: true }, 'a/long', 'long_context'],
    ['one at the threshold', { model, inputTokens: 60_000 }, 'a/usual', 'default'],
    ['a search', { model: 'claude-haiku-4-5', webSearch: true, thinking: true }, 'a/searcher', 'web_search'],
    ['an image', { model, images: true, webSearch: true }, 'a/eyes', 'image'],
  ])('%s', (_, said, wanted, called) => {
    expect(routed(said, { situations })).toMatchObject({ routes: [wanted], selected: { by: 'situation', called } })
  })

  it('leave alone what was named on purpose', () => {
    expect(routed({ model: 'b/this', images: true }, { situations }).routes).toEqual(['b/this'])
    expect(routed({ model: 'chosen' }, { situations }).routes).toEqual(['b/one', 'a/two'])
    // What a request is does call for another one, by whatever name of one's own it goes.
    expect(routed({ model: 'chosen', images: true }, { situations }).routes).toEqual(['a/eyes'])
  })

  it('come after the rules, and are asked for nothing that has no answer', () => {
    const rules: Rule[] = [{ when: { thinking: true }, to: 'chosen' }]
    expect(routed({ model, thinking: true, images: true }, { situations, rules }).routes).toEqual(['b/one', 'a/two'])
    const facts = factsLike({ model, images: true })
    route(facts, tableOf(providers, aliases, { situations: { default: 'a/usual' } }), nothingKnown)
    expect(facts.looks).toBe(0)
  })

  it('have thresholds and names of their own', () => {
    const own = { ...situations, longContextThreshold: 10, backgroundModels: ['*mini'] }
    expect(routed({ model, inputTokens: 11 }, { situations: own }).routes).toEqual(['a/long'])
    expect(routed({ model: 'gpt-5-mini', inputTokens: 1 }, { situations: own }).routes).toEqual(['a/small'])
    expect(routed({ model: 'claude-3-haiku', inputTokens: 1 }, { situations: own }).routes).toEqual(['a/usual'])
  })
})

describe('routing code', () => {
  const rules: Rule[] = [{ when: {}, to: 'chosen' }]

  it('is asked before the rules, and answers with any name', () => {
    const decide: RouteFunction = (facts) => (facts.tools() > 3 ? 'anthropic/claude-x' : undefined)
    expect(routed({ tools: 4 }, { rules, decide })).toMatchObject({
      routes: ['anthropic/claude-x'],
      selected: { by: 'code' },
    })
    expect(routed({ tools: 3 }, { rules, decide }).routes).toEqual(['b/one', 'a/two'])
  })

  it.each<[string, RouteFunction, string]>([
    [
      'throws',
      () => {
        throw new Error('out of luck')
      },
      'the routing code failed: out of luck',
    ],
    [
      'throws what is no error',
      () => {
        throw 'x'
      },
      'the routing code failed: x',
    ],
    ['gives no name', (() => 3) as never, 'the routing code gave no name but a number'],
    [
      'is async',
      (async () => {
        throw new Error('late')
      }) as never,
      'the routing code gave no name but a promise; it must not be async',
    ],
    ['leads nowhere', () => 'a', 'the routing code gave "a", which leads nowhere'],
  ])('that %s leaves it to the rules, and that is told', (_, decide, warning) => {
    expect(routed({}, { rules, decide })).toMatchObject({ routes: ['b/one', 'a/two'], warnings: [warning] })
  })
})

describe('the name that a request asks for', () => {
  const table = tableOf(providers, aliases, { keyDefaults: { ci: 'chosen' } })
  const wanted = (said: Said) => route(factsLike(said), table, nothingKnown).explanation.wanted

  it('a tag stands above a header, a header above the body, the body above the key', () => {
    const headers = { 'x-sluice-model': 'a/header' }
    expect(wanted({ tag: 'a/tag', headers, clientKey: 'ci' })).toEqual({ name: 'a/tag', by: 'tag' })
    expect(wanted({ headers, clientKey: 'ci' })).toEqual({ name: 'a/header', by: 'header' })
    expect(wanted({ headers: { 'x-sluice-model': ' ' }, clientKey: 'ci' })).toEqual({ name: 'plain', by: 'model' })
    expect(wanted({ model: 'nobody-knows', clientKey: 'ci' })).toEqual({ name: 'chosen', by: 'key' })
    expect(() => wanted({ model: '', clientKey: 'toString' })).toThrow('cannot find the model ""')
  })

  it('may carry the tag that its client appends', () => {
    const meant = (model: string) => route(factsLike({ model }), table, nothingKnown, ':latest').routes.map(named)
    expect(meant('chosen:latest')).toEqual(['b/one', 'a/two'])
    expect(meant('a/x:latest')).toEqual(['a/x'])
  })

  it('that is plain costs no look into the body', () => {
    const facts = factsLike({ model: 'a/x' })
    route(facts, table, nothingKnown)
    route(factsLike({ model: 'chosen' }), table, nothingKnown)
    expect(facts.looks).toBe(0)
  })
})
