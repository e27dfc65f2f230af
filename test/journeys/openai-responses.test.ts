import type {
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
  Tool,
} from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { checkResponses } from '../fixtures/check-responses.ts'
import { type House, openHouse } from './house.ts'

// `rn` speaks the client's language with an accent, so its answers are translated, too.
const upstreams = ['oa', 'an', 're', 'rn']
const ways = upstreams.flatMap((upstream) => [true, false].map((stream) => ({ upstream, stream })))
type Way = (typeof ways)[number]
type Body = Omit<ResponseCreateParamsNonStreaming, 'model' | 'stream'>

const tool = (name: string): Tool => ({
  type: 'function',
  name,
  parameters: { type: 'object', properties: { at: { type: 'string' } } },
  strict: false,
})

/** Asks with the official client: its stream helper for a stream, `create` for the whole. */
async function ask({ openai }: House, { upstream, stream }: Way, body: Body): Promise<Response> {
  const request = { store: false, ...body, model: `${upstream}/journey` }
  return stream ? await openai.responses.stream(request).finalResponse() : await openai.responses.create(request)
}

/** The bytes of a stream, held against the rules of the API. */
async function raw({ sluice }: House, upstream: string, body: JsonObject): Promise<JsonObject> {
  const answer = await fetch(`${sluice.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: 'Bearer client-key', 'content-type': 'application/json' },
    body: JSON.stringify({ stream: true, store: false, ...body, model: `${upstream}/journey` }),
  })
  return checkResponses(await answer.text())
}

describe.each(ways)('a client of openai-responses, upstream $upstream, streamed: $stream', (way) => {
  it('gets the text, the counts and its own settings', async () => {
    const house = await openHouse({
      script: {
        steps: [{ text: 'Grüße, 世界! "q" \\ \u2028' }],
        model: 'served',
        usage: { input: 9, cacheRead: 4, output: 3 },
      },
      strict: true,
    })
    const response = await ask(house, way, {
      input: 'Hi',
      instructions: 'Be brief.',
      temperature: 0.5,
      metadata: { k: 'v' },
    })
    expect(response).toMatchObject({ object: 'response', status: 'completed', model: 'served' })
    expect(response.output_text).toBe('Grüße, 世界! "q" \\ \u2028')
    expect(response.usage).toMatchObject({
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 3,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 12,
    })
    if (way.upstream === 'oa' || way.upstream === 'an') {
      expect(response).toMatchObject({
        instructions: 'Be brief.',
        temperature: 0.5,
        metadata: { k: 'v' },
        store: false,
      })
    }
    expect(JSON.stringify(house.sent())).toContain('Be brief.')
    expect(house.sent().model).toBe('journey')
  })

  it('gets calls, also several at once and one without arguments', async () => {
    const house = await openHouse({
      script: {
        steps: [
          { text: 'Looking.' },
          {
            parallel: [
              { tool: 'look', arguments: { at: 'a' }, id: 'call_A' },
              { tool: 'look', arguments: { at: 'b' }, id: 'call_B' },
            ],
          },
          { tool: 'stop', id: 'call_C' },
        ],
      },
      strict: true,
    })
    const { output, status } = await ask(house, way, { input: 'go', tools: [tool('look'), tool('stop')] })
    expect(status).toBe('completed')
    const calls = output.filter((item) => item.type === 'function_call')
    expect(calls.map(({ call_id, name }) => [call_id, name])).toEqual([
      ['call_A', 'look'],
      ['call_B', 'look'],
      ['call_C', 'stop'],
    ])
    // What is passed on as it came says nothing where the provider said nothing.
    const nothing = way.upstream === 're' ? '' : '{}'
    expect(calls.map((call) => call.arguments)).toEqual(['{"at":"a"}', '{"at":"b"}', nothing])
  })

  it('keeps the state of reasoning through a loop of tools', async () => {
    const house = await openHouse({ script: loop, strict: true })
    const input: ResponseInputItem[] = [{ role: 'user', content: 'go' }]
    const body: Body = { input, tools: [tool('look')], reasoning: { effort: 'low', summary: 'auto' } }
    for (let turn = 0; turn < 2; turn++) {
      const { output } = await ask(house, way, body)
      input.push(...(output as ResponseInputItem[]))
      for (const item of output) {
        if (item.type === 'function_call')
          input.push({ type: 'function_call_output', call_id: item.call_id, output: 'seen' })
      }
    }
    const sent = JSON.stringify(house.sent())
    expect(sent).toContain('sig-1')
    expect(sent).toContain('think one')
    expect(sent).not.toContain('slc1.')
    expect((await ask(house, way, body)).output_text).toBe('Done.')
    expect(JSON.stringify(house.sent())).toContain('sig-2')
  })

  it('sends pictures in messages and in results', async () => {
    const house = await openHouse({ script: { steps: [{ text: '{{images}}' }] } })
    const image = { type: 'input_image' as const, image_url: `data:image/png;base64,${png}`, detail: 'auto' as const }
    const response = await ask(house, way, {
      tools: [tool('look')],
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'what?' }, image] },
        { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: [image] },
      ],
    })
    expect(response.output_text).toContain('image/png of')
    expect(JSON.stringify(house.sent()).split(png)).toHaveLength(3)
  })

  it('is told when the answer was cut short, and that a cut call is not whole', async () => {
    const house = await openHouse({
      script: { steps: [{ text: 'Half' }, { tool: 'look', arguments: '{"at":"', id: 'call_A' }], finish: 'length' },
    })
    const response = await ask(house, way, { input: 'go', tools: [tool('look')] })
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    if (way.upstream === 're' || (way.upstream === 'an' && !way.stream)) return
    expect(response.output.at(-1)).toMatchObject({
      type: 'function_call',
      status: 'incomplete',
    })
  })

  it('is told of an error before the answer with its status', async () => {
    const house = await openHouse({ script: { fault: { status: 429, message: 'slow down' } } })
    await expect(ask(house, way, { input: 'go' })).rejects.toMatchObject({ status: 429, type: expect.any(String) })
  })
})

describe.each(upstreams)('the stream for a client of openai-responses from %s', (upstream) => {
  it.each<[string, Script, JsonObject]>([
    [
      'everything there is',
      { steps: [{ reasoning: 'hm' }, { text: 'a' }, { tool: 'f', arguments: { a: 1 } }, { text: 'b' }] },
      { status: 'completed' },
    ],
    ['a refusal', { steps: [{ refusal: 'No, I will not.' }] }, {}],
    ['nothing', { steps: [] }, { status: 'completed', output: [] }],
    ['without usage', { steps: [{ text: 'x' }], usage: false }, { status: 'completed' }],
    ['that is filtered', { steps: [{ text: 'x' }], finish: 'content_filter' }, { status: 'incomplete' }],
    ['torn bytes', { steps: [{ text: 'Grüße 世界' }], wire: { write: 1 } }, { status: 'completed' }],
    ['cut off', { steps: [{ text: 'a b c d e f g h' }], fault: { cutAfterEvents: 8 } }, { status: 'failed' }],
    [
      'cut off in a call',
      { steps: [{ tool: 'f', arguments: { a: 1, b: 2, c: 3 } }], fault: { cutAfterEvents: 6 } },
      { status: 'failed', output: [] },
    ],
    [
      'an error inside',
      { steps: [{ text: 'a b c d e f g h' }], fault: { errorEvent: { message: 'oh no' }, afterEvents: 8 } },
      { status: 'failed' },
    ],
    [
      'garbage inside',
      { steps: [{ text: 'a b c d e f g h' }], fault: { garbageAfterEvents: 8 } },
      { status: 'failed' },
    ],
    ['two ends', { steps: [{ text: 'x' }], fault: { duplicateEnd: true } }, { status: 'completed' }],
  ])('has no fault: %s', async (what, script, wanted) => {
    const house = await openHouse({ script })
    // Passed on as it came: what the scripted provider leaves out is not put in.
    const untouched = upstream === 're' && what === 'without usage'
    const last = await raw(house, upstream, { input: 'go', tools: [tool('f') as unknown as JsonObject] }).catch(
      (error: Error) => {
        if (untouched) return { status: 'completed' } as JsonObject
        throw error
      },
    )
    const { output, ...more } = wanted
    expect(last).toMatchObject(more)
    if (output && upstream !== 're') expect(last.output).toEqual(output)
    if (last.status === 'failed') expect((last.error as JsonObject).code).toMatch(/^server_/)
  })

  it('a client that leaves takes the upstream call with it', async () => {
    const house = await openHouse({
      script: { steps: [{ text: 'first' }, { repeat: 10_000, text: ' more', pace: 10 }] },
    })
    const stream = await house.openai.responses.create({
      model: `${upstream}/m`,
      input: 'go',
      stream: true,
      store: false,
    })
    for await (const event of stream) if (event.type === 'response.output_text.delta') stream.controller.abort()
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true, finished: false })
  })
})

describe.each(['oa', 'an', 'rn'])('what only openai-responses has, with %s', (upstream) => {
  const way = { upstream, stream: true }

  it('a free-text tool is called with its text', async () => {
    const custom = upstream !== 'an'
    const step = custom
      ? { tool: 'patch', arguments: '*** "Begin"\n+x', custom: true, id: 'call_1' }
      : { tool: 'patch', arguments: { input: '*** "Begin"\n+x' }, id: 'call_1' }
    const house = await openHouse({ script: { turns: [{ steps: [step] }, { steps: [{ text: 'ok' }] }] }, strict: true })
    const tools: Tool[] = [
      { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' } },
    ]
    const { output } = await ask(house, way, { input: 'go', tools })
    expect(output).toMatchObject([
      { type: 'custom_tool_call', name: 'patch', input: '*** "Begin"\n+x', call_id: 'call_1' },
    ])
    const input = ['go', ...output].map((one) =>
      typeof one === 'string' ? { role: 'user' as const, content: one } : one,
    )
    const answer = { type: 'custom_tool_call_output' as const, call_id: 'call_1', output: 'applied' }
    await ask(house, way, { input: [...(input as ResponseInputItem[]), answer], tools })
    expect(JSON.stringify(house.sent())).toContain('applied')
  })

  it('a tool in a namespace is offered under one flat name, and called where it stands', async () => {
    const flat = upstream === 'rn' ? 'search' : 'docs__search'
    const house = await openHouse({
      script: {
        turns: [{ steps: [{ tool: flat, arguments: { at: 'x' }, id: 'call_1' }] }, { steps: [{ text: 'ok' }] }],
      },
      strict: true,
    })
    const tools = [
      { type: 'namespace', name: 'docs', description: 'd', tools: [tool('search')] },
      { type: 'web_search' },
      tool('search'),
    ] as Tool[]
    const { output } = await ask(house, way, { input: 'go', tools })
    const offered = JSON.stringify(house.sent().tools)
    if (upstream !== 'rn') {
      expect(output).toMatchObject([{ type: 'function_call', name: 'search', namespace: 'docs' }])
      expect(offered).toContain('"docs__search"')
      expect(house.head.get('x-sluice-warnings')).toContain('tools[1];dropped')
    }
    const result = { type: 'function_call_output' as const, call_id: 'call_1', output: 'found' }
    await ask(house, way, {
      input: [{ role: 'user', content: 'go' }, ...(output as ResponseInputItem[]), result],
      tools,
    })
    const history = JSON.stringify(house.sent())
    expect(history).toContain('found')
    if (upstream !== 'rn') expect(history.split('docs__search').length).toBe(3)
  })
})

describe.each(['oa', 'an'])('what %s cannot do', (upstream) => {
  it.each([
    ['conversation', { conversation: 'conv_1' }],
    ['store', { background: true, store: false }],
    ['tool_choice', { tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } }],
  ])('is refused by its name: %s', async (param, more) => {
    const house = await openHouse({ script: { steps: [{ text: 'x' }] } })
    const body = { input: 'go', ...more } as Body
    await expect(ask(house, { upstream, stream: true }, body)).rejects.toMatchObject({ status: 400, param })
    expect(house.scripted.requests).toHaveLength(0)
  })

  it('what an agent sends with every request is taken without a word', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'x' }] }, strict: true })
    const codex = {
      input: 'go',
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'abc',
      parallel_tool_calls: true,
      tool_choice: 'auto',
      tools: [tool('f')],
      reasoning: { effort: 'medium', summary: 'auto' },
      client_metadata: { a: 'b' },
    } as unknown as Body
    await ask(house, { upstream, stream: true }, codex)
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })
})

it('reasoning of one provider is left out for another, and back in for the first', async () => {
  const house = await openHouse({ script: loop, strict: true })
  const input: ResponseInputItem[] = [{ role: 'user', content: 'go' }]
  const { output } = await ask(house, { upstream: 'an', stream: true }, { input, tools: [tool('look')] })
  input.push(...(output as ResponseInputItem[]))
  for (const one of output)
    if (one.type === 'function_call') input.push({ type: 'function_call_output', call_id: one.call_id, output: 'x' })
  for (const upstream of ['re', 'oa']) {
    await ask(house, { upstream, stream: true }, { input, tools: [tool('look')] })
    expect(JSON.stringify(house.sent())).not.toMatch(/sig-1|slc1\./)
  }
  await ask(house, { upstream: 'an', stream: false }, { input, tools: [tool('look')] })
  expect(JSON.stringify(house.sent())).toContain('sig-1')
})

it('the size of a prompt is asked of a provider that counts, and else estimated', async () => {
  const house = await openHouse({ script: { steps: [], usage: { input: 42 } } })
  const count = (upstream: string) =>
    house.openai.post('/responses/input_tokens', { body: { model: `${upstream}/m`, input: 'hello' } })
  expect(await count('re')).toEqual({ object: 'response.input_tokens', input_tokens: 42 })
  expect(await count('an')).toEqual({ object: 'response.input_tokens', input_tokens: expect.any(Number) })
  expect(house.head.get('x-sluice-warnings')).toContain('estimated')
})

const loop: Script = {
  turns: [
    {
      steps: [
        { reasoning: 'think one', signature: 'sig-1' },
        { text: 'Let me look.' },
        { tool: 'look', arguments: { at: 'a' } },
      ],
    },
    {
      steps: [
        { reasoning: 'think two', signature: 'sig-2' },
        { tool: 'look', arguments: { at: 'b' } },
      ],
    },
    { steps: [{ text: 'Done.' }] },
  ],
}

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
