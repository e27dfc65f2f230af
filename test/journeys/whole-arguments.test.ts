import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterEach, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { testedClient } from '../transport/client.ts'

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A relay of Responses whose ids change with each event and whose pieces of arguments are not those of the whole. */
async function relay(): Promise<string> {
  const item = (id: string, written: string) => ({
    type: 'function_call',
    id,
    call_id: 'call_a',
    name: 'weather',
    arguments: written,
  })
  const response = (id: string, more: object) => ({ object: 'response', id, model: 'm', created_at: 7, ...more })
  const whole = '{"city":"Bern"}'
  const events = [
    { type: 'response.created', response: response('r1', { status: 'in_progress', output: [] }) },
    { type: 'response.output_item.added', output_index: 0, item: item('a1', '') },
    { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'a2', delta: '"city"{' },
    { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'a3', delta: ':}"Bern' },
    { type: 'response.function_call_arguments.done', output_index: 0, item_id: 'a4', arguments: whole },
    { type: 'response.output_item.done', output_index: 0, item: item('a5', whole) },
    { type: 'response.completed', response: response('r2', { status: 'completed', output: [item('a6', whole)] }) },
  ]
  const server = createServer((_, reply) => {
    reply.setHeader('content-type', 'text/event-stream')
    const texts = events.map((event, i) => JSON.stringify({ ...event, sequence_number: i }))
    reply.end(texts.map((data, i) => `event: ${events[i]!.type}\ndata: ${data}\n\n`).join(''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function sdk(provider: Omit<ProviderOptions, 'name'>): Promise<OpenAI> {
  const one = { name: 'p', dialect: 'openai-responses' as const, base_url: await relay(), api_keys: ['k'], ...provider }
  const config = { transport: { client: testedClient }, providers: [one] }
  const sluice = await createSluice({ config, env: {}, port: 0, logLevel: 'silent' })
  open.push(() => sluice.close())
  return new OpenAI({ apiKey: 'k', baseURL: `${sluice.url}/v1`, maxRetries: 0 })
}

const chat = async (client: OpenAI): Promise<string | undefined> => {
  const stream = client.chat.completions.stream({ model: 'p/m', messages: [{ role: 'user', content: 'Hi' }] })
  const [call] = (await stream.finalMessage()).tool_calls ?? []
  return call?.type === 'function' ? call.function.arguments : undefined
}

/** What the deltas come to, which is all that some clients read. */
const responses = async (client: OpenAI): Promise<string> => {
  let text = ''
  for await (const event of await client.responses.create({ model: 'p/m', input: 'Hi', stream: true })) {
    if (event.type === 'response.function_call_arguments.delta') text += event.delta
  }
  return text
}

it.each<[string, Omit<ProviderOptions, 'name'>]>([
  ['Copilot', { kind: 'copilot' }],
  ['a provider that is said to be like it', { quirks: { whole_arguments: true } }],
])('arguments that %s streams scrambled come whole to every client', async (_, provider) => {
  const client = await sdk(provider)
  expect(await chat(client)).toBe('{"city":"Bern"}')
  expect(await responses(client)).toBe('{"city":"Bern"}')
})

it('of any other provider they are an error, not a guess', async () => {
  await expect(sdk({}).then(chat)).rejects.toThrow('does not go on')
})
