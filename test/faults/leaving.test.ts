import { request } from 'node:http'
import { expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { pause, until } from './house.ts'
import { inLanes } from './matrix/cells.ts'
import { asking, clients } from './matrix/clients.ts'
import { type Matrix, openMatrix } from './matrix/open-matrix.ts'

interface Moment {
  script: Script
  whole?: true
  /** Before the number, in the model's name: what holds for it. */
  model?: string
}

const endless = { repeat: 100_000, text: ' word', pace: '3ms' } as const

/** What a client may leave in the middle of. */
const moments: Record<string, Moment> = {
  'before the head': { script: { headDelay: '30s', steps: [] } },
  'before the first content': { script: { steps: [{ wait: '30s' }] } },
  'in a stream': { script: { steps: [endless] } },
  'in a whole answer': { script: { steps: [{ wait: '30s' }] }, whole: true },
  'in a stream that is made of a whole answer': {
    script: { steps: [{ repeat: 2000, text: ' word' }], streaming: 'ignores' },
    model: 'slow-',
  },
  'before it is asked again': { script: { fault: { status: 503 } } },
  'before somebody goes on': {
    script: { steps: [endless], fault: { cutAfterEvents: 6 } },
    model: 'go-',
  },
}

/** The same numbers each time. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

let count = 0

interface Leaving {
  moment: Moment
  afterMs: number
  /** The time counts from when the provider has been asked. */
  asked: boolean
}

/** Asks, and goes away after a while, whatever has come by then. */
async function askAndLeave({ url, first }: Matrix, { moment, afterMs, asked }: Leaving): Promise<void> {
  const { script, whole, model = '' } = moment
  const n = count++
  const client = clients[n % clients.length]!
  const upstream = clients[Math.floor(n / clients.length) % clients.length]!
  const target = `${model}m${n}`
  const name = `first-${upstream}/${target}`
  const [path, body] = asking(client, name, JSON.stringify({ sluice_script: script }), !whole)
  const call = request(url + path, { method: 'POST', agent: false }, (response) => {
    response.on('error', () => {})
    response.resume()
  })
  call.on('error', () => {})
  call.end(JSON.stringify(body))
  if (asked) await until(() => first.count({ model: target }) > 0, `${name} is asked`, 10_000)
  await pause(afterMs)
  call.destroy()
}

/** All is over, each request has one record, and nobody is asked any more. */
async function expectLeft(matrix: Matrix): Promise<void> {
  const { first, records } = matrix
  // A connection may be taken long after its client has left it.
  for (let asked = -1; asked !== first.count(); ) {
    asked = first.count()
    await pause(300)
    await matrix.idle()
  }
  const asked = first.count()
  // Longer than the first wait before somebody is asked again.
  await pause(600)
  expect(first.count()).toBe(asked)
  const models = new Set(first.requests.map(({ model }) => model).filter((model) => /m\d/.test(model)))
  await until(() => records.size >= models.size, 'every request has a record')
  for (const told of records.values()) expect(told.length).toBe(1)
  const recorded = [...records.values()].map(([one]) => one?.model)
  expect([...models].filter((model) => !recorded.includes(model))).toEqual([])
  await matrix.close()
}

it('a thousand clients that leave in every phase leave no call, no timer and no connection behind', async () => {
  const matrix = await openMatrix({ max_retries: 5, total_timeout: '20s' })
  const random = randomOf(5)
  const all = Object.values(moments)
  const jobs = Array.from({ length: 900 }, (_, i): Leaving => {
    return { moment: all[i % all.length]!, afterMs: random() * 60, asked: random() < 0.7 }
  })
  expect(await inLanes(jobs, 60, (job) => askAndLeave(matrix, job))).toEqual([])
  await expectLeft(matrix)
  // What was on its way to the provider may still arrive, but nobody is asked anew for a client that has left.
  const late = matrix.first.requests.filter(({ model, at }) => at > (matrix.settledAt.get(model) ?? at) + 200)
  expect(late.length).toBeLessThan(10)
  const told = [...matrix.records.values()].flat().filter(({ model = '' }) => /m\d/.test(model))
  // Some leave before they have asked; and of what breaks the connection, a reset may overtake what was said.
  const left = told.filter(({ outcome }) => outcome === 'aborted')
  expect(left.length).toBeGreaterThan(600)
  expect(told.length - left.length).toBeLessThan(30)
})

it('nor do those that wait for another one to find out what a provider can do', async () => {
  const matrix = await openMatrix({ total_timeout: '20s' }, false)
  const random = randomOf(9)
  const moment = moments['before the head']!
  const jobs = Array.from({ length: 100 }, (): Leaving => ({ moment, afterMs: random() * 60, asked: false }))
  expect(await inLanes(jobs, 100, (job) => askAndLeave(matrix, job))).toEqual([])
  await expectLeft(matrix)
  // Whoever leads and leaves makes room for the next.
  expect(matrix.first.count()).toBeLessThanOrEqual(100)
})
