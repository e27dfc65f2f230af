import { describe, expect, it } from 'vitest'
import type { Target } from '../../../src/dialects/index.ts'
import { seal } from '../../../src/dialects/index.ts'
import {
  inputItems,
  itemReferences,
  openaiResponses,
  responseItems,
} from '../../../src/dialects/openai-responses/index.ts'
import type { ChatRequest, JsonObject } from '../../../src/tokens/index.ts'

const { client, upstream } = openaiResponses
const target: Target = { model: 'm', vendor: 'openai', family: 'gpt', traits: { openaiExtras: true } }
const plain: Target = { ...target, traits: {} }

const decode = (body: JsonObject): ChatRequest => client.decodeRequest({ model: 'm', ...body })
const encode = (request: ChatRequest, to = target): JsonObject => upstream.encodeRequest(request, to).body
const foreign = (body: Partial<ChatRequest>): ChatRequest => ({
  model: 'm',
  stream: false,
  system: [],
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'q' }] }],
  tools: [],
  sampling: {},
  extra: { dialect: 'openai-chat', fields: {} },
  ...body,
})

describe('a request of this dialect that has to be written anew is the same', () => {
  it.each<[string, JsonObject]>([
    ['a text', { input: [{ type: 'message', role: 'user', content: 'Hi' }] }],
    [
      'every setting',
      {
        input: [{ type: 'message', role: 'user', content: 'Hi' }],
        instructions: 'Be brief.',
        max_output_tokens: 20,
        temperature: 0.3,
        top_p: 0.4,
        include: ['reasoning.encrypted_content', 'web_search_call.results'],
        reasoning: { effort: 'low', summary: 'concise', context: 'all_turns' },
        text: {
          format: { type: 'json_schema', name: 'a', schema: { type: 'object' }, strict: true },
          verbosity: 'low',
        },
        metadata: { a: 'b' },
        service_tier: 'flex',
        store: true,
        user: 'u',
        safety_identifier: 's',
        prompt_cache_key: 'k',
        truncation: 'auto',
        max_tool_calls: 3,
        brand_new: { x: 1 },
        stream: true,
        stream_options: { include_obfuscation: false },
        parallel_tool_calls: false,
      },
    ],
    [
      'every kind of tool',
      {
        input: [{ type: 'message', role: 'user', content: 'Hi' }],
        tools: [
          {
            type: 'function',
            name: 'f',
            description: 'd',
            parameters: { type: 'object' },
            strict: true,
            defer_loading: true,
          },
          { type: 'function', name: 'g' },
          { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
          { type: 'web_search', filters: { allowed_domains: ['a.example'] } },
          {
            type: 'namespace',
            name: 'docs',
            description: 'd',
            tools: [
              { type: 'function', name: 'f', parameters: {} },
              { type: 'custom', name: 'c' },
            ],
          },
        ],
        tool_choice: {
          type: 'allowed_tools',
          mode: 'required',
          tools: [{ type: 'web_search' }, { type: 'function', name: 'f' }],
        },
      },
    ],
    [
      'every kind of item',
      {
        input: [
          { type: 'message', role: 'developer', content: 'dev' },
          {
            type: 'message',
            role: 'user',
            id: 'msg_u',
            content: [
              { type: 'input_text', text: 'a' },
              { type: 'input_image', image_url: 'https://a.example/i.png', detail: 'low' },
              { type: 'input_image', file_id: 'file_1', detail: 'auto' },
              { type: 'input_file', file_id: 'file_2' },
              { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
            ],
          },
          {
            type: 'reasoning',
            id: 'rs_1',
            summary: [
              { type: 'summary_text', text: 'a' },
              { type: 'summary_text', text: 'b' },
            ],
            encrypted_content: 'gAAAA',
          },
          {
            type: 'message',
            id: 'msg_1',
            role: 'assistant',
            status: 'completed',
            phase: 'commentary',
            content: [{ type: 'output_text', text: 'One', annotations: [{ type: 'url_citation', url: 'x' }] }],
          },
          {
            type: 'message',
            id: 'msg_2',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'refusal', refusal: 'no' }],
          },
          { type: 'function_call', id: 'fc_1', call_id: 'c:1', name: 'f', arguments: '{"a":1.0}', status: 'completed' },
          { type: 'function_call', id: 'fc_2', call_id: 'c2', name: 'f', namespace: 'docs', arguments: '{}' },
          { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c3', name: 'c', input: 'x' },
          { type: 'function_call_output', call_id: 'c:1', output: 'r', id: 'fco_1' },
          {
            type: 'function_call_output',
            call_id: 'c2',
            output: [
              { type: 'input_text', text: 'a' },
              { type: 'input_text', text: 'b' },
            ],
          },
          { type: 'custom_tool_call_output', call_id: 'c3', output: 'done' },
          { type: 'web_search_call', id: 'ws_1', status: 'completed' },
          { type: 'item_reference', id: 'msg_9' },
          { type: 'function_call_output', call_id: 'of an earlier answer', output: 'late' },
        ],
        previous_response_id: 'resp_1',
      },
    ],
    [
      'a choice of a hosted tool',
      {
        input: [{ type: 'message', role: 'user', content: 'Hi' }],
        tools: [{ type: 'mcp', server_label: 's' }],
        tool_choice: { type: 'mcp', server_label: 's' },
      },
    ],
  ])('%s', (_, body) => {
    expect(encode(decode(body))).toEqual({ model: 'm', ...body })
    expect(upstream.encodeRequest(decode(body), target).warnings).toEqual([])
  })

  it('but for state of another provider, which is taken out', () => {
    const ours = {
      type: 'reasoning',
      id: 'rs_2',
      summary: [{ type: 'summary_text', text: 'b' }],
      encrypted_content: 'gAAAA',
    }
    const value = JSON.stringify({ type: 'reasoning', id: 'rs_2', encrypted_content: 'gAAAA' })
    const input = [
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'a' }],
        encrypted_content: seal({ vendor: 'anthropic', family: 'claude', kind: 'signature', value: 's' }),
      },
      { ...ours, encrypted_content: seal({ vendor: 'openai', family: 'gpt', kind: 'encrypted', value }) },
      { type: 'reasoning', id: 'rs_sluice_1', summary: [{ type: 'summary_text', text: 'shown only' }] },
      { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: 'slc1.damaged' },
    ]
    expect(encode(decode({ input })).input).toEqual([ours])
  })
})

describe('a request of another dialect', () => {
  it('asks for nothing to be kept, and for strictness only where it was wished', () => {
    const tools: ChatRequest['tools'] = [
      { kind: 'function', name: 'f' },
      { kind: 'function', name: 'g', strict: true },
    ]
    expect(encode(foreign({ tools }))).toEqual({
      model: 'm',
      input: [{ type: 'message', role: 'user', content: 'q' }],
      tools: [
        { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
        { type: 'function', name: 'g', parameters: { type: 'object', properties: {} }, strict: true },
      ],
      store: false,
    })
  })

  it('asks for its state where it asks for reasoning, and shows it to those who are used to that', () => {
    expect(encode(foreign({ reasoning: { effort: 'high' } }))).toMatchObject({
      reasoning: { effort: 'high' },
      include: ['reasoning.encrypted_content'],
    })
    expect(encode(foreign({ reasoning: { budget: 9000 } })).reasoning).toEqual({ effort: 'high', summary: 'auto' })
    expect(encode(foreign({ reasoning: { effort: 'none' } }))).not.toHaveProperty('include')
  })

  it('has a result for every call, and no result without one', () => {
    const body = encode(
      foreign({
        messages: [
          { role: 'user', parts: [{ type: 'text', text: 'q' }] },
          { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '' }] },
          {
            role: 'tool',
            parts: [{ type: 'tool-result', id: 'b', content: [{ type: 'text', text: 'lost' }], isError: true }],
          },
          { role: 'user', parts: [{ type: 'text', text: 'go on' }] },
        ],
      }),
    )
    expect(body.input).toMatchObject([
      { role: 'user', content: 'q' },
      { type: 'function_call', call_id: 'a', arguments: '{}' },
      { role: 'user', content: [{ text: 'Result of the tool call b:' }, { text: 'lost' }] },
      { type: 'function_call_output', call_id: 'a', output: expect.stringMatching(/^Error/) },
      { role: 'user', content: 'go on' },
    ])
  })

  it('offers a free-text tool as a function where only OpenAI has such tools', () => {
    const tools: ChatRequest['tools'] = [
      { kind: 'custom', name: 'c', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
    ]
    expect(encode(foreign({ tools })).tools).toEqual([
      { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
    ])
    const { body, customTools } = upstream.encodeRequest(foreign({ tools }), plain)
    expect(body.tools).toMatchObject([{ type: 'function', name: 'c', strict: false }])
    expect([...customTools!]).toEqual(['c'])
  })

  it.each<[string, Partial<ChatRequest>]>([
    ['n', { choices: 2 }],
    ['stop', { stop: ['END'] }],
    ['input', { messages: [{ role: 'user', parts: [{ type: 'audio', data: '', format: 'wav' }] }] }],
    ['tool_choice', { toolChoice: { mode: 'required' } }],
  ])('is refused where this API cannot do it: %s', (param, more) => {
    expect(() => encode(foreign(more))).toThrow(expect.objectContaining({ code: 'unsupported', param }))
  })
})

describe('a request that leaves for another API', () => {
  const leave = (body: JsonObject): object[] => client.leave!(decode({ input: 'x', ...body }))

  it.each([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['prompt', { prompt: { id: 'p' } }],
    ['background', { background: true }],
    ['tool_choice', { tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } }],
    ['input', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['input', { input: [{ type: 'compaction', id: 'c', encrypted_content: 'x' }] }],
    ['input', { input: [{ role: 'user', content: [{ type: 'input_hologram' }] }] }],
  ])('is refused for what only a provider of this one can do: %s', (param, body) => {
    expect(() => leave(body)).toThrow(expect.objectContaining({ code: 'unsupported', param }))
  })

  it('leaves behind without a word what means nothing elsewhere, and tells of the rest', () => {
    const request = decode({
      input: [
        { role: 'user', content: 'x' },
        { type: 'web_search_call', id: 'ws_1' },
        { role: 'assistant', content: 'y', phase: 'commentary' },
      ],
      store: true,
      include: ['web_search_call.results'],
      background: false,
      truncation: 'disabled',
      prompt_cache_key: 'k',
      previous_response_id: null,
      text: { format: { type: 'text' }, verbosity: 'low' },
      reasoning: { effort: 'low', summary: 'auto', context: 'all_turns' },
      max_tool_calls: 3,
    })
    expect(client.leave!(request)).toMatchObject([{ field: 'input.web_search_call', action: 'dropped' }])
    expect(request.extra.fields).toEqual({ reasoning: { context: 'all_turns' }, max_tool_calls: 3 })
    expect(request.messages).toHaveLength(2)
  })
})

describe('what is kept of a request for its answer', () => {
  const kept = (body: JsonObject): JsonObject => client.keep!(body, {})

  it('is its settings, and that nothing is stored', () => {
    expect(kept({ model: 'm', input: 'secret', temperature: 0.5, store: true }).settings).toMatchObject({
      temperature: 0.5,
      store: false,
      tools: [],
      parallel_tool_calls: true,
    })
    expect(JSON.stringify(kept({ model: 'm', input: 'secret' }))).not.toContain('secret')
  })

  it('is small, however long the instructions and the tools are', () => {
    const long = 'x'.repeat(100_000)
    const body = { instructions: long, tools: [{ type: 'function', name: 'f', description: long }] }
    expect(JSON.stringify(kept(body)).length).toBeLessThan(2000)
  })
})

describe('a client', () => {
  it.each<[string, JsonObject, string]>([
    ['no model', { model: '', input: 'x' }, 'model'],
    ['no input', { model: 'm' }, 'input'],
    ['an input that is a number', { model: 'm', input: 5 }, 'input'],
    ['an item that is none', { model: 'm', input: ['x'] }, 'input[0]'],
    ['a role that is none', { model: 'm', input: [{ role: 'boss', content: 'x' }] }, 'input[0].role'],
    [
      'a call without an id',
      { model: 'm', input: [{ type: 'function_call', name: 'f', arguments: '{}' }] },
      'input[0].call_id',
    ],
    ['a tool without a name', { model: 'm', input: 'x', tools: [{ type: 'function' }] }, 'tools[0].name'],
    [
      'a format without a schema',
      { model: 'm', input: 'x', text: { format: { type: 'json_schema' } } },
      'text.format.schema',
    ],
  ])('is told which field is wrong: %s', (_, body, param) => {
    expect(() => client.decodeRequest(body)).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
  })
})

describe('the pieces for whoever keeps answers', () => {
  const item = { type: 'message', id: 'msg_1', role: 'assistant', content: [] }

  it('a text is the item that it stands for', () => {
    expect(inputItems({ input: 'Hi' })).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
    ])
    expect(inputItems({})).toEqual([])
  })

  it('references and the items of an answer are found', () => {
    const body = { input: [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_2' }, { role: 'user', content: 'x' }] }
    expect(itemReferences(body)).toEqual(['msg_1', 'msg_2'])
    expect(itemReferences({ input: 'msg_1' })).toEqual([])
    expect(responseItems({ output: [item, null] })).toEqual([item])
  })
})
