import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { answer, openStreamingHouse } from './house.ts'

it('a thousand first requests at once to a model that refuses to stream cost one that is wasted', async () => {
  const { ask, scripted } = await openStreamingHouse({}, { streaming: 'refuses' })
  const told = await Promise.all(Array.from({ length: 1000 }, () => ask()))
  expect(new Set(told.map(({ text, label, error }) => `${label} ${text} ${error}`))).toEqual(
    new Set([`simulated ${answer} undefined`]),
  )
  expect(scripted.count({ refused: true })).toBe(1)
  expect(scripted.count()).toBe(1001)
})

it('first requests wait for the headers of the one that leads, and not for its answer', async () => {
  const { ask, scripted } = await openStreamingHouse()
  const gate = scripted.hold({ at: 'body' })
  const head = scripted.hold({ at: 'head' })
  const leading = ask()
  await head.held(1)
  const following = [ask(), ask()]
  // Whole answers learn nothing for streams and wait for nobody.
  const whole = ask({ stream: false })
  await head.held(2)
  expect(scripted.count()).toBe(2)
  head.open()
  // Its body is still held when the others are asked.
  await gate.held(4)
  gate.open()
  expect((await leading).label).toBe('passthrough')
  expect((await whole).text).toBe(answer)
  for (const one of await Promise.all(following)) expect(one.text).toBe(answer)
})

it('first requests whose leader leaves get another one', async () => {
  const { ask, scripted } = await openStreamingHouse({}, { streaming: 'refuses' })
  const head = scripted.hold({ at: 'head' })
  const leaving = new AbortController()
  const leading = ask({ signal: leaving.signal }).catch((error: Error) => error.name)
  await head.held(1)
  const following = [ask(), ask(), ask()]
  leaving.abort()
  expect(await leading).toBe('AbortError')
  await head.held(2)
  // The next one leads, and nobody beside it has gone.
  expect(scripted.count()).toBe(2)
  head.open()
  for (const one of await Promise.all(following)) expect(one.label).toBe('simulated')
})

it('first requests to a server that cannot be reached fail with the one that leads, each once', async () => {
  const { ask, scripted } = await openStreamingHouse()
  await scripted.close()
  const told = await Promise.all(Array.from({ length: 20 }, () => ask()))
  expect(new Set(told.map(({ error }) => error))).toEqual(new Set(['upstream_unreachable']))
})

it('what was learned is there after a restart', async () => {
  const path = await mkdtemp(join(tmpdir(), 'sluice-lessons-'))
  try {
    const before = await openStreamingHouse({}, { streaming: 'refuses' }, { path })
    expect((await before.ask()).label).toBe('simulated')
    const { port } = before.scripted
    await before.sluice.close()
    await before.scripted.close()
    const after = await openStreamingHouse({}, { streaming: 'refuses', port }, { path })
    expect((await after.ask()).label).toBe('simulated')
    expect(after.scripted.count({ stream: true })).toBe(0)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
})
