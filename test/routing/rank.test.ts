import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Alias, type LiveFacts, type Route, route, type Strategy, strategies } from '../../src/routing/index.ts'
import { factsLike, live, named, seeded, server, tableOf } from './facts.ts'

type Said = Parameters<typeof factsLike>[0]

const three: Alias = { name: 'plain', targets: ['a/x', 'b/x', 'c/x'] }

function ranked(alias: Partial<Alias>, rest: Partial<LiveFacts> = {}, said: Said = {}) {
  return route(factsLike(said), tableOf(['a', 'b', 'c'], [{ ...three, ...alias }]), live(rest))
}
const order = (...args: Parameters<typeof ranked>) => ranked(...args).routes.map(named)
const by =
  <T>(values: Record<string, T>) =>
  ({ provider }: Route) =>
    values[provider.name] as T

describe('the order of targets', () => {
  it.each<[string, Partial<Alias>, Partial<LiveFacts>, string[]]>([
    ['as they stand', {}, { running: by({ a: 9, b: 1, c: 0 }) }, ['a/x', 'b/x', 'c/x']],
    ['the quickest first', { strategy: 'latency' }, { firstMs: by({ a: 900, b: 100, c: 500 }) }, ['b/x', 'c/x', 'a/x']],
    [
      'those not measured before',
      { strategy: 'latency' },
      { firstMs: by({ a: 900, b: undefined, c: 5 }) },
      ['b/x', 'c/x', 'a/x'],
    ],
    ['the least busy first', { strategy: 'least-busy' }, { running: by({ a: 2, b: 0, c: 2 }) }, ['b/x', 'a/x', 'c/x']],
    ['the cheapest first', { strategy: 'cost', costs: [3, 1, 2] }, {}, ['b/x', 'c/x', 'a/x']],
    [
      'by what is known of costs',
      { strategy: 'cost', costs: [3, 1, 2] },
      { cost: by({ a: 0.1 }) },
      ['a/x', 'b/x', 'c/x'],
    ],
    ['those of unknown cost last', { strategy: 'cost' }, { cost: by({ b: 2, c: 1 }) }, ['c/x', 'b/x', 'a/x']],
    ['those without weight last', { strategy: 'weighted', weights: [0, 0, 1] }, {}, ['c/x', 'a/x', 'b/x']],
    ['in order without a session', { strategy: 'sticky' }, {}, ['a/x', 'b/x', 'c/x']],
  ])('%s', (_, alias, rest, wanted) => {
    expect(order(alias, rest)).toEqual(wanted)
  })

  it('by latency looks at another target once in twenty requests', () => {
    const random = seeded(7)
    const firsts = Array.from(
      { length: 4000 },
      () => order({ strategy: 'latency' }, { firstMs: by({ a: 9, b: 1, c: 5 }), random })[0],
    )
    const share = (name: string): number => firsts.filter((one) => one === name).length / firsts.length
    expect(share('b/x')).toBeGreaterThan(0.93)
    expect(share('a/x')).toBeGreaterThan(0.01)
    expect(share('c/x')).toBeGreaterThan(0.01)
  })

  it('by weights is in proportion to them, in the second place too', () => {
    const random = seeded(42)
    const counts = new Map<string, number>()
    const draws = 20_000
    for (let i = 0; i < draws; i++) {
      const [first, second] = order({ strategy: 'weighted', weights: [6, 3, 1] }, { random })
      counts.set(first!, (counts.get(first!) ?? 0) + 1)
      if (first === 'a/x') counts.set(`then ${second}`, (counts.get(`then ${second}`) ?? 0) + 1)
    }
    const share = (name: string, of = draws): number => (counts.get(name) ?? 0) / of
    expect(share('a/x')).toBeCloseTo(0.6, 1)
    expect(share('b/x')).toBeCloseTo(0.3, 1)
    expect(share('c/x')).toBeCloseTo(0.1, 1)
    expect(share('then b/x', counts.get('a/x'))).toBeCloseTo(0.75, 1)
  })
})

describe('a session', () => {
  const names = Array.from({ length: 8 }, (_, i) => `p${i}`)
  const table = tableOf(names)
  const first = (session: string, targets: string[], weights?: number[]): string => {
    const alias: Alias = { name: 'plain', targets, strategy: 'sticky', ...(weights && { weights }) }
    return named(route(factsLike({ session }), { ...table, aliases: [alias] }, live()).routes[0]!)
  }

  it('stays where it is when other targets come and go', () => {
    const all = names.map((name) => `${name}/x`)
    fc.assert(
      fc.property(fc.string(), fc.subarray(all, { minLength: 1 }), fc.nat(), (session, some, seed) => {
        const home = first(session, all)
        const shuffled = some.toSorted((a, b) => ((a.charCodeAt(1) * seed) % 7) - ((b.charCodeAt(1) * seed) % 7))
        const there = first(session, shuffled)
        if (some.includes(home)) expect(there).toBe(home)
        else expect(some).toContain(there)
      }),
    )
  })

  it('is one of many that share the targets by their weights', () => {
    const homes = Array.from({ length: 6000 }, (_, i) => first(`session ${i}`, ['p0/x', 'p1/x', 'p2/x'], [2, 1, 1]))
    const share = (name: string): number => homes.filter((one) => one === name).length / homes.length
    expect(share('p0/x')).toBeCloseTo(0.5, 1)
    expect(share('p1/x')).toBeCloseTo(0.25, 1)
    expect(share('p2/x')).toBeCloseTo(0.25, 1)
  })

  it('comes back when its target is well again', () => {
    const alias: Alias = { ...three, strategy: 'sticky' }
    const sick = (ill: string) => order(alias, { healthy: ({ provider }) => provider.name !== ill }, { session: 's' })
    const [home, next] = sick('')
    expect(sick(home![0]!)).toEqual([next, ...sick('').slice(2), home])
  })
})

describe('targets that lack something', () => {
  const blind = server('blind', { quirks: { parts: false } })
  const plain = server('plain', { quirks: { tools: false, streams: false } })
  const small = server('small', { kind: 'ollama', dialect: 'ollama' })
  const aliases: Alias[] = [
    { name: 'first', targets: ['blind/x', 'plain/x', 'able/x'] },
    { name: 'blind', targets: ['blind/x', 'blind/y'] },
    { name: 'sized', targets: ['small/x', 'able/x'] },
  ]
  const table = tableOf([blind, plain, small, 'able'], aliases)
  const routed = (model: string, said: Said, rest: Partial<LiveFacts> = {}) => {
    const facts = factsLike({ model, ...said })
    return { facts, ...route(facts, table, live(rest)) }
  }
  const asked = (...args: Parameters<typeof routed>) => routed(...args).routes.map(named)
  const native = { headers: { 'x-sluice-require': 'Native-Stream ' } }

  it.each<[string, Said, string[]]>([
    ['nothing that is needed', {}, ['blind/x', 'plain/x', 'able/x']],
    ['images', { images: true }, ['plain/x', 'able/x']],
    ['files', { files: true }, ['plain/x', 'able/x']],
    ['tools', { tools: 1 }, ['blind/x', 'able/x']],
    ['a stream of its own', native, ['blind/x', 'able/x']],
    ['a stream that is not asked for', { ...native, stream: false }, ['blind/x', 'plain/x', 'able/x']],
    ['one this, another that', { tools: 1, images: true }, ['able/x']],
  ])('%s', (_, said, wanted) => {
    expect(asked('first', said)).toEqual(wanted)
  })

  it('are asked all the same when there is no other', () => {
    expect(asked('blind', { images: true })).toEqual(['blind/x', 'blind/y'])
  })

  it('cost a look into the body only where something is known to be lacking', () => {
    expect(routed('sized', {}).facts.looks).toBe(0)
    expect(routed('blind', {}).facts.looks).toBeGreaterThan(0)
  })

  it('what was found out of a stream stands above what was known', () => {
    const streams = ({ provider }: Route) => (provider.name === 'plain' ? true : provider.name !== 'blind')
    expect(asked('first', native, { streams })).toEqual(['plain/x', 'able/x'])
  })

  it('that read too little come behind the others, as the size of a prompt is not known to the token', () => {
    const context = ({ provider }: Route) => (provider.name === 'small' ? 1000 : undefined)
    expect(asked('sized', { inputTokens: 1001 }, { context })).toEqual(['able/x', 'small/x'])
    expect(asked('sized', { inputTokens: 1000 }, { context })).toEqual(['small/x', 'able/x'])
  })

  it('are better than those that are not well', () => {
    const context = ({ provider }: Route) => (provider.name === 'small' ? 1000 : undefined)
    const healthy = ({ provider }: Route) => provider.name !== 'able'
    expect(asked('sized', { inputTokens: 1001 }, { context, healthy })).toEqual(['small/x', 'able/x'])
    expect(asked('first', { images: true }, { healthy })).toEqual(['plain/x', 'able/x'])
  })
})

describe('whatever is known of the moment', () => {
  const facts = fc.record({
    images: fc.boolean(),
    files: fc.boolean(),
    tools: fc.nat(3),
    stream: fc.boolean(),
    inputTokens: fc.nat(3000),
    session: fc.option(fc.string(), { nil: undefined }),
    headers: fc.constantFrom<Record<string, string>>({}, { 'x-sluice-require': 'native-stream' }),
  })
  const state = fc.record({
    healthy: fc.boolean(),
    firstMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
    running: fc.nat(5),
    cost: fc.option(fc.double({ min: 0, max: 9, noNaN: true }), { nil: undefined }),
    streams: fc.option(fc.boolean(), { nil: undefined }),
    context: fc.option(fc.nat(3000), { nil: undefined }),
  })
  const target = fc.record({ provider: fc.nat(4), model: fc.constantFrom('x', 'y'), weight: fc.nat(3) })
  const servers = [{}, { parts: false }, { tools: false }, { streams: false }, { parts: false, tools: false }].map(
    (quirks, i) => server(`p${i}`, { quirks }),
  )

  it('somebody is asked, nobody twice, and only who was named', () => {
    fc.assert(
      fc.property(
        fc.array(target, { minLength: 1, maxLength: 6 }),
        fc.constantFrom<Strategy>(...strategies),
        fc.array(state, { minLength: 5, maxLength: 5 }),
        facts,
        fc.nat(),
        (targets, strategy, states, said, seed) => {
          const names = targets.map(({ provider, model }) => `p${provider}/${model}`)
          const alias: Alias = { name: 'plain', targets: names, strategy, weights: targets.map((one) => one.weight) }
          const of = ({ provider }: Route) => states[Number(provider.name.slice(1))]!
          const { routes, explanation } = route(factsLike(said), tableOf(servers, [alias]), {
            healthy: (one) => of(one).healthy,
            firstMs: (one) => of(one).firstMs,
            running: (one) => of(one).running,
            cost: (one) => of(one).cost,
            streams: (one) => of(one).streams,
            context: (one) => of(one).context,
            now: 0,
            random: seeded(seed),
          })
          const asked = routes.map(named)
          expect(asked.length).toBeGreaterThan(0)
          expect(new Set(asked).size).toBe(asked.length)
          for (const one of asked) expect(names).toContain(one)
          // All of them are told of, those that are left out behind the others.
          const told = explanation.targets
          expect(new Set(told.map((one) => one.target))).toEqual(new Set(names))
          expect(told.slice(0, asked.length).map((one) => one.target)).toEqual(asked)
          expect(told.slice(asked.length).every((one) => one.dropped === true)).toBe(true)
        },
      ),
      { numRuns: 400 },
    )
  })
})
