import { NotFoundError as MessagesNotFound } from '@anthropic-ai/sdk'
import { NotFoundError as ChatNotFound } from 'openai'
import { describe, expect, it } from 'vitest'
import { openHouse } from './house.ts'

const models = [{ name: 'smart', targets: ['an/claude'] }]

describe('the list of models', () => {
  it('both clients read the same names, aliases first, and the first one works in both', async () => {
    const house = await openHouse({ models, scripts: { claude: { steps: [{ text: 'from {{model}}' }] } } })
    const chat: string[] = []
    for await (const model of house.openai.models.list()) chat.push(model.id)
    const messages: string[] = []
    for await (const model of house.anthropic.models.list()) messages.push(model.id)
    expect(messages).toEqual(chat)
    expect(chat[0]).toBe('smart')
    expect(chat).toContain('oa/claude')
    expect(chat).toContain('an/text')
    const { choices } = await house.openai.chat.completions.create({
      model: chat[0]!,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(choices[0]?.message.content).toBe('from claude')
    const { content } = await house.anthropic.messages.create({
      model: chat[0]!,
      max_tokens: 10,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(content).toMatchObject([{ type: 'text', text: 'from claude' }])
  })

  it('one model is found by its name, with and without a slash in it', async () => {
    const house = await openHouse({ models })
    for (const id of ['smart', 'an/claude-opus', 'oa/vendor/model:free']) {
      expect(await house.openai.models.retrieve(id)).toMatchObject({ id, object: 'model' })
      expect(await house.anthropic.models.retrieve(id)).toMatchObject({ id, type: 'model' })
    }
  })

  it('a name that is not there is not found, in the words of each client', async () => {
    const house = await openHouse({ models })
    await expect(house.openai.models.retrieve('smrat')).rejects.toThrow(ChatNotFound)
    await expect(house.anthropic.models.retrieve('smrat')).rejects.toThrow(MessagesNotFound)
    await expect(house.anthropic.models.retrieve('smrat')).rejects.toThrow(/near names are \\?"smart/)
  })
})

describe('counting tokens', () => {
  const prompt = { messages: [{ role: 'user' as const, content: 'How many tokens are in this?' }] }

  it('a provider that counts is asked, and its number is the answer', async () => {
    const house = await openHouse({ script: { steps: [], usage: { input: 4711 } } })
    const counted = await house.anthropic.messages.countTokens({ ...prompt, model: 'an/claude' })
    expect(counted).toEqual({ input_tokens: 4711 })
    expect(house.scripted.requests[0]).toMatchObject({ path: '/v1/messages/count_tokens', body: { model: 'claude' } })
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })

  it('where nobody counts there is an estimate of all that the model reads, said to be one', async () => {
    const house = await openHouse({ script: { steps: [] } })
    const count = async (extra: object) => {
      const { input_tokens } = await house.anthropic.messages.countTokens({ ...prompt, ...extra, model: 'oa/gpt' })
      return input_tokens
    }
    const plain = await count({})
    expect(plain).toBeGreaterThan(5)
    expect(plain).toBeLessThan(30)
    expect(house.head.get('x-sluice-warnings')).toBe('input_tokens;estimated')
    expect(await count({ system: 'You are terse. '.repeat(100) })).toBeGreaterThan(plain + 300)
    const tools = [{ name: 'look', description: 'Look there. '.repeat(100), input_schema: { type: 'object' } }]
    expect(await count({ tools })).toBeGreaterThan(plain + 200)
    expect(house.scripted.requests).toHaveLength(0)
  })

  it('a counter that fails is no reason to fail', async () => {
    const house = await openHouse({ script: { fault: { status: 503 } } })
    const { input_tokens } = await house.anthropic.messages.countTokens({ ...prompt, model: 'an/claude' })
    expect(input_tokens).toBeGreaterThan(5)
    expect(house.head.get('x-sluice-warnings')).toBe('input_tokens;estimated')
  })
})
