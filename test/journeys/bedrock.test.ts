import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { type House, openHouse } from './house.ts'
import { type Ask, ask, hello, type Pair } from './pairs.ts'

const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'

/** The official clients before Bedrock, which nobody speaks to sluice. */
const pairs = (['openai-chat', 'anthropic-messages'] as const).flatMap((client) =>
  [true, false].map((stream): Pair & { way: string } => ({
    client,
    // The helper asks only for the name of the model.
    upstream: 'openai-chat',
    model: (name = claude) => `be/${name}`,
    stream,
    way: stream ? 'streamed' : 'whole',
  })),
)
const isChat = (pair: Pair): boolean => pair.client === 'openai-chat'

const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
const tools: Ask = {
  chat: {
    ...hello.chat,
    tools: [{ type: 'function', function: { name: 'get_weather', description: 'of a city', parameters: schema } }],
  },
  messages: {
    ...hello.messages,
    tools: [{ name: 'get_weather', description: 'of a city', input_schema: schema }],
  },
}
const text = 'Grüße, 世界 👩‍👩‍👧!'
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p1nVYQAAAABJRU5ErkJggg=='

const pathsOf = ({ scripted }: House): string[] => scripted.requests.map(({ path }) => path)

describe.each(pairs)('$client before Bedrock, $way', (pair) => {
  it('hears the text and the counts, the cached ones among them', async () => {
    const usage = { input: 100, cacheRead: 70, cacheWrite: 20, output: 5 }
    const house = await openHouse({ strict: true, script: { steps: [{ text, chunk: 1 }], usage } })
    const heard = await ask(house, pair, hello)
    expect(heard).toMatchObject({ text, model: claude })
    expect(heard.finish).toBe(isChat(pair) ? 'stop' : 'end_turn')
    expect(heard.usage).toMatchObject(
      isChat(pair)
        ? { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 70 } }
        : { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 70, cache_creation_input_tokens: 20 },
    )
    const action = pair.stream ? 'converse-stream' : 'converse'
    expect(pathsOf(house)).toEqual([`/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/${action}`])
    expect(house.sent()).toMatchObject({ messages: [{ role: 'user', content: [{ text: 'Hi there' }] }] })
    expect(house.scripted.requests[0]!.headers.authorization).toBe('Bearer provider-key-be')
    if (pair.stream) expect(house.head.get('x-sluice-stream')).toBe('native')
    expect(house.head.get(isChat(pair) ? 'x-request-id' : 'request-id')).toBe('req_1')
  })

  it('reaches a model whose name is an address with slashes', async () => {
    const house = await openHouse({ script: { steps: [{ text }] } })
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc/x'
    expect((await ask(house, pair, { ...hello, model: arn })).text).toBe(text)
    expect(pathsOf(house)[0]).toContain(`/model/${encodeURIComponent(arn)}/converse`)
  })

  it('calls tools side by side, those without arguments too', async () => {
    const script: Script = {
      steps: [
        { text: 'Let me look.' },
        { tool: 'get_weather', arguments: { city: 'Zürich' }, id: 'tooluse_A' },
        { tool: 'get_weather', arguments: '', id: 'tooluse_B' },
      ],
    }
    const house = await openHouse({ strict: true, script })
    const heard = await ask(house, pair, tools)
    expect(heard.calls).toEqual([
      { id: 'tooluse_A', name: 'get_weather', arguments: { city: 'Zürich' } },
      { id: 'tooluse_B', name: 'get_weather', arguments: {} },
    ])
    expect(heard).toMatchObject({ text: 'Let me look.', finish: isChat(pair) ? 'tool_calls' : 'tool_use' })
    expect(house.sent().toolConfig).toEqual({
      tools: [{ toolSpec: { name: 'get_weather', description: 'of a city', inputSchema: { json: schema } } }],
    })
  })

  it('hears why the answer ended', async () => {
    const ended = async (script: Script): Promise<string | null> =>
      (await ask(await openHouse({ script }), pair, hello)).finish
    expect(await ended({ steps: [{ text }], finish: 'length' })).toBe(isChat(pair) ? 'length' : 'max_tokens')
    expect(await ended({ steps: [{ text }], finish: 'content_filter' })).toBe(
      isChat(pair) ? 'content_filter' : 'refusal',
    )
    expect(await ended({ steps: [{ text }], finish: 'guardrail_intervened' })).toBe(
      isChat(pair) ? 'content_filter' : 'refusal',
    )
    expect(await ended({ steps: [{ text }], finish: 'something_new' })).toBe(isChat(pair) ? 'stop' : 'end_turn')
  })

  it('hears which stop sequence it was', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'One, ' }], stopSequence: 'two' } })
    const heard = await ask(house, pair, {
      chat: { ...hello.chat, stop: ['two', ' '] },
      messages: { ...hello.messages, stop_sequences: ['two', ' '] },
    })
    expect(house.sent().inferenceConfig).toMatchObject({ stopSequences: ['two'] })
    expect(heard.finish).toBe(isChat(pair) ? 'stop' : 'stop_sequence')
    if (!isChat(pair)) expect(heard.stopSequence).toBe('two')
  })

  it('shows an image, and refuses an address before anybody is asked', async () => {
    const house = await openHouse({ strict: true, script: { steps: [{ text: 'I see {{images}}.' }] } })
    const look = (url: string | undefined): Ask => ({
      chat: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: url ?? `data:image/png;base64,${png}` } },
              { type: 'text', text: 'What is it?' },
            ],
          },
        ],
      },
      messages: {
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'image',
                source: url ? { type: 'url', url } : { type: 'base64', media_type: 'image/png', data: png },
              },
              { type: 'text', text: 'What is it?' },
            ],
          },
        ],
      },
    })
    expect((await ask(house, pair, look(undefined))).text).toMatch(/^I see image\/png of \d+ bytes\.$/)
    await expect(ask(house, pair, look('https://example.com/cat.png'))).rejects.toThrow(/400.*S3/)
    expect(house.scripted.requests).toHaveLength(1)
  })

  it('gets JSON of a shape', async () => {
    const house = await openHouse({ strict: true, script: { steps: [{ text: '{"city":"Paris"}' }] } })
    await ask(house, pair, {
      chat: { ...hello.chat, response_format: { type: 'json_schema', json_schema: { name: 'place', schema } } },
      messages: { ...hello.messages, output_config: { format: { type: 'json_schema', schema } } },
    })
    const { textFormat } = house.sent().outputConfig as { textFormat: JsonObject }
    expect(textFormat).toMatchObject({ type: 'json_schema' })
    const { jsonSchema } = textFormat.structure as { jsonSchema: { schema: string } }
    expect(JSON.parse(jsonSchema.schema)).toEqual({ ...schema, additionalProperties: false })
  })

  it.each([
    [400, 400],
    [403, 502],
    [404, 404],
    [429, 429],
    [500, 500],
    [503, isChat(pair) ? 503 : 529],
  ])('a refusal with status %i is told before the answer begins', async (status, told) => {
    const house = await openHouse({ script: { steps: [{ text }], fault: { status, message: 'because' } } })
    const failed = await ask(house, pair, hello).catch((error: unknown) => error)
    const { APIError } = isChat(pair) ? OpenAI : Anthropic
    expect(failed).toBeInstanceOf(APIError)
    expect(failed).toMatchObject({ status: told, message: expect.stringContaining('because') })
  })
})

describe.each(pairs.filter(({ stream }) => stream))('$client before Bedrock, when a stream breaks', (pair) => {
  const broken = (fault: Script['fault']): Promise<House> =>
    openHouse({ script: { steps: [{ text: 'one two three' }], ...(fault && { fault }) } })
  const exception = { type: 'throttlingException', message: 'slow down' }

  it('an exception before the first content is an answer with its true status', async () => {
    const house = await broken({ errorEvent: exception, afterEvents: 1 })
    await expect(ask(house, pair, hello)).rejects.toMatchObject({ status: 429 })
  })

  it('an exception behind it is the last thing that is heard', async () => {
    const house = await broken({ errorEvent: exception, afterEvents: 3 })
    const failed = await ask(house, pair, hello).catch((error: unknown) => error)
    expect(String(failed)).toContain('slow down')
    expect((failed as { status?: number }).status).toBeUndefined()
  })

  it('bytes that are no message of the stream are an error and no answer', async () => {
    await expect(ask(await broken({ garbageAfterEvents: 3 }), pair, hello)).rejects.toThrow('checksum')
  })

  it('an answer without its counts is whole', async () => {
    expect((await ask(await broken({ noEndMarker: true }), pair, hello)).text).toBe('one two three')
  })
})

/** A loop of two tool turns in which Bedrock wants every block of thinking back where it was. */
const loop: Script = {
  turns: [
    {
      steps: [
        { reasoning: 'Two places.', signature: 'c2lnLTE=' },
        { redacted: 'cmVkYWN0ZWQtMQ==' },
        { text: 'Let me look.' },
        { tool: 'look', arguments: { at: 'a' }, id: 'tooluse_A' },
        { tool: 'look', arguments: { at: 'b' }, id: 'tooluse_B' },
      ],
    },
    { steps: [{ redacted: 'cmVkYWN0ZWQtMg==' }, { tool: 'look', arguments: { at: 'c' }, id: 'tooluse_C' }] },
    { steps: [{ reasoning: 'Enough.', signature: 'c2lnLTM=' }, { text: 'Seen.' }] },
  ],
}
const history = [
  { role: 'user', content: [{ text: 'Hi' }] },
  {
    role: 'assistant',
    content: [
      { reasoningContent: { reasoningText: { text: 'Two places.', signature: 'c2lnLTE=' } } },
      { reasoningContent: { redactedContent: 'cmVkYWN0ZWQtMQ==' } },
      { text: 'Let me look.' },
      { toolUse: { toolUseId: 'tooluse_A', name: 'look', input: { at: 'a' } } },
      { toolUse: { toolUseId: 'tooluse_B', name: 'look', input: { at: 'b' } } },
    ],
  },
  {
    role: 'user',
    content: [
      { toolResult: { toolUseId: 'tooluse_A', content: [{ text: 'saw' }] } },
      { toolResult: { toolUseId: 'tooluse_B', content: [{ text: 'saw' }] } },
    ],
  },
  {
    role: 'assistant',
    content: [
      { reasoningContent: { redactedContent: 'cmVkYWN0ZWQtMg==' } },
      { toolUse: { toolUseId: 'tooluse_C', name: 'look', input: { at: 'c' } } },
    ],
  },
  { role: 'user', content: [{ toolResult: { toolUseId: 'tooluse_C', content: [{ text: 'saw' }] } }] },
]

const model = `be/${claude}`
const lookTool = { name: 'look', description: 'Look there' }
const parameters = { type: 'object' as const, properties: { at: { type: 'string' } } }
const runnable = { type: 'function' as const, function: { ...lookTool, parameters, function: () => 'saw' } }

const drivers: Record<string, (house: House) => Promise<unknown>> = {
  'openai SDK, runTools streamed, which builds the history anew': ({ openai }) =>
    openai.chat.completions
      .runTools({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }], tools: [runnable] })
      .finalContent(),
  'openai SDK, runTools whole': ({ openai }) =>
    openai.chat.completions
      .runTools({ model, messages: [{ role: 'user', content: 'Hi' }], tools: [runnable] })
      .finalContent(),
  'anthropic SDK, streamed': (house) => messagesLoop(house, true),
  'anthropic SDK, whole': (house) => messagesLoop(house, false),
}

async function messagesLoop({ anthropic }: House, stream: boolean): Promise<unknown> {
  const messages: Parameters<typeof anthropic.messages.create>[0]['messages'] = [{ role: 'user', content: 'Hi' }]
  for (;;) {
    const body = { model, messages, max_tokens: 100, tools: [{ ...lookTool, input_schema: parameters }] }
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

it.each(Object.entries(drivers))(
  'signed and redacted thinking is back in its place in every later turn: %s',
  async (_, drive) => {
    const house = await openHouse({ strict: true, script: loop })
    expect(await drive(house)).toBe('Seen.')
    expect(house.sent(1).messages).toEqual(history.slice(0, 3))
    expect(house.sent(2).messages).toEqual(history)
    expect(JSON.stringify(house.sent())).not.toContain('slc1.')
  },
)

it('the thinking of one place of a model is good for the same model in another', async () => {
  const house = await openHouse({ script: loop })
  const first = await house.anthropic.messages.create({
    model,
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  await house.anthropic.messages.create({
    model: `be/${claude.replace('us.', 'eu.')}`,
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: first.content },
    ],
  })
  expect(JSON.stringify(house.sent())).toContain('c2lnLTE=')
})

it('the models of Bedrock are listed, and those of the caller’s API only under their provider', async () => {
  const house = await openHouse({ scripts: { mine: { steps: [{ text }] } } })
  const ids: string[] = []
  for await (const { id } of house.openai.models.list()) ids.push(id)
  expect(ids).toContain('be/mine')
})

it('what Bedrock cannot be told is named', async () => {
  const house = await openHouse({ strict: true, script: { steps: [{ text }] } })
  await house.openai.chat.completions.create({
    model,
    seed: 1,
    temperature: 1.5,
    tool_choice: 'none',
    messages: [{ role: 'user', content: 'Hi', name: 'Ada' }],
    ...({ guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' } } as object),
  })
  expect(house.head.get('x-sluice-warnings')).toBe('messages[0].name;dropped, temperature;changed, seed;dropped')
  expect(house.sent()).toEqual({
    messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
    inferenceConfig: { temperature: 1 },
    guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
  })
})
