import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import type { ChatRequest, JsonObject, Message } from '../../../src/tokens/index.ts'

const hi = { role: 'user', content: 'hi' }
const decode = (fields: object) =>
  openaiChat.client.decodeRequest({ model: 'm', messages: [hi], ...fields } as JsonObject)
const target = (traits: Traits = {}): Target => ({ model: 'up', vendor: 'acme', family: 'one', traits })
const encode = (request: ChatRequest, traits: Traits = {}) => openaiChat.upstream.encodeRequest(request, target(traits))
const canonical = (fields: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  stream: false,
  system: [],
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  sampling: {},
  extra: { dialect: 'anthropic-messages', fields: {} },
  ...fields,
})
const messagesOf = (messages: Message[], traits: Traits = {}) => encode(canonical({ messages }), traits).body.messages
const text = (said: string) => ({ type: 'text' as const, text: said })
const inner = { type: 'object', properties: { x: { type: 'string' } }, additionalProperties: false }
const open = { ...inner, properties: { a: { type: 'array', items: inner } }, required: ['a'] }
const shut = { ...open, properties: { a: { type: 'array', items: { ...inner, required: ['x'] } } } }

describe("a client's request", () => {
  it.each<[string, object, string]>([
    ['no messages', { messages: undefined }, 'messages'],
    ['messages that are none', { messages: [] }, 'messages'],
    ['a message that is a text', { messages: ['hi'] }, 'messages[0]'],
    ['an unknown role', { messages: [{ role: 'boss', content: 'x' }] }, 'messages[0].role'],
    ['no role', { messages: [{ content: 'x' }] }, 'messages[0].role'],
    ['no content', { messages: [hi, { role: 'user' }] }, 'messages[1].content'],
    ['a number for content', { messages: [hi, hi, { role: 'user', content: 1 }] }, 'messages[2].content'],
    ['a part without a type', { messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0].type'],
    [
      'an image without address',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [
      'a file that says nothing',
      { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] },
      'messages[0].content[0].file',
    ],
    ['a result of no call', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [
      'a call without a name',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
      'messages[0].tool_calls[0].function.name',
    ],
    ['a model that is a number', { model: 4 }, 'model'],
    ['an empty model', { model: '' }, 'model'],
    ['a temperature in words', { temperature: 'hot' }, 'temperature'],
    ['no whole number of answers', { n: 0.5 }, 'n'],
    ['a negative ceiling', { max_tokens: -1 }, 'max_tokens'],
    ['a stop list of numbers', { stop: ['a', 1] }, 'stop[1]'],
    ['a bias in words', { logit_bias: { 50256: 'x' } }, 'logit_bias.50256'],
    ['a tool without a function', { tools: [{ type: 'function' }] }, 'tools[0].function'],
    ['a tool choice of no kind', { tool_choice: 'maybe' }, 'tool_choice'],
    ['a tool choice without a name', { tool_choice: { type: 'function', function: {} } }, 'tool_choice.function.name'],
    ['an unknown format', { response_format: { type: 'xml' } }, 'response_format.type'],
    ['an unknown effort', { reasoning_effort: 'extreme' }, 'reasoning_effort'],
    ['metadata that is no text', { metadata: { a: 1 } }, 'metadata.a'],
    ['a stream that is a word', { stream: 'yes' }, 'stream'],
  ])('with %s is refused, and the field is named', (_, fields, param) => {
    expect(() => decode(fields)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param, message: expect.stringContaining(`\`${param}\``) }),
    )
  })

  it('takes null for absent, as the API does', () => {
    const nothing = {
      temperature: null,
      stop: null,
      tools: null,
      tool_choice: null,
      response_format: null,
      stream: null,
    }
    expect(decode(nothing)).toEqual(decode({}))
  })

  it('reads every field of the API', () => {
    const request = decode({
      messages: [
        { role: 'developer', content: 'be' },
        { role: 'system', content: [{ type: 'text', text: 'kind' }] },
        hi,
        { role: 'system', content: 'later' },
      ],
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      max_completion_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      seed: 4,
      presence_penalty: 1,
      frequency_penalty: -1,
      logit_bias: { 5: 1 },
      logprobs: true,
      top_logprobs: 2,
      n: 2,
      stop: 'x',
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true } },
        { type: 'custom', custom: { name: 'p', format: { type: 'text' } } },
        { type: 'web_search' },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' }, strict: true } },
      reasoning_effort: 'high',
      verbosity: 'low',
      metadata: { a: 'b' },
      service_tier: 'flex',
      safety_identifier: 'me',
      provider: { order: ['x'] },
    })
    expect(request).toEqual({
      model: 'm',
      stream: true,
      system: [text('be'), text('kind')],
      messages: [
        { role: 'user', parts: [text('hi')] },
        { role: 'system', parts: [text('later')] },
      ],
      tools: [
        { kind: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
        { kind: 'custom', name: 'p', format: { type: 'text' } },
        { kind: 'hosted', dialect: 'openai-chat', name: 'web_search', definition: { type: 'web_search' } },
      ],
      toolChoice: { mode: 'subset', names: ['f'], required: true },
      parallelToolCalls: false,
      maxOutput: 9,
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        seed: 4,
        presencePenalty: 1,
        frequencyPenalty: -1,
        logitBias: { 5: 1 },
        logprobs: true,
        topLogprobs: 2,
      },
      stop: ['x'],
      choices: 2,
      output: { type: 'json-schema', schema: { type: 'object' }, name: 's', strict: true },
      reasoning: { effort: 'high' },
      verbosity: 'low',
      user: 'me',
      metadata: { a: 'b' },
      serviceTier: 'flex',
      includeUsage: true,
      extra: {
        dialect: 'openai-chat',
        fields: { provider: { order: ['x'] }, stream_options: { include_obfuscation: false } },
      },
    })
  })

  it('splits data URLs and tells bare bytes apart by how they begin', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
      {
        type: 'file',
        file: { file_data: 'JVBERi0x', filename: 'a.pdf' },
        prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' },
      },
      { type: 'file', file: { file_id: 'file-1' } },
    ]
    expect(decode({ messages: [{ role: 'user', content }] }).messages[0]!.parts).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' }, detail: 'low' },
      { type: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } },
      { type: 'audio', data: 'BBBB', format: 'wav' },
      {
        type: 'file',
        source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0x' },
        filename: 'a.pdf',
        cache: { ttl: '30m' },
        extra: { prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } },
      },
      { type: 'file', source: { kind: 'file', id: 'file-1' } },
    ])
  })

  it('joins neighbouring results and takes a call without arguments for an empty object', () => {
    const call = (id: string, said: unknown) => ({ id, type: 'function', function: { name: 'f', arguments: said } })
    const messages = [
      hi,
      { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [call('a', ''), call('b', { x: 1 })] },
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'B' }] },
    ]
    expect(decode({ messages }).messages.slice(1)).toEqual([
      {
        role: 'assistant',
        extra: { reasoning_content: 'hm' },
        parts: [
          { type: 'reasoning', text: 'hm' },
          { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{}' },
          { type: 'tool-call', id: 'b', name: 'f', kind: 'function', arguments: '{"x":1}' },
        ],
      },
      {
        role: 'tool',
        parts: [
          { type: 'tool-result', id: 'a', content: [text('A')] },
          { type: 'tool-result', id: 'b', content: [text('B')] },
        ],
      },
    ])
  })

  it('of before tools becomes one with tools', () => {
    const request = decode({
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
      messages: [
        hi,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'A' },
      ],
    })
    expect(request.tools).toEqual([{ kind: 'function', name: 'f', parameters: { type: 'object' } }])
    expect(request.toolChoice).toEqual({ mode: 'one', name: 'f' })
    const body = encode(request).body
    const [, call, result] = body.messages as JsonObject[]
    expect(result).toMatchObject({
      role: 'tool',
      tool_call_id: (call as { tool_calls: Array<{ id: string }> }).tool_calls[0]!.id,
    })
  })

  it.each(['slc1.broken', 'slc1.a.b.s.!!!', 'slc1.a.b.s.bm90IGpzb24', 'gAAAA', 7])(
    'passes a damaged envelope over: %s',
    (data) => {
      const assistant = {
        role: 'assistant',
        content: 'a',
        reasoning_content: 'r',
        reasoning_details: [{ type: 'reasoning.encrypted', data }],
      }
      expect(decode({ messages: [assistant] }).messages[0]!.parts).toEqual([
        { type: 'reasoning', text: 'r' },
        text('a'),
      ])
    },
  )
})

describe('a request for a provider', () => {
  it('is the same as it came, as far as the model goes, when the client speaks the same API', () => {
    const body = {
      messages: [{ role: 'system', content: 'be' }, hi, { role: 'assistant', content: 'a' }, hi],
      stream: true,
      stream_options: { include_obfuscation: false },
      max_tokens: 9,
      stop: ['x'],
      temperature: 1,
      top_k: 3,
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      reasoning: { max_tokens: 100, exclude: true },
      metadata: { a: 'b' },
      provider: { order: ['x'] },
    }
    const encoded = encode(decode(body))
    expect(encoded.body).toEqual({
      model: 'up',
      ...body,
      stream_options: { include_obfuscation: false, include_usage: true },
    })
    expect(encoded.warnings).toEqual([])
  })

  it.each<[string, Partial<ChatRequest>, Traits, object, string[]]>([
    ['the ceiling in the usual field', { maxOutput: 5 }, {}, { max_tokens: 5 }, []],
    [
      'the ceiling in the new field',
      { maxOutput: 5 },
      { maxTokensField: 'max_completion_tokens' },
      { max_completion_tokens: 5 },
      [],
    ],
    ['a ceiling over the model', { maxOutput: 50 }, { maxOutput: 8 }, { max_tokens: 8 }, ['max_tokens changed']],
    ['usage asked for', { stream: true }, {}, { stream: true, stream_options: { include_usage: true } }, []],
    ['usage not asked for', { stream: true }, { streamUsage: false }, { stream: true }, []],
    ['no answer at all', { maxOutput: 0 }, {}, { max_tokens: 1 }, ['max_tokens changed']],
    ['top_k', { sampling: { topK: 4 } }, {}, {}, ['top_k dropped']],
    [
      'sampling to a model without',
      { sampling: { temperature: 1, topP: 1 } },
      { sampling: false },
      {},
      ['temperature dropped', 'top_p dropped'],
    ],
    ['five stop sequences', { stop: ['1', '2', '3', '4', '5'] }, {}, { stop: ['1', '2', '3', '4'] }, ['stop changed']],
    ['a budget of thought', { reasoning: { budget: 8000 } }, {}, { reasoning_effort: 'medium' }, []],
    ['a large budget', { reasoning: { budget: 30000 } }, {}, { reasoning_effort: 'xhigh' }, []],
    ['thought left to the model', { reasoning: { adaptive: true } }, {}, {}, []],
    ['no thought', { reasoning: { effort: 'none' } }, {}, { reasoning_effort: 'none' }, []],
    ['any JSON', { output: { type: 'json' } }, {}, { response_format: { type: 'json_object' } }, []],
    [
      'a schema',
      { output: { type: 'json-schema', schema: { type: 'object' } } },
      {},
      { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } } },
      [],
    ],
    [
      'an enforced schema with optional properties, which OpenAI does not enforce',
      { output: { type: 'json-schema', strict: true, schema: open } },
      {},
      { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: open } } },
      ['response_format changed'],
    ],
    [
      'an enforced schema that is closed',
      { output: { type: 'json-schema', strict: true, schema: shut } },
      {},
      { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: shut, strict: true } } },
      [],
    ],
    ['several answers', { choices: 3 }, {}, { n: 3 }, []],
    [
      'a tool choice that asks for none, without tools',
      { toolChoice: { mode: 'none' }, parallelToolCalls: false },
      {},
      {},
      [],
    ],
    [
      'tier, metadata, verbosity elsewhere',
      { serviceTier: 'auto', metadata: { a: 'b' }, verbosity: 'low' },
      {},
      {},
      ['verbosity dropped', 'metadata dropped', 'service_tier dropped'],
    ],
    ['tier at OpenAI', { serviceTier: 'standard_only' }, { openaiExtras: true }, { service_tier: 'default' }, []],
    ['the user at OpenAI', { user: 'u' }, { openaiExtras: true }, { safety_identifier: 'u' }, []],
    ['the user elsewhere', { user: 'u' }, {}, { user: 'u' }, []],
    [
      'fields of another API',
      { extra: { dialect: 'anthropic-messages', fields: { container: 'c', speed: 'fast' } } },
      {},
      {},
      ['container dropped', 'speed dropped'],
    ],
  ])('%s', (_, fields, traits, expected, warnings) => {
    const encoded = encode(canonical(fields), traits)
    const { model, messages, ...rest } = encoded.body
    expect([model, messages]).toEqual(['up', [hi]])
    expect(rest).toEqual(expected)
    expect(encoded.warnings.map(({ field, action }) => `${field} ${action}`)).toEqual(warnings)
  })

  it('offers tools in their own words, and leaves out those of another vendor', () => {
    const tools: ChatRequest['tools'] = [
      { kind: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      { kind: 'hosted', dialect: 'anthropic-messages', name: 'web_search', definition: {} },
      { kind: 'function', name: 'mcp.server/tool', parameters: { type: 'object' } },
      { kind: 'custom', name: 'patch' },
    ]
    const { body, warnings, customTools, toolNames } = encode(
      canonical({ tools, toolChoice: { mode: 'one', name: 'patch', kind: 'custom' } }),
    )
    const names = (body.tools as Array<{ function: { name: string } }>).map((tool) => tool.function.name)
    expect(names).toEqual(['f', expect.stringMatching(/^mcp_server_tool_\w{8}$/), 'patch'])
    expect(toolNames).toEqual(new Map([[names[1], 'mcp.server/tool']]))
    expect(customTools).toEqual(new Set(['patch']))
    expect(body.tool_choice).toEqual({ type: 'function', function: { name: 'patch' } })
    expect(warnings.map((one) => one.field)).toEqual(['tools[0].strict', 'tools[1]'])
    const own = encode(canonical({ tools: [tools[3]!], toolChoice: { mode: 'one', name: 'patch' } }), {
      openaiExtras: true,
    }).body
    expect(own).toMatchObject({
      tools: [{ type: 'custom', custom: { name: 'patch' } }],
      tool_choice: { type: 'custom', custom: { name: 'patch' } },
    })
  })

  it.each<[string, Partial<ChatRequest>, string]>([
    [
      'a tool of another vendor that must be called',
      { tools: [{ kind: 'hosted', dialect: 'x', name: 'w', definition: {} }], toolChoice: { mode: 'one', name: 'w' } },
      'tool_choice',
    ],
    [
      'any tool, and none is left',
      { tools: [{ kind: 'hosted', dialect: 'x', name: 'w', definition: {} }], toolChoice: { mode: 'required' } },
      'tool_choice',
    ],
    ['any tool, and there is none', { toolChoice: { mode: 'required' } }, 'tool_choice'],
    [
      'a block that only another vendor can read',
      { messages: [{ role: 'user', parts: [{ type: 'hosted', dialect: 'x', block: {} }] }] },
      'messages',
    ],
    [
      'a file at an address',
      { messages: [{ role: 'user', parts: [{ type: 'file', source: { kind: 'url', url: 'https://a' } }] }] },
      'messages',
    ],
    [
      'a file of another vendor',
      { messages: [{ role: 'user', parts: [{ type: 'file', source: { kind: 'file', id: 'f' } }] }] },
      'messages',
    ],
    [
      'an image of another vendor',
      { messages: [{ role: 'user', parts: [{ type: 'image', source: { kind: 'file', id: 'f' } }] }] },
      'messages',
    ],
  ])('is refused for %s', (_, fields, param) => {
    expect(() => encode(canonical(fields))).toThrow(expect.objectContaining({ code: 'unsupported', param }))
  })

  it('narrows the offer where a subset of tools cannot be said', () => {
    const tools: ChatRequest['tools'] = ['f', 'g'].map((name) => ({ kind: 'function', name }))
    const request = canonical({ tools, toolChoice: { mode: 'subset', names: ['g'], required: true } })
    expect(encode(request).body).toMatchObject({ tools: [{ function: { name: 'g' } }], tool_choice: 'required' })
    expect(encode(request, { openaiExtras: true }).body.tool_choice).toMatchObject({ type: 'allowed_tools' })
  })

  it('says developer only to OpenAI', () => {
    const request = canonical({ system: [text('a'), text('b')] })
    expect((encode(request).body.messages as JsonObject[])[0]).toEqual({ role: 'system', content: 'a\n\nb' })
    expect((encode(request, { openaiExtras: true }).body.messages as JsonObject[])[0]!.role).toBe('developer')
  })

  it('gives documents, images and marks their form', () => {
    const parts: Extract<Message, { role: 'user' }>['parts'] = [
      { type: 'text', text: 'see', cache: { ttl: '5m' } },
      { type: 'file', source: { kind: 'text', text: 'body' }, title: 'T' },
      { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' }, title: 'P' },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' } },
    ]
    const content = [
      { type: 'text', text: 'see' },
      { type: 'text', text: 'T\n\nbody' },
      { type: 'file', file: { filename: 'P', file_data: 'data:application/pdf;base64,JVBE' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
    ]
    expect(messagesOf([{ role: 'user', parts }])).toEqual([{ role: 'user', content }])
    const marked = [{ ...content[0], prompt_cache_breakpoint: { mode: 'explicit' } }, ...content.slice(1)]
    expect(messagesOf([{ role: 'user', parts }], { openaiExtras: true })).toEqual([{ role: 'user', content: marked }])
    expect(messagesOf([{ role: 'user', parts: parts.slice(0, 2) }])).toEqual([
      { role: 'user', content: 'see\n\nT\n\nbody' },
    ])
  })

  it('keeps calls and results in pairs: order, errors, images, missing and stray ones', () => {
    const call = (id: string) => ({
      type: 'tool-call' as const,
      id,
      name: 'f',
      kind: 'function' as const,
      arguments: '',
    })
    const result = (id: string, rest = {}) => ({ type: 'tool-result' as const, id, content: [text(id)], ...rest })
    const image = { type: 'image' as const, source: { kind: 'url' as const, url: 'https://i' } }
    const long = 'x'.repeat(60)
    const messages: Message[] = [
      { role: 'assistant', parts: [call('a'), call(long), call('c')] },
      { role: 'tool', parts: [result('stray'), result(long, { isError: true })] },
      { role: 'tool', parts: [{ ...result('a'), content: [text('see'), image] }] },
      { role: 'user', parts: [text('go on')] },
    ]
    const encoded = encode(canonical({ messages }))
    const [assistant, ...rest] = encoded.body.messages as Array<
      JsonObject & { tool_calls: Array<{ id: string; function: object }> }
    >
    const id = assistant!.tool_calls[1]!.id
    expect(id).toMatch(/^[\w-]{1,40}$/)
    expect(assistant).toMatchObject({ content: null, tool_calls: [{ function: { arguments: '{}' } }, {}, {}] })
    expect(rest).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'see\n\n[image: it follows in the next message]' },
      { role: 'tool', tool_call_id: id, content: `Error: ${long}` },
      { role: 'tool', tool_call_id: 'c', content: 'Error: no result was given for this call.' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'https://i' } },
          { type: 'text', text: 'Result of the tool call stray:\n\nstray' },
        ],
      },
      { role: 'user', content: 'go on' },
    ])
    expect(encoded.warnings.map(({ field, action }) => `${field} ${action}`)).toEqual([
      'messages changed',
      'messages changed',
    ])
  })

  it('says nothing for an answer of which nothing is left, and gives a second result of a call as a text', () => {
    const messages: Message[] = [
      { role: 'assistant', parts: [{ type: 'reasoning', text: 'hm', opaque: { kind: 'signature', value: 's' } }] },
      { role: 'user', parts: [text('go on')] },
      { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{}' }] },
      {
        role: 'tool',
        parts: ['one', 'two'].map((said) => ({ type: 'tool-result', id: 'a', content: [text(said)] })),
      },
    ]
    const encoded = encode(canonical({ messages }))
    const sent = encoded.body.messages as JsonObject[]
    expect(sent.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'go on'],
      ['assistant', null],
      ['tool', 'one'],
      ['user', 'Result of the tool call a:\n\ntwo'],
    ])
    expect(encoded.warnings.map(({ field }) => field)).toEqual(['messages'])
  })

  it('gives state back only to the one who made it', () => {
    const state = (value: object, vendor = 'acme') => ({
      kind: 'signature' as const,
      vendor,
      family: 'one',
      value: JSON.stringify(value),
    })
    const messages: Message[] = [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'why', opaque: state({ type: 'reasoning.text', format: 'f', signature: 'S' }) },
          { type: 'reasoning', text: '', opaque: state({ type: 'reasoning.encrypted', data: 'D' }) },
          { type: 'reasoning', text: 'no', opaque: state({ type: 'reasoning.encrypted', data: 'D' }, 'other') },
          { type: 'reasoning', text: 'no', opaque: { kind: 'signature', value: 'bare' } },
          { type: 'reasoning', text: '', opaque: state({ reasoning_opaque: 'R' }) },
          {
            type: 'tool-call',
            id: 'a',
            name: 'f',
            kind: 'function',
            arguments: '{}',
            opaque: [state({ extra_content: { google: 1 } }), state({}, 'x')],
          },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool-result', id: 'a', content: [] }] },
    ]
    const encoded = encode(canonical({ messages }))
    expect((encoded.body.messages as JsonObject[])[0]).toEqual({
      role: 'assistant',
      content: null,
      reasoning_details: [
        { type: 'reasoning.text', format: 'f', signature: 'S', text: 'why' },
        { type: 'reasoning.encrypted', data: 'D' },
      ],
      reasoning_opaque: 'R',
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: 1 } },
      ],
    })
    expect(encoded.foreignOpaque).toBe(3)
    expect(encoded.warnings).toEqual([])
  })

  it('shows reasoning again only to a server that wants it', () => {
    const messages: Message[] = [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'why' }, text('a')] }]
    expect(messagesOf(messages)).toEqual([{ role: 'assistant', content: 'a' }])
    expect(messagesOf(messages, { reasoningField: 'reasoning_content' })).toEqual([
      { role: 'assistant', content: 'a', reasoning_content: 'why' },
    ])
  })

  it('does not let a model go on from a beginning that takes none', () => {
    const messages: Message[] = [{ role: 'assistant', parts: [text('Once')] }]
    expect(() => messagesOf(messages, { prefill: false })).toThrow(expect.objectContaining({ code: 'unsupported' }))
    expect(messagesOf(messages)).toEqual([{ role: 'assistant', content: 'Once' }])
  })
})

describe('a request that goes to another API', () => {
  it('is refused when it asks for a spoken answer, which only this one has', () => {
    const leave = (fields: object) => () => openaiChat.client.leave?.(decode(fields))
    expect(leave({ modalities: ['text', 'audio'] })).toThrow(
      expect.objectContaining({ code: 'unsupported', param: 'modalities' }),
    )
    expect(leave({ modalities: ['text'] })()).toEqual([])
  })

  const leave = (fields: object) => openaiChat.client.leave?.(decode(fields)).map(({ field }) => field)
  it.each<[string, object, string[]]>([
    [
      'nothing of an answer as an SDK keeps it',
      {
        role: 'assistant',
        content: 'a',
        refusal: null,
        annotations: [],
        audio: null,
        parsed: null,
        reasoning_content: 'hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'hm' }],
      },
      [],
    ],
    ['nothing of a mark', { ...hi, content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] }, []],
    [
      'nothing of the name of a tool beside its result',
      { role: 'tool', tool_call_id: 'a', name: 'f', content: 'A' },
      [],
    ],
    ['a field of a message', { ...hi, weight: 1 }, ['messages[0].weight']],
    ['a field of a part', { ...hi, content: [{ type: 'text', text: 'a', x: 1 }] }, ['messages[0].content.x']],
    [
      'the sources of an answer',
      { role: 'assistant', content: 'a', annotations: [{ type: 'url_citation' }] },
      ['messages[0].annotations'],
    ],
  ])('loses %s', (_, message, lost) => {
    expect(leave({ messages: [message] })).toEqual(lost)
  })

  it('loses fields of tools', () => {
    expect(leave({ tools: [{ type: 'function', function: { name: 'f' }, cache_control: {}, x: 1 }] })).toEqual([
      'tools[0].x',
    ])
  })

  it.each<[string, object]>([
    ['a video', { ...hi, content: [{ type: 'video_url', video_url: { url: 'https://a' } }] }],
    ['what was said in an answer that only its provider keeps', { role: 'assistant', audio: { id: 'a' } }],
  ])('is refused when it holds %s', (_, message) => {
    expect(() => leave({ messages: [message] })).toThrow(
      expect.objectContaining({ code: 'unsupported', param: 'messages[0].content' }),
    )
  })
})

describe('a body that is passed on', () => {
  it.each<[string, string, Traits, string, boolean]>([
    [
      'another model',
      '{ "model" : "m", "seed": 12345678901234567890 }',
      {},
      '{ "model" : "up", "seed": 12345678901234567890 }',
      false,
    ],
    ['the same model', '{"model":"up"  }', {}, '{"model":"up"  }', false],
    [
      'a stream',
      '{"model":"up","stream":true}',
      {},
      '{"stream_options":{"include_usage":true},"model":"up","stream":true}',
      true,
    ],
    [
      'a stream with options',
      '{"model":"up","stream_options":{ "x":1.0 },"stream":true}',
      {},
      '{"model":"up","stream_options":{"include_usage":true, "x":1.0 },"stream":true}',
      true,
    ],
    [
      'usage refused',
      '{"model":"up","stream":true,"stream_options":{"include_usage": false}}',
      {},
      '{"model":"up","stream":true,"stream_options":{"include_usage": true}}',
      true,
    ],
    [
      'options that are null',
      '{"model":"up","stream":true,"stream_options":null}',
      {},
      '{"model":"up","stream":true,"stream_options":{"include_usage":true}}',
      true,
    ],
    [
      'usage wanted',
      '{"model":"up","stream":true,"stream_options":{"include_usage":true}}',
      {},
      '{"model":"up","stream":true,"stream_options":{"include_usage":true}}',
      false,
    ],
    [
      'a server that knows no usage',
      '{"model":"up","stream":true}',
      { streamUsage: false },
      '{"model":"up","stream":true}',
      false,
    ],
  ])('%s', (_, sent, traits, expected, usageAdded) => {
    expect(openaiChat.upstream.adoptRequest(sent, JSON.parse(sent), target(traits))).toEqual({
      text: expected,
      usageAdded,
    })
  })
})
