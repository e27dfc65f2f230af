import { describe, expect, it } from 'vitest'
import { builtinScripts } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import { ask, hello, pairsOf, titled } from './pairs.ts'

describe('hosted tools of Anthropic', () => {
  it.each(titled(pairsOf({ client: 'anthropic-messages', upstream: 'anthropic-messages' })))(
    'their blocks arrive: %s',
    async (_, pair) => {
      const house = await openHouse({ script: builtinScripts.hosted! })
      const body = { model: pair.model(), max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
      const { content } = pair.stream
        ? await house.anthropic.messages.stream(body).finalMessage()
        : await house.anthropic.messages.create(body)
      expect(content).toMatchObject([
        { type: 'text', text: 'Let me search.' },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'sluice' } },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ url: 'https://example.com/sluice' }] },
        { type: 'text', text: 'A sluice is a gate for water.' },
      ])
    },
  )

  it.each(titled(pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages' })))(
    'a client without such blocks gets the texts around them: %s',
    async (_, pair) => {
      const house = await openHouse({ script: builtinScripts.hosted! })
      const heard = await ask(house, pair, hello)
      expect(heard).toMatchObject({ text: 'Let me search.A sluice is a gate for water.', calls: [], finish: 'stop' })
      if (!pair.stream) expect(house.head.get('x-sluice-warnings')).toMatch(/hosted/)
    },
  )
})

describe('cache marks', () => {
  it('of an Anthropic client stand at the same text for OpenAI', async () => {
    const [pair] = pairsOf({ client: 'anthropic-messages', upstream: 'openai-chat' })
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair!, {
      ...hello,
      messages: {
        system: [{ type: 'text', text: 'Long rules.', cache_control: { type: 'ephemeral' } }],
        messages: [{ role: 'user', content: 'Hi' }],
      },
    })
    expect(house.sent().messages).toMatchObject([
      { content: [{ type: 'text', text: 'Long rules.', prompt_cache_breakpoint: { mode: 'explicit' } }] },
      { content: 'Hi' },
    ])
  })

  it('of a chat client stand at the same text for Anthropic', async () => {
    const [pair] = pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages' })
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const marked = { type: 'text' as const, text: 'Long rules.', cache_control: { type: 'ephemeral', ttl: '1h' } }
    await ask(house, pair!, {
      ...hello,
      chat: {
        messages: [
          { role: 'system', content: [marked] },
          { role: 'user', content: 'Hi' },
        ],
      },
    })
    expect(house.sent().system).toEqual([
      { type: 'text', text: 'Long rules.', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ])
  })
})

describe('citations', () => {
  const location = {
    type: 'web_search_result_location',
    url: 'https://example.com/a',
    title: 'A page',
    encrypted_index: 'x',
    cited_text: 'Water flows.',
  }

  it.each(titled(pairsOf({ upstream: 'anthropic-messages' })))('of a web page: %s', async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ text: 'It says so.', citations: [location] }] } })
    if (pair.client === 'openai-chat') {
      const { choices } = await house.openai.chat.completions.create({ ...hello.chat, model: pair.model() })
      expect(choices[0]?.message.annotations).toMatchObject([
        {
          type: 'url_citation',
          url_citation: { url: 'https://example.com/a', title: 'A page', start_index: 0, end_index: 11 },
        },
      ])
    } else {
      const { content } = await house.anthropic.messages.create({
        ...hello.messages,
        model: pair.model(),
        max_tokens: 9,
      })
      expect(content).toMatchObject([{ type: 'text', citations: [location] }])
    }
  })
})

describe("what a vendor's own headers ask for", () => {
  it('beta flags of an Anthropic client reach Anthropic and nobody else', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const beta = { headers: { 'anthropic-beta': 'some-beta-2026-01-01' } }
    for (const model of ['an/m', 'oa/m']) {
      await house.anthropic.messages.create({ ...hello.messages, model, max_tokens: 9 }, beta)
    }
    const [anthropic, openai] = house.scripted.requests
    expect(anthropic?.headers['anthropic-beta']).toBe('some-beta-2026-01-01')
    expect(openai?.headers).not.toHaveProperty('anthropic-beta')
    expect(openai?.headers).not.toHaveProperty('anthropic-version')
  })

  it('organisation and project of an OpenAI client reach OpenAI and nobody else', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const headers = { 'openai-organization': 'org-1', 'openai-project': 'proj-1' }
    for (const model of ['oa/m', 'an/m']) {
      await house.openai.chat.completions.create({ ...hello.chat, model }, { headers })
    }
    const [openai, anthropic] = house.scripted.requests
    expect(openai?.headers).toMatchObject(headers)
    for (const name of Object.keys(headers)) expect(anthropic?.headers).not.toHaveProperty(name)
  })

  it("the vendor's id of the request comes back in the header that its client reads", async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const chat = await house.openai.chat.completions.create({ ...hello.chat, model: 'oa/m' })
    expect(chat._request_id).toBe('req_1')
    const message = await house.anthropic.messages.create({ ...hello.messages, model: 'an/m', max_tokens: 9 })
    expect(message._request_id).toBe('req_2')
  })
})
