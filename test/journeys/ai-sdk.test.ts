import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, type LanguageModel, stepCountIs, streamText, tool } from 'ai'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'

const apiKey = 'client-key'

/** The API that each provider package of the AI SDK speaks to sluice. */
const speaking: Record<string, (house: House, model: string) => LanguageModel> = {
  'openai, Responses': ({ sluice }, model) => createOpenAI({ baseURL: `${sluice.url}/v1`, apiKey }).responses(model),
  'openai, Chat Completions': ({ sluice }, model) => createOpenAI({ baseURL: `${sluice.url}/v1`, apiKey }).chat(model),
  anthropic: ({ sluice }, model) => createAnthropic({ baseURL: `${sluice.url}/v1`, apiKey })(model),
  google: ({ sluice }, model) => createGoogleGenerativeAI({ baseURL: `${sluice.url}/v1beta`, apiKey })(model),
  'openai-compatible': ({ sluice }, model) =>
    createOpenAICompatible({ name: 'sluice', baseURL: `${sluice.url}/v1`, apiKey, includeUsage: true })(model),
}

const weather = tool({
  description: 'the weather of a city',
  inputSchema: jsonSchema<{ city: string }>({
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  }),
  execute: ({ city }) => `sunny in ${city}`,
})

const loop: Script = {
  turns: [
    { steps: [{ tool: 'weather', arguments: { city: 'Oslo' } }] },
    { steps: [{ text: 'It is {{tool_result}}.', chunk: 4 }] },
  ],
}

const pairs = Object.keys(speaking).flatMap((client) =>
  ['oa', 'an', 're', 'ol', 'be'].map((upstream) => [client, upstream] as const),
)

describe.each(pairs)('the AI SDK, %s, before %s', (client, upstream) => {
  it('streams a text', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'One two, three. Grüße 😀', chunk: 4 }] } })
    const result = streamText({ model: speaking[client]!(house, `${upstream}/m`), prompt: 'hi', maxRetries: 0 })
    let text = ''
    for await (const piece of result.textStream) text += piece
    expect(text).toBe('One two, three. Grüße 😀')
    expect(await result.finishReason).toBe('stop')
    expect((await result.usage).outputTokens).toBeGreaterThan(0)
  })

  it('runs a tool and goes on with its result, whole and streamed', async () => {
    const house = await openHouse({ script: loop })
    const asking = {
      model: speaking[client]!(house, `${upstream}/m`),
      prompt: 'the weather?',
      tools: { weather },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    }
    // Google's package sends the result inside an object of its own.
    const told = client === 'google' ? 'It is {"name":"weather","content":"sunny in Oslo"}.' : 'It is sunny in Oslo.'
    expect((await generateText(asking)).text).toBe(told)
    expect(await streamText(asking).text).toBe(told)
  })
})
