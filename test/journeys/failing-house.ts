import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { type ConfigOptions, createSluice, type RequestRecord } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { type Script, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

export interface FailingHouse {
  url: string
  /** Whom the first target of every alias leads to, and the second. */
  first: ScriptedServer
  second: ScriptedServer
  admin(path: string): Promise<{ status: number; body: JsonObject }>
}

export interface FailingOptions {
  first: Script
  second?: Script
  /** Of the providers of the first server. */
  keys?: string[]
  /** One that it takes for wrong. */
  refusedKey?: string
  retries?: number
  streaming?: ConfigOptions['streaming']
  records?: RequestRecord[]
}

const open: Array<() => Promise<void>> = []

function atEnd(close: () => Promise<void>): void {
  open.push(close)
}

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/**
 * Two servers, each in two languages: `oa/m` and `an/m` lead to the first one, `oa2/m` and `an2/m` to the second, and
 * `oa-an` to the first in one language and then to the second in the other, and so on.
 */
export async function openFailing(options: FailingOptions): Promise<FailingHouse> {
  const { first: script, second: other = script, keys = [], refusedKey, retries = 0, streaming, records = [] } = options
  const first = await startScripted({ script })
  atEnd(() => first.close())
  const door = refusedKey === undefined ? first.url : await openDoor(first.url, refusedKey)
  const second = await startScripted({ script: other })
  atEnd(() => second.close())
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      streaming: { max_retries: retries, ...streaming },
      providers: [
        { name: 'oa', dialect: 'openai-chat', base_url: `${door}/v1`, api_keys: keys },
        { name: 'an', dialect: 'anthropic-messages', base_url: door, api_keys: keys },
        { name: 'oa2', dialect: 'openai-chat', base_url: `${second.url}/v1` },
        { name: 'an2', dialect: 'anthropic-messages', base_url: second.url },
      ],
      models: ['oa', 'an'].flatMap((from) =>
        ['oa', 'an'].map((to) => ({ name: `${from}-${to}`, targets: [`${from}/m`, `${to}2/m`] })),
      ),
    },
    env: {},
    port: 0,
    log: { ...silentLog, request: (record) => records.push(record) },
  })
  atEnd(() => sluice.close())
  return {
    url: sluice.url,
    first,
    second,
    async admin(path) {
      const response = await fetch(`${sluice.url}/admin/v1/${path}`)
      return { status: response.status, body: (await response.json()) as JsonObject }
    },
  }
}

/** A server before another one, that knows one key for a wrong one. */
async function openDoor(behind: string, refused: string): Promise<string> {
  const door = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.headers.authorization === `Bearer ${refused}`) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"wrong key"}}')
      return
    }
    const answer = await fetch(behind + request.url, { method: 'POST', body: Buffer.concat(chunks) })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  atEnd(async () => {
    door.closeAllConnections()
    await new Promise((resolve) => door.close(resolve))
  })
  return `http://127.0.0.1:${(door.address() as AddressInfo).port}`
}
