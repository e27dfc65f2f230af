import { describe, expect, it } from 'vitest'
import { languages, spoken } from './answers.ts'
import { openHouse, type Play } from './house.ts'

/** Clients of Messages that count their prompts all the time. */

const model = (upstream: string): string => `${upstream}/m`
const messages = [{ role: 'user' as const, content: 'hello world' }]
const prose = 'The weather of a city is asked for by its name, and told in degrees. '.repeat(40)

/** A provider that has answers and no counter. */
const noCounter: Play = (response, { path }) => {
  if (!path.includes('count')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(spoken('anthropic-messages', 'hello'))
  } else response.writeHead(404, { 'content-type': 'text/html' }).end('<html>')
}

describe('counting tokens', () => {
  it.each(languages)(
    'count_tokens is not found: there is an answer, whoever the provider is (%s)',
    async (upstream) => {
      const { anthropic } = await openHouse(noCounter)
      const { input_tokens } = await anthropic.messages.countTokens({ model: model(upstream), messages })
      expect(input_tokens).toBeGreaterThan(0)
    },
  )

  const small = { model: model('openai-chat'), messages }
  it.each([
    ['instructions', { ...small, system: prose }],
    [
      'a tool',
      { ...small, tools: [{ name: 'weather', description: prose, input_schema: { type: 'object' as const } }] },
    ],
    [
      'the schema of a tool',
      {
        ...small,
        tools: [
          { name: 'weather', input_schema: { type: 'object' as const, properties: { city: { description: prose } } } },
        ],
      },
    ],
    ['earlier turns', { ...small, messages: [{ role: 'user' as const, content: prose }, ...messages] }],
    [
      'a result',
      {
        ...small,
        messages: [
          ...messages,
          { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 't', name: 'weather', input: {} }] },
          { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 't', content: prose }] },
        ],
      },
    ],
  ])('the count is far too low: %s counts too', async (_, body) => {
    const { anthropic } = await openHouse(noCounter)
    const least = await anthropic.messages.countTokens(small)
    const { input_tokens } = await anthropic.messages.countTokens(body)
    expect(input_tokens - least.input_tokens).toBeGreaterThan(prose.split(' ').length * 0.8)
  })

  it('a provider without a counter is taken for broken: its model answers on', async () => {
    const { anthropic, asked } = await openHouse(noCounter)
    const body = { model: model('anthropic-messages'), messages }
    for (let turn = 0; turn < 20; turn++) await anthropic.messages.countTokens(body)
    const { content } = await anthropic.messages.stream({ ...body, max_tokens: 9 }).finalMessage()
    expect(content).toMatchObject([{ text: 'hello' }])
    expect(asked.at(-1)?.path).toBe('/v1/messages')
  })

  it('an editor that counts fifty times a second uses up the calls of the provider: none of them goes there', async () => {
    const { anthropic, asked } = await openHouse(noCounter)
    await Promise.all(Array.from({ length: 50 }, () => anthropic.messages.countTokens(small)))
    expect(asked).toEqual([])
  })
})
