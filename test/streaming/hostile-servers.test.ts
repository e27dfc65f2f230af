import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { type RequestRecord, silentLog } from '../../src/observe/index.ts'
import { askChat } from './house.ts'

const open: Array<() => Promise<void>> = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Asked {
  model: string
  stream?: boolean
  stream_options?: object
}

/** A gateway before a server that does with each request what it likes. */
async function openHouse(answer: (asked: Asked, response: ServerResponse, count: number) => void) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const json = JSON.parse(Buffer.concat(pieces).toString()) as Asked
      asked.push(json)
      answer(json, response, asked.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const records: RequestRecord[] = []
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      providers: [
        { name: 'oa', dialect: 'openai-chat', base_url: `${url}/v1` },
        { name: 'an', dialect: 'anthropic-messages', base_url: url },
        { name: 'ge', dialect: 'gemini', base_url: url },
        { name: 're', dialect: 'openai-responses', base_url: `${url}/v1` },
      ],
    },
    env: {},
    port: 0,
    log: { ...silentLog, request: (record) => records.push(record) },
  })
  open.push(() => sluice.close())
  const admin = `${sluice.url}/admin/v1/capabilities`
  return {
    asked,
    records,
    ask: (options?: Parameters<typeof askChat>[1]) => askChat(sluice.url, options),
    pin: async (capability: string, can: boolean) => {
      const body = JSON.stringify({ capability, can })
      expect((await fetch(`${admin}/oa/model`, { method: 'PUT', body })).status).toBe(200)
    },
    known: async () => {
      const { data } = (await (await fetch(admin)).json()) as { data: Array<Record<string, unknown>> }
      return data.map(({ model, capability, can }) => `${model} ${capability} ${can}`)
    },
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const refusal = (message: string) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } })

const good = {
  id: 'a',
  object: 'chat.completion',
  created: 1,
  model: 'model',
  choices: [{ index: 0, message: { role: 'assistant', content: 'All at once.' }, finish_reason: 'stop' }],
}

it('a model that is called after streams and does not exist is said not to exist', async () => {
  const { ask, asked, known } = await openHouse(({ model }, response) =>
    json(response, 404, refusal(`The model \`${model}\` does not exist`)),
  )
  const told = await ask({ model: 'oa/streamlake/one' })
  expect([told.status, told.error]).toEqual([404, 'model_not_found'])
  expect([asked.length, await known()]).toEqual([1, []])
})

it('what a server says of both ways alike is not about the way: its client hears it, and nothing is learned', async () => {
  const { ask, asked, known } = await openHouse((_, response) =>
    json(response, 400, refusal('the stream of your thoughts is too long')),
  )
  const told = await ask()
  expect([told.status, told.error]).toEqual([400, 'upstream_invalid_request'])
  expect(told.body).toContain('the stream of your thoughts is too long')
  expect([asked.length, await known()]).toEqual([2, []])
})

it('a server that refuses what an operator has pinned is asked no more than twice', async () => {
  const { ask, asked, pin, known } = await openHouse(({ stream_options }, response) =>
    json(response, stream_options ? 400 : 200, stream_options ? refusal('what is stream_options?') : good),
  )
  await pin('stream_options', true)
  expect(await ask()).toMatchObject({ status: 400 })
  expect([asked.length, await known()]).toEqual([2, ['model stream_options true']])
})

it('a server that contradicts itself undoes nothing that is pinned', async () => {
  const { ask, pin, known } = await openHouse(({ stream }, response) =>
    json(response, 400, refusal(stream ? 'streaming is not supported' : '`stream` must be true')),
  )
  await pin('whole', true)
  expect(await ask()).toMatchObject({ status: 502, error: 'detection_failed' })
  expect(await known()).toEqual(['model whole true'])
})

it('a leader that has a fault of its own is no leader: another one finds out for those who wait', async () => {
  const { ask, asked } = await openHouse(({ stream }, response) => {
    const answer = () => json(response, stream ? 400 : 200, stream ? refusal('no streaming here') : good)
    setTimeout(answer, 20)
  })
  const wrong = ask({ headers: { 'x-sluice-require': 'wings' } })
  const others = await Promise.all(Array.from({ length: 20 }, () => ask()))
  expect((await wrong).error).toBe('invalid_request')
  expect(new Set(others.map(({ label }) => label))).toEqual(new Set(['simulated']))
  expect(asked.filter(({ stream }) => stream).length).toBe(1)
})

it.each(['oa', 'an', 'ge', 're'])('an error under a good status teaches nothing of streams: %s', async (provider) => {
  const { ask, asked, known } = await openHouse((_, response) => json(response, 200, refusal('no stream today')))
  const told = await ask({ model: `${provider}/model` })
  expect([told.status >= 400, told.body.includes('no stream today')]).toEqual([true, true])
  expect([asked.length, await known()]).toEqual([1, []])
})

it('a refusal is read though it is compressed, and though it is far too long', async () => {
  const { ask, asked } = await openHouse(({ stream, model }, response) => {
    if (!stream) return json(response, 200, good)
    const long = model === 'long' ? 'x'.repeat(1_000_000) : ''
    const text = JSON.stringify(refusal(`streaming is not supported${long}`))
    if (model === 'long') response.writeHead(400).end(text)
    else response.writeHead(400, { 'content-encoding': 'gzip' }).end(gzipSync(text))
  })
  expect((await ask({ model: 'oa/packed' })).label).toBe('simulated')
  expect((await ask({ model: 'oa/long' })).label).toBe('simulated')
  expect(asked.length).toBe(4)
})

it('what an attempt before the last one may have cost is in the log', async () => {
  const { ask, records } = await openHouse((_, response, count) => {
    // It has the request, and is gone.
    if (count === 1) response.destroy()
    else json(response, 200, good)
  })
  expect((await ask()).status).toBe(200)
  expect(records.at(-1)).toMatchObject({ outcome: 'ok', billed: 'maybe' })
  expect((await ask()).status).toBe(200)
  expect(records.at(-1)?.billed).toBe(undefined)
})
