import { ApiError, FunctionCallingConfigMode, type GenerateContentResponse, type Part } from '@google/genai'
import { afterEach, describe, expect, it } from 'vitest'
import { type GeminiHouse, type GeminiHouseOptions, modelAt, openGeminiHouse, upstreams } from './gemini-house.ts'

/** Google's own SDK as the client, in front of every kind of provider. */
const open: GeminiHouse[] = []

afterEach(async () => {
  for (const house of open.splice(0)) await house.close()
})

async function house(options: GeminiHouseOptions = {}): Promise<GeminiHouse> {
  const opened = await openGeminiHouse(options)
  open.push(opened)
  return opened
}

const answer = 'Grüße, 世界! 👩‍👩‍👧‍👦 "quoted" \\ \u2028 \u2029 end.'

interface Heard {
  text: string
  thoughts: string
  calls: Array<{ name: string | undefined; args: unknown }>
  finish: string | undefined
  chunks: GenerateContentResponse[]
  last: GenerateContentResponse
}

function heard(chunks: GenerateContentResponse[]): Heard {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
  const join = (thought: boolean): string =>
    parts.map((part) => (Boolean(part.thought) === thought ? (part.text ?? '') : '')).join('')
  return {
    text: join(false),
    thoughts: join(true),
    calls: parts.flatMap(({ functionCall: call }) => (call ? [{ name: call.name, args: call.args }] : [])),
    finish: chunks.at(-1)?.candidates?.[0]?.finishReason,
    chunks,
    last: chunks.at(-1)!,
  }
}

type Params = Parameters<GeminiHouse['google']['models']['generateContent']>[0]

async function ask({ google }: GeminiHouse, stream: boolean, params: Params): Promise<Heard> {
  if (!stream) return heard([await google.models.generateContent(params)])
  const chunks: GenerateContentResponse[] = []
  for await (const chunk of await google.models.generateContentStream(params)) chunks.push(chunk)
  return heard(chunks)
}

const ways = upstreams.flatMap((upstream) => [true, false].map((stream) => ({ upstream, stream })))

const weather = {
  functionDeclarations: [
    {
      name: 'get_weather',
      description: 'The weather',
      parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
    { name: 'get_time', description: 'The time' },
  ],
}

describe.each(ways)('$upstream upstream, streamed $stream', ({ upstream, stream }) => {
  const model = modelAt(upstream)

  it.each(['word', 'whole', 1] as const)('the text arrives as it was said, in pieces of %s', async (chunk) => {
    const at = await house({ script: { steps: [{ text: answer, chunk }], model: 'served-model' } })
    const found = await ask(at, stream, { model, contents: 'Hi there' })
    expect(found).toMatchObject({ text: answer, thoughts: '', calls: [], finish: 'STOP' })
    expect(found.last.modelVersion).toBe('served-model')
    expect(at.scripted.requests).toHaveLength(1)
  })

  it('an answer without any content is an answer', async () => {
    const at = await house({ script: { steps: [] } })
    expect(await ask(at, stream, { model, contents: 'Hi' })).toMatchObject({ text: '', finish: 'STOP' })
  })

  it('the counts are those of the provider, with thoughts beside the answer', async () => {
    const script = {
      steps: [{ text: 'Hi.' }],
      usage: { input: 1200, cacheRead: 1000, output: 50, reasoning: 20 },
    }
    const at = await house({ script })
    const { last } = await ask(at, stream, { model, contents: 'Hi' })
    expect(last.usageMetadata).toMatchObject({
      promptTokenCount: 1200,
      cachedContentTokenCount: 1000,
      candidatesTokenCount: 30,
      thoughtsTokenCount: 20,
      totalTokenCount: 1250,
    })
  })

  it('calls arrive whole, side by side, with their arguments as objects', async () => {
    const parallel = [
      { tool: 'get_weather', arguments: { city: 'Zürich' } },
      { tool: 'get_time', arguments: {} },
    ]
    const at = await house({ script: { steps: [{ text: 'Wait.' }, { parallel }] } })
    const found = await ask(at, stream, { model, contents: 'Hi', config: { tools: [weather] } })
    expect(found).toMatchObject({
      text: 'Wait.',
      finish: 'STOP',
      calls: [
        { name: 'get_weather', args: { city: 'Zürich' } },
        { name: 'get_time', args: {} },
      ],
    })
  })

  it('a chat goes on behind tool calls, and the provider gets its state back in the right place', async () => {
    const at = await house({
      script: {
        turns: [
          {
            steps: [
              { reasoning: 'The tool knows.', signature: 'c2lnbmF0dXJl' },
              { tool: 'get_weather', arguments: { city: 'Paris' } },
            ],
          },
          { steps: [{ text: 'The tool says: {{tool_result}}' }] },
        ],
      },
    })
    const config = { tools: [weather], maxOutputTokens: 9000, thinkingConfig: { thinkingBudget: 2000 } }
    const chat = at.google.chats.create({ model, config })
    const say = async (message: string | Part[]): Promise<Heard> => {
      if (!stream) return heard([await chat.sendMessage({ message })])
      const chunks: GenerateContentResponse[] = []
      for await (const chunk of await chat.sendMessageStream({ message })) chunks.push(chunk)
      return heard(chunks)
    }
    const first = await say('What is it like in Paris?')
    expect(first.calls).toEqual([{ name: 'get_weather', args: { city: 'Paris' } }])
    // Thoughts are shown only on demand; what the provider itself sends on goes through as it is.
    if (upstream !== 'gemini') expect(first.thoughts).toBe('')
    const result = { name: 'get_weather', response: { result: 'rain' } }
    expect((await say([{ functionResponse: result }])).text).toBe('The tool says: rain')
    expect(at.scripted.requests).toHaveLength(2)
    const body = at.sent()
    if (upstream === 'gemini') {
      const contents = body.contents as unknown as Array<{ role: string; parts: Part[] }>
      const call = contents.flatMap(({ parts }) => parts).find((part) => part.functionCall)
      expect(call).toMatchObject({ thoughtSignature: 'c2lnbmF0dXJl' })
    } else if (upstream === 'anthropic-messages') {
      expect(body.messages).toMatchObject([
        { role: 'user' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'The tool knows.', signature: 'c2lnbmF0dXJl' },
            { type: 'tool_use', name: 'get_weather', input: { city: 'Paris' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', content: 'rain' }] },
      ])
    } else {
      expect(body.messages).toMatchObject([
        { role: 'user' },
        { role: 'assistant', tool_calls: [{ function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }] },
        { role: 'tool', content: 'rain' },
      ])
    }
  })

  it('thoughts are shown to those who ask for them', async () => {
    const at = await house({ script: { steps: [{ reasoning: 'Two and two.' }, { text: 'Four.' }] } })
    const thinkingConfig = { includeThoughts: true, thinkingBudget: 2000 }
    const found = await ask(at, stream, {
      model,
      contents: '2 + 2?',
      config: { thinkingConfig, maxOutputTokens: 9000 },
    })
    expect(found).toMatchObject({ thoughts: 'Two and two.', text: 'Four.' })
  })

  it('instructions, pictures and settings reach the provider', async () => {
    const at = await house({ script: { steps: [{ text: 'I see {{images}}.' }] } })
    const png = 'iVBORw0KGgo='
    const found = await ask(at, stream, {
      model,
      contents: [{ role: 'user', parts: [{ text: 'Look.' }, { inlineData: { mimeType: 'image/png', data: png } }] }],
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        topP: 0.9,
        maxOutputTokens: 77,
        stopSequences: ['END'],
      },
    })
    expect(found.text).toBe('I see image/png of 8 bytes.')
    const body = at.sent()
    if (upstream === 'gemini') {
      expect(body).toMatchObject({
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        generationConfig: { temperature: 0.5, topP: 0.9, maxOutputTokens: 77, stopSequences: ['END'] },
      })
    } else if (upstream === 'anthropic-messages') {
      expect(body).toMatchObject({ system: 'Be brief.', temperature: 0.5, max_tokens: 77, stop_sequences: ['END'] })
    } else {
      expect(body).toMatchObject({ temperature: 0.5, max_completion_tokens: 77, stop: ['END'] })
      expect(body.messages).toMatchObject([{ content: 'Be brief.' }, { role: 'user' }])
    }
  })

  it('a forced function is forced', async () => {
    const at = await house({ script: { steps: [{ tool: 'get_time', arguments: {} }] } })
    const functionCallingConfig = { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_time'] }
    await ask(at, stream, {
      model,
      contents: 'Hi',
      config: { tools: [weather], toolConfig: { functionCallingConfig } },
    })
    const { tool_choice, toolConfig } = at.sent()
    expect(tool_choice ?? toolConfig).toMatchObject(
      {
        gemini: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_time'] } },
        'openai-chat': { type: 'function', function: { name: 'get_time' } },
        'anthropic-messages': { type: 'tool', name: 'get_time' },
      }[upstream],
    )
  })

  it.each([
    [400, 400, 'INVALID_ARGUMENT'],
    [404, 404, 'NOT_FOUND'],
    [429, 429, 'RESOURCE_EXHAUSTED'],
    [500, 500, 'INTERNAL'],
    [503, 503, 'UNAVAILABLE'],
  ])('the error %i is told as one of this API', async (status, shown, word) => {
    const at = await house({ script: { fault: { status } } })
    const error = await ask(at, stream, { model, contents: 'Hi' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: shown })
    const body = JSON.parse((error as ApiError).message) as { error: { code: number; status: string } }
    expect(body.error).toMatchObject({ code: shown, status: word })
  })

  it.each(['length', 'content_filter'])('the ending %s is told', async (finish) => {
    const at = await house({ script: { steps: [{ text: 'Until' }], finish } })
    const found = await ask(at, stream, { model, contents: 'Hi' })
    expect(found).toMatchObject({ text: 'Until', finish: finish === 'length' ? 'MAX_TOKENS' : 'SAFETY' })
  })
})

describe.each(upstreams)('a stream from %s', (upstream) => {
  const model = modelAt(upstream)

  it('an error in the middle is thrown with a real status, behind what was said', async () => {
    const at = await house({
      script: { steps: [{ text: 'one two three four' }], fault: { errorEvent: {}, afterEvents: 4 } },
    })
    const stream = await at.google.models.generateContentStream({ model, contents: 'Hi' })
    let text = ''
    const read = async (): Promise<void> => {
      for await (const chunk of stream) text += chunk.text ?? ''
    }
    const error = await read().catch((thrown: unknown) => thrown)
    expect(text).toMatch(/^one two/)
    expect(error).toBeInstanceOf(ApiError)
    expect((error as ApiError).status).toBeGreaterThanOrEqual(500)
  })

  it.each(['endAfterEvents', 'cutAfterEvents', 'garbageAfterEvents'] as const)('%s is an error', async (kind) => {
    const at = await house({ script: { steps: [{ text: 'one two three four' }], fault: { [kind]: 4 } as never } })
    const read = async (): Promise<void> => {
      for await (const _ of await at.google.models.generateContentStream({ model, contents: 'Hi' }));
    }
    await expect(read()).rejects.toBeInstanceOf(ApiError)
  })

  it('signs of life do no harm', async () => {
    const script = { steps: [{ text: 'one two three', pace: '80ms' }], wire: { comments: 1 } }
    const at = await house({ script, streaming: { heartbeat: '20ms' } })
    const found = await ask(at, true, { model, contents: 'Hi' })
    expect(found.text).toBe('one two three')
  })

  it('the provider hears at once that the client has left', async () => {
    const at = await house({ script: { steps: [{ text: 'one' }, { wait: '20s' }, { text: 'two' }] } })
    const stop = new AbortController()
    const config = { abortSignal: stop.signal }
    const read = async (): Promise<void> => {
      for await (const _ of await at.google.models.generateContentStream({ model, contents: 'Hi', config }))
        stop.abort()
    }
    await expect(read()).rejects.toThrow()
    await at.scripted.aborted(0)
  })

  it('a client that does not say alt=sse gets one JSON array', async () => {
    const at = await house({ script: { steps: [{ text: 'one two' }] } })
    const response = await fetch(`${at.sluice.url}/v1beta/models/${model}:streamGenerateContent?key=client-key`, {
      method: 'POST',
      body: JSON.stringify({ contents: { parts: { text: 'Hi' } }, generation_config: { max_output_tokens: 9 } }),
    })
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const chunks = (await response.json()) as GenerateContentResponse[]
    expect(heard(chunks)).toMatchObject({ text: 'one two', finish: 'STOP' })
  })

  it('an error in the middle of an array is its last element', async () => {
    const at = await house({
      script: { steps: [{ text: 'one two three' }], fault: { errorEvent: {}, afterEvents: 3 } },
    })
    const response = await fetch(`${at.sluice.url}/v1beta/models/${model}:streamGenerateContent`, {
      method: 'POST',
      body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    })
    const chunks = (await response.json()) as Array<{ error?: { code: number } }>
    expect(chunks.at(-1)?.error?.code).toBeGreaterThanOrEqual(500)
    expect(chunks.length).toBeGreaterThan(1)
  })
})

describe.each(['v1', 'v1beta', 'v1alpha'])('the version %s', (apiVersion) => {
  it('has the same paths', async () => {
    const at = await house({ apiVersion, script: { steps: [{ text: 'Hi.' }] } })
    const params = { model: modelAt('openai-chat'), contents: 'Hi' }
    expect((await at.google.models.generateContent(params)).text).toBe('Hi.')
    expect((await at.google.models.countTokens(params)).totalTokens).toBeGreaterThan(0)
    const names: string[] = []
    for await (const one of await at.google.models.list({ config: { pageSize: 7 } })) names.push(one.name ?? '')
    expect(names).toContain('models/ge/text')
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(20)
    expect(await at.google.models.get({ model: modelAt('gemini') })).toMatchObject({ name: 'models/ge/journey' })
    await expect(at.google.models.embedContent({ model: 'ge/x', contents: 'Hi' })).rejects.toMatchObject({
      status: 404,
    })
  })
})

it('a count is asked of the provider that has a counter', async () => {
  const at = await house({ script: { usage: { input: 321 } } })
  const count = (model: string) => at.google.models.countTokens({ model, contents: 'Hi' })
  expect((await count(modelAt('gemini'))).totalTokens).toBe(321)
  expect(at.scripted.requests.at(-1)?.path).toBe('/v1beta/models/journey:countTokens')
})

it('how long the provider asks to wait reaches the client as a header, too', async () => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '12.5s' }]
  const body = JSON.stringify({ error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED', details } })
  const at = await house({ script: { fault: { status: 429, body } } })
  const response = await fetch(`${at.sluice.url}/v1beta/models/${modelAt('gemini')}:generateContent`, {
    method: 'POST',
    body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
  })
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('13')
  expect(await response.text()).toContain('"retryDelay":"12.5s"')
})

it('state of one provider does not reach another, and comes back to its own', async () => {
  const at = await house({
    scripts: {
      thinks: {
        steps: [
          { reasoning: 'Hm.', signature: 'c2lnbmF0dXJl' },
          { tool: 'get_time', arguments: {} },
        ],
      },
      says: { steps: [{ text: 'ok' }] },
    },
  })
  const config = { tools: [weather], maxOutputTokens: 9000, thinkingConfig: { thinkingBudget: 2000 } }
  const first = await at.google.models.generateContent({ model: 'an/thinks', contents: 'Hi', config })
  const contents = [
    { role: 'user', parts: [{ text: 'Hi' }] },
    first.candidates![0]!.content!,
    { role: 'user', parts: [{ functionResponse: { name: 'get_time', response: { result: 'noon' } } }] },
  ]
  expect(JSON.stringify(contents)).toContain('thoughtSignature')
  for (const upstream of upstreams) {
    await at.google.models.generateContent({ model: modelAt(upstream, 'says'), contents, config })
    const sent = JSON.stringify(at.sent())
    expect(sent).not.toContain('slc1.')
    expect(sent).not.toContain('c2xjMS')
    // The family is that of the model's name.
    expect(sent.includes('c2lnbmF0dXJl'), upstream).toBe(false)
  }
  await at.google.models.generateContent({ model: 'an/thinks', contents, config })
  expect(JSON.stringify(at.sent())).toContain('c2lnbmF0dXJl')
})

it('every request shows the provider its own key and none of the client', async () => {
  const at = await house({ script: { steps: [{ text: 'Hi.' }] } })
  await at.google.models.generateContent({ model: modelAt('gemini'), contents: 'Hi' })
  const [request] = at.scripted.requests
  expect(request?.headers['x-goog-api-key']).toBe('key-ge')
  expect(JSON.stringify(request?.headers)).not.toContain('client-key')
  expect(request?.path).toBe('/v1beta/models/journey:generateContent')
})
