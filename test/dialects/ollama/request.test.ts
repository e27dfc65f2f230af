import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../../src/dialects/dialect.ts'
import { anthropicMessages, ollama, openaiChat } from '../../../src/dialects/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import type { ChatRequest, JsonObject } from '../../../src/tokens/index.ts'

const target = (traits: Traits = {}): Target => ({ model: 'up', vendor: 'ollama', family: 'up', traits })
const hello = [{ role: 'user', content: 'Hi' }]
const decode = (body: JsonObject, form?: string): ChatRequest =>
  ollama.client.decodeRequest({ model: 'm', ...body }, form === undefined ? {} : { form })
const caught = (step: () => unknown): SluiceError => {
  try {
    step()
  } catch (error) {
    if (SluiceError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a request of a client', () => {
  it('that says nothing of a stream wants one', () => {
    expect(decode({ messages: hello }).stream).toBe(true)
    expect(decode({ messages: hello, stream: false }).stream).toBe(false)
  })

  it('has its settings where they belong, and keeps the rest', () => {
    const options = {
      num_predict: 9,
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      seed: 7,
      presence_penalty: 1,
      frequency_penalty: 2,
      stop: ['END'],
      num_ctx: 8192,
      min_p: 0.1,
    }
    const request = decode({
      messages: hello,
      options,
      keep_alive: -1,
      logprobs: true,
      top_logprobs: 2,
      truncate: false,
    })
    expect(request).toMatchObject({
      maxOutput: 9,
      stop: ['END'],
      sampling: {
        temperature: 0,
        topP: 0.5,
        topK: 40,
        seed: 7,
        presencePenalty: 1,
        frequencyPenalty: 2,
        logprobs: true,
        topLogprobs: 2,
      },
    })
    expect(request.extra).toEqual({
      dialect: 'ollama',
      fields: { keep_alive: -1, truncate: false, options: { num_ctx: 8192, min_p: 0.1 } },
    })
    // For another of its kind everything is there again.
    const body = ollama.upstream.encodeRequest(request, target()).body
    expect(body).toEqual({
      model: 'up',
      messages: hello,
      stream: true,
      options,
      logprobs: true,
      top_logprobs: 2,
      keep_alive: -1,
      truncate: false,
    })
  })

  it.each([-1, -2])('whose answer has no end (%d) asks for no number of tokens', (num_predict) => {
    const request = decode({ messages: hello, options: { num_predict } })
    expect(request.maxOutput).toBeUndefined()
    expect(ollama.upstream.encodeRequest(request, target()).body.options).toEqual({ num_predict })
    expect(ollama.client.leave!(request)).toEqual([])
    expect(openaiChat.upstream.encodeRequest(request, target()).body.max_tokens).toBeUndefined()
  })

  it.each<[JsonObject, object | undefined]>([
    [{}, undefined],
    [{ think: true }, { adaptive: true }],
    [{ think: false }, { effort: 'none' }],
    [{ think: 'low' }, { effort: 'low' }],
    [{ think: 'max' }, { effort: 'max' }],
  ])('%o thinks as it says, and says so again', (body, reasoning) => {
    const request = decode({ messages: hello, ...body })
    expect(request.reasoning).toEqual(reasoning)
    expect(ollama.upstream.encodeRequest(request, target()).body.think).toEqual(body.think)
  })

  it('with a form of the answer has it', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    expect(decode({ messages: hello, format: 'json' }).output).toEqual({ type: 'json' })
    expect(decode({ messages: hello, format: schema }).output).toEqual({ type: 'json-schema', schema })
    expect(decode({ messages: hello, format: '' }).output).toBeUndefined()
    for (const format of ['json', schema]) {
      expect(ollama.upstream.encodeRequest(decode({ messages: hello, format }), target()).body.format).toEqual(format)
    }
  })

  it('with a prompt is one turn of the user', () => {
    const request = decode({ prompt: 'Hi', system: 'Be kind.', images: ['/9j/AAAA'] }, 'generate')
    expect(request.system).toEqual([{ type: 'text', text: 'Be kind.' }])
    expect(request.messages).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'image', source: { kind: 'base64', mediaType: 'image/jpeg', data: '/9j/AAAA' } },
          { type: 'text', text: 'Hi' },
        ],
      },
    ])
  })

  it.each<[string, JsonObject]>([
    ['messages', {}],
    ['messages[0].role', { messages: [{ content: 'x' }] }],
    ['messages[0].role', { messages: [{ role: 'developer', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: [] }] }],
    ['messages[0].images[0]', { messages: [{ role: 'user', content: '', images: [1] }] }],
    ['messages[0].images', { messages: [{ role: 'assistant', content: '', images: ['AAAA'] }] }],
    ['messages[0].tool_calls[0].function', { messages: [{ role: 'assistant', tool_calls: [{}] }] }],
    [
      'messages[0].tool_calls[0].function.arguments',
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: [] } }] }] },
    ],
    ['options', { messages: hello, options: [] }],
    ['options.temperature', { messages: hello, options: { temperature: 'hot' } }],
    ['options.num_predict', { messages: hello, options: { num_predict: 1.5 } }],
    ['options.stop[0]', { messages: hello, options: { stop: [1] } }],
    ['format', { messages: hello, format: 'yaml' }],
    ['think', { messages: hello, think: 'hard' }],
    ['tools[0].function.name', { messages: hello, tools: [{ type: 'function', function: {} }] }],
    ['stream', { messages: hello, stream: 'yes' }],
  ])('is refused for `%s` when it is %o', (param, body) => {
    expect(caught(() => decode(body))).toMatchObject({ code: 'invalid_request', param })
  })
})

describe('results of tools', () => {
  const call = (name: string, id?: string) => ({ ...(id !== undefined && { id }), function: { name, arguments: {} } })
  const ids = (...messages: JsonObject[]) => {
    const parts = decode({ messages }).messages.flatMap((message) => [...message.parts])
    return parts.map((part) => (part.type === 'tool-call' || part.type === 'tool-result' ? part.id : part.type))
  }

  it('find their calls by id, whatever the order', () => {
    const calls = { role: 'assistant', tool_calls: [call('f', 'a'), call('g', 'b')] }
    expect(
      ids(calls, { role: 'tool', content: '1', tool_call_id: 'b' }, { role: 'tool', content: '2', tool_call_id: 'a' }),
    ).toEqual(['a', 'b', 'b', 'a'])
  })

  it('find them by the name of the tool', () => {
    const calls = { role: 'assistant', tool_calls: [call('f'), call('g'), call('f')] }
    const result = (tool_name: string) => ({ role: 'tool', content: 'x', tool_name })
    const found = ids(calls, result('g'), result('f'), result('f'))
    expect(found.slice(3)).toEqual([found[1], found[0], found[2]])
    expect(new Set(found).size).toBe(3)
  })

  it('answer in order where they name nothing', () => {
    const calls = { role: 'assistant', tool_calls: [call('f', 'a'), call('g')] }
    const found = ids(calls, { role: 'tool', content: '1' }, { role: 'tool', content: '2' })
    expect(found.slice(2)).toEqual(found.slice(0, 2))
  })

  it('keep their ids from turn to turn, so that the prompt stays the same', () => {
    const turn = [
      { role: 'assistant', tool_calls: [call('f')] },
      { role: 'tool', content: '1', tool_name: 'f' },
    ]
    const first = ids(...turn)
    expect(ids(...turn, ...turn).slice(0, 2)).toEqual(first)
    expect(new Set(ids(...turn, ...turn)).size).toBe(2)
  })

  it('without a call are not lost', () => {
    const request = decode({ messages: [...hello, { role: 'tool', content: 'late', tool_name: 'f' }] })
    const { body, warnings } = ollama.upstream.encodeRequest(request, target())
    expect(JSON.stringify(body.messages)).toContain('late')
    expect(warnings).toMatchObject([{ field: 'messages', action: 'changed' }])
  })

  it('that are missing are made up for, and that is said', () => {
    const request = decode({ messages: [{ role: 'assistant', tool_calls: [call('f', 'a')] }, ...hello] })
    const { body, warnings } = ollama.upstream.encodeRequest(request, target())
    expect((body.messages as JsonObject[]).map(({ role }) => role)).toEqual(['assistant', 'tool', 'user'])
    expect(warnings).toMatchObject([{ field: 'messages', action: 'changed' }])
  })
})

describe('a request on its way to another API', () => {
  it.each<[string, JsonObject]>([
    ['suffix', { suffix: '}' }],
    ['context', { context: [1, 2] }],
    ['raw', { raw: true }],
  ])('is refused when `%s` would be lost', (param, body) => {
    expect(caught(() => ollama.client.leave!(decode({ prompt: 'x', ...body }, 'generate')))).toMatchObject({
      code: 'unsupported',
      param,
    })
  })

  it('loses what only an Ollama knows, one by one and by name', () => {
    const request = decode({ messages: hello, keep_alive: '5m', options: { num_ctx: 1, mirostat: 2 }, raw: false })
    const lost = ollama.client.leave!(request)
    const { warnings } = anthropicMessages.upstream.encodeRequest(request, target())
    expect([...lost, ...warnings].map(({ field }) => field)).toEqual([
      'options.num_ctx',
      'options.mirostat',
      'keep_alive',
    ])
  })
})

describe('a request for an Ollama', () => {
  const chat = (body: JsonObject): ChatRequest =>
    openaiChat.client.decodeRequest({ model: 'm', messages: hello, ...body })
  const encode = (body: JsonObject, traits: Traits = {}) => ollama.upstream.encodeRequest(chat(body), target(traits))

  it.each<[string, Traits, JsonObject, unknown, string[]]>([
    ['a step, for a model that knows none', {}, { reasoning_effort: 'high' }, true, ['reasoning_effort']],
    ['a step, for one that does', { think: 'levels' }, { reasoning_effort: 'high' }, 'high', []],
    ['the highest step', { think: 'levels' }, { reasoning_effort: 'xhigh' }, 'max', []],
    ['the lowest step', { think: 'levels' }, { reasoning_effort: 'minimal' }, 'low', []],
    ['no thinking', { think: 'levels' }, { reasoning_effort: 'none' }, false, []],
    ['thinking, for a model that cannot', { think: 'never' }, { reasoning_effort: 'high' }, undefined, ['reasoning']],
    ['no thinking, for a model that cannot', { think: 'never' }, { reasoning_effort: 'none' }, undefined, []],
    ['nothing', {}, {}, undefined, []],
  ])('asks for %s', (_, traits, body, think, lost) => {
    const encoded = encode(body, traits)
    expect(encoded.body.think).toEqual(think)
    expect(encoded.warnings.map(({ field }) => field)).toEqual(lost)
  })

  it('leaves out what steers no model, and tells of every field', () => {
    const content = [
      { type: 'text', text: '' },
      { type: 'text', text: 'See.' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'high' } },
    ]
    const { body, warnings } = encode({
      messages: [{ role: 'user', content, name: 'eve' }],
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
      verbosity: 'low',
      logit_bias: { 1: 2 },
      tools: [{ type: 'function', function: { name: 'f', strict: true } }],
    })
    expect(body.messages).toEqual([{ role: 'user', content: 'See.', images: ['AAAA'] }])
    expect(warnings.map(({ field }) => field).sort()).toEqual([
      'logit_bias',
      'messages[0].detail',
      'messages[0].name',
      'metadata',
      'service_tier',
      'tools[0].strict',
      'user',
      'verbosity',
    ])
  })

  it('makes room for the prompt where that is known of the model', () => {
    expect(encode({}, { numCtx: 32_768 }).body.options).toEqual({ num_ctx: 32_768 })
    const own = decode({ messages: hello, options: { num_ctx: 4096 } })
    expect(ollama.upstream.encodeRequest(own, target({ numCtx: 32_768 })).body.options).toEqual({ num_ctx: 4096 })
  })

  it('offers a free-text tool as one that takes a text, and reads its calls back', () => {
    const encoded = encode({ tools: [{ type: 'custom', custom: { name: 'patch' } }] })
    expect(encoded.customTools).toEqual(new Set(['patch']))
    const tokens = ollama.upstream.decodeReply(
      {
        message: { content: '', tool_calls: [{ function: { name: 'patch', arguments: { input: '*** "x"' } } }] },
        done: true,
      },
      { vendor: 'v', family: 'f', customTools: encoded.customTools! },
    )
    expect(tokens).toContainEqual(expect.objectContaining({ type: 'tool-call-start', name: 'patch', kind: 'custom' }))
    expect(tokens).toContainEqual(expect.objectContaining({ type: 'tool-call-delta', arguments: '*** "x"' }))
  })

  it('has the tools that may be called, and none where none may be', () => {
    const tool = (name: string) => ({ type: 'function', function: { name } })
    const tools = [tool('f'), tool('g')]
    const subset = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [tool('g')] } }
    const parameters = { type: 'object', properties: {} }
    expect(encode({ tools, tool_choice: subset }).body.tools).toEqual([
      { type: 'function', function: { name: 'g', parameters } },
    ])
    expect(encode({ tools, tool_choice: 'none' }).body).not.toHaveProperty('tools')
    for (const tool_choice of ['required', tools[0]!, { ...subset, allowed_tools: { mode: 'required', tools } }]) {
      expect(caught(() => encode({ tools, tool_choice }))).toMatchObject({ code: 'unsupported', param: 'tool_choice' })
    }
    expect(caught(() => encode({ n: 2 }))).toMatchObject({ code: 'unsupported', param: 'n' })
  })

  it('says arguments that are no object all the same, and that it did', () => {
    const messages = [
      {
        role: 'assistant',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{"a":' } },
          { id: 'b', type: 'function', function: { name: 'f', arguments: '' } },
        ],
      },
    ]
    const { body, warnings } = encode({ messages })
    const [{ tool_calls }] = body.messages as [{ tool_calls: Array<{ function: JsonObject }> }]
    expect(tool_calls.map((call) => call.function.arguments)).toEqual([{ __raw: '{"a":' }, {}])
    expect(warnings.filter(({ reason }) => reason?.includes('arguments'))).toHaveLength(1)
  })

  it('keeps the thinking beside the calls, and shows pictures in a result behind it', () => {
    const request = anthropicMessages.client.decodeRequest({
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'q' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'abc' },
            { type: 'tool_use', id: 't', name: 'f', input: { n: 1 } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't',
              content: [
                { type: 'text', text: 'see' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw' } },
              ],
            },
          ],
        },
      ],
    })
    expect(ollama.upstream.encodeRequest(request, target()).body.messages).toEqual([
      { role: 'user', content: 'q' },
      {
        role: 'assistant',
        content: '',
        thinking: 'hm',
        tool_calls: [{ id: 't', function: { index: 0, name: 'f', arguments: { n: 1 } } }],
      },
      { role: 'tool', content: 'see\n\n[image: it follows in the next message]', tool_name: 'f', tool_call_id: 't' },
      { role: 'user', content: '', images: ['iVBORw'] },
    ])
  })

  it.each([
    ['http://h:1', 'http://h:1/api/chat'],
    ['http://h:1/', 'http://h:1/api/chat'],
    ['http://h:1/api', 'http://h:1/api/chat'],
    ['https://h/ollama/api/', 'https://h/ollama/api/chat'],
  ])('goes from %s to %s', (base, url) => {
    const call = { model: 'm', stream: true }
    expect(ollama.upstream.endpoint(base, 'chat', call)).toBe(url)
    expect(ollama.upstream.endpoint(base, 'chat', { ...call, form: 'generate' })).toBe(url.replace(/chat$/, 'generate'))
    expect(ollama.upstream.endpoint(base, 'models')).toBe(url.replace(/chat$/, 'tags'))
  })
})

describe('a call in an answer for a client', () => {
  const encode = (fragments: string[], reason: 'stop' | 'length') => {
    const lost: string[] = []
    const reply = {
      choices: [
        {
          choice: 0,
          parts: [
            {
              type: 'tool-call' as const,
              id: 'a',
              name: 'f',
              kind: 'function' as const,
              arguments: fragments.join(''),
            },
          ],
          finish: { reason },
        },
      ],
      metadata: [],
    }
    const body = ollama.client.encodeReply(reply, {
      requestId: 'r',
      model: 'm',
      created: 0,
      includeUsage: true,
      onWarning: ({ field }) => lost.push(field),
    })
    return { calls: (body.message as JsonObject).tool_calls, lost }
  }

  it('that was cut off by the length is not there to be run', () => {
    expect(encode(['{"path":"/'], 'length')).toEqual({ calls: undefined, lost: ['tool_calls'] })
  })

  it('with arguments that are no object shows them under another name', () => {
    const inner = { index: 0, name: 'f', arguments: { __raw: '{"path":"/' } }
    expect(encode(['{"path":"/'], 'stop')).toEqual({ calls: [{ id: 'a', function: inner }], lost: ['tool_calls'] })
  })

  it('without arguments has none', () => {
    const inner = { index: 0, name: 'f', arguments: {} }
    expect(encode([], 'stop')).toEqual({ calls: [{ id: 'a', function: inner }], lost: [] })
  })
})
