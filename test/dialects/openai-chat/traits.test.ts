import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import type { ChatRequest, JsonObject, Message } from '../../../src/tokens/index.ts'

const target = (traits: Traits): Target => ({ model: 'up', vendor: 'acme', family: 'one', traits })
const text = (said: string) => ({ type: 'text' as const, text: said })
const user = (said: string): Message => ({ role: 'user', parts: [text(said)] })
const bot = (said: string): Message => ({ role: 'assistant', parts: [text(said)] })
const call = (id: string, name = 'f') => ({ type: 'tool-call', id, name, kind: 'function', arguments: '{}' }) as const
const result = (id: string): Message => ({ role: 'tool', parts: [{ type: 'tool-result', id, content: [text('42')] }] })
const asked = (...calls: ReturnType<typeof call>[]): Message => ({ role: 'assistant', parts: calls })
const tools: ChatRequest['tools'] = [
  { kind: 'function', name: 'f' },
  { kind: 'function', name: 'g', strict: true },
]
const canonical = (fields: Partial<ChatRequest>): ChatRequest => ({
  model: 'm',
  stream: false,
  system: [],
  messages: [user('hi')],
  tools: [],
  sampling: {},
  extra: { dialect: 'anthropic-messages', fields: {} },
  ...fields,
})
const encode = (fields: Partial<ChatRequest>, traits: Traits) => {
  const { body, warnings } = openaiChat.upstream.encodeRequest(canonical(fields), target(traits))
  const { model: _, messages, ...rest } = body
  return { messages, rest, warnings: warnings.map(({ field, action }) => `${field} ${action}`) }
}

/** What a client of the same language writes, on its way to a server with these traits. */
const adapted = (fields: object, traits: Traits) => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields } as JsonObject
  return openaiChat.upstream.encodeRequest(openaiChat.client.decodeRequest(body), target(traits))
}

describe('a server that is particular about fields', () => {
  it.each<[string, Traits, Partial<ChatRequest>, JsonObject, string[]]>([
    [
      'refuses some',
      { drops: ['seed', 'frequency_penalty'] },
      { sampling: { seed: 1, frequencyPenalty: 1, temperature: 1 } },
      { temperature: 1 },
      ['seed dropped', 'frequency_penalty dropped'],
    ],
    ['refuses what is not there', { drops: ['seed', 'constructor'] }, {}, {}, []],
    ['renames some', { renames: { seed: 'random_seed' } }, { sampling: { seed: 7 } }, { random_seed: 7 }, []],
    ['drops by the name of OpenAI', { drops: ['user'], renames: { user: 'id' } }, { user: 'u' }, {}, ['user dropped']],
    ['has defaults', { defaults: { reasoning_format: 'parsed' } }, {}, { reasoning_format: 'parsed' }, []],
    ['knows top_k', { takes: ['top_k'] }, { sampling: { topK: 5 } }, { top_k: 5 }, []],
    ['knows no top_k', {}, { sampling: { topK: 5 } }, {}, ['top_k dropped']],
    ['knows no top_k as OpenAI', { openaiExtras: true }, { sampling: { topK: 5 } }, {}, ['top_k dropped']],
    [
      'knows parallel calls and strictness',
      { takes: ['parallel_tool_calls', 'strict'] },
      { tools: [tools[1]!], parallelToolCalls: false },
      { tools: [{ type: 'function', function: { name: 'g', strict: true } }], parallel_tool_calls: false },
      [],
    ],
    ['has tiers', { takes: ['service_tier'] }, { serviceTier: 'flex' }, { service_tier: 'flex' }, []],
    ['has no tiers', {}, { serviceTier: 'flex' }, {}, ['service_tier dropped']],
    ['takes one stop', { maxStops: 1 }, { stop: ['a', 'b'] }, { stop: ['a'] }, ['stop changed']],
    ['takes many stops', { maxStops: 16 }, { stop: [...'abcdef'] }, { stop: [...'abcdef'] }, []],
    ['gives one answer', { oneChoice: true }, { choices: 1 }, {}, []],
    [
      'is cool',
      { temperature: { max: 1 } },
      { sampling: { temperature: 1.7 } },
      { temperature: 1 },
      ['temperature changed'],
    ],
    [
      'is warm',
      { temperature: { min: 0.1 } },
      { sampling: { temperature: 0 } },
      { temperature: 0.1 },
      ['temperature changed'],
    ],
    ['is neither', { temperature: { max: 1 } }, { sampling: { temperature: 1 } }, { temperature: 1 }, []],
    [
      'takes no sampling at all',
      { sampling: false, temperature: { max: 1 } },
      { sampling: { temperature: 2 } },
      {},
      ['temperature dropped'],
    ],
    ['streams without usage', { streamUsage: false }, { stream: true }, { stream: true }, []],
    [
      'only streams',
      { streamOnly: true },
      { stream: false },
      { stream: true, stream_options: { include_usage: true } },
      [],
    ],
  ])('%s', (_, traits, fields, expected, warnings) => {
    const { rest, warnings: found } = encode(fields, traits)
    expect(rest).toEqual(expected)
    expect(found).toEqual(warnings)
  })

  it.each<[string, Traits, Partial<ChatRequest>, string]>([
    ['several answers of one that gives one', { oneChoice: true }, { choices: 2 }, 'n'],
    ['a stop of one that takes none', { maxStops: 0 }, { stop: ['a'] }, 'stop'],
    [
      'a call of one that cannot be told',
      { toolChoice: { required: false } },
      { tools, toolChoice: { mode: 'required' } },
      'tool_choice',
    ],
    [
      'one call of one that cannot be told',
      { toolChoice: { required: false, named: false } },
      { tools, toolChoice: { mode: 'one', name: 'f' } },
      'tool_choice',
    ],
    ['a call of one without tools', { tools: false }, { tools, toolChoice: { mode: 'required' } }, 'tool_choice'],
    [
      'an image of one that reads text',
      { parts: false },
      {
        messages: [
          { role: 'user', parts: [text('see'), { type: 'image', source: { kind: 'url', url: 'https://i' } }] },
        ],
      },
      'messages',
    ],
  ])('is not asked for %s', (_, traits, fields, param) => {
    expect(() => encode(fields, traits)).toThrow(expect.objectContaining({ code: 'unsupported', param }))
  })

  it('keeps the unknown fields of a client of its own language, but for those that it refuses', () => {
    const { body, warnings } = adapted({ odd: 1, seed: 2, user: 'u', temperature: 0.5 }, { drops: ['user'] })
    expect(body).toMatchObject({ odd: 1, seed: 2, temperature: 0.5 })
    expect(body).not.toHaveProperty('user')
    expect(warnings.map((one) => one.field)).toEqual(['user'])
  })

  it('asks for no usage in words that it does not know, not even padding', () => {
    const fields = { stream: true, stream_options: { include_usage: true, include_obfuscation: false } }
    expect(adapted(fields, { streamUsage: false, drops: [] }).body).not.toHaveProperty('stream_options')
  })
})

describe('the choice of a tool', () => {
  const both = ['f', 'g'].map((name) => ({ type: 'function', function: { name } }))
  it.each<[string, Traits, ChatRequest['toolChoice'], JsonObject]>([
    ['any', { toolChoice: { required: 'any' } }, { mode: 'required' }, { tools: both, tool_choice: 'any' }],
    ['auto', { toolChoice: { required: 'any' } }, { mode: 'auto' }, { tools: both, tool_choice: 'auto' }],
    ['none', { toolChoice: { required: false } }, { mode: 'none' }, { tools: both, tool_choice: 'none' }],
    [
      'one of a server that takes no names',
      { toolChoice: { named: false } },
      { mode: 'one', name: 'g' },
      { tools: [both[1]!], tool_choice: 'required' },
    ],
    [
      'one of a server that takes no names and has another word',
      { toolChoice: { named: false, required: 'any' } },
      { mode: 'one', name: 'f' },
      { tools: [both[0]!], tool_choice: 'any' },
    ],
    [
      'some of them',
      { toolChoice: { required: 'any' } },
      { mode: 'subset', names: ['g'], required: true },
      { tools: [both[1]!], tool_choice: 'any' },
    ],
    ['where there are no tools', { tools: false }, { mode: 'auto' }, {}],
  ])('%s', (_, traits, toolChoice, expected) => {
    const plain = tools.map(({ kind, name }) => ({ kind, name })) as ChatRequest['tools']
    expect(encode({ tools: plain, ...(toolChoice && { toolChoice }) }, traits).rest).toEqual(expected)
  })

  it('of a client of the same language is put in the words of the server, too', () => {
    const wire = [{ type: 'function', function: { name: 'f' } }]
    expect(
      adapted({ tools: wire, tool_choice: 'required' }, { toolChoice: { required: 'any' } }).body.tool_choice,
    ).toBe('any')
  })
})

describe('the ids of calls', () => {
  const loop: Message[] = [
    user('q'),
    asked(call('toolu_01ABC'), call('Abc123xyz')),
    result('toolu_01ABC'),
    result('Abc123xyz'),
  ]
  const ids = (messages: unknown) =>
    (messages as JsonObject[]).flatMap((one) => [
      ...(Array.isArray(one.tool_calls) ? (one.tool_calls as JsonObject[]).map(({ id }) => id) : []),
      ...(one.tool_call_id === undefined ? [] : [one.tool_call_id]),
    ])

  it('are nine letters and digits where nothing else is taken, the same for call and result and in every turn', () => {
    const found = ids(encode({ messages: loop }, { callIdForm: 'nine' }).messages)
    expect(found).toEqual([expect.stringMatching(/^[a-z0-9]{9}$/), 'Abc123xyz', found[0], 'Abc123xyz'])
    const later = [...loop, bot('so'), user('and?'), asked(call('toolu_02')), result('toolu_02')]
    expect(ids(encode({ messages: later }, { callIdForm: 'nine' }).messages).slice(0, 4)).toEqual(found)
  })

  it('are counted over the conversation where the server counts them', () => {
    const later = [...loop, asked(call('x', 'g')), result('x')]
    expect(ids(encode({ messages: later }, { callIdForm: 'numbered' }).messages)).toEqual([
      'functions.f:0',
      'functions.f:1',
      'functions.f:0',
      'functions.f:1',
      'functions.g:2',
      'functions.g:2',
    ])
  })

  it('that the server counted itself come back as they were', () => {
    const own = [asked(call('functions.f:7')), result('functions.f:7')]
    expect(ids(encode({ messages: own }, { callIdForm: 'numbered' }).messages)).toEqual([
      'functions.f:7',
      'functions.f:7',
    ])
  })
})

describe('a conversation for a server that is particular', () => {
  const system = [text('be'), text('brief')]
  const late: Message = { role: 'system', parts: [text('now')] }
  it.each<[string, Traits, Partial<ChatRequest>, unknown, string[]]>([
    [
      'about null',
      { nullContent: false },
      { messages: [asked(call('a')), result('a')] },
      [expect.objectContaining({ role: 'assistant', content: '' }), expect.anything()],
      [],
    ],
    [
      'about the names of results',
      { resultNames: true },
      { messages: [asked(call('a'), call('b', 'g')), result('a')] },
      [
        expect.anything(),
        { role: 'tool', tool_call_id: 'a', content: '42', name: 'f' },
        expect.objectContaining({ role: 'tool', tool_call_id: 'b', name: 'g' }),
      ],
      ['messages changed'],
    ],
    [
      'about the names of speakers, though not about those of tools',
      { messageNames: false, resultNames: true },
      { messages: [asked(call('a')), result('a')] },
      [expect.anything(), { role: 'tool', tool_call_id: 'a', content: '42', name: 'f' }],
      [],
    ],
    [
      'about the names of speakers',
      { messageNames: false },
      { messages: [{ role: 'user', name: 'Ann', parts: [text('hi')] }] },
      [{ role: 'user', content: 'hi' }],
      ['messages[0].name dropped'],
    ],
    [
      'about parts',
      { parts: false, cacheField: 'cache_control' },
      { messages: [{ role: 'user', parts: [{ ...text('a'), cache: {} }, text('b')] }] },
      [{ role: 'user', content: 'a\n\nb' }],
      [],
    ],
    [
      'about system messages in the middle',
      { systemFirst: true },
      { system, messages: [user('a'), late, bot('b')] },
      [
        { role: 'system', content: 'be\n\nbrief' },
        { role: 'user', content: 'a' },
        { role: 'user', content: '<system>\nnow\n</system>' },
        { role: 'assistant', content: 'b' },
      ],
      ['messages changed'],
    ],
    [
      'about several system messages',
      { systemFirst: true },
      { system, messages: [late, user('a')] },
      [
        { role: 'system', content: 'be\n\nbrief\n\nnow' },
        { role: 'user', content: 'a' },
      ],
      [],
    ],
    [
      'about turns',
      { alternate: true, systemFirst: true },
      { system: [text('s')], messages: [bot('a'), bot('b'), user('c'), late, user('d')] },
      [
        { role: 'system', content: 's' },
        { role: 'user', content: '…' },
        { role: 'assistant', content: 'a\n\nb' },
        { role: 'user', content: 'c\n\n<system>\nnow\n</system>\n\nd' },
      ],
      ['messages changed', 'messages changed'],
    ],
    [
      'about tools, of which it knows none',
      { tools: false, alternate: true },
      { tools: [tools[0]!], messages: [user('a'), asked(call('x')), result('x'), user('b')] },
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'Call of the tool f with {}' },
        { role: 'user', content: 'Result of a tool call:\n\n42\n\nb' },
      ],
      ['messages changed', 'tools dropped'],
    ],
    [
      'about the beginning of an answer',
      { prefillMark: 'prefix' },
      { messages: [user('a'), bot('b')] },
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b', prefix: true },
      ],
      [],
    ],
    [
      'about the beginning of an answer, after a call',
      { prefillMark: 'partial' },
      { messages: [asked(call('x')), result('x')] },
      [expect.not.objectContaining({ partial: true }), expect.not.objectContaining({ partial: true })],
      [],
    ],
    [
      'about reasoning before calls',
      { reasoningField: 'reasoning_content', reasoningRequired: true },
      {
        messages: [
          { role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }, call('x')] },
          result('x'),
          asked(call('y')),
          result('y'),
          bot('done'),
        ],
      },
      [
        expect.objectContaining({ reasoning_content: 'hm' }),
        expect.anything(),
        expect.objectContaining({ reasoning_content: '' }),
        expect.anything(),
        { role: 'assistant', content: 'done' },
      ],
      [],
    ],
  ])('%s', (_, traits, fields, expected, warnings) => {
    const { messages, warnings: found } = encode(fields, traits)
    expect(messages).toEqual(expected)
    expect(found).toEqual(warnings)
  })

  it('is the same in the next turn as far as it went, so that what the provider cached still fits', () => {
    const traits: Traits = { callIdForm: 'nine', systemFirst: true, alternate: true, resultNames: true }
    const turn = [user('a'), asked(call('x')), result('x'), bot('b'), user('c')]
    const before = encode({ messages: turn }, traits).messages as unknown[]
    const after = encode({ messages: [...turn, bot('d'), user('e')] }, traits).messages as unknown[]
    expect(after.slice(0, before.length)).toEqual(before)
  })

  it('of a client of the same language keeps the reasoning that came from there', () => {
    const messages = [
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'x', content: '1' },
    ]
    const { body } = adapted({ messages }, { reasoningField: 'reasoning_content', reasoningRequired: true })
    expect((body.messages as JsonObject[])[0]).toMatchObject({ reasoning_content: 'hm' })
  })
})

describe('the form of an answer', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  const output = { type: 'json-schema', schema } as const
  const inWords = `Answer with one JSON object and nothing else. It follows this JSON schema:\n${JSON.stringify(schema)}`
  const hi = { role: 'user', content: 'hi' }
  it.each<[string, Traits, Partial<ChatRequest>, unknown, unknown]>([
    ['a schema that is known', {}, { output }, expect.objectContaining({ type: 'json_schema' }), [hi]],
    [
      'a schema that is not',
      { outputs: ['json_object'] },
      { output },
      { type: 'json_object' },
      [{ role: 'system', content: inWords }, hi],
    ],
    [
      'a schema beside instructions',
      { outputs: ['json_object'] },
      { output, system: [text('be brief')] },
      { type: 'json_object' },
      [{ role: 'system', content: `be brief\n\n${inWords}` }, hi],
    ],
    [
      'a schema where there is nothing',
      { outputs: [] },
      { output },
      undefined,
      [{ role: 'system', content: inWords }, hi],
    ],
    [
      'any JSON where only schemas are known',
      { outputs: ['json_schema'] },
      { output: { type: 'json' } },
      undefined,
      [{ role: 'system', content: 'Answer with one JSON object and nothing else.' }, hi],
    ],
  ])('%s', (_, traits, fields, format, messages) => {
    const encoded = encode(fields, traits)
    expect(encoded.rest.response_format).toEqual(format)
    expect(encoded.messages).toEqual(messages)
    expect(encoded.warnings).toEqual(traits.outputs ? ['response_format changed'] : [])
  })
})

describe('how much to reason', () => {
  type Reasoning = NonNullable<ChatRequest['reasoning']>
  it.each<[string, Traits, Reasoning, JsonObject, string[]]>([
    ['OpenAI', {}, { effort: 'high' }, { reasoning_effort: 'high' }, []],
    ['OpenRouter', { reasoningRequest: ['reasoning'] }, { effort: 'low' }, { reasoning: { effort: 'low' } }, []],
    [
      'OpenRouter, counted',
      { reasoningRequest: ['reasoning'] },
      { budget: 900 },
      { reasoning: { max_tokens: 900 } },
      [],
    ],
    [
      'OpenRouter, hidden',
      { reasoningRequest: ['reasoning'] },
      { visible: false },
      { reasoning: { exclude: true } },
      [],
    ],
    ['OpenRouter, free', { reasoningRequest: ['reasoning'] }, { adaptive: true }, { reasoning: { enabled: true } }, []],
    ['a switch', { reasoningRequest: ['thinking'] }, { effort: 'low' }, { thinking: { type: 'enabled' } }, []],
    ['a switch, off', { reasoningRequest: ['thinking'] }, { effort: 'none' }, { thinking: { type: 'disabled' } }, []],
    [
      'a switch, off by the budget',
      { reasoningRequest: ['thinking'] },
      { budget: 0 },
      { thinking: { type: 'disabled' } },
      [],
    ],
    ['a switch, free', { reasoningRequest: ['thinking'] }, { adaptive: true }, { thinking: { type: 'enabled' } }, []],
    [
      'a switch and steps',
      { reasoningRequest: ['thinking', 'reasoning_effort'], efforts: { high: 'high', max: 'max' } },
      { effort: 'medium' },
      { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
      ['reasoning_effort changed'],
    ],
    [
      'a switch and steps, off',
      { reasoningRequest: ['thinking', 'reasoning_effort'], efforts: { high: 'high', max: 'max' } },
      { effort: 'none' },
      { thinking: { type: 'disabled' } },
      [],
    ],
    [
      'a switch and a budget',
      { reasoningRequest: ['enable_thinking', 'thinking_budget'] },
      { budget: 2000 },
      { enable_thinking: true, thinking_budget: 2000 },
      [],
    ],
    [
      'a switch and a budget, off',
      { reasoningRequest: ['enable_thinking', 'thinking_budget'] },
      { effort: 'none' },
      { enable_thinking: false },
      [],
    ],
    [
      'a switch the other way',
      { reasoningRequest: ['disable_reasoning'] },
      { effort: 'none' },
      { disable_reasoning: true },
      [],
    ],
    ['a mode', { reasoningRequest: ['prompt_mode'] }, { effort: 'high' }, { prompt_mode: 'reasoning' }, []],
    ['a mode, off', { reasoningRequest: ['prompt_mode'] }, { effort: 'none' }, { prompt_mode: null }, []],
    ['nothing', { reasoningRequest: [] }, { effort: 'high' }, {}, ['reasoning_effort dropped']],
    ['nothing, and nothing asked', { reasoningRequest: [] }, { visible: true }, {}, []],
    [
      'steps, a lower one',
      { efforts: { low: 'low', high: 'high' } },
      { effort: 'medium' },
      { reasoning_effort: 'low' },
      ['reasoning_effort changed'],
    ],
    [
      'steps, a higher one',
      { efforts: { none: 'none', high: 'high' } },
      { effort: 'low' },
      { reasoning_effort: 'high' },
      ['reasoning_effort changed'],
    ],
    [
      'words of its own',
      { efforts: { none: 'none', medium: 'default' } },
      { effort: 'medium' },
      { reasoning_effort: 'default' },
      [],
    ],
  ])('%s', (_, traits, reasoning, expected, warnings) => {
    const { rest, warnings: found } = encode({ reasoning }, traits)
    expect(rest).toEqual(expected)
    expect(found).toEqual(warnings)
  })
})

describe('a body of the same language', () => {
  it.each<[Traits, boolean]>([
    [{}, false],
    [{ openaiExtras: true, maxTokensField: 'max_completion_tokens' }, false],
    [{ reasoningRequest: ['reasoning'], takes: ['top_k'], cacheField: 'cache_control' }, false],
    [{ thinkTags: ['think'] }, false],
    [{ drops: ['seed'] }, true],
    [{ callIdForm: 'nine' }, true],
    [{ reasoningRequest: ['thinking'] }, true],
    [{ reasoningRequest: ['thinking', 'reasoning_effort'] }, false],
    [{ tools: false }, true],
    [{ parts: false }, true],
    [{ streamUsage: false }, true],
    [{ streamUsage: true, oneChoice: false, reasoningRequired: false }, false],
  ])('for a server with the traits %j: written anew is %s', (traits, anew) => {
    expect(openaiChat.upstream.adapts?.(target(traits))).toBe(anew)
  })
})
