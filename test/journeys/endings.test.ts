import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema'
import { describe, expect, it } from 'vitest'
import { openHouse } from './house.ts'
import { type Ask, ask, hello, type Pair, pairs, pairsOf, titled } from './pairs.ts'

/** Why an answer ends: canonical word, at OpenAI, at Anthropic, and through an upstream that cannot tell it from `stop`. */
const finishes: Array<{ finish: string; chat: string; messages: string; viaChat?: string }> = [
  { finish: 'stop', chat: 'stop', messages: 'end_turn' },
  { finish: 'length', chat: 'length', messages: 'max_tokens' },
  { finish: 'content_filter', chat: 'content_filter', messages: 'refusal' },
  { finish: 'stop_sequence', chat: 'stop', messages: 'stop_sequence', viaChat: 'end_turn' },
  { finish: 'paused', chat: 'stop', messages: 'pause_turn', viaChat: 'end_turn' },
  { finish: 'context_full', chat: 'length', messages: 'model_context_window_exceeded', viaChat: 'max_tokens' },
  { finish: 'a_reason_of_next_year', chat: 'stop', messages: 'end_turn' },
]

describe.each(titled(pairs))('%s', (_, pair) => {
  const known = pair.client === pair.upstream ? finishes.slice(0, -1) : finishes

  it.each(known)('an answer that ends with $finish', async ({ finish, chat, messages, viaChat }) => {
    const house = await openHouse({ script: { steps: [{ text: 'So far' }], finish, stopSequence: 'END' } })
    const heard = await ask(house, pair, hello)
    expect(heard.text).toBe('So far')
    const expected =
      pair.client === 'openai-chat' ? chat : pair.upstream === 'openai-chat' ? (viaChat ?? messages) : messages
    expect(heard.finish).toBe(expected)
    if (expected === 'stop_sequence') expect(heard.stopSequence).toBe('END')
  })

  it('a refusal is read as one', async () => {
    const house = await openHouse({ script: { steps: [{ refusal: 'I cannot help with that.' }] } })
    const heard = await ask(house, pair, hello)
    if (pair.client === 'anthropic-messages') {
      expect(heard).toMatchObject({ text: 'I cannot help with that.', finish: 'refusal' })
    } else if (pair.upstream === 'openai-chat') {
      expect(heard).toMatchObject({ text: '', refusal: 'I cannot help with that.', finish: 'stop' })
    } else {
      // Anthropic says its refusals as text, and that they are refusals only at the end.
      expect(heard).toMatchObject({ text: 'I cannot help with that.', finish: 'content_filter' })
    }
  })

  it('the ceiling on the answer reaches the provider', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'cut' }], finish: 'length' } })
    const heard = await ask(house, pair, {
      chat: { ...hello.chat, max_tokens: 5 },
      messages: { ...hello.messages, max_tokens: 5 },
    })
    expect(heard.finish).toBe(pair.client === 'openai-chat' ? 'length' : 'max_tokens')
    const { max_tokens, max_completion_tokens } = house.sent()
    expect(max_tokens ?? max_completion_tokens).toBe(5)
  })
})

const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, degrees: { type: 'integer' as const } },
  required: ['city', 'degrees'],
  additionalProperties: false,
}

const structured: Ask = {
  chat: {
    ...hello.chat,
    response_format: { type: 'json_schema', json_schema: { name: 'weather', schema, strict: true } },
  },
  messages: { ...hello.messages, output_config: { format: { type: 'json_schema', schema } } },
}

describe('structured answers', () => {
  it.each(titled(pairs))('the schema reaches the provider: %s', async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ text: '{"city":"Paris","degrees":21}' }] } })
    const heard = await ask(house, pair, structured)
    expect(JSON.parse(heard.text)).toEqual({ city: 'Paris', degrees: 21 })
    if (pair.upstream === 'openai-chat') {
      expect(house.sent().response_format).toMatchObject({ type: 'json_schema', json_schema: { schema, strict: true } })
    } else {
      expect(house.sent().output_config).toEqual({ format: { type: 'json_schema', schema } })
    }
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })

  it.each(titled(pairsOf({ client: 'openai-chat' })))(
    '"any JSON" is enforced, or said to be only a wish: %s',
    async (_, pair) => {
      const house = await openHouse({ script: { steps: [{ text: '{}' }] } })
      await ask(house, pair, { ...hello, chat: { ...hello.chat, response_format: { type: 'json_object' } } })
      if (pair.upstream === 'openai-chat') {
        expect(house.sent().response_format).toEqual({ type: 'json_object' })
      } else {
        expect(JSON.stringify(house.sent().system)).toMatch(/JSON/)
        expect(house.head.get('x-sluice-warnings')).toBe('response_format;changed')
      }
    },
  )

  const parsers: Array<[string, Pair]> = titled(pairsOf({ stream: false }))
  it.each(parsers)("the SDK's parse gives the value: %s", async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ text: '{"city":"Paris","degrees":21}' }] } })
    if (pair.client === 'openai-chat') {
      const { choices } = await house.openai.chat.completions.parse({ ...structured.chat, model: pair.model() })
      expect(choices[0]?.message.parsed).toEqual({ city: 'Paris', degrees: 21 })
    } else {
      const { parsed_output } = await house.anthropic.messages.parse({
        ...hello.messages,
        max_tokens: 100,
        model: pair.model(),
        output_config: { format: jsonSchemaOutputFormat(schema) },
      })
      expect(parsed_output).toEqual({ city: 'Paris', degrees: 21 })
    }
  })
})
