import { BadRequestError as MessagesBadRequest } from '@anthropic-ai/sdk'
import { BadRequestError as ChatBadRequest } from 'openai'
import { describe, expect, it } from 'vitest'
import { openHouse } from './house.ts'
import { type Ask, ask, crossed, hello, pairsOf, titled } from './pairs.ts'

const schema = { type: 'object' as const }
const warned = (header: string | null) => (header ?? '').split(', ').filter(Boolean).sort()

describe('what only steers an answer is left out, and the client is told in x-sluice-warnings', () => {
  const chatLosses: Array<[string, Partial<Ask['chat']>, string[]]> = [
    ['seed', { seed: 7 }, ['seed;dropped']],
    [
      'penalties',
      { presence_penalty: 1, frequency_penalty: 1 },
      ['frequency_penalty;dropped', 'presence_penalty;dropped'],
    ],
    ['logit_bias', { logit_bias: { '50256': -100 } }, ['logit_bias;dropped']],
    ['logprobs', { logprobs: true, top_logprobs: 2 }, ['logprobs;dropped', 'top_logprobs;dropped']],
    ['a temperature over the highest', { temperature: 1.5 }, ['temperature;changed']],
    ['metadata', { metadata: { job: 'x' } }, ['metadata;dropped']],
    ['fields of OpenAI alone', { store: true, verbosity: 'low' }, ['store;dropped', 'verbosity;dropped']],
    ['several at once', { seed: 7, store: true, n: 1 }, ['seed;dropped', 'store;dropped']],
    ['a speaker', { messages: [{ role: 'user', name: 'ada', content: 'Hi' }] }, ['messages[0].name;dropped']],
  ]
  const toAnthropic = pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages' })
  it.each(
    toAnthropic.flatMap((pair) =>
      chatLosses.map(([name, ...rest]) => [name, pair.stream ? 'streamed' : 'whole', pair, ...rest] as const),
    ),
  )('openai-chat to Anthropic: %s, %s', async (_, __, pair, extra, expected) => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    expect((await ask(house, pair, { ...hello, chat: { ...hello.chat, ...extra } })).text).toBe('ok')
    expect(warned(house.head.get('x-sluice-warnings'))).toEqual(expected)
    for (const field of Object.keys(extra)) {
      if (field !== 'temperature' && field !== 'messages') expect(house.sent()).not.toHaveProperty(field)
    }
  })

  const messagesLosses: Array<[string, object, string[]]> = [
    ['top_k', { top_k: 40 }, ['top_k;dropped']],
    ['a field of next year', { brand_new_field: { a: 1 } }, ['brand_new_field;dropped']],
    [
      'a hosted tool that is only offered',
      {
        tools: [
          { type: 'web_search_20250305', name: 'web_search' },
          { name: 'own', input_schema: schema },
        ],
      },
      ['tools[0];dropped'],
    ],
    [
      'citations',
      {
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'document',
                source: { type: 'text', media_type: 'text/plain', data: 'Plain.' },
                citations: { enabled: true },
              },
            ],
          },
        ],
      },
      ['messages[0].content.citations;dropped'],
    ],
  ]
  const toOpenai = pairsOf({ client: 'anthropic-messages', upstream: 'openai-chat' })
  it.each(
    toOpenai.flatMap((pair) =>
      messagesLosses.map(([name, ...rest]) => [name, pair.stream ? 'streamed' : 'whole', pair, ...rest] as const),
    ),
  )('anthropic-messages to OpenAI: %s, %s', async (_, __, pair, extra, expected) => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    expect((await ask(house, pair, { ...hello, messages: { ...hello.messages, ...extra } })).text).toBe('ok')
    expect(warned(house.head.get('x-sluice-warnings'))).toEqual(expected)
  })
})

describe('what changes the answer itself is refused with a 400 that names the field, and nobody is called', () => {
  const refusals: Array<[string, string, Partial<Ask['chat']>, object]> = [
    ['n', 'container', { n: 2 }, { container: 'container_1' }],
    [
      'modalities',
      'mcp_servers',
      { modalities: ['text', 'audio'] },
      { mcp_servers: [{ type: 'url', url: 'https://e.com', name: 'm' }] },
    ],
    [
      'tool_choice',
      'tool_choice',
      { tools: [], tool_choice: { type: 'function', function: { name: 'ghost' } } },
      {
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        tool_choice: { type: 'tool', name: 'web_search' },
      },
    ],
  ]
  it.each(crossed.flatMap((pair) => refusals.map((row) => [titled([pair])[0]![0], pair, ...row] as const)))(
    '%s: %#',
    async (_, pair, inChat, inMessages, chat, messages) => {
      const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
      const refused = await ask(house, pair, {
        chat: { ...hello.chat, ...chat },
        messages: { ...hello.messages, ...messages },
      }).catch((error: unknown) => error)
      if (pair.client === 'openai-chat') {
        expect(refused).toBeInstanceOf(ChatBadRequest)
        expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error', param: inChat })
      } else {
        expect(refused).toBeInstanceOf(MessagesBadRequest)
        expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error' })
        expect((refused as Error).message).toContain(inMessages)
      }
      expect(house.scripted.requests).toHaveLength(0)
    },
  )
})

describe('nothing is lost between two ends of one dialect', () => {
  it.each(titled(pairsOf({ client: 'openai-chat', upstream: 'openai-chat' })))(
    'several answers with their likelihoods: %s',
    async (_, pair) => {
      const house = await openHouse({ script: { steps: [{ text: 'one two three' }] } })
      const { openai } = house
      const body = {
        model: pair.model(),
        messages: [{ role: 'user' as const, content: 'Hi' }],
        n: 3,
        logprobs: true,
        top_logprobs: 2,
      }
      const { choices } = pair.stream
        ? await openai.chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
        : await openai.chat.completions.create(body)
      expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
        [0, 'one two three'],
        [1, 'one two three'],
        [2, 'one two three'],
      ])
      for (const { logprobs } of choices) {
        expect(logprobs?.content?.map(({ token, top_logprobs }) => [token, top_logprobs.length])).toEqual([
          ['one', 2],
          [' two', 2],
          [' three', 2],
        ])
      }
    },
  )

  const same = [
    ...pairsOf({ client: 'openai-chat', upstream: 'openai-chat' }),
    ...pairsOf({ client: 'anthropic-messages', upstream: 'anthropic-messages' }),
  ]
  it.each(titled(same))('fields that nobody has heard of reach the provider as they were: %s', async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const extra = { brand_new: { deep: [1, 2.5, null, 'x'] }, seed: 7, top_k: 3, n: 1, container: null }
    await ask(house, pair, { chat: { ...hello.chat, ...extra }, messages: { ...hello.messages, ...extra } })
    expect(house.sent()).toMatchObject(extra)
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })
})
