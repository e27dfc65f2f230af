import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Place, Roster } from '../../src/flow/index.ts'

it('a roster knows who is here, whoever left in whatever order, and leaving twice throws nobody else out', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('enter' as const), fc.nat(40)), { maxLength: 200 }), (steps) => {
      const roster = new Roster<number>()
      const here = new Set<number>()
      const places: Place<number>[] = []
      for (const step of steps) {
        if (step === 'enter') {
          here.add(places.length)
          places.push(roster.enter(places.length))
        } else {
          const place = places[step]
          if (!place) continue
          roster.leave(place)
          here.delete(place.item)
        }
        expect(roster.size).toBe(here.size)
        expect(roster.all().sort((a, b) => a - b)).toEqual([...here])
      }
    }),
  )
})

it('a list that was asked for stays as it was while those on it leave', () => {
  const roster = new Roster<string>()
  const places = ['a', 'b', 'c'].map((name) => roster.enter(name))
  const seen: string[] = []
  for (const name of roster.all()) {
    seen.push(name)
    for (const place of places) roster.leave(place)
  }
  expect([seen, roster.size]).toEqual([['a', 'b', 'c'], 0])
})
