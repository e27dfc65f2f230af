import { expect, it } from 'vitest'
import { openStreamingHouse } from '../streaming/house.ts'

async function admin(url: string, method: string, path: string, body?: object) {
  const response = await fetch(`${url}/admin/v1/${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

it('a capability can be pinned, which stands above what is seen, and dropped', async () => {
  const { sluice, ask, scripted } = await openStreamingHouse()
  const pinned = await admin(sluice.url, 'PUT', 'capabilities/oa/some/model', { capability: 'stream', can: false })
  expect(pinned).toEqual({
    status: 200,
    body: { provider: 'oa', model: 'some/model', capability: 'stream', can: false, pinned: true },
  })
  expect((await ask({ model: 'oa/some/model' })).label).toBe('simulated')
  expect(scripted.count({ stream: true })).toBe(0)
  const { body } = await admin(sluice.url, 'GET', 'capabilities')
  expect(body.data).toMatchObject([
    { provider: 'oa', model: 'some/model', capability: 'stream', can: false, pinned: true, until: null },
    { provider: 'oa', model: 'some/model', capability: 'whole', can: true, pinned: false },
  ])
  expect(await admin(sluice.url, 'DELETE', 'capabilities/oa/some/model?capability=stream')).toMatchObject({
    body: { dropped: true },
  })
  expect((await ask({ model: 'oa/some/model' })).label).toBe('passthrough')
  expect(await admin(sluice.url, 'DELETE', 'capabilities/oa/some/model')).toMatchObject({ body: { dropped: true } })
  expect(await admin(sluice.url, 'DELETE', 'capabilities/oa/some/model')).toMatchObject({ body: { dropped: false } })
})

it.each<[string, string, string, object | undefined, number, RegExp]>([
  [
    'an unknown capability',
    'PUT',
    'capabilities/oa/m',
    { capability: 'flight', can: true },
    400,
    /one of stream, pieces/,
  ],
  ['neither yes nor no', 'PUT', 'capabilities/oa/m', { capability: 'stream', can: 'maybe' }, 400, /true or false/],
  ['an unknown model', 'PUT', 'capabilities/none/m', { capability: 'stream', can: true }, 404, /cannot find the model/],
  ['no models', 'POST', 'probe', { models: [] }, 400, /list of names/],
  ['models that are none', 'POST', 'probe', { models: ['oa/m', 7] }, 400, /list of names/],
  ['a model that leads nowhere, before any other is asked', 'POST', 'probe', { models: ['oa/m', 'x/y'] }, 404, /x\/y/],
  ['another method', 'POST', 'capabilities', {}, 405, /it takes GET/],
])('%s is refused with what to do', async (_, method, path, body, status, message) => {
  const { sluice, scripted } = await openStreamingHouse()
  const told = await admin(sluice.url, method, path, body)
  expect(told.status).toBe(status)
  expect((told.body.error as { message: string }).message).toMatch(message)
  expect(scripted.count()).toBe(0)
})

it('the list of models says which of them stream, where that is known', async () => {
  const { sluice } = await openStreamingHouse()
  for (const [model, can] of [
    ['no-stream', false],
    ['default', true],
  ]) {
    await admin(sluice.url, 'PUT', `capabilities/oa/${model}`, { capability: 'stream', can })
  }
  const { data } = (await (await fetch(`${sluice.url}/v1/models`)).json()) as { data: Array<Record<string, unknown>> }
  const streaming = Object.fromEntries(data.map(({ id, streaming }) => [id, streaming]))
  expect(streaming['oa/no-stream']).toBe('simulated')
  expect(data.filter(({ id }) => String(id).startsWith('an/')).every((one) => !('streaming' in one))).toBe(true)
})
