import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { collect, join, type Stage } from '../../src/flow/index.ts'

/** Marks what passes; holds `keep` items back until the end; says its own word at the end. */
function marking(name: string, keep = 0): Stage<string, string> {
  const held: string[] = []
  return {
    push(item, emit) {
      held.push(`${item}${name}`)
      if (held.length > keep) emit(held.shift()!)
    },
    end(emit) {
      for (const item of held) emit(item)
      emit(`end-${name}`)
    },
    fail(error, emit) {
      for (const item of held) emit(item)
      emit(`${error.code}-${name}`)
    },
  }
}

const bare: Stage<string, string> = { push: (item, emit) => emit(item) }
const broken = new SluiceError('idle_timeout', 'silent')

function failed(stage: Stage<string, string>, items: string[]): string[] {
  const out: string[] = []
  const emit = (item: string): void => void out.push(item)
  for (const item of items) stage.push(item, emit)
  stage.fail?.(broken, emit)
  return out
}

describe('join', () => {
  it('ends the first stage into the second before the second ends', () => {
    expect(collect(join(marking('a', 1), marking('b', 1)), ['1', '2'])).toEqual(['1ab', '2ab', 'end-ab', 'end-b'])
  })

  it('tells an error down the row, each stage emptying itself into the next first', () => {
    expect(failed(join(marking('a', 1), marking('b', 1)), ['1', '2'])).toEqual([
      '1ab',
      '2ab',
      'idle_timeout-ab',
      'idle_timeout-b',
    ])
  })

  it.each([
    ['first', join(bare, marking('b'))],
    ['second', join(marking('b'), bare)],
  ])('a %s stage without an end or a fail passes both on', (_, stage) => {
    expect(collect(stage, ['1'])).toEqual(['1b', 'end-b'])
    expect(failed(stage, ['1']).slice(-1)).toEqual(['idle_timeout-b'])
  })

  it('gives what comes out of an item before push returns, to whoever pushed it', () => {
    const stage = join(marking('a'), marking('b'))
    const [here, there]: string[][] = [[], []]
    stage.push('1', (item) => here!.push(item))
    expect(here).toEqual(['1ab'])
    stage.push('2', (item) => there!.push(item))
    expect([here, there]).toEqual([['1ab'], ['2ab']])
  })

  it('lets an exception of a stage through, and goes on working after it', () => {
    const picky: Stage<string, string> = {
      push(item, emit) {
        if (item === 'bada') throw broken
        emit(item)
      },
    }
    const stage = join(marking('a'), picky)
    const out: string[] = []
    expect(() => stage.push('bad', (item) => out.push(item))).toThrow(broken)
    stage.push('good', (item) => out.push(item))
    expect(out).toEqual(['gooda'])
  })

  it('does not care how a row is put together', () => {
    const stage = fc.record({ name: fc.constantFrom('a', 'b', 'c'), keep: fc.nat(3) })
    fc.assert(
      fc.property(
        fc.tuple(stage, stage, stage),
        fc.array(fc.string({ maxLength: 2 }), { maxLength: 8 }),
        (row, items) => {
          const make = () =>
            row.map(({ name, keep }) => marking(name, keep)) as [
              Stage<string, string>,
              Stage<string, string>,
              Stage<string, string>,
            ]
          const [a, b, c] = make()
          const [d, e, f] = make()
          expect(collect(join(join(a, b), c), items)).toEqual(collect(join(d, join(e, f)), items))
          const [g, h, i] = make()
          const [j, k, l] = make()
          expect(failed(join(join(g, h), i), items)).toEqual(failed(join(j, join(k, l)), items))
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('collect', () => {
  it('ends the stage and takes any iterable', () => {
    expect(collect(marking('a', 5), new Set(['1', '2']))).toEqual(['1a', '2a', 'end-a'])
    expect(collect(bare, [])).toEqual([])
  })
})
