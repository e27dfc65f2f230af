import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../src/observe/index.ts'
import type { Fault, Script } from '../../src/providers/scripted/index.ts'
import { openFailing } from './failing-house.ts'
import { sdkTexts } from './sdk-texts.ts'

const answer = 'What the other one said, from its beginning to its end.'
const good: Script = { steps: [{ text: answer }], usage: { input: 7, output: 11 } }

/** Every way to fail before there is any content. */
const faults: Record<string, Fault> = {
  'refuses the key': { status: 401 },
  'has no credit': { status: 402 },
  'refuses the request': { status: 400, message: 'no' },
  'does not know the model': { status: 404 },
  'asks to slow down': { status: 429, retryAfter: '30s' },
  fails: { status: 500 },
  'is overloaded': { status: 529 },
  'says an error inside a 200': { errorEvent: { type: 'overloaded_error', message: 'Overloaded' } },
  'hangs up before it answers': { cutBeforeHead: true },
  'breaks off before any content': { cutAfterEvents: 0 },
  'sends garbage': { garbageAfterEvents: 0 },
}

for (const [client, ask] of Object.entries(sdkTexts)) {
  describe(`an ${client} client sees nothing but the answer when the first target`, () => {
    it.each(Object.entries(faults))('%s', async (_, fault) => {
      const house = await openFailing({ first: { ...good, fault }, second: good })
      for (const model of ['oa-an', 'an-oa', 'oa-oa', 'an-an']) expect(await ask(house.url, model)).toBe(answer)
      expect(house.first.count()).toBe(4)
      expect(house.second.count()).toBe(4)
    })

    it('is slow to begin, and the other one is asked as well', async () => {
      const slow: Script = { steps: [{ wait: '60s' }, { text: 'too late' }] }
      const house = await openFailing({ first: slow, second: good, streaming: { hedge_after: '30ms' } })
      for (const model of ['oa-an', 'an-oa', 'oa-oa', 'an-an']) expect(await ask(house.url, model)).toBe(answer)
      for (let i = 0; i < 4; i++) await house.first.aborted(i)
      expect([house.first.count(), house.second.count()]).toEqual([4, 4])
    })
  })
}

async function chat(url: string, model: string, more: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  })
  return { response, text: await response.text() }
}

describe('targets that fail', () => {
  it('are told in the headers and in the log, and nothing of their answers is', async () => {
    const records: RequestRecord[] = []
    const house = await openFailing({ first: { steps: [], fault: { status: 503 } }, second: good, records })
    const { response, text } = await chat(house.url, 'oa-an')
    expect([response.status, text.includes(answer)]).toEqual([200, true])
    expect(response.headers.get('x-sluice-attempts')).toBe('2, oa/m;503')
    expect(response.headers.get('x-sluice-provider')).toBe('an2')
    expect(records).toMatchObject([{ provider: 'an2', outcome: 'ok', failed: ['oa/m upstream_overloaded'] }])
    expect(records[0]).not.toHaveProperty('code')
  })

  it('all of them give the last true status, and tell SDKs not to try again', async () => {
    const house = await openFailing({
      first: { steps: [], fault: { status: 429, retryAfter: '7s', message: 'slow down' } },
      second: { steps: [], fault: { cutBeforeHead: true } },
    })
    const { response, text } = await chat(house.url, 'oa-an', { stream: true })
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(text).toContain('slow down')
    // Whose words these are, and not who was asked last.
    expect(response.headers.get('x-sluice-provider')).toBe('oa')
    expect(response.headers.get('x-should-retry')).toBe('false')
  })

  it('are asked once more after a wait, where the failure may pass', async () => {
    const house = await openFailing({ first: { ...good, fault: { status: 500, times: 2 } }, retries: 3 })
    const { response, text } = await chat(house.url, 'oa/m', { stream: true })
    expect([response.status, text.includes('beginning')]).toEqual([200, true])
    expect(response.headers.get('x-sluice-attempts')).toBe('3, oa/m;500, oa/m;500')
    expect(house.first.count()).toBe(3)
  })

  it('are asked once by SDKs where the answer may have been paid for, or would be the same', async () => {
    for (const fault of [{ status: 401 }, { status: 400 }] satisfies Fault[]) {
      const house = await openFailing({ first: { steps: [], fault } })
      const { response } = await chat(house.url, 'oa/m', { stream: true })
      expect([fault.status, response.headers.get('x-should-retry')]).toEqual([fault.status, 'false'])
      for (const ask of Object.values(sdkTexts)) await expect(ask(house.url, 'oa/m')).rejects.toThrow()
      expect([fault.status, house.first.count()]).toEqual([fault.status, 1 + Object.keys(sdkTexts).length])
    }
    const house = await openFailing({ first: { steps: [], fault: { status: 500 } } })
    expect((await chat(house.url, 'oa/m')).response.headers.get('x-should-retry')).toBe(null)
  })

  it('that do not let a key use a model are asked for others with it', async () => {
    const house = await openFailing({ first: { ...good, fault: { status: 403, times: 1 } }, second: good, keys: ['k'] })
    expect((await chat(house.url, 'oa/secret')).response.status).toBe(502)
    const { body } = await house.admin('targets')
    expect(body).toMatchObject({
      providers: expect.arrayContaining([
        { provider: 'oa', keys: [{ index: 0, state: 'ready', uses: 1, models: ['secret'] }] },
      ]),
    })
    expect((await chat(house.url, 'oa-an')).response.headers.get('x-sluice-provider')).toBe('oa')
  })

  it('that refuse their key with a good status say whose key it was', async () => {
    const errorEvent = { type: 'authentication_error', message: 'invalid x-api-key' }
    const house = await openFailing({ first: { steps: [], fault: { errorEvent } } })
    const { response, text } = await chat(house.url, 'an/m', { stream: true })
    expect([response.status, text.includes("it refused sluice's own key (invalid x-api-key)")]).toEqual([502, true])
  })

  it('are asked with another key at once, and the next request does not come to the one that is refused', async () => {
    const house = await openFailing({ first: good, keys: ['bad-key', 'good-key'], refusedKey: 'bad-key' })
    expect((await chat(house.url, 'oa/m')).response.headers.get('x-sluice-attempts')).toBe('2, oa/m;401')
    for (let i = 0; i < 3; i++) {
      expect((await chat(house.url, 'oa/m')).response.headers.get('x-sluice-attempts')).toBe('1')
    }
    const { body } = await house.admin('targets')
    expect(body).toMatchObject({
      providers: expect.arrayContaining([
        {
          provider: 'oa',
          keys: [expect.objectContaining({ state: 'benched' }), expect.objectContaining({ state: 'ready' })],
        },
      ]),
    })
    expect(JSON.stringify(body)).not.toContain('bad-key')
  })

  it('that are silent give way to the next one, and the call of the first is ended', async () => {
    const house = await openFailing({
      first: { steps: [{ wait: '60s' }, { text: 'too late' }] },
      second: good,
      streaming: { first_token_timeout: '60ms' },
    })
    const { response, text } = await chat(house.url, 'oa-an', { stream: true })
    expect(response.headers.get('x-sluice-attempts')).toBe('2, oa/m;first_token_timeout')
    expect(text).not.toContain('too late')
    expect((await house.first.aborted(0)).index).toBe(0)
  })

  it('that fail after the first content end the answer with an error: nothing is said twice', async () => {
    const house = await openFailing({ first: { ...good, fault: { cutAfterEvents: 4 } }, second: good })
    const { text } = await chat(house.url, 'oa-an', { stream: true })
    expect(text).toContain('stream_interrupted')
    expect([house.first.count(), house.second.count()]).toEqual([1, 0])
  })

  it('that keep failing are passed over, until nothing else is left', async () => {
    const house = await openFailing({ first: { steps: [], fault: { status: 500 } }, second: good })
    for (let i = 0; i < 8; i++) await chat(house.url, 'oa-an')
    expect(house.first.count()).toBe(5)
    const { body } = await house.admin('targets')
    expect(body.targets).toContainEqual(expect.objectContaining({ target: 'oa/m', state: 'open', failures: 5 }))
    expect((await chat(house.url, 'oa/m')).response.status).toBe(500)
    expect(house.first.count()).toBe(6)
  })

  it('that keep failing for one prompt are not passed over for others, and when they are nobody repeats', async () => {
    const house = await openFailing({ first: { steps: [], fault: { status: 500 } }, retries: 1 })
    for (let i = 0; i < 4; i++) await chat(house.url, 'oa/m')
    expect(house.first.count()).toBe(8)
    const targets = async () => (await house.admin('targets')).body.targets
    expect(await targets()).toMatchObject([{ target: 'oa/m', state: 'closed', failures: 4, requests: 8 }])
    await chat(house.url, 'oa/m')
    expect(await targets()).toMatchObject([{ state: 'open', failures: 5 }])
    await chat(house.url, 'oa/m')
    expect(house.first.count()).toBe(10)
  })

  it('that cannot take the request at all leave it to those that can, without being asked', async () => {
    const house = await openFailing({ first: good, second: good, streaming: { force: 'never', fallback: false } })
    const { response } = await chat(house.url, 'oa-an', { stream: true })
    expect(response.status).toBe(400)
    expect([house.first.count(), house.second.count()]).toEqual([0, 0])
  })

  it('cost nothing when the client leaves while the next attempt is waited for', async () => {
    const house = await openFailing({ first: { steps: [], fault: { status: 503 } }, retries: 3 })
    const leaving = new AbortController()
    const asking = fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'oa/m', messages: [{ role: 'user', content: 'Hi' }] }),
      signal: leaving.signal,
    }).catch((error: Error) => error.name)
    await house.first.settled(0)
    leaving.abort()
    expect(await asking).toBe('AbortError')
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(house.first.count()).toBe(1)
  })
})
