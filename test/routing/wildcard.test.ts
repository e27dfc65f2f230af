import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/providers/index.ts'
import { captureGlob, cutGlob, fitsGlob } from '../../src/routing/glob.ts'
import { modelNames, resolve, route } from '../../src/routing/index.ts'
import { factsLike, live, named, server, tableOf } from './facts.ts'

const table = tableOf(
  ['router', 'second', server('anthropic', { kind: 'anthropic', dialect: 'anthropic-messages' })],
  [
    { name: 'claude-*', targets: ['router/anthropic/claude-*', 'second/{model}'] },
    { name: 'claude-exact', targets: ['second/other'] },
    { name: 'ours/*/v*', targets: ['router/*:*', 'second/*'] },
    { name: 'anthropic/old-*', targets: ['router/old-*'] },
    { name: 'many-*', targets: ['router/*-*-*'] },
    { name: 'me', targets: ['router/{model}-x'] },
    { name: '*', targets: ['router/fallback'] },
  ],
)
const routes = (model: string) => route(factsLike({ model }), table, live()).routes.map(named)

describe('a name with a wildcard', () => {
  it.each([
    [
      'puts what it stood for into each target',
      'claude-opus-4',
      ['router/anthropic/claude-opus-4', 'second/claude-opus-4'],
    ],
    ['leaves a name of its own alone', 'claude-exact', ['second/other']],
    ['puts several in, in order', 'ours/llama/v3', ['router/llama:3', 'second/llama']],
    ['stands above `provider/model` with a slash of its own', 'anthropic/old-1', ['router/old-1']],
    ['stands below it without one', 'anthropic/new', ['anthropic/new']],
    ['repeats the last part where a target has more places', 'many-a', ['router/a-a-a']],
    ['may stand for nothing', 'claude-', ['router/anthropic/claude-', 'second/claude-']],
    ['takes the first that fits, in order', 'anything', ['router/fallback']],
  ])('%s', (_, model, wanted) => {
    expect(routes(model)).toEqual(wanted)
    expect(named(resolve(model, table))).toBe(wanted[0])
  })

  it('is not needed for `{model}`', () => {
    expect(routes('me')).toEqual(['router/me-x'])
  })

  it('is no name that could be offered', () => {
    expect(modelNames(table)).toEqual(['claude-exact', 'me'])
  })

  it('keeps what a pattern of a replacement would mean elsewhere', () => {
    expect(routes("claude-$&$1$'{model}")).toEqual([
      "router/anthropic/claude-$&$1$'{model}",
      "second/claude-$&$1$'{model}",
    ])
  })

  it('leads on where its targets lead nowhere', () => {
    const some = tableOf([server('a', { models: ['x'] }), 'b'], [{ name: 'm-*', targets: ['a/*', 'b/*'] }])
    const only = (model: string) => route(factsLike({ model }), some, live()).routes.map(named)
    expect(only('m-x')).toEqual(['a/x', 'b/x'])
    expect(only('m-y')).toEqual(['b/y'])
  })
})

describe('names as claude-code-router writes them', () => {
  it.each([
    ['router,anthropic/claude', ['router/anthropic/claude']],
    ['nobody,claude', ['router/fallback']],
  ])('%s', (model, wanted) => {
    expect(routes(model)).toEqual(wanted)
  })
})

describe('a glob', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })

  it('fits what the one of the providers fits', () => {
    fc.assert(
      fc.property(letters, word, (pattern, name) => {
        const glob = cutGlob(pattern)
        expect(fitsGlob(glob, name)).toBe(matchesGlob(pattern, name))
      }),
      { numRuns: 1000, examples: [['a*a', 'a']] },
    )
  })

  it('captures what makes the name again', () => {
    fc.assert(
      fc.property(letters, word, (pattern, name) => {
        const glob = cutGlob(pattern)
        const captures = captureGlob(glob, name)
        expect(captures !== undefined).toBe(fitsGlob(glob, name))
        if (captures) expect(glob.map((part, i) => part + (captures[i] ?? '')).join('')).toBe(name)
      }),
    )
  })
})
