import { describe, expect, it } from 'vitest'
import { anthropicMessages, openaiChat } from '../../../src/dialects/index.ts'
import type { ChatRequest, JsonObject } from '../../../src/tokens/index.ts'
import { request, sent, upstream } from './wire.ts'

const chat = (messages: JsonObject[], more: JsonObject = {}): ChatRequest =>
  openaiChat.client.decodeRequest({ model: 'm', messages, ...more })
const user = { role: 'user', content: 'q' }
const toolCall = (id: string, name = 'f', args = '{"a":1}'): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: args },
})
const f = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }

describe('the history', () => {
  it('has its results in one turn, in the order of the calls, each as an object', () => {
    const { body, warnings } = sent(
      chat([
        user,
        { role: 'assistant', content: 'Wait.', tool_calls: [toolCall('a'), toolCall('b', 'g', '')] },
        { role: 'tool', tool_call_id: 'b', content: '{"deg":7}' },
        { role: 'tool', tool_call_id: 'a', content: 'rain' },
        { role: 'user', content: 'So?' },
      ]),
    )
    expect(warnings).toEqual([])
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'q' }] },
      {
        role: 'model',
        parts: [
          { text: 'Wait.' },
          { functionCall: { id: 'a', name: 'f', args: { a: 1 } } },
          { functionCall: { id: 'b', name: 'g', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'f', response: { result: 'rain' } } },
          { functionResponse: { id: 'b', name: 'g', response: { deg: 7 } } },
          { text: 'So?' },
        ],
      },
    ])
  })

  it('is mended where results are missing or belong to nothing', () => {
    const { body, warnings } = sent(
      chat([
        user,
        { role: 'assistant', tool_calls: [toolCall('a')] },
        user,
        { role: 'tool', tool_call_id: 'x', content: 'lost' },
      ]),
    )
    expect(body.contents).toMatchObject([
      { role: 'user' },
      { role: 'model' },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f', response: { error: expect.any(String) } } },
          { text: 'q' },
          { text: 'lost' },
        ],
      },
    ])
    expect(warnings.map(({ action }) => action)).toEqual(['changed', 'changed'])
  })

  it('tells results that are errors, and puts their pictures behind them', () => {
    const ask = anthropicMessages.client.decodeRequest({
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't',
              is_error: true,
              content: [
                { type: 'text', text: 'no' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
              ],
            },
          ],
        },
      ],
    })
    expect(sent(ask).body.contents).toMatchObject([
      {},
      {},
      {
        parts: [
          { functionResponse: { name: 'f', response: { error: 'no' } } },
          { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        ],
      },
    ])
  })

  it('has instructions at its head apart and later ones as marked text', () => {
    const { body, warnings } = sent(
      chat([
        { role: 'system', content: 'A' },
        { role: 'developer', content: 'B' },
        user,
        { role: 'system', content: 'C' },
      ]),
    )
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'A' }, { text: 'B' }] })
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'q' }, { text: '<system>C</system>' }] }])
    expect(warnings).toMatchObject([{ action: 'changed' }])
  })

  it('never has a call without a turn of the user before it', () => {
    const { body } = sent(
      chat([
        { role: 'assistant', tool_calls: [toolCall('a')] },
        { role: 'tool', tool_call_id: 'a', content: 'r' },
      ]),
    )
    expect((body.contents as JsonObject[]).map(({ role }) => role)).toEqual(['user', 'model', 'user'])
  })
})

describe('signatures', () => {
  const history = [
    user,
    { role: 'assistant', tool_calls: [toolCall('a'), toolCall('b')] },
    { role: 'tool', tool_call_id: 'a', content: 'r' },
    { role: 'tool', tool_call_id: 'b', content: 'r' },
  ]

  it('that nobody has are stood in for on the first call of a step, where the model refuses calls without one', () => {
    const signatures = (traits: object): unknown[] => {
      const { contents } = sent(chat(history), { traits }).body
      return (contents as Array<{ parts: JsonObject[] }>)[1]!.parts.map((part) => part.thoughtSignature)
    }
    expect(signatures({ signedCalls: true })).toEqual(['skip_thought_signature_validator', undefined])
    expect(signatures({})).toEqual([undefined, undefined])
  })

  it('of another vendor or family stay behind', () => {
    const opaque = [{ kind: 'signature' as const, value: 'c2ln', vendor: 'google', family: 'gemini' }]
    const ask = request({ contents: [{ parts: [{ text: 'q' }] }, { role: 'model', parts: [{ text: 'a' }] }] })
    const [, message] = ask.messages
    if (message?.role === 'assistant') message.parts = [{ type: 'text', text: 'a', opaque }]
    expect(JSON.stringify(sent(ask).body)).toContain('c2ln')
    expect(JSON.stringify(sent(ask, { vendor: 'other' }).body)).not.toContain('c2ln')
    expect(JSON.stringify(sent(ask, { family: 'gemma' }).body)).not.toContain('c2ln')
  })

  it('ids that were made up here, and all where the provider takes none, are not sent', () => {
    const ids = (traits: object): string => JSON.stringify(sent(chat(history), { traits }).body)
    expect(ids({})).toContain('"id":"a"')
    expect(ids({ functionIds: false })).not.toContain('"id"')
    const made = request({
      contents: [
        { parts: [{ text: 'q' }] },
        { role: 'model', parts: [{ functionCall: { name: 'f' } }] },
        { parts: [{ functionResponse: { name: 'f', response: { result: 1 } } }] },
      ],
    })
    expect(JSON.stringify(sent(made).body)).not.toContain('"id"')
  })
})

describe('thinking', () => {
  const thinking = (more: JsonObject, traits: object = {}): unknown =>
    (sent(chat([user], more), { traits }).body.generationConfig as JsonObject | undefined)?.thinkingConfig

  it.each([
    ['none', { thinkingBudget: 0 }],
    ['minimal', { thinkingBudget: 512, includeThoughts: true }],
    ['low', { thinkingBudget: 1024, includeThoughts: true }],
    ['high', { thinkingBudget: 24_576, includeThoughts: true }],
  ])('the effort %s is a budget', (effort, config) => {
    expect(thinking({ reasoning_effort: effort })).toEqual(config)
  })

  it.each([
    ['none', { thinkingLevel: 'MINIMAL' }],
    ['low', { thinkingLevel: 'LOW', includeThoughts: true }],
    ['xhigh', { thinkingLevel: 'HIGH', includeThoughts: true }],
  ])('the effort %s is a level, where the model takes levels', (effort, config) => {
    expect(thinking({ reasoning_effort: effort }, { thinking: 'level' })).toEqual(config)
  })

  it('keeps to what the model can be told', () => {
    expect(thinking({ reasoning_effort: 'none' }, { thinkingRange: [128, 32_768] })).toEqual({ thinkingBudget: 128 })
    expect(thinking({ reasoning_effort: 'max' }, { thinkingRange: [0, 24_576] })).toMatchObject({
      thinkingBudget: 24_576,
    })
  })

  it('is not asked for where nobody asks', () => {
    expect(sent(chat([user])).body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'q' }] }] })
  })
})

it('settings go by their names here, and those that have none are told', () => {
  const { body, warnings } = sent(
    chat([user], {
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      max_completion_tokens: 99,
      stop: ['a', 'b'],
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
      service_tier: 'flex',
      user: 'u',
      logit_bias: { 1: 2 },
      parallel_tool_calls: false,
      tools: [f],
      tool_choice: 'required',
    }),
  )
  expect(body.generationConfig).toEqual({
    temperature: 0.5,
    topP: 0.9,
    seed: 7,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    maxOutputTokens: 99,
    stopSequences: ['a', 'b'],
    candidateCount: 2,
    responseLogprobs: true,
    logprobs: 3,
    responseMimeType: 'application/json',
    responseJsonSchema: { type: 'object' },
  })
  expect(body.tools).toEqual([
    { functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object', properties: {} } }] },
  ])
  expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: 'ANY' } })
  expect(body.serviceTier).toBe('flex')
  expect(warnings.map(({ field }) => field).sort()).toEqual(['logit_bias', 'parallel_tool_calls', 'user'])
})

it('names of tools that the API refuses are others on the wire', () => {
  const tool = { type: 'function', function: { name: '1st-tool' } }
  const { body, toolNames } = sent(chat([user], { tools: [tool] }))
  const [entry] = body.tools as [{ functionDeclarations: Array<{ name: string }> }]
  const name = entry.functionDeclarations[0]!.name
  expect(name).toMatch(/^[A-Za-z_][\w.:-]*$/)
  expect(toolNames?.get(name)).toBe('1st-tool')
})

it('a request of this dialect that is written anew says what it said', () => {
  const body: JsonObject = {
    contents: [
      {
        role: 'user',
        parts: [{ fileData: { mimeType: 'video/mp4', fileUri: 'https://youtu.be/x' }, videoMetadata: { fps: 1 } }],
      },
      { role: 'model', parts: [{ functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 'c2ln' }] },
      {
        role: 'user',
        parts: [
          {
            functionResponse: {
              id: 'a',
              name: 'f',
              response: { error: 'x', y: 1 },
              parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
            },
          },
        ],
      },
      { role: 'model', parts: [{ executableCode: { language: 'PYTHON', code: '1' } }] },
      { role: 'user', parts: [{ text: 'q' }] },
    ],
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    tools: [
      { functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT', properties: { x: { type: 'INTEGER' } } } }] },
      { googleSearch: {} },
    ],
    toolConfig: { functionCallingConfig: { mode: 'VALIDATED' }, retrievalConfig: { languageCode: 'de' } },
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    generationConfig: {
      temperature: 0.5,
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT' },
      thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true },
      mediaResolution: 'MEDIA_RESOLUTION_LOW',
    },
    serviceTier: 'flex',
  }
  const { body: written, warnings } = sent(request(body))
  expect(written).toEqual(body)
  expect(warnings).toEqual([])
})

it('the model and the wish for a stream stand in the address', () => {
  const { endpoint } = upstream
  const url = (base: string, model: string, stream = true) => endpoint(base, 'chat', { model, stream })
  expect(url('https://x.test', 'm')).toBe('https://x.test/v1beta/models/m:streamGenerateContent?alt=sse')
  expect(url('https://x.test/v1', 'm', false)).toBe('https://x.test/v1/models/m:generateContent')
  expect(url('https://x.test/v1', 'tunedModels/a b')).toBe(
    'https://x.test/v1/tunedModels/a%20b:streamGenerateContent?alt=sse',
  )
  expect(url('https://x.test/v1?key=1', 'm')).toBe('https://x.test/v1/models/m:streamGenerateContent?key=1&alt=sse')
  expect(url('https://x.test/v1', '../../files/x')).not.toContain('..')
  expect(endpoint('https://x.test', 'models')).toBe('https://x.test/v1beta/models?pageSize=1000')
})
