import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/tokens/index.ts'
import { client, request } from './wire.ts'

const contents = [{ role: 'user', parts: [{ text: 'q' }] }]

it('names in snake_case and lone objects say the same as names in camelCase and lists', () => {
  const camel = request({
    contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }],
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    generationConfig: { maxOutputTokens: 9, topP: 0.5, stopSequences: ['x'], thinkingConfig: { thinkingBudget: 512 } },
  })
  const snake = request({
    contents: { role: 'user', parts: { inline_data: { mime_type: 'image/png', data: 'AAAA' } } },
    system_instruction: { parts: { text: 'Be brief.' } },
    tools: { function_declarations: { name: 'f', parameters_json_schema: { type: 'object' } } },
    tool_config: { function_calling_config: { mode: 'any', allowed_function_names: ['f'] } },
    generation_config: {
      max_output_tokens: '9',
      top_p: 0.5,
      stop_sequences: ['x'],
      thinking_config: { thinking_budget: '512' },
    },
  } as unknown as JsonObject)
  expect(snake).toEqual(camel)
  expect(camel.toolChoice).toEqual({ mode: 'one', name: 'f' })
})

it('what a client wrote in arguments, results and schemas keeps its names', () => {
  const { messages, tools } = request({
    contents: [
      { parts: [{ text: 'q' }] },
      { role: 'model', parts: [{ function_call: { name: 'f', args: { my_key: 1 } } }] },
      { parts: [{ function_response: { name: 'f', response: { my_result: { a_b: 1 } } } }] },
    ],
    tools: [
      {
        function_declarations: [
          {
            name: 'f',
            parameters: { type: 'OBJECT', properties: { my_key: { type: 'INTEGER' } }, required: ['my_key'] },
          },
        ],
      },
    ],
  })
  expect(messages[1]).toMatchObject({ parts: [{ arguments: '{"my_key":1}' }] })
  expect(messages[2]).toMatchObject({ parts: [{ content: [{ text: '{"my_result":{"a_b":1}}' }] }] })
  expect(tools[0]).toMatchObject({
    parameters: { type: 'object', properties: { my_key: { type: 'integer' } }, required: ['my_key'] },
  })
})

it('the vendor’s own kind of schema becomes JSON Schema', () => {
  const parameters = {
    type: 'OBJECT',
    propertyOrdering: ['b', 'type'],
    properties: {
      b: { type: 'STRING', nullable: true, enum: ['x'] },
      type: { type: 'ARRAY', items: { type: 'NUMBER' }, max_items: '5' },
      c: { any_of: [{ type: 'BOOLEAN' }, { type: 'STRING' }], nullable: true },
    },
  }
  const { tools } = request({ contents, tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] })
  expect(tools[0]).toMatchObject({
    parameters: {
      type: 'object',
      properties: {
        b: { type: ['string', 'null'], enum: ['x', null] },
        type: { type: 'array', items: { type: 'number' }, maxItems: 5 },
        c: { anyOf: [{ type: 'boolean' }, { type: 'string' }, { type: 'null' }] },
      },
    },
  })
  const [tool] = tools
  expect(JSON.stringify(tool?.kind === 'function' && tool.parameters)).not.toContain('propertyOrdering')
})

describe('ids of calls', () => {
  const call = (name: string, id?: string): JsonObject => ({ functionCall: { name, ...(id && { id }) } })
  const result = (name: string, text: string, id?: string): JsonObject => ({
    functionResponse: { name, response: { result: text }, ...(id && { id }) },
  })
  const links = (history: JsonObject[]): Array<[string, string]> => {
    const { messages } = request({ contents: [...contents, ...history] })
    const calls = new Map<string, string>()
    const found: Array<[string, string]> = []
    for (const { parts } of messages) {
      for (const part of parts) {
        if (part.type === 'tool-call') calls.set(part.id, part.name)
        if (part.type !== 'tool-result') continue
        const [said] = part.content
        found.push([calls.get(part.id) ?? 'nothing', said?.type === 'text' ? said.text : ''])
        calls.delete(part.id)
      }
    }
    return found
  }

  it('a result without an id belongs to the first call of its name that has none', () => {
    const calls = { role: 'model', parts: [call('f'), call('g'), call('f')] }
    const results = { parts: [result('f', '1'), result('g', '2'), result('f', '3')] }
    expect(links([calls, results])).toEqual([
      ['f', '1'],
      ['g', '2'],
      ['f', '3'],
    ])
  })

  it('a result with an id belongs to its call, wherever that stands', () => {
    const calls = { role: 'model', parts: [call('f', 'a'), call('f', 'b')] }
    expect(links([calls, { parts: [result('f', 'B', 'b'), result('f', 'A', 'a')] }])).toEqual([
      ['f', 'B'],
      ['f', 'A'],
    ])
    const { messages } = request({ contents: [...contents, calls, { parts: [result('f', 'B', 'b')] }] })
    expect(messages[2]).toMatchObject({ parts: [{ id: 'b' }] })
  })

  it('a result with an id that no call has is told by its name', () => {
    const calls = { role: 'model', parts: [call('f'), call('g')] }
    expect(links([calls, { parts: [result('g', 'G', 'made-up'), result('f', 'F')] }])).toEqual([
      ['g', 'G'],
      ['f', 'F'],
    ])
  })

  it('are the same in every turn, so that the prompt begins with the same bytes', () => {
    const first = [...contents, { role: 'model', parts: [call('f')] }, { role: 'user', parts: [result('f', '1')] }]
    const then = [...first, { role: 'model', parts: [call('f')] }, { role: 'user', parts: [result('f', '2')] }]
    const one = request({ contents: first }).messages
    const two = request({ contents: then }).messages
    expect(two.slice(0, 3)).toEqual(one)
    expect(JSON.stringify(two[3])).not.toContain(JSON.stringify(one[1]).slice(40, 70))
  })
})

it('the chunks of an answer that stand in the history one by one are one turn', () => {
  const { messages } = request({
    contents: [
      ...contents,
      { role: 'model', parts: [{ text: 'hm', thought: true }] },
      { role: 'model', parts: [{ text: ' hm', thought: true }] },
      { role: 'model', parts: [{ text: 'Hel' }] },
      { role: 'model', parts: [{ text: 'lo' }] },
      { role: 'model', parts: [{ text: '' }] },
      { role: 'user', parts: [{ text: 'go on' }] },
    ],
  })
  expect(messages).toHaveLength(3)
  expect(messages[1]).toEqual({
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm hm' },
      { type: 'text', text: 'Hello' },
    ],
  })
})

it('a signature on a part without anything else is a signature on an empty text', () => {
  const { messages } = request({ contents: [...contents, { role: 'model', parts: [{ thoughtSignature: 'c2ln' }] }] })
  expect(messages[1]).toEqual({
    role: 'assistant',
    parts: [{ type: 'text', text: '', opaque: [{ kind: 'signature', value: 'c2ln' }] }],
  })
})

it('bytes in the alphabet for addresses are bytes', () => {
  const { messages } = request({
    contents: [{ parts: [{ inlineData: { mimeType: 'application/pdf', data: '-_-_-w' } }] }],
  })
  expect(messages[0]).toMatchObject({ parts: [{ source: { data: '+/+/+w==' } }] })
})

it.each<[string, JsonObject]>([
  ['contents', {}],
  ['contents', { contents: [] }],
  ['contents[0]', { contents: ['q'] }],
  ['contents[0].role', { contents: [{ role: 'system', parts: [] }] }],
  ['contents[0].parts[0].text', { contents: [{ parts: [{ text: 7 }] }] }],
  ['contents[0].parts[0].inlineData.data', { contents: [{ parts: [{ inlineData: { mimeType: 'image/png' } }] }] }],
  ['generationConfig.temperature', { contents, generationConfig: { temperature: 'hot' } }],
  ['generationConfig.maxOutputTokens', { contents, generationConfig: { maxOutputTokens: 0 } }],
  [
    'generationConfig.thinkingConfig.thinkingBudget',
    { contents, generationConfig: { thinkingConfig: { thinkingBudget: -2 } } },
  ],
  ['toolConfig.functionCallingConfig.mode', { contents, toolConfig: { functionCallingConfig: { mode: 'SOME' } } }],
  ['tools[0].functionDeclarations[0].name', { contents, tools: [{ functionDeclarations: [{}] }] }],
])('the field %s is named where it is wrong', (param, body) => {
  expect(() => request(body)).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
})

it.each<[string, JsonObject]>([
  ['cachedContent', { contents, cachedContent: 'cachedContents/1' }],
  ['generationConfig.responseModalities', { contents, generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }],
])('%s can go to no other API', (param, body) => {
  expect(() => client.leave!(request(body))).toThrow(expect.objectContaining({ code: 'unsupported', param }))
})

it('what only this API knows is told when it stays behind', () => {
  const ask = request({
    contents,
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    generationConfig: { speechConfig: { a: 1 }, responseModalities: ['TEXT'], mediaResolution: 'LOW' },
    toolConfig: { retrievalConfig: { languageCode: 'de' } },
  })
  const fields = client.leave!(ask).map(({ field }) => field)
  expect(fields).toEqual([
    'generationConfig.speechConfig',
    'generationConfig.mediaResolution',
    'toolConfig.retrievalConfig',
  ])
  expect(Object.keys(ask.extra.fields)).toEqual(['safetySettings'])
})
