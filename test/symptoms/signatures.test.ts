import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/tokens/index.ts'
import {
  block,
  candidate,
  chunk,
  done,
  functionCall,
  messageEnd,
  messageStart,
  response,
  sse,
  textBlock,
  thought,
  toolUse,
} from './events.ts'
import { type House, openHouse } from './house.ts'

/** State that a provider signs: what the next turn breaks on when it does not come back as it was. */

const signature = 'c2lnbmVkIGJ5IHRoZSB2ZW5kb3I='
const prompt = [{ role: 'user' as const, content: 'Hi' }]
const tool = { name: 'clock', input_schema: { type: 'object' as const } }
const chatTool = { type: 'function' as const, function: { name: 'clock', parameters: { type: 'object' } } }

/** Two turns of Anthropic's SDK with a tool call between them. The history that the second one sent to the provider. */
async function messagesLoop({ anthropic, asked }: House, model: string): Promise<JsonObject> {
  const body = { model, max_tokens: 2000, tools: [tool], thinking: { type: 'adaptive' as const } }
  const { content } = await anthropic.messages.stream({ ...body, messages: prompt }).finalMessage()
  const results = content.flatMap((one): Anthropic.ToolResultBlockParam[] =>
    one.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: one.id, content: 'noon' }] : [],
  )
  const messages = [...prompt, { role: 'assistant' as const, content }, { role: 'user' as const, content: results }]
  await anthropic.messages.stream({ ...body, messages }).finalMessage()
  return asked[1]!.body
}

/** The same with the SDK of OpenAI. `bare`: the client builds its messages from the fields that it knows. */
async function chatLoop({ openai, asked }: House, model: string, bare = false): Promise<JsonObject> {
  const body = { model, tools: [chatTool], reasoning_effort: 'high' as const }
  const first = await openai.chat.completions.stream({ ...body, stream: true, messages: prompt }).finalChatCompletion()
  const { message } = first.choices[0]!
  const { role, content, tool_calls } = message
  const calls = tool_calls?.flatMap((call) => {
    if (call.type !== 'function') return []
    const { name, arguments: args } = call.function
    return [{ id: call.id, type: call.type, function: { name, arguments: args } }]
  })
  const known = { role, content, ...(calls && { tool_calls: calls }) }
  const messages = [
    ...prompt,
    (bare ? known : message) as OpenAI.ChatCompletionMessageParam,
    ...(tool_calls ?? []).map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'noon' })),
  ]
  await openai.chat.completions.stream({ ...body, stream: true, messages }).finalChatCompletion()
  return asked[1]!.body
}

const signed = sse(
  messageStart(),
  ...thought(0, ['Let me ', 'see.'], signature),
  ...toolUse(1, 'toolu_1', 'clock', '{}'),
  ...messageEnd('tool_use'),
)
const ways = [
  ['as it is', false],
  ['told anew', true],
] as const

describe('signatures of Messages', () => {
  it.each(ways)(
    'the next turn is refused for an invalid signature (%s): it comes with its thought',
    async (_, normalise) => {
      const { messages } = await messagesLoop(await openHouse(signed, { normalise }), 'anthropic-messages/m')
      const [, { content }] = messages as [JsonObject, JsonObject]
      expect(content).toMatchObject([{ type: 'thinking', thinking: 'Let me see.', signature }, { type: 'tool_use' }])
    },
  )

  it.each([
    ['keeps what it was given', false],
    ['builds its messages anew', true],
  ])(
    'the next turn of a Chat client that %s is refused: thought and signature are back in one block',
    async (_, bare) => {
      const { messages } = await chatLoop(await openHouse(signed), 'anthropic-messages/m', bare)
      const [, { content }] = messages as [JsonObject, JsonObject]
      expect(content).toMatchObject([{ type: 'thinking', thinking: 'Let me see.', signature }, { type: 'tool_use' }])
    },
  )

  it('a thought in fragments cannot be sent back: it is one entry, and what it says of its state it says once', async () => {
    const { post } = await openHouse(signed)
    const { data } = await post('/v1/chat/completions', {
      model: 'anthropic-messages/m',
      stream: true,
      messages: prompt,
    })
    const deltas = data.flatMap(({ choices }) => (choices as Array<{ delta: JsonObject }>).map(({ delta }) => delta))
    expect(deltas.map(({ reasoning_content = '' }) => reasoning_content).join('')).toBe('Let me see.')
    const details = deltas.flatMap(({ reasoning_details = [] }) => reasoning_details as JsonObject[])
    expect(details).toHaveLength(1)
    expect(details).toMatchObject([{ index: expect.any(Number) }])
  })

  it.each(ways)('a thought vanishes that shows no text or is redacted (%s): it comes back', async (_, normalise) => {
    const body = sse(
      messageStart(),
      ...thought(0, [], signature),
      ...block(1, { type: 'redacted_thinking', data: 'aGlkZGVu' }),
      ...toolUse(2, 'toolu_1', 'clock', '{}'),
      ...messageEnd('tool_use'),
    )
    const { messages } = await messagesLoop(await openHouse(body, { normalise }), 'anthropic-messages/m')
    expect((messages as JsonObject[])[1]!.content).toMatchObject([
      { type: 'thinking', thinking: '', signature },
      { type: 'redacted_thinking', data: 'aGlkZGVu' },
      { type: 'tool_use' },
    ])
  })

  it('an empty thought without a signature is refused in the next turn: there is none', async () => {
    const body = sse(messageStart(), ...thought(0, []), ...textBlock(1, 'said'), ...messageEnd('end_turn'))
    const { anthropic } = await openHouse(body, { normalise: true })
    const ask = { model: 'anthropic-messages/m', max_tokens: 9, messages: prompt }
    expect((await anthropic.messages.stream(ask).finalMessage()).content).toMatchObject([{ type: 'text' }])
  })

  it('a whole answer told as a stream has lost its signature: the next turn has it', async () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature },
      { type: 'tool_use', id: 'toolu_1', name: 'clock', input: {} },
    ]
    const whole = { ...(messageStart() as { message: object }).message, content, stop_reason: 'tool_use' }
    const house = await openHouse((reply) =>
      reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole)),
    )
    const { messages } = await messagesLoop(house, 'anthropic-messages/m')
    expect((messages as JsonObject[])[1]!.content).toMatchObject(content)
  })

  it('reasoning that nobody signed is sent back with an empty signature: it stays behind', async () => {
    const unsigned = sse(chunk({ reasoning_content: 'hm' }), chunk({ content: 'said' }), chunk({}, 'stop')) + done
    const house = await openHouse([unsigned, signed], { normalise: true })
    const first = await house.anthropic.messages
      .stream({ model: 'openai-chat/m', max_tokens: 9, messages: prompt })
      .finalMessage()
    expect(first.content).toMatchObject([{ type: 'thinking', thinking: 'hm' }, { type: 'text' }])
    const messages = [...prompt, { role: 'assistant' as const, content: first.content }, ...prompt]
    await house.anthropic.messages.stream({ model: 'anthropic-messages/m', max_tokens: 9, messages }).finalMessage()
    expect((house.asked[1]!.body.messages as JsonObject[])[1]!.content).toBe('said')
  })
})

describe('thought signatures of Gemini', () => {
  const call = (name: string, more: object = {}) => functionCall(name, { at: name }, more)
  const two = sse(
    candidate([call('clock', { thoughtSignature: signature })]),
    candidate([call('weather')], { finishReason: 'STOP' }),
  )
  const back = [{ thoughtSignature: signature, functionCall: { name: 'clock' } }, { functionCall: { name: 'weather' } }]
  const contentsOf = (body: JsonObject) => body.contents as Array<{ role: string; parts: JsonObject[] }>

  it.each<[string, (house: House) => Promise<JsonObject>]>([
    ['openai SDK', (house) => chatLoop(house, 'gemini/m')],
    ['openai SDK, messages built anew', (house) => chatLoop(house, 'gemini/m', true)],
    ['anthropic SDK', (house) => messagesLoop(house, 'gemini/m')],
  ])(
    'the second turn of tools is refused for want of a signature, or for calls torn apart (%s): both calls are in one entry, and the first has it',
    async (_, loop) => {
      const contents = contentsOf(await loop(await openHouse(two)))
      expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user'])
      expect(contents[1]!.parts).toMatchObject(back)
      expect(contents[1]!.parts[1]).not.toHaveProperty('thoughtSignature')
    },
  )

  it('Google’s own client sends each chunk as an entry of its own: the calls are in one again', async () => {
    const { google, asked } = await openHouse([two, signed], { normalise: true })
    const ask = [{ role: 'user', parts: [{ text: 'Hi' }] }]
    const entries: object[] = []
    for await (const one of await google.models.generateContentStream({ model: 'gemini/m', contents: ask })) {
      const { content } = one.candidates?.[0] ?? {}
      if (content?.parts?.length) entries.push(content)
    }
    const results = ['clock', 'weather'].map((name) => ({ functionResponse: { name, response: { output: 'ok' } } }))
    const contents = [...ask, ...entries, { role: 'user', parts: results }]
    await google.models.generateContentStream({ model: 'anthropic-messages/m', contents })
    const messages = asked[1]!.body.messages as Array<{ role: string; content: JsonObject[] }>
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(messages[1]!.content.filter(({ type }) => type === 'tool_use')).toHaveLength(2)
  })
})

describe('encrypted reasoning of Responses', () => {
  const encrypted = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'ZW5jcnlwdGVk' }
  const call = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'clock',
    arguments: '{}',
    status: 'completed',
  }
  const items = [encrypted, call]
  const body = sse(
    { type: 'response.created', response: response('in_progress') },
    ...items.flatMap((item, output_index) => [
      { type: 'response.output_item.added', output_index, item },
      { type: 'response.output_item.done', output_index, item },
    ]),
    { type: 'response.completed', response: response('completed', items) },
  )

  it.each<[string, (house: House) => Promise<JsonObject>]>([
    ['openai SDK, Chat', (house) => chatLoop(house, 'openai-responses/m')],
    ['openai SDK, Chat, messages built anew', (house) => chatLoop(house, 'openai-responses/m', true)],
    ['anthropic SDK', (house) => messagesLoop(house, 'openai-responses/m')],
  ])('it is lost on the way through another API (%s): it comes back as the item that it was', async (_, loop) => {
    const { input } = await loop(await openHouse(body))
    expect((input as JsonObject[]).find(({ type }) => type === 'reasoning')).toMatchObject(encrypted)
  })
})
