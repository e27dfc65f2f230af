import { describe, expect, it } from 'vitest'
import { openHouse } from './house.ts'
import { type Ask, ask, hello, pairs, titled } from './pairs.ts'

const answer = 'Grüße, 世界! 👩‍👩‍👧‍👦 "quoted" \\ \u2028 end.'

describe.each(titled(pairs))('%s', (_, pair) => {
  it.each(['word', 'whole', 1] as const)('the text arrives as it was said, in pieces of %s', async (chunk) => {
    const house = await openHouse({ script: { steps: [{ text: answer, chunk }], model: 'served-model' } })
    const heard = await ask(house, pair, hello)
    expect(heard).toMatchObject({ text: answer, reasoning: '', refusal: '', calls: [], model: 'served-model' })
    expect(heard.finish).toBe(pair.client === 'openai-chat' ? 'stop' : 'end_turn')
    expect(house.scripted.requests).toHaveLength(1)
    expect(house.sent()).toMatchObject({ model: 'journey' })
    expect(house.head.get('x-sluice-provider')).toBe(pair.upstream === 'openai-chat' ? 'oa' : 'an')
    expect(house.head.get('x-sluice-model')).toBe('journey')
    const kind = pair.client === pair.upstream ? 'passthrough' : 'native'
    expect(house.head.get('x-sluice-stream')).toBe(pair.stream ? kind : null)
    expect(house.head.get('content-type')).toMatch(pair.stream ? /^text\/event-stream/ : /^application\/json/)
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })

  it('an answer without any content is an answer', async () => {
    const house = await openHouse({ script: { steps: [] } })
    expect(await ask(house, pair, hello)).toMatchObject({ text: '', calls: [] })
  })

  it('the instructions and every turn reach the provider', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, conversation)
    const body = house.sent()
    if (pair.upstream === 'openai-chat') {
      expect(body.messages).toEqual([
        // What OpenAI itself calls it today; a client of its own dialect is not corrected.
        { role: pair.client === 'openai-chat' ? 'system' : 'developer', content: 'Be brief.' },
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'Eins.' },
        { role: 'user', content: 'Two?' },
      ])
    } else {
      expect(body.system).toBe('Be brief.')
      expect(body.messages).toEqual([
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'Eins.' },
        { role: 'user', content: 'Two?' },
      ])
    }
  })

  it('the settings of both dialects reach the provider under its names', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, settings)
    const body = house.sent()
    const common = { temperature: 0.5, top_p: 0.9 }
    if (pair.upstream === 'anthropic-messages') {
      expect(body).toMatchObject({
        ...common,
        max_tokens: 77,
        stop_sequences: ['END', 'STOP'],
        metadata: { user_id: 'u1' },
      })
    } else if (pair.client === 'openai-chat') {
      expect(body).toMatchObject({ ...common, max_completion_tokens: 77, stop: ['END', 'STOP'], user: 'u1' })
    } else {
      const { stop, max_completion_tokens, safety_identifier } = body
      expect({ stop, max_completion_tokens, safety_identifier }).toEqual({
        stop: ['END', 'STOP'],
        max_completion_tokens: 77,
        safety_identifier: 'u1',
      })
      expect(body).toMatchObject(common)
    }
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })

  it("the provider sees its own key and none of the client's", async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] }, clientKey: 'secret-of-the-client' })
    await ask(house, pair, hello)
    const { headers } = house.scripted.requests[0]!
    expect(JSON.stringify(headers)).not.toContain('secret-of-the-client')
    expect(Object.keys(headers).filter((name) => name.startsWith('x-stainless'))).toEqual([])
    if (pair.upstream === 'openai-chat') expect(headers.authorization).toBe('Bearer provider-key-oa')
    else expect(headers).toMatchObject({ 'x-api-key': 'provider-key-an', 'anthropic-version': expect.any(String) })
  })
})

const conversation: Ask = {
  chat: {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Eins.' },
      { role: 'user', content: 'Two?' },
    ],
  },
  messages: {
    system: 'Be brief.',
    messages: [
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Eins.' },
      { role: 'user', content: 'Two?' },
    ],
  },
}

const settings: Ask = {
  chat: { ...hello.chat, temperature: 0.5, top_p: 0.9, max_completion_tokens: 77, stop: ['END', 'STOP'], user: 'u1' },
  messages: {
    ...hello.messages,
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 77,
    stop_sequences: ['END', 'STOP'],
    metadata: { user_id: 'u1' },
  },
}
