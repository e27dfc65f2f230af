import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../../src/dialects/dialect.ts'
import { seal } from '../../../src/dialects/envelope.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import type { ChatRequest, JsonObject, Message, Tool } from '../../../src/tokens/index.ts'
import { client, upstream } from './stream-of.ts'

const target = (traits: Traits = {}): Target => ({ model: 'claude-x', vendor: 'anthropic', family: 'claude', traits })
const closed = { type: 'object', properties: {}, additionalProperties: false }
const hi: Message = { role: 'user', parts: [{ type: 'text', text: 'hi' }] }

function request(change: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'asked',
    stream: false,
    system: [],
    messages: [hi],
    tools: [],
    sampling: {},
    extra: { dialect: 'openai-chat', fields: {} },
    ...change,
  }
}

function encoded(change: Partial<ChatRequest>, traits?: Traits) {
  const { body, warnings, ...rest } = upstream.encodeRequest(request(change), target(traits))
  return { body, warned: warnings.map(({ field, action }) => `${field} ${action}`), ...rest }
}

function refusal(change: Partial<ChatRequest>, traits?: Traits): SluiceError {
  try {
    encoded(change, traits)
  } catch (error) {
    if (SluiceError.is(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

const own = { dialect: 'anthropic-messages', fields: {} }
const f: Tool = { kind: 'function', name: 'f', parameters: { type: 'object', properties: {} } }

it('the least request', () => {
  expect(upstream.encodeRequest(request(), target())).toEqual({
    body: { model: 'claude-x', max_tokens: 32_000, messages: [{ role: 'user', content: 'hi' }] },
    headers: { 'anthropic-version': '2023-06-01' },
    warnings: [],
    foreignOpaque: 0,
  })
})

describe('fields', () => {
  it.each<[string, Partial<ChatRequest>, JsonObject, string[], Traits?]>([
    ['the ceiling', { maxOutput: 5 }, { max_tokens: 5 }, []],
    ['the ceiling of the model', {}, { max_tokens: 4096 }, [], { maxOutput: 4096 }],
    [
      'a ceiling over that of the model',
      { maxOutput: 9000 },
      { max_tokens: 4096 },
      ['max_tokens changed'],
      { maxOutput: 4096 },
    ],
    ['streaming', { stream: true }, { stream: true }, []],
    [
      'system texts keep their borders',
      {
        system: [
          { type: 'text', text: 'a' },
          { type: 'text', text: '' },
          { type: 'text', text: 'b', cache: { ttl: '1h' } },
        ],
      },
      {
        system: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
        ],
      },
      [],
    ],
    [
      'a temperature over 1',
      { sampling: { temperature: 1.5, topP: 0.5, topK: 3 } },
      { temperature: 1, top_p: 0.5, top_k: 3 },
      ['temperature changed'],
    ],
    [
      'sampling for a model that takes none',
      { sampling: { temperature: 0.5, topP: 0.5 } },
      { temperature: undefined, top_p: undefined },
      ['temperature dropped', 'top_p dropped'],
      { sampling: false },
    ],
    [
      'a temperature and a top_p for a model that takes one of them',
      { sampling: { temperature: 0.5, topP: 0.5 } },
      { temperature: 0.5, top_p: undefined },
      ['top_p dropped'],
      { sampling: 'one' },
    ],
    [
      'a named system message at the head',
      { messages: [{ role: 'system', name: 'policy', parts: [{ type: 'text', text: 'a' }] }, hi] },
      { system: 'a', messages: [{ role: 'user', content: 'hi' }] },
      ['messages[0].name dropped'],
    ],
    [
      'a schema that is closed already, with data that looks like one',
      { output: { type: 'json-schema', schema: { ...closed, default: { type: 'object' } } } },
      { output_config: { format: { type: 'json_schema', schema: { ...closed, default: { type: 'object' } } } } },
      [],
    ],
    [
      'a schema that is open inside',
      {
        output: {
          type: 'json-schema',
          schema: { $defs: { a: { anyOf: [{ properties: { b: closed } }, { type: 'null' }] } } },
        },
      },
      {
        output_config: {
          format: {
            type: 'json_schema',
            schema: {
              $defs: { a: { anyOf: [{ properties: { b: closed }, additionalProperties: false }, { type: 'null' }] } },
            },
          },
        },
      },
      ['response_format changed'],
    ],
    [
      'what the API does not have',
      {
        sampling: {
          seed: 1,
          presencePenalty: 1,
          frequencyPenalty: 1,
          logitBias: { 1: 1 },
          logprobs: true,
          topLogprobs: 2,
        },
        verbosity: 'low',
        metadata: { a: 'b' },
      },
      {},
      [
        'seed dropped',
        'presence_penalty dropped',
        'frequency_penalty dropped',
        'logit_bias dropped',
        'logprobs dropped',
        'top_logprobs dropped',
        'verbosity dropped',
        'metadata dropped',
      ],
    ],
    ['stop sequences', { stop: ['a', ' \n'] }, { stop_sequences: ['a'] }, ['stop dropped']],
    ['the user', { user: 'u' }, { metadata: { user_id: 'u' } }, []],
    ['a tier', { serviceTier: 'flex' }, { service_tier: 'standard_only' }, ['service_tier changed']],
    ['the tier auto', { serviceTier: 'auto' }, { service_tier: 'auto' }, []],
    ['a cache mark for all', { cache: {} }, { cache_control: { type: 'ephemeral' } }, []],
    ['a long cache mark', { cache: { ttl: '12h' } }, { cache_control: { type: 'ephemeral', ttl: '1h' } }, []],
    [
      'a schema',
      { output: { type: 'json-schema', schema: { type: 'object' }, name: 'x' } },
      { output_config: { format: { type: 'json_schema', schema: { type: 'object', additionalProperties: false } } } },
      ['response_format changed'],
    ],
    [
      'any JSON',
      { output: { type: 'json' } },
      { system: expect.stringContaining('JSON') },
      ['response_format changed'],
    ],
    [
      'only instructions',
      { system: [{ type: 'text', text: 'a' }], messages: [] },
      { system: undefined, messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] },
      ['messages changed'],
    ],
    [
      'fields of another dialect',
      { extra: { dialect: 'openai-chat', fields: { store: true, prediction: {} } } },
      { store: undefined },
      ['store dropped', 'prediction dropped'],
    ],
    [
      'fields of this dialect',
      { extra: { ...own, fields: { speed: 'fast', metadata: { a: 1 } } }, user: 'u' },
      { speed: 'fast', metadata: { user_id: 'u', a: 1 } },
      [],
    ],
  ])('%s', (_name, change, expected, warned, traits) => {
    const found = encoded(change, traits)
    for (const [key, value] of Object.entries(expected)) expect(found.body[key], key).toEqual(value)
    expect(found.warned).toEqual(warned)
  })

  it.each<[string, string, Partial<ChatRequest>, Traits?]>([
    ['several answers', 'n', { choices: 2 }],
    [
      'audio',
      'messages[0].content[0]',
      { messages: [{ role: 'user', parts: [{ type: 'audio', data: 'AA==', format: 'wav' }] }] },
    ],
    [
      'an image of another type',
      'messages[0].content[0]',
      {
        messages: [
          {
            role: 'user',
            parts: [{ type: 'image', source: { kind: 'base64', mediaType: 'image/tiff', data: 'AA==' } }],
          },
        ],
      },
    ],
    [
      'a file of another type',
      'messages[0].content[0]',
      {
        messages: [
          {
            role: 'user',
            parts: [{ type: 'file', source: { kind: 'base64', mediaType: 'application/zip', data: 'AA==' } }],
          },
        ],
      },
    ],
    [
      'a file id of another vendor',
      'messages[0].content[0]',
      { messages: [{ role: 'user', parts: [{ type: 'file', source: { kind: 'file', id: 'x' } }] }] },
    ],
    [
      'a demanded tool of another vendor',
      'tool_choice',
      {
        tools: [f, { kind: 'hosted', dialect: 'openai-responses', name: 'web_search', definition: {} }],
        toolChoice: { mode: 'one', name: 'web_search' },
      },
    ],
    ['a demanded tool that is not offered', 'tool_choice', { tools: [f], toolChoice: { mode: 'one', name: 'g' } }],
    ['a demand without tools', 'tool_choice', { toolChoice: { mode: 'required' } }],
    [
      'a beginning of the answer, where the model takes none',
      'messages[1]',
      { messages: [hi, { role: 'assistant', parts: [{ type: 'text', text: 'So' }] }] },
      { prefill: false },
    ],
  ])('refuses %s', (_name, param, change, traits) => {
    expect(refusal(change, traits)).toMatchObject({ code: 'unsupported', status: 400, param })
  })
})

describe('thinking', () => {
  it.each<[string, Partial<ChatRequest>, Traits, JsonObject, string[]]>([
    [
      'an effort',
      { reasoning: { effort: 'medium' } },
      {},
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'medium' } },
      [],
    ],
    ['the least effort', { reasoning: { effort: 'minimal' } }, {}, { output_config: { effort: 'low' } }, []],
    [
      'hidden',
      { reasoning: { effort: 'high', visible: false } },
      {},
      { thinking: { type: 'adaptive', display: 'omitted' } },
      [],
    ],
    ['none', { reasoning: { effort: 'none' } }, {}, { thinking: { type: 'disabled' } }, []],
    [
      'a budget for an adaptive model',
      { reasoning: { budget: 9000 } },
      {},
      { output_config: { effort: 'high' } },
      ['reasoning changed'],
    ],
    [
      'an effort for a budget model',
      { reasoning: { effort: 'high' } },
      { thinking: 'budget' },
      { thinking: { type: 'enabled', budget_tokens: 24_576 }, max_tokens: 32_768, output_config: undefined },
      [],
    ],
    [
      'a budget that is too small',
      { reasoning: { budget: 10 } },
      { thinking: 'budget' },
      { thinking: { type: 'enabled', budget_tokens: 1024 } },
      ['reasoning changed'],
    ],
    [
      'a budget over the ceiling of the client',
      { maxOutput: 8000, reasoning: { budget: 9000 } },
      { thinking: 'budget' },
      { max_tokens: 8000, thinking: { type: 'enabled', budget_tokens: 4000 } },
      ['reasoning changed'],
    ],
    [
      'a budget over the ceiling of the model',
      { reasoning: { effort: 'max' } },
      { thinking: 'budget', maxOutput: 20_000 },
      { max_tokens: 20_000, thinking: { type: 'enabled', budget_tokens: 10_000 } },
      [],
    ],
    [
      'no room to think',
      { maxOutput: 1000, reasoning: { effort: 'low' } },
      { thinking: 'budget' },
      { max_tokens: 1000, thinking: undefined },
      ['reasoning dropped'],
    ],
    [
      'a demanded call',
      { tools: [f], toolChoice: { mode: 'required' }, reasoning: { effort: 'low' } },
      {},
      { thinking: undefined, output_config: { effort: 'low' } },
      ['reasoning dropped'],
    ],
    [
      'sampling beside it',
      { sampling: { temperature: 0.5, topK: 5, topP: 0.95 }, reasoning: { effort: 'low' } },
      {},
      { temperature: undefined, top_k: undefined, top_p: 0.95 },
      ['temperature dropped', 'top_k dropped'],
    ],
    [
      'a top_p that is too low beside it',
      { sampling: { topP: 0.9 }, reasoning: { effort: 'low' } },
      {},
      { top_p: undefined },
      ['top_p dropped'],
    ],
    ['a budget of nothing', { reasoning: { budget: 0 } }, {}, { thinking: { type: 'disabled' } }, []],
    [
      'an effort of a client of this dialect, which is no wish to think',
      { extra: own, reasoning: { effort: 'low' } },
      {},
      { thinking: undefined, output_config: { effort: 'low' } },
      [],
    ],
    [
      'a begun answer beside it',
      { messages: [hi, { role: 'assistant', parts: [{ type: 'text', text: 'Once' }] }], reasoning: { effort: 'low' } },
      {},
      { thinking: undefined },
      ['reasoning dropped'],
    ],
    [
      'a temperature that changes nothing',
      { sampling: { temperature: 1 }, reasoning: { effort: 'low' } },
      {},
      { temperature: 1 },
      [],
    ],
    [
      'a client of this dialect chooses the form',
      { extra: own, maxOutput: 9000, reasoning: { budget: 2000 } },
      {},
      { thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 9000 },
      [],
    ],
    [
      'a client of this dialect, adaptive',
      { extra: own, reasoning: { adaptive: true } },
      {},
      { thinking: { type: 'adaptive' }, output_config: undefined },
      [],
    ],
    ['only how to show it', { reasoning: { visible: true } }, {}, { thinking: undefined }, []],
  ])('%s', (_name, change, traits, expected, warned) => {
    const found = encoded(change, traits)
    for (const [key, value] of Object.entries(expected)) expect(found.body[key], key).toEqual(value)
    expect(found.warned).toEqual(warned)
  })

  it('is left out behind calls that another model made without it, which the API would refuse', () => {
    const loop = (opaque: boolean): Message[] => [
      hi,
      {
        role: 'assistant',
        parts: [
          {
            type: 'reasoning',
            text: 'hm',
            opaque: { vendor: opaque ? 'anthropic' : 'openai', family: 'claude', kind: 'signature', value: 'v' },
          },
          { type: 'tool-call', id: 't', name: 'f', kind: 'function', arguments: '{}' },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool-result', id: 't', content: [{ type: 'text', text: 'x' }] }] },
    ]
    const thinking = (messages: Message[]) =>
      encoded({ messages, reasoning: { effort: 'low' } }, { thinking: 'budget' }).body.thinking
    expect(thinking(loop(true))).toBeDefined()
    expect(thinking(loop(false))).toBeUndefined()
    expect(thinking([...loop(false), hi])).toBeUndefined()
    expect(thinking([...loop(false), { role: 'assistant', parts: [{ type: 'text', text: 'x' }] }, hi])).toBeDefined()
  })
})

describe('tools', () => {
  it.each<[string, Partial<ChatRequest>, JsonObject, string[]]>([
    [
      'a function',
      { tools: [{ ...f, description: 'd', strict: true, cache: {} } as Tool] },
      {
        tools: [
          {
            name: 'f',
            description: 'd',
            input_schema: { type: 'object', properties: {} },
            strict: true,
            cache_control: { type: 'ephemeral' },
          },
        ],
        tool_choice: undefined,
      },
      [],
    ],
    [
      'a function without a schema',
      { tools: [{ kind: 'function', name: 'f', strict: false }] },
      { tools: [{ name: 'f', input_schema: { type: 'object' } }] },
      [],
    ],
    [
      'a tool of another vendor',
      { tools: [f, { kind: 'hosted', dialect: 'openai-responses', name: 'web_search', definition: {} }] },
      { tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }] },
      ['tools[1] dropped'],
    ],
    [
      'an own hosted tool',
      {
        tools: [
          {
            kind: 'hosted',
            dialect: 'anthropic-messages',
            name: 'bash',
            definition: { type: 'bash_20250124', name: 'bash' },
          },
        ],
      },
      { tools: [{ type: 'bash_20250124', name: 'bash' }] },
      [],
    ],
    [
      'one after the other',
      { tools: [f], parallelToolCalls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      [],
    ],
    [
      'one of them',
      { tools: [f], toolChoice: { mode: 'one', name: 'f' }, parallelToolCalls: false },
      { tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
      [],
    ],
    [
      'none of them',
      { tools: [f], toolChoice: { mode: 'none' }, parallelToolCalls: false },
      { tool_choice: { type: 'none' } },
      [],
    ],
    [
      'a subset',
      { tools: [f, { ...f, name: 'g' }], toolChoice: { mode: 'subset', names: ['g'], required: true } },
      { tools: [{ name: 'g', input_schema: { type: 'object', properties: {} } }], tool_choice: { type: 'any' } },
      [],
    ],
    [
      'a choice without tools',
      { toolChoice: { mode: 'none' }, parallelToolCalls: false },
      { tools: undefined, tool_choice: undefined },
      [],
    ],
  ])('%s', (_name, change, expected, warned) => {
    const found = encoded(change)
    for (const [key, value] of Object.entries(expected)) expect(found.body[key], key).toEqual(value)
    expect(found.warned).toEqual(warned)
  })

  it('a custom tool is offered as a function, and its earlier calls fit', () => {
    const found = encoded({
      tools: [{ kind: 'custom', name: 'shell', format: { type: 'grammar', definition: 'x' } }],
      messages: [
        hi,
        {
          role: 'assistant',
          parts: [{ type: 'tool-call', id: 'c', name: 'shell', kind: 'custom', arguments: 'ls "a"' }],
        },
      ],
    })
    expect(found.customTools).toEqual(new Set(['shell']))
    expect(found.body.tools).toMatchObject([{ name: 'shell', input_schema: { required: ['input'] } }])
    expect(JSON.stringify(found.body.messages)).toContain('"input":{"input":"ls \\"a\\""}')
    expect(found.warned).toContain('tools[0].format changed')
  })

  it('a name that is not legal is another one everywhere, always the same, with the way back', () => {
    const name = 'mcp.files/read'
    const change: Partial<ChatRequest> = {
      tools: [{ kind: 'function', name }],
      toolChoice: { mode: 'one', name },
      messages: [
        hi,
        { role: 'assistant', parts: [{ type: 'tool-call', id: 'c', name, kind: 'function', arguments: '' }] },
      ],
    }
    const found = encoded(change)
    const [wire] = [...found.toolNames!.keys()]
    expect(wire).toMatch(/^[a-zA-Z0-9_-]{1,128}$/)
    expect(found.toolNames!.get(wire!)).toBe(name)
    expect(JSON.stringify(found.body).split(wire!)).toHaveLength(4)
    expect(JSON.stringify(encoded(change).body)).toBe(JSON.stringify(found.body))
  })
})

describe('turns', () => {
  const call = (id: string, args = '{}'): Message => ({
    role: 'assistant',
    parts: [{ type: 'tool-call', id, name: 'f', kind: 'function', arguments: args }],
  })
  const result = (id: string, text: string): Message => ({
    role: 'tool',
    parts: [{ type: 'tool-result', id, content: [{ type: 'text', text }] }],
  })
  const says = (role: 'user' | 'assistant', text: string): Message => ({ role, parts: [{ type: 'text', text }] })
  const use = (id: string, input: JsonObject = {}) => ({ type: 'tool_use', id, name: 'f', input })
  const got = (id: string, content: string) => ({ type: 'tool_result', tool_use_id: id, content })
  const text = (value: string) => ({ type: 'text', text: value })

  it.each<[string, Message[], JsonObject[], string[], Traits?]>([
    [
      'turns of one role are one',
      [hi, says('user', 'b'), says('assistant', 'c'), says('assistant', 'd'), hi],
      [
        { role: 'user', content: [text('hi'), text('b')] },
        { role: 'assistant', content: [text('c'), text('d')] },
        { role: 'user', content: 'hi' },
      ],
      [],
    ],
    [
      'empty texts vanish, and messages with them',
      [hi, says('assistant', ''), says('user', '')],
      [{ role: 'user', content: 'hi' }],
      [],
    ],
    [
      'results stand first and in the order of the calls',
      [hi, call('a'), call('b'), says('user', 'and?'), result('b', '2'), result('a', '1')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a'), use('b')] },
        { role: 'user', content: [got('a', '1'), got('b', '2'), text('and?')] },
      ],
      [],
    ],
    [
      'a missing result is added',
      [hi, call('a'), call('b'), result('b', '2'), says('user', 'next')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a'), use('b')] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'No result was given.', is_error: true },
            got('b', '2'),
            text('next'),
          ],
        },
      ],
      ['messages changed'],
    ],
    [
      'missing at the very end, too',
      [hi, call('a')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a')] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'a', content: 'No result was given.', is_error: true }],
        },
      ],
      ['messages changed'],
    ],
    [
      'a result without a call is text',
      [hi, result('x', 'lost')],
      [{ role: 'user', content: [text('hi'), text('lost')] }],
      ['messages[1].content[0] changed'],
    ],
    [
      'a second result for one call is text',
      [hi, call('a'), result('a', '1'), result('a', '2')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a')] },
        { role: 'user', content: [got('a', '1'), text('2')] },
      ],
      ['messages[3].content[0] changed'],
    ],
    [
      'arguments that are no JSON',
      [hi, call('a', '{"x":'), result('a', '1')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a', { __raw: '{"x":' })] },
        { role: 'user', content: [got('a', '1')] },
      ],
      ['messages[1].content[0].arguments changed'],
    ],
    [
      'no arguments',
      [hi, call('a', ''), result('a', '1')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a')] },
        { role: 'user', content: [got('a', '1')] },
      ],
      [],
    ],
    [
      'ids that are not legal, in the call and its result',
      [hi, call('functions.f:0'), result('functions.f:0', '1')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use(expect.stringMatching(/^call_\w+$/) as unknown as string)] },
        { role: 'user', content: [got(expect.stringMatching(/^call_\w+$/) as unknown as string, '1')] },
      ],
      [],
    ],
    [
      'a later system message',
      [hi, { role: 'system', parts: [{ type: 'text', text: 'be brief' }] }],
      [{ role: 'user', content: [text('hi'), text('<system>be brief</system>')] }],
      ['messages[1] changed'],
    ],
    [
      'a later system message, for models that take it',
      [hi, { role: 'system', parts: [{ type: 'text', text: 'be brief' }] }],
      [
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'be brief' },
      ],
      [],
      { midSystem: true },
    ],
    [
      'a system message between calls and results',
      [hi, call('a'), { role: 'system', parts: [{ type: 'text', text: 's' }] }, result('a', '1')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [use('a')] },
        { role: 'user', content: [got('a', '1'), text('<system>s</system>')] },
      ],
      ['messages[2] changed'],
      { midSystem: true },
    ],
    [
      'names of speakers',
      [{ ...hi, name: 'Ann' } as Message],
      [{ role: 'user', content: 'hi' }],
      ['messages[0].name dropped'],
    ],
    [
      'white space alone',
      [hi, { role: 'assistant', parts: [{ type: 'text', text: '\n\n' }] }, hi],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'text', text: 'hi' },
          ],
        },
      ],
      [],
    ],
    [
      'white space at the end of a begun answer',
      [hi, { role: 'assistant', parts: [{ type: 'text', text: 'Once ' }] }],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Once' },
      ],
      ['messages[1] changed'],
    ],
    [
      'a paused turn goes on',
      [
        hi,
        {
          role: 'assistant',
          parts: [{ type: 'hosted', dialect: 'anthropic-messages', block: { type: 'server_tool_use', id: 's' } }],
        },
      ],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [{ type: 'server_tool_use', id: 's' }] },
      ],
      [],
      { prefill: false },
    ],
  ])('%s', (_name, messages, expected, warned, traits) => {
    const found = encoded({ messages }, traits)
    expect(found.body.messages).toEqual(expected)
    expect(found.warned).toEqual(warned)
  })

  it('images and files', () => {
    const { body, warned } = encoded({
      messages: [
        {
          role: 'user',
          parts: [
            {
              type: 'image',
              source: { kind: 'base64', mediaType: 'image/jpg', data: 'AA==' },
              detail: 'high',
              cache: { ttl: '5m' },
            },
            { type: 'image', source: { kind: 'url', url: 'http://x/a.png' } },
            { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AA==' }, filename: 'a.pdf' },
            { type: 'file', source: { kind: 'base64', mediaType: 'text/csv; charset=utf-8', data: 'w6k=' } },
            { type: 'file', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } },
            { type: 'file', source: { kind: 'text', text: 'body' }, title: 'T' },
            { type: 'hosted', dialect: 'gemini', block: { type: 'x' } },
          ],
        },
      ],
    })
    expect((body.messages as JsonObject[])[0]!.content).toEqual([
      {
        type: 'image',
        source: { type: 'base64', media_type: 'image/jpeg', data: 'AA==' },
        cache_control: { type: 'ephemeral', ttl: '5m' },
      },
      { type: 'image', source: { type: 'url', url: 'http://x/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' }, title: 'a.pdf' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'é' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'body' }, title: 'T' },
    ])
    expect(warned).toEqual(['messages[0].content[0].detail dropped', 'messages[0].content[6] dropped'])
  })
})

describe('opaque state goes only to those who made it', () => {
  const history = (content: JsonObject[]) =>
    client.decodeRequest({
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [...content, { type: 'text', text: 'x' }] },
        { role: 'user', content: 'go on' },
      ],
    })
  const blocks = (content: JsonObject[], to: Target) => {
    const { body, foreignOpaque } = upstream.encodeRequest(history(content), to)
    const found = (body.messages as JsonObject[])[1]!.content
    return { blocks: Array.isArray(found) ? found.slice(0, -1) : [], foreignOpaque }
  }
  const thinking = (signature: string) => ({ type: 'thinking', thinking: 'hm', signature })
  const sealed = (vendor: string, family: string) => seal({ vendor, family, kind: 'signature', value: 'v' })
  const elsewhere: Target = { ...target(), vendor: 'moonshot', family: 'kimi' }

  it.each<[string, JsonObject, Target, JsonObject[]]>([
    ['a bare signature of a client of this dialect', thinking('c2ln'), target(), [thinking('c2ln')]],
    [
      'a bare redacted block',
      { type: 'redacted_thinking', data: 'ZA==' },
      target(),
      [{ type: 'redacted_thinking', data: 'ZA==' }],
    ],
    ['an envelope of the target itself', thinking(sealed('moonshot', 'kimi')), elsewhere, [thinking('v')]],
    ['an envelope of another family', thinking(sealed('moonshot', 'k1')), elsewhere, []],
    ['an envelope of another vendor', thinking(sealed('openai', 'gpt')), target(), []],
    ['a damaged envelope', thinking('slc1.x.y'), target(), []],
    ['thinking without any state', thinking(''), target(), []],
  ])('%s', (_name, block, to, expected) => {
    const found = blocks([block], to)
    expect(found.blocks).toEqual(expected)
    expect(found.foreignOpaque).toBe(expected.length === 0 ? 1 : 0)
    expect(JSON.stringify(found)).not.toContain('slc1.')
  })

  it('a bare value out of another dialect is nobody’s', () => {
    const messages: Message[] = [
      hi,
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'hm', opaque: { kind: 'signature', value: 'v' } },
          { type: 'text', text: 'x' },
        ],
      },
      hi,
    ]
    expect(encoded({ messages })).toMatchObject({ foreignOpaque: 1, warned: [] })
  })
})

describe('the same dialect at both ends', () => {
  const body: JsonObject = {
    model: 'asked',
    max_tokens: 4096,
    stream: true,
    system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }],
    messages: [
      {
        role: 'user',
        content: [
          {
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: 'd' },
            citations: { enabled: true },
          },
          { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
          { type: 'text', text: 'x', citations: [{ type: 'char_location' }] },
          { type: 'tool_use', id: 't', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't',
            content: [{ type: 'tool_reference', tool_name: 'f' }],
            is_error: true,
          },
        ],
      },
    ],
    tools: [
      { name: 'f', description: 'd', input_schema: { type: 'object' }, defer_loading: true },
      { type: 'web_search_20260209', name: 'web_search' },
    ],
    tool_choice: { type: 'auto', disable_parallel_tool_use: false },
    thinking: { type: 'enabled', budget_tokens: 2048 },
    stop_sequences: ['END'],
    metadata: { user_id: 'u', session: 's' },
    service_tier: 'standard_only',
    container: 'c',
    context_management: { edits: [] },
  }

  it('everything survives the canonical model', () => {
    const { body: found, warnings } = upstream.encodeRequest(client.decodeRequest(body), target())
    expect(found).toEqual({ ...body, model: 'claude-x' })
    expect(warnings).toEqual([])
  })

  it('of the client’s own text only the model changes', () => {
    const text = `{"max_tokens": 1e3,\n "model":"asked", "messages":[{"role":"user","content":"\\u0068i"}], "seed": 12345678901234567890}`
    const found = upstream.adoptRequest(text, JSON.parse(text) as JsonObject, target())
    expect(found).toEqual({ text: text.replace('"asked"', '"claude-x"'), usageAdded: false })
  })

  it('a question for the count holds only what counts', () => {
    const { body: found } = upstream.encodeRequest(
      client.decodeRequest(body, { operation: 'count' }),
      target(),
      'count',
    )
    for (const field of ['max_tokens', 'stream', 'stop_sequences', 'service_tier', 'metadata', 'container'])
      expect(found).not.toHaveProperty(field)
    for (const field of ['model', 'messages', 'system', 'tools', 'thinking']) expect(found).toHaveProperty(field)
    expect(upstream.decodeCount!({ input_tokens: 42 })).toBe(42)
    expect(upstream.decodeCount!({ input_tokens: null })).toBeUndefined()
  })
})

it('the beginning of a conversation is the same, to the byte, one turn later', () => {
  const first: Message[] = [hi, { role: 'assistant', parts: [{ type: 'text', text: 'a' }] }]
  const turn = (messages: Message[]) =>
    JSON.stringify(encoded({ messages, tools: [f], system: [{ type: 'text', text: 's' }] }).body)
  const before = turn([...first, hi])
  const after = turn([...first, hi, { role: 'assistant', parts: [{ type: 'text', text: 'b' }] }, hi])
  expect(after.startsWith(before.slice(0, before.indexOf(']')))).toBe(true)
})

it.each([
  ['https://api.anthropic.com', 'chat', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/', 'count', 'https://api.anthropic.com/v1/messages/count_tokens'],
  ['https://host/anthropic', 'models', 'https://host/anthropic/v1/models?limit=1000'],
  ['https://host/api/v1/', 'chat', 'https://host/api/v1/messages'],
] as const)('%s, %s', (base, operation, expected) => {
  expect(upstream.endpoint(base, operation)).toBe(expected)
})
