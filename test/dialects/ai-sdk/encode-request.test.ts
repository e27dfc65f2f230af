import { describe, expect, it } from 'vitest'
import { aiSdk, isTextMark, type Target, textMark } from '../../../src/dialects/index.ts'
import type { ChatRequest, JsonObject, Message, Opaque } from '../../../src/tokens/index.ts'

const target: Target = { model: 'm', vendor: 'ai-sdk:x', family: 'm', traits: {} }

function encode(request: Partial<ChatRequest>, traits: Target['traits'] = {}) {
  const whole: ChatRequest = {
    model: 'm',
    stream: false,
    system: [],
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    tools: [],
    sampling: {},
    extra: { dialect: 'openai-chat', fields: {} },
    ...request,
  }
  const { body, warnings, ...rest } = aiSdk.upstream.encodeRequest(whole, { ...target, traits })
  return { body, told: warnings.map(({ field, action }) => `${field};${action}`), ...rest }
}
const promptOf = (messages: Message[], traits?: Target['traits']): JsonObject[] =>
  encode({ messages }, traits).body.prompt as JsonObject[]
const user = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] })
const call = (id: string, name = 'look') =>
  ({ type: 'tool-call', id, name, kind: 'function', arguments: `{"id":"${id}"}` }) as const
const result = (id: string, text = id): Extract<Message, { role: 'tool' }> => ({
  role: 'tool',
  parts: [{ type: 'tool-result', id, content: [{ type: 'text', text }] }],
})
const refusal = (request: Partial<ChatRequest>): unknown => {
  try {
    return encode(request)
  } catch (error) {
    return error
  }
}
const kinds = (prompt: JsonObject[]): string[] =>
  prompt.flatMap(({ role, content }) =>
    typeof content === 'string'
      ? `${String(role)} ${content}`
      : (content as JsonObject[]).map((part) => `${String(role)} ${String(part.toolCallId ?? part.text ?? part.type)}`),
  )

describe('the options of a call', () => {
  it('have every setting under the name of the specification', () => {
    const { body, told } = encode({
      maxOutput: 10,
      stop: ['END'],
      sampling: { temperature: 0.5, topP: 0.9, topK: 4, seed: 1, presencePenalty: 0.1, frequencyPenalty: 0.2 },
      reasoning: { effort: 'low' },
      output: { type: 'json-schema', schema: { type: 'object' }, name: 'n', description: 'd', strict: true },
    })
    expect(body).toEqual({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      maxOutputTokens: 10,
      temperature: 0.5,
      topP: 0.9,
      topK: 4,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      seed: 1,
      stopSequences: ['END'],
      responseFormat: { type: 'json', schema: { type: 'object' }, name: 'n', description: 'd' },
      reasoning: 'low',
    })
    expect(told).toEqual([])
  })

  it('name what they cannot say', () => {
    const { body, told } = encode({
      parallelToolCalls: false,
      verbosity: 'low',
      user: 'ada',
      metadata: { a: 'b' },
      serviceTier: 'flex',
      sampling: { logitBias: { 1: 2 }, logprobs: true, topLogprobs: 2 },
      reasoning: { budget: 2000 },
      extra: { dialect: 'openai-chat', fields: { brand_new: 1 } },
    })
    expect(told.sort()).toEqual([
      'brand_new;dropped',
      'logit_bias;dropped',
      'logprobs;dropped',
      'metadata;dropped',
      'parallel_tool_calls;dropped',
      'reasoning;changed',
      'service_tier;dropped',
      'top_logprobs;dropped',
      'user;dropped',
      'verbosity;dropped',
    ])
    expect(body).toMatchObject({ reasoning: 'medium' })
    expect(encode({ serviceTier: 'auto', metadata: {} }).told).toEqual([])
  })

  it('take what a package knows from the configuration, and over that from the client', () => {
    const fields = { providerOptions: { a: { y: 3 }, b: { z: 4 } } }
    const { body, told } = encode(
      { extra: { dialect: 'openai-chat', fields } },
      { providerOptions: { a: { x: 1, y: 2 } } },
    )
    expect(body.providerOptions).toEqual({ a: { x: 1, y: 3 }, b: { z: 4 } })
    expect(told).toEqual([])
  })

  it('refuse several answers', () => {
    expect(refusal({ choices: 2 })).toMatchObject({ code: 'unsupported', param: 'n' })
  })
})

describe('instructions', () => {
  it('at the beginning are one message, and later ones the user’s', () => {
    const system = [
      { type: 'text' as const, text: 'one' },
      { type: 'text' as const, text: ' ' },
      { type: 'text' as const, text: 'two' },
    ]
    const late: Message = { role: 'system', parts: [{ type: 'text', text: 'late' }] }
    const { body, told } = encode({ system, messages: [user('a'), late, user('b')] })
    expect(kinds(body.prompt as JsonObject[])).toEqual([
      'system one\n\ntwo',
      'user a',
      'user <system>late</system>',
      'user b',
    ])
    expect(told).toEqual(['messages[1];changed'])
    const kept = encode({ system, messages: [user('a'), late, user('b')] }, { midSystem: true })
    expect(kinds(kept.body.prompt as JsonObject[])).toEqual(['system one\n\ntwo', 'user a', 'system late', 'user b'])
  })

  it('alone are a message', () => {
    const { body } = encode({ system: [{ type: 'text', text: 'one' }], messages: [] })
    expect(body.prompt).toEqual([{ role: 'user', content: [{ type: 'text', text: 'one' }] }])
  })

  it('and parts that are to be cached carry the mark of the configuration, or none', () => {
    const cacheOptions = { a: { cacheControl: { type: 'ephemeral' } } }
    const request: Partial<ChatRequest> = {
      system: [
        { type: 'text', text: 'one', cache: {} },
        { type: 'text', text: 'two' },
      ],
      messages: [user('Hi')],
      cache: {},
      tools: [{ kind: 'function', name: 't', cache: {} }],
    }
    const marked = { providerOptions: cacheOptions }
    expect(encode(request, { cacheOptions }).body).toMatchObject({
      prompt: [
        { role: 'system', content: 'one', ...marked },
        { role: 'system', content: 'two' },
        { role: 'user', content: [{ type: 'text', text: 'Hi', ...marked }] },
      ],
      tools: [marked],
    })
    expect(JSON.stringify(encode(request).body)).not.toContain('providerOptions')
  })
})

describe('tools', () => {
  const tools: ChatRequest['tools'] = [
    { kind: 'function', name: 'a b', description: 'd', parameters: { type: 'object' }, strict: true },
    { kind: 'custom', name: 'free' },
    { kind: 'hosted', dialect: 'openai-responses', name: 'web_search', definition: {} },
  ]

  it('are offered as functions; those of vendors are named', () => {
    const { body, told, toolNames, customTools } = encode({ tools, toolChoice: { mode: 'auto' } })
    const [first, second] = body.tools as JsonObject[]
    expect(first).toMatchObject({ type: 'function', description: 'd', inputSchema: { type: 'object' }, strict: true })
    expect(toolNames?.get(String(first!.name))).toBe('a b')
    expect(second).toMatchObject({ name: 'free', inputSchema: { required: ['input'] } })
    expect(customTools).toEqual(new Set(['free']))
    expect(told).toEqual(['tools[2];dropped'])
  })

  it.each([
    [{ mode: 'required' }, { type: 'required' }],
    [{ mode: 'none' }, { type: 'none' }],
    [
      { mode: 'one', name: 'free' },
      { type: 'tool', toolName: 'free' },
    ],
    [{ mode: 'subset', names: ['free'], required: true }, { type: 'required' }],
    [{ mode: 'subset', names: ['free'], required: false }, { type: 'auto' }],
  ] as const)('the choice %o', (toolChoice, wanted) => {
    const { body } = encode({ tools, toolChoice: toolChoice as ChatRequest['toolChoice'] & object })
    expect(body.toolChoice).toEqual(wanted)
    expect(body.tools).toHaveLength(toolChoice.mode === 'subset' ? 1 : 2)
  })

  it('a choice of what is not offered is refused', () => {
    const param = 'tool_choice'
    expect(refusal({ tools, toolChoice: { mode: 'one', name: 'x' } })).toMatchObject({ code: 'unsupported', param })
    expect(refusal({ tools, toolChoice: { mode: 'one', name: 'web_search' } })).toMatchObject({ param })
    expect(refusal({ toolChoice: { mode: 'required' } })).toMatchObject({ param })
    expect(encode({ toolChoice: { mode: 'none' } }).body).not.toHaveProperty('toolChoice')
  })
})

describe('the history', () => {
  it('has every result right behind its turn, in the order of the calls', () => {
    const messages: Message[] = [
      user('Hi'),
      { role: 'assistant', parts: [call('A'), call('B')] },
      result('B'),
      result('A'),
      { role: 'assistant', parts: [call('C')] },
      result('C'),
      user('And?'),
    ]
    expect(promptOf(messages).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'user',
    ])
    expect(kinds(promptOf(messages))).toEqual([
      'user Hi',
      'assistant A',
      'assistant B',
      'tool A',
      'tool B',
      'assistant C',
      'tool C',
      'user And?',
    ])
  })

  it('is mended where a half is missing, and says so', () => {
    const { body, told } = encode({
      messages: [{ role: 'assistant', parts: [call('A'), call('B')] }, result('A'), result('X', 'lost'), user('Hi')],
    })
    expect(kinds(body.prompt as JsonObject[])).toEqual([
      'assistant A',
      'assistant B',
      'tool A',
      'tool B',
      'user lost',
      'user Hi',
    ])
    const [, results] = body.prompt as JsonObject[]
    expect((results!.content as JsonObject[])[1]!.output).toEqual({ type: 'error-text', value: 'No result was given.' })
    expect(told).toEqual(['messages[2].content[0];changed', 'messages;changed'])
  })

  it('two turns of the assistant are one', () => {
    const one = (text: string): Message => ({ role: 'assistant', parts: [{ type: 'text', text }] })
    expect(promptOf([user('a'), one('b'), one('c'), user('d')]).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
    ])
  })

  it('results say that they are errors, and files stand behind them', () => {
    const png = { type: 'image' as const, source: { kind: 'base64' as const, mediaType: 'image/png', data: 'AQID' } }
    const messages: Message[] = [
      { role: 'assistant', parts: [call('A'), call('B')] },
      {
        role: 'tool',
        parts: [
          { type: 'tool-result', id: 'A', content: [{ type: 'text', text: 'bad' }], isError: true },
          { type: 'tool-result', id: 'B', content: [png] },
        ],
      },
    ]
    expect(promptOf(messages).slice(1)).toMatchObject([
      {
        role: 'tool',
        content: [
          { toolName: 'look', output: { type: 'error-text', value: 'bad' } },
          { output: { type: 'text', value: '(The result follows.)' } },
        ],
      },
      { role: 'user', content: [{ type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } }] },
    ])
  })

  it('ids and arguments that are not legal are made so', () => {
    const id = 'a/b c'
    const odd = { ...call('A'), id, arguments: 'not JSON' }
    const [turn, results] = promptOf([{ role: 'assistant', parts: [odd] }, result(id)])
    const [sent] = turn!.content as JsonObject[]
    expect(sent).toMatchObject({ toolCallId: expect.stringMatching(/^[\w-]+$/), input: { __raw: 'not JSON' } })
    expect((results!.content as JsonObject[])[0]).toMatchObject({ toolCallId: sent!.toolCallId })
  })

  it('a last turn of the assistant is refused where the model takes none', () => {
    const messages: Message[] = [user('a'), { role: 'assistant', parts: [{ type: 'text', text: 'b' }] }]
    expect(() => encode({ messages }, { prefill: false })).toThrow('the beginning of an answer')
    expect(encode({ messages }).body.prompt).toHaveLength(2)
  })
})

describe('state', () => {
  const state = (on: string, options: JsonObject, more: Partial<Opaque> = {}): Opaque => ({
    vendor: target.vendor,
    family: target.family,
    kind: 'signature',
    value: JSON.stringify({ on, options }),
    ...more,
  })
  const assistant = (...parts: Extract<Message, { role: 'assistant' }>['parts']) =>
    (promptOf([user('a'), { role: 'assistant', parts }, result('A')])[1]?.content ?? []) as JsonObject[]

  it('of the target goes back to its block', () => {
    expect(
      assistant(
        { type: 'reasoning', text: 'Hm.', opaque: state('reasoning', { x: { s: 1 } }) },
        { type: 'text', text: 'So.', opaque: [state('text', { x: { i: 2 } })] },
        { ...call('A'), opaque: [state('call', { x: { i: 3 } })] },
      ),
    ).toMatchObject([
      { type: 'reasoning', text: 'Hm.', providerOptions: { x: { s: 1 } } },
      { type: 'text', providerOptions: { x: { i: 2 } } },
      { type: 'tool-call', providerOptions: { x: { i: 3 } } },
    ])
  })

  it('of a text or a call that came in a block of its own goes to the one before it', () => {
    expect(
      assistant(
        { type: 'text', text: 'So.' },
        { type: 'reasoning', text: '', opaque: state('text', { x: { i: 2 } }) },
        call('A'),
        { type: 'reasoning', text: '', opaque: state('call', { x: { i: 3 } }) },
      ),
    ).toMatchObject([
      { type: 'text', providerOptions: { x: { i: 2 } } },
      { type: 'tool-call', providerOptions: { x: { i: 3 } } },
    ])
  })

  it('of reasoning that is only marked as the target’s own is its text', () => {
    const mark = textMark(target.vendor, target.family)
    expect(isTextMark(mark)).toBe(true)
    expect(assistant({ type: 'reasoning', text: 'Hm.', opaque: mark }, call('A'))[0]).toEqual({
      type: 'reasoning',
      text: 'Hm.',
    })
  })

  it('of anybody else stays behind, and so does what nobody signed', () => {
    const { body, foreignOpaque } = encode({
      messages: [
        user('a'),
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'x1', opaque: state('reasoning', { x: {} }, { vendor: 'other' }) },
            { type: 'reasoning', text: 'x2', opaque: state('reasoning', { x: {} }, { family: 'other' }) },
            { type: 'reasoning', text: 'x3', opaque: { kind: 'signature', value: 'bare' } },
            { type: 'reasoning', text: 'x4' },
            { type: 'reasoning', text: 'x5', opaque: state('reasoning', {}, { value: 'no JSON' }) },
            { ...call('A'), opaque: [state('call', { x: {} }, { vendor: 'other' })] },
          ],
        },
        result('A'),
      ],
    })
    expect(JSON.stringify(body)).not.toMatch(/x\d|bare|no JSON|providerOptions/)
    expect(foreignOpaque).toBe(5)
  })
})

describe('files', () => {
  const sent = (...parts: Extract<Message, { role: 'user' }>['parts']): JsonObject[] =>
    promptOf([{ role: 'user', parts }])[0]!.content as JsonObject[]

  it('are sent as data or as an address', () => {
    const data = { type: 'data', data: 'AQID' }
    expect(
      sent(
        { type: 'image', source: { kind: 'base64', mediaType: 'Image/PNG; a=b', data: 'AQID' } },
        { type: 'image', source: { kind: 'url', url: 'https://a.example/x' } },
        { type: 'audio', format: 'mp3', data: 'AQID' },
        { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AQID' }, filename: 'a.pdf' },
        { type: 'file', source: { kind: 'url', url: 'https://a.example/y' }, title: 'y.pdf' },
        { type: 'file', source: { kind: 'text', text: 'plain' }, title: 'Notes' },
      ),
    ).toEqual([
      { type: 'file', mediaType: 'image/png', data },
      { type: 'file', mediaType: 'image/*', data: { type: 'url', url: 'https://a.example/x' } },
      { type: 'file', mediaType: 'audio/mpeg', data },
      { type: 'file', mediaType: 'application/pdf', data, filename: 'a.pdf' },
      {
        type: 'file',
        mediaType: 'application/pdf',
        data: { type: 'url', url: 'https://a.example/y' },
        filename: 'y.pdf',
      },
      { type: 'text', text: 'Notes\n\nplain' },
    ])
  })

  it('that only another vendor can read are refused', () => {
    const parts = [{ type: 'image' as const, source: { kind: 'file' as const, id: 'file_1' } }]
    expect(refusal({ messages: [{ role: 'user', parts }] })).toMatchObject({
      code: 'unsupported',
      param: 'messages[0].content[0]',
    })
  })
})

it('the same history has the same beginning in every turn', () => {
  const messages: Message[] = [user('Hi'), { role: 'assistant', parts: [call('A')] }, result('A')]
  const before = JSON.stringify(encode({ messages }).body.prompt)
  const after = JSON.stringify(
    encode({ messages: [...messages, { role: 'assistant', parts: [call('B')] }, result('B')] }).body.prompt,
  )
  expect(after.startsWith(before.slice(0, -1))).toBe(true)
})
