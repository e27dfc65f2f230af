import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../../src/dialects/index.ts'
import { refusal } from '../../../src/providers/scripted/strict.ts'
import type { ChatRequest, JsonObject, Message, Opaque, UserPart } from '../../../src/tokens/index.ts'
import { upstream } from './stream-of.ts'

const claude: Traits = { nativeFields: 'anthropic', cachePoints: true }

function target(traits: Traits = {}): Target {
  return { model: 'm', vendor: 'bedrock', family: 'claude', traits }
}

function request(more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'm',
    stream: true,
    system: [],
    messages: [user('Hi')],
    tools: [],
    sampling: {},
    extra: { dialect: 'openai-chat', fields: {} },
    ...more,
  }
}

const user = (...texts: string[]): Message => ({ role: 'user', parts: texts.map((text) => ({ type: 'text', text })) })
const assistant = (...texts: string[]): Message => ({
  role: 'assistant',
  parts: texts.map((text) => ({ type: 'text', text })),
})
const calls = (...ids: string[]): Message => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool-call', id, name: 'f', kind: 'function', arguments: '{"a":1}' })),
})
const result = (id: string, text: string, isError = false): Message => ({
  role: 'tool',
  parts: [{ type: 'tool-result', id, content: [{ type: 'text', text }], ...(isError && { isError }) }],
})
const tool = { kind: 'function' as const, name: 'f' }

function encoded(more: Partial<ChatRequest>, traits: Traits = {}) {
  const { body, warnings, foreignOpaque, toolNames, customTools } = upstream.encodeRequest(
    request(more),
    target(traits),
  )
  const said = warnings.map(({ field, action }) => `${field};${action}`)
  return { body, said, foreignOpaque, toolNames, customTools }
}

const turns = (messages: Message[], traits?: Traits) => encoded({ messages, tools: [tool] }, traits)
const refused = (more: Partial<ChatRequest>, traits?: Traits) => {
  try {
    encoded(more, traits)
  } catch (error) {
    const { code, param } = error as { code: string; param: string }
    return `${code} ${param}`
  }
  return 'taken'
}

describe('the conversation', () => {
  it('takes turns, whoever spoke twice', () => {
    const { body, said } = turns([user('a'), user('b'), assistant('c'), assistant('d'), user('e')])
    expect(body.messages).toEqual([
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [{ text: 'c' }, { text: 'd' }] },
      { role: 'user', content: [{ text: 'e' }] },
    ])
    expect(said).toEqual([])
  })

  it('begins with the user, and leaves nothing blank', () => {
    const { body, said } = turns([assistant('Welcome!'), user('', ' '), user('Hi')])
    expect(body.messages).toMatchObject([
      { role: 'user', content: [{ text: expect.any(String) }] },
      { role: 'assistant', content: [{ text: 'Welcome!' }] },
      { role: 'user', content: [{ text: 'Hi' }] },
    ])
    expect(said).toEqual(['messages;changed'])
  })

  it('has its instructions apart, those at its head among them', () => {
    const system = (text: string): Message => ({ role: 'system', parts: [{ type: 'text', text }] })
    const { body, said } = encoded({
      system: [{ type: 'text', text: 'one' }],
      messages: [system('two'), user('Hi'), system('three'), assistant('yes'), user('go')],
    })
    expect(body.system).toEqual([{ text: 'one' }, { text: 'two' }])
    expect(body.messages).toMatchObject([{ content: [{ text: 'Hi' }, { text: '<system>three</system>' }] }, {}, {}])
    expect(said).toEqual(['messages[2];changed'])
  })

  it('that is nothing but instructions is one message', () => {
    const { body } = encoded({ system: [{ type: 'text', text: 'one' }], messages: [] })
    expect(body).toMatchObject({ messages: [{ role: 'user', content: [{ text: 'one' }] }] })
    expect(body.system).toBeUndefined()
  })

  it('has every result behind its call, in the order of the calls, with what is missing said', () => {
    const messages = [
      user('go'),
      calls('a', 'b', 'c'),
      user('wait'),
      result('c', 'C'),
      result('a', 'A', true),
      result('z', 'Z'),
    ]
    const { body, said } = turns(messages)
    expect((body.messages as JsonObject[]).at(-1)).toEqual({
      role: 'user',
      content: [
        { toolResult: { toolUseId: 'a', content: [{ text: 'A' }], status: 'error' } },
        { toolResult: { toolUseId: 'b', content: [{ text: 'No result was given.' }], status: 'error' } },
        { toolResult: { toolUseId: 'c', content: [{ text: 'C' }] } },
        { text: 'wait' },
        { text: 'Z' },
      ],
    })
    expect(said).toEqual(['messages[5].content[0];changed', 'messages;changed'])
  })

  it('has ids and names that are legal, the same ones every time', () => {
    const long = 'x'.repeat(80)
    const messages = [user('go'), calls(`call:${long}`), result(`call:${long}`, '')]
    const { body, toolNames } = encoded({ messages, tools: [{ kind: 'function', name: `my.${long}` }] })
    const [, said, answer] = body.messages as Array<{ content: JsonObject[] }>
    const { toolUseId } = said!.content[0]!.toolUse as JsonObject
    expect(toolUseId).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(answer!.content[0]!.toolResult).toEqual({ toolUseId, content: [{ text: '(no output)' }] })
    const [name] = [...toolNames!.keys()]
    expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(toolNames!.get(name!)).toBe(`my.${long}`)
  })

  it('ends with the beginning of an answer only where the model takes one', () => {
    expect(turns([user('go'), assistant('Once \n')]).body.messages).toMatchObject([
      {},
      { role: 'assistant', content: [{ text: 'Once' }] },
    ])
    expect(refused({ messages: [user('go'), assistant('Once')] }, { prefill: false })).toBe('unsupported messages[1]')
  })

  it('has arguments that are an object', () => {
    const broken: Message = {
      role: 'assistant',
      parts: [
        { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '' },
        { type: 'tool-call', id: 'b', name: 'f', kind: 'function', arguments: '{"a":' },
        { type: 'tool-call', id: 'c', name: 'f', kind: 'custom', arguments: 'free' },
      ],
    }
    const { body, said } = turns([user('go'), broken, result('a', '1'), result('b', '2'), result('c', '3')])
    const [, { content }] = body.messages as [JsonObject, { content: Array<{ toolUse: JsonObject }> }]
    expect(content.map(({ toolUse }) => toolUse.input)).toEqual([{}, { __raw: '{"a":' }, { input: 'free' }])
    expect(said).toEqual(['messages[1].content[1].arguments;changed'])
  })
})

describe('state of the reasoning', () => {
  const thought = (opaque?: Opaque): Message => ({
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm', ...(opaque && { opaque }) },
      { type: 'text', text: 'x' },
    ],
  })
  const mine = { vendor: 'bedrock', family: 'claude' }

  it('goes back to who made it, and to nobody else', () => {
    const signed = turns([user('a'), thought({ ...mine, kind: 'signature', value: 'c2ln' }), user('b')])
    expect((signed.body.messages as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: [{ reasoningContent: { reasoningText: { text: 'hm', signature: 'c2ln' } } }, { text: 'x' }],
    })
    for (const opaque of [
      undefined,
      { kind: 'signature', value: 'v' },
      { ...mine, family: 'nova', kind: 'signature', value: 'v' },
      { ...mine, vendor: 'anthropic', kind: 'redacted', value: 'v' },
      { ...mine, kind: 'encrypted', value: 'v' },
    ] as Array<Opaque | undefined>) {
      const { body, foreignOpaque, said } = turns([user('a'), thought(opaque), user('b')])
      expect((body.messages as JsonObject[])[1]).toEqual({ role: 'assistant', content: [{ text: 'x' }] })
      expect([foreignOpaque, said]).toEqual([1, []])
    }
  })
})

describe('images and files', () => {
  const sent = (...parts: UserPart[]) => {
    const { body, said } = encoded({ messages: [{ role: 'user', parts }] })
    return { content: (body.messages as Array<{ content: JsonObject[] }>)[0]!.content, said }
  }
  const data = (mediaType: string) => ({ kind: 'base64' as const, mediaType, data: 'QUJD' })

  it('are sent by value, in the words of the API', () => {
    expect(
      sent(
        { type: 'image', source: data('image/jpg'), detail: 'high' },
        { type: 'file', source: data('application/pdf'), filename: 'My report_v2.pdf' },
        { type: 'file', source: data('text/x-python; charset=utf-8'), filename: 'My report_v2.pdf' },
        { type: 'file', source: { kind: 'text', text: 'Grüße' }, title: 'Notiz über  alles', context: 'by Ada' },
        { type: 'file', source: data('image/webp') },
        { type: 'text', text: 'Read.' },
      ),
    ).toEqual({
      content: [
        { image: { format: 'jpeg', source: { bytes: 'QUJD' } } },
        { document: { format: 'pdf', name: 'My report-v2-pdf', source: { bytes: 'QUJD' } } },
        { document: { format: 'txt', name: 'My report-v2-pdf (2)', source: { bytes: 'QUJD' } } },
        { document: { format: 'txt', name: 'Notiz -ber alles', source: { bytes: 'R3LDvMOfZQ==' }, context: 'by Ada' } },
        { image: { format: 'webp', source: { bytes: 'QUJD' } } },
        { text: 'Read.' },
      ],
      said: ['messages[0].content[0].detail;dropped'],
    })
  })

  it('that lie in S3 are named', () => {
    const at = (url: string) => ({ kind: 'url' as const, url })
    expect(
      sent(
        { type: 'image', source: at('s3://bucket/cat.webp') },
        { type: 'file', source: at('s3://bucket/a.docx') },
        { type: 'text', text: 'Read.' },
      ).content,
    ).toMatchObject([
      { image: { format: 'webp', source: { s3Location: { uri: 's3://bucket/cat.webp' } } } },
      { document: { format: 'docx', source: { s3Location: { uri: 's3://bucket/a.docx' } } } },
      {},
    ])
  })

  it('a document without a word beside it gets one', () => {
    const { content } = sent({ type: 'file', source: data('application/pdf'), title: 'Report' })
    expect(content.at(-1)).toEqual({ text: 'Report' })
  })

  it.each<[string, UserPart]>([
    ['an address', { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } }],
    ['the id of another vendor', { type: 'file', source: { kind: 'file', id: 'file-1' } }],
    ['a type of image', { type: 'image', source: data('image/tiff') }],
    ['a type of file', { type: 'file', source: data('application/zip') }],
    ['audio', { type: 'audio', data: 'QUJD', format: 'wav' }],
  ])('%s is refused', (_, part) => {
    expect(refused({ messages: [{ role: 'user', parts: [part] }] })).toBe('unsupported messages[0].content[0]')
  })
})

describe('tools', () => {
  const schema = { type: 'object', properties: { a: { type: 'number' } } }

  it('are offered with a schema, free text as a string', () => {
    const { body, customTools, said } = encoded({
      tools: [
        { ...tool, description: '', parameters: schema, strict: true },
        { kind: 'function', name: 'g', parameters: { properties: {} }, strict: false },
        { kind: 'custom', name: 'h', description: 'free', format: { type: 'grammar' } },
        { kind: 'hosted', dialect: 'openai-responses', name: 'web_search', definition: {} },
      ],
      toolChoice: { mode: 'required' },
      parallelToolCalls: false,
    })
    expect(body.toolConfig).toMatchObject({
      tools: [
        { toolSpec: { name: 'f', inputSchema: { json: schema }, strict: true } },
        { toolSpec: { name: 'g', inputSchema: { json: { type: 'object', properties: {} } } } },
        { toolSpec: { name: 'h', description: 'free', inputSchema: { json: { required: ['input'] } } } },
      ],
      toolChoice: { any: {} },
    })
    expect([...customTools!]).toEqual(['h'])
    expect(said).toEqual(['tools[2].format;changed', 'tools[3];dropped', 'parallel_tool_calls;dropped'])
  })

  it.each<[NonNullable<ChatRequest['toolChoice']>, JsonObject | undefined]>([
    [{ mode: 'auto' }, { auto: {} }],
    [{ mode: 'one', name: 'f' }, { tool: { name: 'f' } }],
    [{ mode: 'subset', names: ['f'], required: true }, { any: {} }],
    [{ mode: 'subset', names: ['f'], required: false }, { auto: {} }],
  ])('are chosen: %j', (toolChoice, wanted) => {
    const { body } = encoded({ tools: [tool, { kind: 'function', name: 'g' }], toolChoice })
    const { tools, toolChoice: choice } = body.toolConfig as { tools: JsonObject[]; toolChoice?: JsonObject }
    expect(choice).toEqual(wanted)
    expect(tools).toHaveLength(toolChoice.mode === 'subset' ? 1 : 2)
  })

  it('that may not be called are left out, unless the conversation has called some', () => {
    const none = { tools: [tool], toolChoice: { mode: 'none' as const } }
    expect(encoded(none).body.toolConfig).toBeUndefined()
    const { body, said } = encoded({ ...none, messages: [user('go'), calls('a'), result('a', '1')] })
    expect(body.toolConfig).toEqual({ tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }] })
    expect(said).toEqual(['tool_choice;dropped'])
  })

  it('of the conversation are named where none are offered', () => {
    const { body, said } = encoded({ messages: [user('go'), calls('a'), result('a', '1')] })
    expect(body.toolConfig).toEqual({ tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }] })
    expect(said).toEqual(['tools;changed'])
  })

  it('that are demanded and not there are refused', () => {
    expect(refused({ toolChoice: { mode: 'required' } })).toBe('unsupported tool_choice')
    expect(refused({ tools: [tool], toolChoice: { mode: 'one', name: 'g' } })).toBe('unsupported tool_choice')
  })
})

describe('settings', () => {
  it('go where the API has a place, and are named where it has none', () => {
    const { body, said } = encoded({
      maxOutput: 100,
      sampling: { temperature: 1.5, topP: 0.9, topK: 5, seed: 1, presencePenalty: 0, logprobs: false },
      stop: ['a', ' '],
      serviceTier: 'flex',
      metadata: { team: 'a b' },
      user: 'u',
      verbosity: 'low',
      extra: { dialect: 'openai-chat', fields: { prediction: 1, performanceConfig: { latency: 'optimized' } } },
    })
    expect(body).toMatchObject({
      inferenceConfig: { maxTokens: 100, temperature: 1, topP: 0.9, stopSequences: ['a'] },
      serviceTier: { type: 'flex' },
      requestMetadata: { team: 'a b' },
      performanceConfig: { latency: 'optimized' },
    })
    expect(said.sort()).toEqual(
      [
        'presence_penalty;dropped',
        'prediction;dropped',
        'seed;dropped',
        'stop;dropped',
        'temperature;changed',
        'top_k;dropped',
        'user;dropped',
        'verbosity;dropped',
      ].sort(),
    )
    expect(refused({ choices: 2 })).toBe('unsupported n')
  })

  it('that the model does not take are left out', () => {
    const sampling = { temperature: 0.5, topP: 0.5, topK: 5 }
    expect(encoded({ sampling }, { ...claude, sampling: false }).body.inferenceConfig).toBeUndefined()
    expect(encoded({ sampling }, { ...claude, sampling: 'one' }).body).toMatchObject({
      inferenceConfig: { temperature: 0.5 },
      additionalModelRequestFields: { top_k: 5 },
    })
    expect(encoded({ sampling: { topK: 5 } }, { nativeFields: 'nova' }).body.additionalModelRequestFields).toEqual({
      inferenceConfig: { topK: 5 },
    })
    expect(encoded({ maxOutput: 9000 }, { maxOutput: 4096 })).toMatchObject({
      body: { inferenceConfig: { maxTokens: 4096 } },
      said: ['max_tokens;changed'],
    })
  })

  it('of the client’s own for this API go over what is made here', () => {
    const fields = { additionalModelRequestFields: { anthropic_beta: ['x'] } }
    const { body } = encoded(
      { reasoning: { effort: 'low' }, extra: { dialect: 'openai-chat', fields } },
      { ...claude, thinking: 'budget' },
    )
    expect(body.additionalModelRequestFields).toEqual({
      thinking: { type: 'enabled', budget_tokens: 2048 },
      anthropic_beta: ['x'],
    })
  })
})

describe('how much to think', () => {
  const fields = (more: Partial<ChatRequest>, traits: Traits) => {
    const { body, said } = encoded(more, traits)
    return [body.additionalModelRequestFields, said]
  }

  it('is said in the words of the model', () => {
    const high = { reasoning: { effort: 'high' as const } }
    expect(fields(high, { ...claude, thinking: 'budget' })).toEqual([
      { thinking: { type: 'enabled', budget_tokens: 24_576 } },
      [],
    ])
    expect(fields(high, claude)).toEqual([
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'high' } },
      [],
    ])
    expect(fields(high, { nativeFields: 'nova' })).toEqual([
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
      [],
    ])
    expect(fields({ reasoning: { effort: 'minimal' } }, { nativeFields: 'openai' })).toEqual([
      { reasoning_effort: 'low' },
      [],
    ])
    expect(fields(high, {})).toEqual([undefined, ['reasoning;dropped']])
    expect(fields({ reasoning: { budget: 8000 } }, claude)).toEqual([
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'medium' } },
      ['reasoning;changed'],
    ])
    expect(fields({ reasoning: { effort: 'none' } }, claude)).toEqual([{ thinking: { type: 'disabled' } }, []])
    expect(fields({ reasoning: { visible: true } }, claude)).toEqual([undefined, []])
  })

  it('leaves room for the answer', () => {
    const budget: Traits = { ...claude, thinking: 'budget' }
    expect(fields({ reasoning: { budget: 8000 }, maxOutput: 4000 }, budget)).toEqual([
      { thinking: { type: 'enabled', budget_tokens: 2000 } },
      ['reasoning;changed'],
    ])
    expect(fields({ reasoning: { budget: 8000 }, maxOutput: 1000 }, budget)).toEqual([undefined, ['reasoning;dropped']])
    expect(fields({ reasoning: { budget: 100 } }, budget)).toEqual([
      { thinking: { type: 'enabled', budget_tokens: 1024 } },
      ['reasoning;changed'],
    ])
  })

  it('rules out some sampling', () => {
    const { body, said } = encoded(
      { reasoning: { effort: 'low' }, sampling: { temperature: 0.5, topP: 0.97, topK: 3 } },
      { ...claude, thinking: 'budget' },
    )
    expect(body.inferenceConfig).toEqual({ topP: 0.97 })
    expect(said).toEqual(['top_k;dropped', 'temperature;dropped'])
  })

  it.each<[string, Partial<ChatRequest>]>([
    ['a call is demanded', { tools: [tool], toolChoice: { mode: 'required' } }],
    ['the beginning of the answer is given', { messages: [user('a'), assistant('Once')] }],
    ['another model made the calls', { tools: [tool], messages: [user('a'), calls('a'), result('a', '1')] }],
  ])('nothing is said where the model would refuse: %s', (_, more) => {
    expect(fields({ reasoning: { effort: 'low' }, ...more }, claude)).toEqual([undefined, ['reasoning;dropped']])
  })
})

describe('marks of the cache', () => {
  const cache = { ttl: '1h' as const }
  const marked: Partial<ChatRequest> = {
    system: [{ type: 'text', text: 's', cache: {} }],
    tools: [{ ...tool, cache }],
    messages: [
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'a', cache },
          { type: 'text', text: 'b' },
        ],
      },
    ],
    cache: { ttl: '5m' },
  }

  it('stand behind what they mark', () => {
    expect(encoded(marked, claude).body).toMatchObject({
      system: [{ text: 's' }, { cachePoint: { type: 'default' } }],
      messages: [
        {
          content: [
            { text: 'a' },
            { cachePoint: { type: 'default', ttl: '1h' } },
            { text: 'b' },
            { cachePoint: { type: 'default' } },
          ],
        },
      ],
      toolConfig: { tools: [{ toolSpec: {} }, { cachePoint: { type: 'default', ttl: '1h' } }] },
    })
  })

  it('are not sent to a model that refuses them, without a word: they change no answer', () => {
    const { body, said } = encoded(marked)
    expect(JSON.stringify(body)).not.toContain('cachePoint')
    expect(said).toEqual([])
  })
})

it('a stop sequence is asked for where the model can say it', () => {
  const paths = (stream: boolean) =>
    upstream.encodeRequest(request({ stop: ['x'], stream }), target(claude)).body.additionalModelResponseFieldPaths
  expect([paths(true), paths(false)]).toEqual([['/delta/stop_sequence'], ['/stop_sequence']])
  expect(encoded({ stop: ['x'] }).body.additionalModelResponseFieldPaths).toBeUndefined()
})

it('the size of a prompt is asked for with nothing but the prompt', () => {
  const more = { maxOutput: 5, system: [{ type: 'text' as const, text: 's' }] }
  expect(upstream.encodeRequest(request(more), target(), 'count').body).toEqual({
    input: { converse: { system: [{ text: 's' }], messages: [{ role: 'user', content: [{ text: 'Hi' }] }] } },
  })
  expect(upstream.endpoint('https://b/', 'count', { model: 'a:0', stream: false })).toBe(
    'https://b/model/a%3A0/count-tokens',
  )
  expect(upstream.decodeCount!({ inputTokens: 9 })).toBe(9)
})

it('the models are asked for where they are listed', () => {
  expect(upstream.endpoint('https://bedrock-runtime.us-east-1.amazonaws.com', 'models')).toBe(
    'https://bedrock.us-east-1.amazonaws.com/foundation-models',
  )
  const row = {
    modelId: 'a.b-v1:0',
    modelName: 'B',
    outputModalities: ['TEXT'],
    inferenceTypesSupported: ['ON_DEMAND'],
  }
  expect(
    upstream.decodeModels!({
      modelSummaries: [
        row,
        { ...row, modelId: 'image', outputModalities: ['IMAGE'] },
        { ...row, modelId: 'profile', inferenceTypesSupported: ['INFERENCE_PROFILE'] },
        null,
      ],
    }),
  ).toEqual([{ id: 'a.b-v1:0', title: 'B' }])
})

/** Any conversation at all, orphans and gaps included. */
const id = fc.constantFrom('a', 'b', 'c:c', 'd'.repeat(70))
const words = fc.constantFrom('', ' ', 'x', 'Grüße')
const textPart = fc.record({ type: fc.constant('text' as const), text: words })
const file = fc.record({
  type: fc.constant('file' as const),
  source: fc.record({ kind: fc.constant('text' as const), text: words }),
  title: fc.constantFrom('', 'a_b', 'a b', '  ', `${'x'.repeat(179)} y`),
})
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant('user' as const), parts: fc.array(fc.oneof(textPart, file), { maxLength: 3 }) }),
  fc.record({ role: fc.constant('system' as const), parts: fc.array(textPart, { maxLength: 2 }) }),
  fc.record({
    role: fc.constant('assistant' as const),
    parts: fc.array(
      fc.oneof(
        textPart,
        fc.record({
          type: fc.constant('tool-call' as const),
          id,
          name: fc.constantFrom('f', 'g g'),
          kind: fc.constantFrom('function' as const, 'custom' as const),
          arguments: fc.constantFrom('', '{}', '{"a":1}', '[1]', '{"a"'),
        }),
      ),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    role: fc.constant('tool' as const),
    parts: fc.array(
      fc.record({
        type: fc.constant('tool-result' as const),
        id,
        content: fc.array(fc.oneof(textPart, file), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
)

it('any conversation comes out as one that Bedrock takes', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 8 }), fc.boolean(), (messages, offered) => {
      const all = [...messages, user('Go on.')]
      const { body } = encoded({ messages: all, tools: offered ? [tool] : [] }, claude)
      expect(refusal(body, 'bedrock-converse', 'chat')).toBeUndefined()
    }),
    { numRuns: 1000 },
  )
})
