import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'
import { ask, hello, type Pair, pairs, pairsOf, titled } from './pairs.ts'

const closing: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A house whose provider answers in the other way than it was asked: whole instead of a stream, or the reverse. */
async function contraryHouse(script: Script): Promise<House> {
  const house = await openHouse({ script })
  const contrary: Server = createServer((request, response) => {
    request.setEncoding('utf8')
    let text = ''
    request.on('data', (piece: string) => {
      text += piece
    })
    request.on('end', async () => {
      const { stream, stream_options: _, ...body } = JSON.parse(text) as { stream?: boolean; stream_options?: object }
      const answer = await fetch(house.scripted.url + request.url, {
        method: 'POST',
        body: JSON.stringify({ ...body, stream: !stream, ...(!stream && request.url?.includes('chat') && usage) }),
      })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  })
  await new Promise<void>((resolve) => contrary.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => contrary.close(resolve)))
  const url = `http://127.0.0.1:${(contrary.address() as AddressInfo).port}`
  const sluice = await createSluice({
    config: {
      streaming: { max_retries: 0 },
      providers: [
        { name: 'oa', kind: 'openai', base_url: `${url}/v1` },
        { name: 'an', kind: 'anthropic', base_url: url },
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  closing.push(() => sluice.close())
  let head = new Headers()
  const noted: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    head = response.headers
    return response
  }
  const shared = { apiKey: 'k', maxRetries: 0, fetch: noted }
  return {
    ...house,
    sluice,
    openai: new OpenAI({ ...shared, baseURL: `${sluice.url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: sluice.url }),
    get head() {
      return head
    },
  }
}

const usage = { stream_options: { include_usage: true } }
const script: Script = {
  steps: [
    { reasoning: 'Hm.' },
    { text: 'Let me look, 世界.' },
    { tool: 'look', arguments: { at: 'a' }, id: 'call_A' },
    { tool: 'look', arguments: { at: 'b' }, id: 'call_B' },
  ],
  usage: { input: 70, output: 30 },
}

describe('a provider that streams when it should not, or does not when it should', () => {
  it.each(titled(pairs))('%s', async (_, pair) => {
    const house = await contraryHouse(script)
    const heard = await ask(house, pair, hello)
    expect(heard).toMatchObject({
      text: 'Let me look, 世界.',
      reasoning: 'Hm.',
      calls: [
        { id: 'call_A', name: 'look', arguments: { at: 'a' } },
        { id: 'call_B', name: 'look', arguments: { at: 'b' } },
      ],
      finish: pair.client === 'openai-chat' ? 'tool_calls' : 'tool_use',
    })
    const counts =
      pair.client === 'openai-chat'
        ? { prompt_tokens: 70, completion_tokens: 30 }
        : { input_tokens: 70, output_tokens: 30 }
    expect(heard.usage).toMatchObject(counts)
    // A stream that was made from a whole answer says so.
    expect(house.head.get('x-sluice-stream')).toBe(pair.stream ? 'simulated' : null)
  })
})

describe('an answer that takes its time', () => {
  const impatient = { streaming: { heartbeat: '40ms', status_ceiling: '60ms' } }
  const read = (house: House, pair: Pair) => ask(house, pair, hello)

  it.each(titled(pairsOf({ stream: true })))('signs of life disturb no client: %s', async (_, pair) => {
    const script: Script = { headDelay: '200ms', steps: [{ text: 'slow' }, { wait: '150ms' }, { text: ' but sure' }] }
    const house = await openHouse({ ...impatient, script })
    expect((await read(house, pair)).text).toBe('slow but sure')
    expect(house.head.get('x-sluice-stream')).toBe('unknown')
  })

  it.each(titled(pairsOf({ stream: true })))(
    'an error behind the first sign of life is read as one: %s',
    async (_, pair) => {
      const house = await openHouse({ ...impatient, script: { headDelay: '150ms', fault: { status: 429 } } })
      const error = await read(house, pair).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(pair.client === 'openai-chat' ? OpenAI.APIError : Anthropic.APIError)
      expect((error as Error).message).toMatch(/rate limit/i)
    },
  )
})
