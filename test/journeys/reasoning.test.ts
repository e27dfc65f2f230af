import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'
import { ask, hello, type Pair, pairs, pairsOf, titled } from './pairs.ts'

const thought = 'Two and two:\n"count" two, then two more. 🤔'

describe.each(titled(pairs))('%s', (_, pair) => {
  it('the reasoning is read apart from the answer', async () => {
    const house = await openHouse({ script: { steps: [{ reasoning: thought }, { text: 'Four.' }] } })
    expect(await ask(house, pair, hello)).toMatchObject({ text: 'Four.', reasoning: thought })
  })

  it('an effort in one dialect is the same wish in the other', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, {
      chat: { ...hello.chat, reasoning_effort: 'high' },
      messages: { ...hello.messages, thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    })
    if (pair.upstream === 'openai-chat') expect(house.sent().reasoning_effort).toBe('high')
    else expect(house.sent()).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'high' } })
  })
})

it.each(titled(pairsOf({ client: 'anthropic-messages', upstream: 'openai-chat' })))(
  'a budget becomes an effort: %s',
  async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const thinking = { type: 'enabled' as const, budget_tokens: 10_000 }
    await ask(house, pair, { ...hello, messages: { ...hello.messages, thinking, max_tokens: 20_000 } })
    expect(house.sent().reasoning_effort).toBe('high')
    expect(house.sent()).not.toHaveProperty('thinking')
  },
)

it.each(titled(pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages' })))(
  'a model that thinks by budget gets one that leaves room for the answer: %s',
  async (_, pair) => {
    const house = await openHouse({ scripts: { 'claude-opus-4-1': { steps: [{ text: 'ok' }] } } })
    await ask(house, pair, { ...hello, chat: { ...hello.chat, reasoning_effort: 'medium' }, model: 'claude-opus-4-1' })
    const { thinking, max_tokens } = house.sent() as { thinking: { budget_tokens: number }; max_tokens: number }
    expect(thinking).toEqual({ type: 'enabled', budget_tokens: 8192 })
    expect(max_tokens).toBeGreaterThan(8192)
  },
)

/** A loop of two tool turns in which the provider demands every block of thinking back where it was. */
const loop: Script = {
  turns: [
    {
      steps: [
        { reasoning: thought, signature: 'c2lnLTE=' },
        { redacted: 'cmVkYWN0ZWQtMQ==' },
        { text: 'Let me look, 世界.' },
        { reasoning: 'Now the tools.', signature: 'c2lnLTI=' },
        {
          parallel: [
            { tool: 'look', arguments: { at: 'a' }, id: 'toolu_A' },
            { tool: 'look', arguments: { at: 'b' }, id: 'toolu_B' },
          ],
        },
      ],
    },
    { steps: [{ redacted: 'cmVkYWN0ZWQtMg==' }, { tool: 'look', arguments: { at: 'c' }, id: 'toolu_C' }] },
    { steps: [{ reasoning: 'Enough.', signature: 'c2lnLTM=' }, { text: 'Seen.' }] },
  ],
}

const firstTurn = [
  { type: 'thinking', thinking: thought, signature: 'c2lnLTE=' },
  { type: 'redacted_thinking', data: 'cmVkYWN0ZWQtMQ==' },
  { type: 'text', text: 'Let me look, 世界.' },
  { type: 'thinking', thinking: 'Now the tools.', signature: 'c2lnLTI=' },
  { type: 'tool_use', id: 'toolu_A', name: 'look', input: { at: 'a' } },
  { type: 'tool_use', id: 'toolu_B', name: 'look', input: { at: 'b' } },
]
const secondTurn = [
  { type: 'redacted_thinking', data: 'cmVkYWN0ZWQtMg==' },
  { type: 'tool_use', id: 'toolu_C', name: 'look', input: { at: 'c' } },
]

const look = { name: 'look', description: 'Look there' }
const schema = { type: 'object' as const, properties: { at: { type: 'string' } } }
const chatTool = { type: 'function' as const, function: { ...look, parameters: schema } }
const runnable = { ...chatTool, function: { ...chatTool.function, function: (input: string) => `saw ${input}` } }

const drivers: Record<string, (house: House, model: string) => Promise<unknown>> = {
  'openai SDK, runTools streamed': ({ openai }, model) =>
    openai.chat.completions
      .runTools({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }], tools: [runnable] })
      .finalContent(),
  'openai SDK, runTools whole': ({ openai }, model) =>
    openai.chat.completions
      .runTools({ model, messages: [{ role: 'user', content: 'Hi' }], tools: [runnable] })
      .finalContent(),
  'openai SDK, stream helper by hand': (house, model) => chatByHand(house, model, true),
  'openai SDK, create by hand': (house, model) => chatByHand(house, model, false),
  'anthropic SDK, stream helper by hand': (house, model) => messagesByHand(house, model, true),
  'anthropic SDK, create by hand': (house, model) => messagesByHand(house, model, false),
}

async function chatByHand({ openai }: House, model: string, stream: boolean): Promise<unknown> {
  const messages: Parameters<typeof openai.chat.completions.create>[0]['messages'] = [{ role: 'user', content: 'Hi' }]
  for (;;) {
    const body = { model, messages, tools: [chatTool] }
    const completion = stream
      ? await openai.chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
      : await openai.chat.completions.create(body)
    const { message } = completion.choices[0]!
    messages.push(message)
    if (!message.tool_calls?.length) return message.content
    for (const { id } of message.tool_calls) messages.push({ role: 'tool', tool_call_id: id, content: 'saw' })
  }
}

async function messagesByHand({ anthropic }: House, model: string, stream: boolean): Promise<unknown> {
  const messages: Parameters<typeof anthropic.messages.create>[0]['messages'] = [{ role: 'user', content: 'Hi' }]
  for (;;) {
    const body = { model, messages, max_tokens: 100, tools: [{ ...look, input_schema: schema }] }
    const { content } = stream
      ? await anthropic.messages.stream(body).finalMessage()
      : await anthropic.messages.create(body)
    messages.push({ role: 'assistant', content })
    const calls = content.filter((block) => block.type === 'tool_use')
    const last = content.at(-1)
    if (calls.length === 0) return last?.type === 'text' ? last.text : ''
    messages.push({
      role: 'user',
      content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'saw' })),
    })
  }
}

describe('signed and redacted thinking is back in its place in every later turn, to the byte', () => {
  it.each(Object.entries(drivers))('%s, Anthropic upstream', async (_, drive) => {
    const house = await openHouse({ script: loop })
    expect(await drive(house, 'an/claude-loop')).toBe('Seen.')
    expect(turnsSent(house, 1)).toMatchObject([firstTurn])
    expect(turnsSent(house, 2)).toMatchObject([firstTurn, secondTurn])
    expect(JSON.stringify(house.sent())).not.toContain('slc1.')
  })

  it.each(Object.entries(drivers).filter(([name]) => name.startsWith('anthropic')))(
    '%s, OpenAI-compatible upstream with reasoning_details',
    async (_, drive) => {
      const house = await openHouse({ script: loop })
      expect(await drive(house, 'oa/vendor-loop')).toBe('Seen.')
      const [first] = turnsOfChat(house, 1)
      expect(first?.reasoning_details).toMatchObject([
        { type: 'reasoning.text', text: thought, signature: 'c2lnLTE=' },
        { type: 'reasoning.encrypted', data: 'cmVkYWN0ZWQtMQ==' },
        { type: 'reasoning.text', text: 'Now the tools.', signature: 'c2lnLTI=' },
      ])
      expect(turnsOfChat(house, 2)[1]?.reasoning_details).toMatchObject([
        { type: 'reasoning.encrypted', data: 'cmVkYWN0ZWQtMg==' },
      ])
      expect(JSON.stringify(house.sent())).not.toContain('slc1.')
    },
  )

  it('a whole answer that is given back as a plain message still goes to the provider, without its thinking', async () => {
    const house = await openHouse({ script: loop })
    const { openai } = house
    await openai.chat.completions.create({
      model: 'an/claude-loop',
      tools: [chatTool],
      messages: [
        { role: 'user', content: 'Hi' },
        {
          role: 'assistant',
          content: 'Let me look.',
          tool_calls: [{ id: 'toolu_A', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'toolu_A', content: 'saw' },
      ],
    })
    expect(turnsSent(house, 0)).toMatchObject([[{ type: 'text' }, { type: 'tool_use', id: 'toolu_A' }]])
  })
})

describe('state of one vendor never reaches another', () => {
  it.each([
    ['openai-chat', 'an/claude-loop', 'oa/other'],
    ['anthropic-messages', 'an/claude-loop', 'oa/other'],
    ['anthropic-messages', 'oa/other', 'an/claude-loop'],
    ['openai-chat', 'an/claude-loop', 'an/other-family'],
    ['anthropic-messages', 'oa/other', 'oa/different'],
  ] as const)('%s client that goes on from %s to %s', async (client, from, to) => {
    const house = await openHouse({ script: loop })
    const secrets = ['c2lnLTE=', 'cmVkYWN0ZWQtMQ==', 'slc1.', 'signature', 'redacted', 'reasoning_details']
    if (client === 'openai-chat') {
      const { choices } = await house.openai.chat.completions.create({
        model: from,
        messages: [{ role: 'user', content: 'Hi' }],
        tools: [chatTool],
      })
      expect(JSON.stringify(choices)).toContain('slc1.')
      await house.openai.chat.completions.create({
        model: to,
        tools: [chatTool],
        messages: [
          { role: 'user', content: 'Hi' },
          choices[0]!.message,
          { role: 'tool', tool_call_id: 'toolu_A', content: 'saw' },
          { role: 'tool', tool_call_id: 'toolu_B', content: 'saw' },
        ],
      })
    } else {
      const tools = [{ ...look, input_schema: schema }]
      const { content } = await house.anthropic.messages.create({
        model: from,
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Hi' }],
        tools,
      })
      await house.anthropic.messages.create({
        model: to,
        max_tokens: 100,
        tools,
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'toolu_A', content: 'saw' },
              { type: 'tool_result', tool_use_id: 'toolu_B', content: 'saw' },
            ],
          },
        ],
      })
    }
    const text = JSON.stringify(house.sent())
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text).toContain('Let me look, 世界.')
    expect(text).toContain('toolu_B')
  })
})

it.each([true, false])(
  'thinking that nobody signed does not reach a provider that checks signatures, streamed %s',
  async (stream) => {
    const house = await openHouse({ script: { steps: [{ reasoning: thought }, { text: 'Four.' }] } })
    const body = { model: 'oa/deep', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
    const { content } = stream
      ? await house.anthropic.messages.stream(body).finalMessage()
      : await house.anthropic.messages.create(body)
    expect(content).toMatchObject([
      { type: 'thinking', thinking: thought },
      { type: 'text', text: 'Four.' },
    ])
    const next: Parameters<typeof house.anthropic.messages.create>[0]['messages'] = [
      ...body.messages,
      { role: 'assistant', content },
      { role: 'user', content: 'And three?' },
    ]
    await house.anthropic.messages.create({ ...body, model: 'an/claude', messages: next })
    expect(house.sent().messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Four.' },
      { role: 'user', content: 'And three?' },
    ])
  },
)

type Turn = { role: string; content: unknown; reasoning_details?: object[] }

function turnsSent(house: House, index: number): unknown[] {
  return (house.sent(index).messages as Turn[]).filter(({ role }) => role === 'assistant').map(({ content }) => content)
}

function turnsOfChat(house: House, index: number): Turn[] {
  return (house.sent(index).messages as Turn[]).filter(({ role }) => role === 'assistant')
}

describe('what a client without a slot for state gets to see', () => {
  const [pair] = pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages', stream: true }) as [Pair]

  it('the chunks hold the reasoning as text and the state in one sealed delta', async () => {
    const house = await openHouse({ script: loop })
    const stream = await house.openai.chat.completions.create({
      model: pair.model('claude-loop'),
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    const deltas: Array<Record<string, unknown>> = []
    for await (const { choices } of stream) deltas.push({ ...choices[0]!.delta })
    expect(deltas[0]).toMatchObject({ role: 'assistant', content: '' })
    expect(deltas.map(({ reasoning_content }) => reasoning_content ?? '').join('')).toBe(`${thought}Now the tools.`)
    const sealed = deltas.filter((delta) => 'reasoning_details' in delta)
    expect(sealed).toHaveLength(1)
    expect(JSON.stringify(deltas)).not.toContain('c2lnLTE=')
  })
})
