import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import { type Ask, ask, hello, type Pair } from './pairs.ts'

const clients = ['openai-chat', 'anthropic-messages'] as const

/** The official clients of the other dialects before an Ollama. */
const pairs = clients.flatMap((client) =>
  [true, false].map((stream): Pair & { way: string } => ({
    client,
    // The helper asks only for the name of the model.
    upstream: 'openai-chat',
    model: (name = 'm') => `ol/${name}`,
    stream,
    way: stream ? 'streamed' : 'whole',
  })),
)

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
const tools: Ask = {
  chat: {
    ...hello.chat,
    tools: [{ type: 'function', function: { name: 'get_weather', description: 'of a city', parameters: schema } }],
  },
  messages: {
    ...hello.messages,
    tools: [{ name: 'get_weather', description: 'of a city', input_schema: { ...schema, required: ['city'] } }],
  },
}

describe.each(pairs)('$client before an Ollama, $way', (pair) => {
  it('hears the text and the counts', async () => {
    const script: Script = { steps: [{ text: 'Grüße, 世界 👩‍👩‍👧!', chunk: 1 }], usage: { input: 9, output: 5 } }
    const house = await openHouse({ script })
    const heard = await ask(house, pair, hello)
    expect(heard).toMatchObject({ text: 'Grüße, 世界 👩‍👩‍👧!', model: 'm' })
    expect(heard.finish).toBe(pair.client === 'openai-chat' ? 'stop' : 'end_turn')
    expect(heard.usage).toMatchObject(
      pair.client === 'openai-chat'
        ? { prompt_tokens: 9, completion_tokens: 5 }
        : { input_tokens: 9, output_tokens: 5 },
    )
    expect(house.sent()).toMatchObject({
      model: 'm',
      stream: pair.stream,
      messages: [{ role: 'user', content: 'Hi there' }],
    })
  })

  it('hears the thinking', async () => {
    const house = await openHouse({ script: { steps: [{ reasoning: 'Let me see.' }, { text: 'Yes.' }] } })
    expect(await ask(house, pair, hello)).toMatchObject({ text: 'Yes.', reasoning: 'Let me see.' })
  })

  it('hears that the room was used up', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'Cut' }], finish: 'length' } })
    expect((await ask(house, pair, hello)).finish).toBe(pair.client === 'openai-chat' ? 'length' : 'max_tokens')
  })

  it('hears parallel calls, and their results come back in order under the names of their tools', async () => {
    const script: Script = {
      turns: [
        {
          steps: [
            { reasoning: 'Two cities.' },
            { text: 'Looking.' },
            {
              parallel: [
                { tool: 'get_weather', arguments: { city: 'Paris "×"' }, id: 'call_A' },
                { tool: 'get_weather', arguments: { city: 'Zürich' }, id: 'call_B' },
              ],
            },
          ],
        },
        { steps: [{ text: 'It is {{tool_result}}.' }] },
      ],
    }
    const house = await openHouse({ script })
    const heard = await ask(house, pair, tools)
    expect(heard.calls).toEqual([
      { id: 'call_A', name: 'get_weather', arguments: { city: 'Paris "×"' } },
      { id: 'call_B', name: 'get_weather', arguments: { city: 'Zürich' } },
    ])
    expect(heard.finish).toBe(pair.client === 'openai-chat' ? 'tool_calls' : 'tool_use')
    expect(house.sent().tools).toEqual(tools.chat.tools)

    const args = (i: number) => heard.calls[i]!.arguments as object
    const next: Ask = {
      chat: {
        ...tools.chat,
        messages: [
          ...tools.chat.messages,
          {
            role: 'assistant',
            content: heard.text,
            tool_calls: heard.calls.map(({ id, name }, i) => ({
              id,
              type: 'function',
              function: { name, arguments: JSON.stringify(args(i)) },
            })),
          },
          { role: 'tool', tool_call_id: 'call_B', content: 'rainy' },
          { role: 'tool', tool_call_id: 'call_A', content: 'sunny' },
        ],
      },
      messages: {
        ...tools.messages,
        messages: [
          ...tools.messages.messages,
          {
            role: 'assistant',
            content: [
              { type: 'text', text: heard.text },
              ...heard.calls.map(({ id, name }, i) => ({ type: 'tool_use' as const, id, name, input: args(i) })),
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'call_B', content: 'rainy' },
              { type: 'tool_result', tool_use_id: 'call_A', content: 'sunny', is_error: true },
            ],
          },
        ],
      },
    }
    const sunny = pair.client === 'openai-chat' ? 'sunny' : 'Error: sunny'
    expect((await ask(house, pair, next)).text).toBe(`It is ${sunny}\nrainy.`)
    const sent = house.sent().messages as object[]
    expect(sent.slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'Looking.',
        tool_calls: [
          { id: 'call_A', function: { index: 0, name: 'get_weather', arguments: { city: 'Paris "×"' } } },
          { id: 'call_B', function: { index: 1, name: 'get_weather', arguments: { city: 'Zürich' } } },
        ],
      },
      { role: 'tool', content: sunny, tool_name: 'get_weather', tool_call_id: 'call_A' },
      { role: 'tool', content: 'rainy', tool_name: 'get_weather', tool_call_id: 'call_B' },
    ])
  })

  const png = 'iVBORw0KGgo='
  it('sends pictures as bare base64', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'I see {{images}}.' }] } })
    const { text } = await ask(house, pair, {
      chat: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What?' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
            ],
          },
        ],
      },
      messages: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What?' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
            ],
          },
        ],
      },
    })
    expect(text).toBe('I see image/png of 8 bytes.')
    expect(house.sent().messages).toEqual([{ role: 'user', content: 'What?', images: [png] }])
  })

  it('is refused what an Ollama cannot do, before it is asked', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'never' }] } })
    const url = 'https://example.com/cat.png'
    const impossible: Ask[] = [
      {
        chat: { ...tools.chat, tool_choice: 'required' },
        messages: { ...tools.messages, tool_choice: { type: 'any' } },
      },
      {
        chat: { ...tools.chat, tool_choice: { type: 'function', function: { name: 'get_weather' } } },
        messages: { ...tools.messages, tool_choice: { type: 'tool', name: 'get_weather' } },
      },
      {
        chat: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] },
        messages: { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url } }] }] },
      },
    ]
    for (const one of impossible) await expect(ask(house, pair, one)).rejects.toMatchObject({ status: 400 })
    expect(house.scripted.requests).toHaveLength(0)
  })

  it('has its settings understood, and hears of those that are lost', async () => {
    const house = await openHouse({ script: { steps: [{ text: '{}' }] } })
    await ask(house, pair, {
      chat: {
        ...tools.chat,
        max_completion_tokens: 77,
        temperature: 0.5,
        stop: ['END'],
        reasoning_effort: 'low',
        parallel_tool_calls: false,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
      },
      messages: {
        ...tools.messages,
        max_tokens: 77,
        temperature: 0.5,
        stop_sequences: ['END'],
        thinking: { type: 'enabled', budget_tokens: 1024 },
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        output_config: { format: { type: 'json_schema', schema: { ...schema, required: ['city'] } } },
      },
    })
    expect(house.sent()).toMatchObject({
      options: { num_predict: 77, temperature: 0.5, stop: ['END'] },
      think: true,
      format: schema,
    })
    const warnings = house.head.get('x-sluice-warnings')?.split(', ') ?? []
    expect(warnings).toContain('parallel_tool_calls;dropped')
    expect(warnings).toContain(pair.client === 'openai-chat' ? 'reasoning_effort;changed' : 'reasoning.budget;dropped')
  })

  it.each([
    [404, "model 'm' not found", 404],
    [400, 'registry.ollama.ai/library/m does not support tools', 400],
    [503, 'server busy, please try again', pair.client === 'openai-chat' ? 503 : 529],
    [500, 'model runner has unexpectedly stopped', 500],
  ])('reads an answer of %d in its own way', async (status, message, seen) => {
    const house = await openHouse({ script: { steps: [], fault: { status, message } } })
    await expect(ask(house, pair, hello)).rejects.toMatchObject({
      status: seen,
      message: expect.stringContaining(message),
    })
  })
})

describe.each(pairs.filter(({ stream }) => stream))('$client before an Ollama', (pair) => {
  it('is told of an error line', async () => {
    const fault = { errorEvent: { message: 'the runner has stopped' }, afterEvents: 4 }
    const house = await openHouse({ script: { steps: [{ text: 'one two three four five' }], fault } })
    await expect(ask(house, pair, hello)).rejects.toThrow('the runner has stopped')
  })

  it('is told the true status of an error line before anything else', async () => {
    const fault = { errorEvent: { message: 'server busy' } }
    const house = await openHouse({ script: { steps: [{ text: 'never' }], fault } })
    await expect(ask(house, pair, hello)).rejects.toMatchObject({ status: pair.client === 'openai-chat' ? 503 : 529 })
  })

  it.each([{ endAfterEvents: 4 }, { cutAfterEvents: 4 }, { garbageAfterEvents: 4 }, { noEndMarker: true } as const])(
    'never takes a broken answer for a whole one: %o',
    async (fault) => {
      const house = await openHouse({ script: { steps: [{ text: 'one two three four five' }], fault } })
      await expect(ask(house, pair, hello)).rejects.toThrow()
    },
  )

  it('hears everything however the lines are torn', async () => {
    const house = await openHouse({
      script: { steps: [{ text: '日本語 und 👩‍👩‍👧', chunk: 2 }], wire: { write: 1, lineEnd: 'crlf', comments: 2 } },
    })
    expect((await ask(house, pair, hello)).text).toBe('日本語 und 👩‍👩‍👧')
  })

  it('stops the provider when it leaves', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'a' }, { wait: '60s' }] } })
    const leaving = new AbortController()
    const options = { signal: leaving.signal }
    const reading =
      pair.client === 'openai-chat'
        ? house.openai.chat.completions.create({ ...hello.chat, model: 'ol/m', stream: true }, options)
        : house.anthropic.messages.create({ ...hello.messages, model: 'ol/m', max_tokens: 9, stream: true }, options)
    for await (const _ of await reading) {
      leaving.abort()
      break
    }
    await house.scripted.aborted(0)
  })
})

it('lists the models of an Ollama under the names by which they can be asked for', async () => {
  const house = await openHouse({ scripts: { hello: { steps: [{ text: 'Hello' }] } } })
  const ids = []
  for await (const { id } of house.openai.models.list()) ids.push(id)
  expect(ids).toContain('ol/hello:latest')
  const heard = await house.openai.chat.completions.create({ ...hello.chat, model: 'ol/hello:latest' })
  expect(heard.choices[0]!.message.content).toBe('Hello')
})
