import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/tokens/index.ts'
import { ask, languages, paths, post, start } from './raw-client.ts'

const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } },
  required: ['city', 'days'],
}

interface Whole {
  choices?: Array<{
    message: { content: string; tool_calls?: Array<{ function: { name: string; arguments: string } }> }
  }>
  content?: Array<{ text?: string; name?: string; input?: unknown }>
}

describe.each(languages)('without any script, %s', (language) => {
  const openai = language === 'openai-chat'
  const tools = openai
    ? [{ type: 'function', function: { name: 'get_weather', parameters: schema } }]
    : [{ name: 'get_weather', input_schema: schema }]
  const run = async (fields: object): Promise<Whole> => {
    const server = await start()
    return JSON.parse((await post(server.url + paths[language], ask({ stream: false, ...fields }))).text) as Whole
  }
  const text = (whole: Whole) => whole.choices?.[0]?.message.content ?? whole.content?.[0]?.text

  it('answers who it is, what it heard and how to get a real model', async () => {
    const said = text(await run({ messages: [{ role: 'user', content: 'What is\n a sluice?' }] }))
    expect(said).toContain('without any provider')
    expect(said).toContain('"What is a sluice?"')
    expect(said).toContain('ANTHROPIC_API_KEY')
  })

  it('streams at a pace that one can read', async () => {
    const server = await start()
    const started = performance.now()
    const stop = new AbortController()
    const response = await fetch(server.url + paths[language], {
      method: 'POST',
      body: JSON.stringify(ask()),
      signal: stop.signal,
    })
    let reads = 0
    for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>) if (++reads === 6) break
    expect(performance.now() - started).toBeGreaterThan(80)
    stop.abort()
  })

  it('calls the tool that the prompt names, with arguments made from its schema', async () => {
    const whole = await run({ tools, messages: [{ role: 'user', content: 'use get_weather please' }] })
    const call = whole.choices?.[0]?.message.tool_calls?.[0]?.function
    const input = call ? (JSON.parse(call.arguments) as unknown) : whole.content?.[0]?.input
    expect(input).toEqual({ city: 'some city', days: 3 })
    expect(call?.name ?? whole.content?.[0]?.name).toBe('get_weather')
  })

  it('tells the result of a tool', async () => {
    const messages = openai
      ? [
          { role: 'user', content: 'use get_weather' },
          {
            role: 'assistant',
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: 'c', content: 'sunny, 21 degrees' },
        ]
      : [
          { role: 'user', content: 'use get_weather' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'get_weather', input: {} }] },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'sunny, 21 degrees' }] },
            ],
          },
        ]
    expect(text(await run({ tools, messages }))).toContain('sunny, 21 degrees')
  })

  it('image-echo names the images', async () => {
    const data = Buffer.alloc(68).toString('base64')
    const image = openai
      ? { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }
      : { type: 'image', source: { type: 'base64', media_type: 'image/png', data } }
    const content: JsonObject[] = [{ type: 'text', text: 'look' }, image]
    expect(text(await run({ model: 'image-echo', messages: [{ role: 'user', content }] }))).toBe(
      'I see image/png of 68 bytes.',
    )
  })
})
