import { expect, it } from 'vitest'
import { auth, eventually, open, provider } from '../server/reloading.ts'

const chat = JSON.stringify({ model: 'own/refusal', messages: [{ role: 'user', content: 'Hi' }] })

async function openHouse(access: string) {
  const text = (upstream: string, keys: string): string =>
    `[access]\n${keys}\n${provider('house', upstream)}${provider('own', upstream, 'auth = "client"')}`
  const house = await open((upstream) => text(upstream, access))
  const { sluice, upstream, write } = house
  return {
    ...house,
    rewrite: (keys: string) => write(text(upstream.url, keys)),
    /** The statuses of what an operator may ask, and of what everybody may who may call. */
    async statuses(key?: string) {
      const init = key === undefined ? {} : auth(key)
      const get = (path: string, more: RequestInit = {}) => fetch(`${sluice.url}${path}`, { ...init, ...more })
      const answers = await Promise.all([
        get('/admin/v1/targets'),
        get('/admin/v1/capabilities'),
        get('/admin/v1/capabilities/house/refusal', { method: 'PUT', body: '{"capability":"stream","can":true}' }),
        get('/admin/v1/probe', { method: 'POST', body: '{"models":["house/refusal"]}' }),
        get('/v1/models'),
      ])
      const [open, ...others] = answers.map(({ status }) => status).reverse()
      expect(new Set(others).size).toBe(1)
      return [others[0], open]
    },
  }
}

it.each<[string, string, Record<string, [number, number]>]>([
  ['no keys at all', '', { none: [200, 200], any: [200, 200] }],
  [
    'client keys only',
    'keys = ["client"]\nnamed_keys = [{ name = "team", key = "named" }]',
    { none: [403, 401], any: [403, 401], client: [403, 200], named: [403, 200] },
  ],
  [
    'both kinds',
    'keys = ["client"]\noperator_keys = ["operator"]',
    { none: [401, 401], any: [401, 401], client: [403, 200], operator: [200, 200] },
  ],
  ['operator keys only', 'operator_keys = ["operator"]', { none: [401, 401], any: [401, 401], operator: [200, 200] }],
])('who may ask what, with %s', async (_, access, expected) => {
  const { statuses, upstream, sluice } = await openHouse(access)
  for (const [key, both] of Object.entries(expected)) {
    const before = upstream.count()
    expect([key, await statuses(key === 'none' ? undefined : key)]).toEqual([key, both])
    // Nothing is spent on a probe for those who may not ask for one.
    if (both[0] !== 200) expect(upstream.count()).toBe(before)
  }
  for (const path of ['/healthz', '/readyz']) expect((await fetch(`${sluice.url}${path}`)).status).toBe(200)
})

it('without operator keys it is said what to set', async () => {
  const { sluice, records } = await openHouse('keys = ["client"]')
  const refused = await fetch(`${sluice.url}/admin/v1/targets`, auth('client'))
  expect(await refused.json()).toMatchObject({
    error: { message: expect.stringMatching(/no operator keys; set \[access\] operator_keys$/) },
  })
  expect(records).toMatchObject([{ path: '/admin/v1/targets', status: 403, code: 'operator_only' }])
})

it("an operator key never leaves for a provider that gets the caller's own", async () => {
  const { sluice, upstream } = await openHouse('operator_keys = ["operator"]')
  const ask = (path: string, headers: Record<string, string>, body = chat) =>
    fetch(`${sluice.url}${path}`, { method: 'POST', headers, body })
  const probe = '{"models":["own/refusal"]}'
  const alone = { authorization: 'Bearer operator' }
  expect((await ask('/v1/chat/completions', alone)).status).toBe(401)
  expect((await ask('/raw/own/embeddings', alone)).status).toBe(401)
  const failed = (await (await ask('/admin/v1/probe', alone, probe)).json()) as { data: { error: string }[] }
  expect(failed.data[0]?.error).toContain("carries none besides sluice's")
  expect(upstream.requests).toEqual([])
  const beside = { authorization: 'Bearer operator', 'x-api-key': 'of-the-caller' }
  expect((await ask('/v1/chat/completions', beside)).status).toBe(200)
  await ask('/raw/own/embeddings', beside)
  await ask('/admin/v1/probe', beside, probe)
  expect(upstream.requests.length).toBeGreaterThanOrEqual(3)
  expect(JSON.stringify(upstream.requests.map(({ headers }) => headers))).not.toContain('operator')
})

it('operator keys come, change and go while it runs, and the log tells it without showing them', async () => {
  const { statuses, rewrite, said, lines } = await openHouse('keys = ["client"]')
  expect(await statuses('op-one')).toEqual([403, 401])
  rewrite('keys = ["client"]\noperator_keys = ["op-one"]')
  await said(/read again: changed \[access\] operator_keys$/)
  expect(await statuses('op-one')).toEqual([200, 200])
  expect(await statuses('client')).toEqual([403, 200])
  rewrite('keys = ["client"]\noperator_keys = ["op-two"]')
  await said(/read again: changed \[access\] operator_keys$/, 2)
  expect(await statuses('op-one')).toEqual([401, 401])
  expect(await statuses('op-two')).toEqual([200, 200])
  rewrite('operator_keys = ["op-two"]')
  await said(/read again: changed \[access\] keys$/)
  expect(await statuses('client')).toEqual([401, 401])
  rewrite('keys = ["client"]\nnamed_keys = [{ name = "team", key = "named" }]')
  await said(/changed \[access\] keys, \[access\] named_keys, \[access\] operator_keys$/)
  await eventually(() => lines.length >= 4, 'all is said')
  expect(await statuses('op-two')).toEqual([403, 401])
  expect(JSON.stringify(lines)).not.toMatch(/op-one|op-two|"client"|"named"/)
})
