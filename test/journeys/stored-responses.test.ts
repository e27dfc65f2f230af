import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { afterEach, describe, expect, it } from 'vitest'
import { createSluice, type Sluice } from '../../src/index.ts'
import { type Script, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { stateFolder } from '../storage/folder.ts'

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface House {
  scripted: ScriptedServer
  openai: OpenAI
  /** The same gateway, asked with another key. */
  stranger: OpenAI
  sluice: Sluice
  sent(): JsonObject
}

async function start(script: Script, path = ':memory:', native = ''): Promise<House> {
  const scripted = await startScripted({ script })
  open.push(() => scripted.close())
  return {
    scripted,
    ...(await begin(scripted.url, path, native)),
    sent: () => scripted.requests.at(-1)?.body as JsonObject,
  }
}

/** A gateway alone, before providers that are there already. */
async function begin(upstream: string, path: string, native = '') {
  const sluice = await createSluice({
    config: {
      streaming: { max_retries: 0 },
      storage: { path },
      providers: [
        { name: 'oa', kind: 'openai', dialect: 'openai-chat', base_url: `${upstream}/v1`, api_keys: ['provider-key'] },
        { name: 'an', kind: 'anthropic', base_url: upstream, api_keys: ['provider-key'] },
        { name: 're', dialect: 'openai-responses', base_url: `${native || upstream}/v1`, api_keys: ['provider-key'] },
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  open.push(() => sluice.close())
  const client = (apiKey: string) => new OpenAI({ apiKey, maxRetries: 0, baseURL: `${sluice.url}/v1` })
  return { sluice, openai: client('client-key'), stranger: client('other-key') }
}

const texts = (...all: string[]): Script => ({ turns: all.map((text) => ({ steps: [{ text }] })) })
const notFound = { status: 404, code: 'response_not_found' }

describe.each([
  ['oa', false],
  ['oa', true],
  ['an', false],
  ['an', true],
] as const)('a conversation by previous_response_id (%s, streamed: %s)', (provider, streamed) => {
  const ask = async ({ openai }: Pick<House, 'openai'>, body: Omit<OpenAI.Responses.ResponseCreateParams, 'stream'>) =>
    streamed
      ? await openai.responses.stream({ model: `${provider}/m`, ...body }).finalResponse()
      : await openai.responses.create({ model: `${provider}/m`, ...body, stream: false })

  it('reaches the provider whole, and each answer can be fetched as it was given', async () => {
    const house = await start(texts('Eins, 世界.', 'Zwei.'))
    const first = await ask(house, { input: 'One?', instructions: 'Be brief.' })
    expect(first.output_text).toBe('Eins, 世界.')
    const second = await ask(house, { input: [{ role: 'user', content: 'Two?' }], previous_response_id: first.id })
    expect(second).toMatchObject({ output_text: 'Zwei.', previous_response_id: first.id, store: true })

    const said = JSON.stringify(house.sent().messages)
    expect(said.match(/One\?|Eins, 世界\.|Two\?/g)).toEqual(['One?', 'Eins, 世界.', 'Two?'])
    expect(JSON.stringify(house.sent())).not.toContain('Be brief.')

    for (const one of [first, second]) {
      const { output_text: _, ...fetched } = await house.openai.responses.retrieve(one.id)
      const { output_text: _text, ...given } = one as typeof fetched & { output_text: string }
      expect(JSON.parse(JSON.stringify(fetched))).toEqual(JSON.parse(JSON.stringify(withoutParsed(given))))
    }
    const { data } = await house.openai.responses.inputItems.list(second.id, { order: 'asc' })
    expect(data.map((item) => item.type === 'message' && item.role)).toEqual(['user', 'assistant', 'user'])
    const pages: unknown[] = []
    for await (const item of house.openai.responses.inputItems.list(second.id, { limit: 1 })) pages.push(item.id)
    expect(pages).toEqual(data.map(({ id }) => id).toReversed())
  })

  it('goes on after a restart where state is in a file', async () => {
    const path = stateFolder()
    const house = await start(texts('Eins.', 'Zwei.'), path)
    const first = await ask(house, { input: 'One?' })
    await house.sluice.close()
    const later = await begin(house.scripted.url, path)
    expect(await later.openai.responses.retrieve(first.id)).toMatchObject({ id: first.id, status: 'completed' })
    expect(await ask(later, { input: 'Two?', previous_response_id: first.id })).toMatchObject({ output_text: 'Zwei.' })
    expect(JSON.stringify(house.sent().messages)).toContain('Eins.')
    await expect(later.stranger.responses.retrieve(first.id)).rejects.toMatchObject(notFound)
  })

  it('is closed to another key, and gone when it is deleted', async () => {
    const house = await start(texts('Eins.', 'Zwei.'))
    const { id } = await ask(house, { input: 'One?' })
    await expect(house.stranger.responses.retrieve(id)).rejects.toMatchObject(notFound)
    await expect(house.stranger.responses.delete(id)).rejects.toMatchObject(notFound)
    await expect(house.stranger.responses.inputItems.list(id)).rejects.toMatchObject(notFound)
    await expect(ask({ openai: house.stranger }, { input: 'x', previous_response_id: id })).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    })
    await house.openai.responses.delete(id)
    await expect(house.openai.responses.retrieve(id)).rejects.toMatchObject(notFound)
  })

  it('is not kept when the request says so', async () => {
    const house = await start(texts('Eins.'))
    const answer = await ask(house, { input: 'One?', store: false })
    expect(answer).toMatchObject({ store: false })
    await expect(house.openai.responses.retrieve(answer.id)).rejects.toMatchObject(notFound)
  })

  it('goes on with the result of a tool alone', async () => {
    const house = await start({
      turns: [{ steps: [{ tool: 'look', arguments: { at: 'a' }, id: 'call_A' }] }, { steps: [{ text: 'Seen.' }] }],
    })
    const tools = [{ type: 'function' as const, name: 'look', parameters: { type: 'object' }, strict: false }]
    const first = await ask(house, { input: 'Look.', tools })
    const call = first.output.find((item) => item.type === 'function_call')
    const output: ResponseInputItem = {
      type: 'function_call_output',
      call_id: call?.type === 'function_call' ? call.call_id : '',
      output: 'it is there',
    }
    const second = await ask(house, { input: [output], tools, previous_response_id: first.id })
    expect(second.output_text).toBe('Seen.')
    expect(JSON.stringify(house.sent().messages)).toMatch(/Look\..*it is there/s)
  })
})

it('the size of a prompt counts what it refers to', async () => {
  const house = await start(texts('Eins.'))
  const { id } = await house.openai.responses.create({ model: 'oa/m', input: 'One? '.repeat(100) })
  const count = (more: object) => house.openai.responses.inputTokens.count({ model: 'oa/m', input: 'x', ...more })
  const alone = await count({})
  const all = await count({ previous_response_id: id })
  expect(all.input_tokens).toBeGreaterThan(alone.input_tokens + 100)
  await expect(count({ previous_response_id: 'resp_nobody' })).rejects.toMatchObject({
    code: 'previous_response_not_found',
  })
})

describe('a client that refers to what it has got instead of saying it again', () => {
  it('has its references resolved, for a provider that stores nothing', async () => {
    const house = await start(texts('Eins.', 'Zwei.'))
    const first = await house.openai.responses.create({ model: 'an/m', input: 'One?' })
    const references = first.output.map(({ id }) => ({ type: 'item_reference' as const, id: id ?? '' }))
    const input = [
      { role: 'user' as const, content: 'One?' },
      ...references,
      { role: 'user' as const, content: 'Two?' },
    ]
    expect((await house.openai.responses.create({ model: 'an/m', input })).output_text).toBe('Zwei.')
    expect(JSON.stringify(house.sent().messages)).toMatch(/One\?.*Eins\..*Two\?/s)
    await expect(house.stranger.responses.create({ model: 'an/m', input })).rejects.toMatchObject({
      ...notFound,
      param: 'input',
    })
  })
})

describe('signed reasoning of a client that cannot carry it', () => {
  it('is back in its place after a restart in the middle of a tool loop', async () => {
    const path = stateFolder()
    const house = await start(
      {
        turns: [
          {
            steps: [
              { reasoning: 'I shall look, 世界.', signature: 'c2lnLTE=' },
              { tool: 'look', arguments: { at: 'a' }, id: 'toolu_A' },
            ],
          },
          { steps: [{ text: 'Seen.' }] },
        ],
      },
      path,
    )
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }]
    const user = { role: 'user' as const, content: 'Look.' }
    const first = await house.openai.chat.completions
      .stream({ model: 'an/claude-loop', messages: [user], tools })
      .finalChatCompletion()
    const call = first.choices[0]?.message.tool_calls?.[0]
    await house.sluice.close()

    const later = await begin(house.scripted.url, path)
    const body = {
      model: 'an/claude-loop',
      tools,
      messages: [
        user,
        // As a client builds it anew: nothing but what it knows.
        { role: 'assistant' as const, content: null, tool_calls: call ? [call] : [] },
        { role: 'tool' as const, tool_call_id: call?.id ?? '', content: 'it is there' },
      ],
    }
    const thinking = { type: 'thinking', thinking: 'I shall look, 世界.', signature: 'c2lnLTE=' }
    await later.stranger.chat.completions.create(body)
    expect(JSON.stringify(house.sent())).not.toContain('c2lnLTE=')
    await later.openai.chat.completions.create(body)
    expect((house.sent().messages as JsonObject[])[1]?.content).toMatchObject([thinking, { type: 'tool_use' }])
  })
})

/** What the SDK adds to the answer of a stream. */
function withoutParsed<T extends object>(given: T): T {
  return JSON.parse(
    JSON.stringify(given, (key, value) =>
      key === 'parsed' || key === 'output_parsed' || key === 'parsed_arguments' ? undefined : value,
    ),
  ) as T
}

describe('an answer that does not end well', () => {
  it('is kept as far as it came, and says so', async () => {
    const house = await start({
      steps: [{ text: 'Half of it and more.' }],
      fault: { errorEvent: { type: 'server_error', message: 'broken' }, afterEvents: 4 },
    })
    const stream = await house.openai.responses.create({ model: 'oa/m', input: 'Hi', stream: true })
    let last: OpenAI.Responses.ResponseStreamEvent | undefined
    for await (const event of stream) last = event
    expect(last?.type).toBe('response.failed')
    const { id } = (last as OpenAI.Responses.ResponseFailedEvent).response
    expect(await house.openai.responses.retrieve(id)).toMatchObject({ status: 'failed' })
  })

  it('is another answer each time, even when the client calls all its requests by one id', async () => {
    const house = await start(texts('Eins.', 'Zwei.', 'Drei.'))
    const options = { headers: { 'x-request-id': 'always-the-same' } }
    let previous: string | undefined
    const ids = new Set<string>()
    for (const input of ['One?', 'Two?', 'Three?']) {
      const body = { model: 'an/m', input, ...(previous !== undefined && { previous_response_id: previous }) }
      const { id, output } = await house.openai.responses.create(body, options)
      for (const one of [id, ...output.map((item) => String(item.id))]) ids.add(one)
      previous = id
    }
    expect(ids.size).toBe(6)
    expect(JSON.stringify(house.sent().messages)).toMatch(/One.*Eins.*Two.*Zwei.*Three/s)
  })

  it('is not kept when the client has left', async () => {
    const house = await start({
      steps: [{ text: 'Half of ' }, { wait: 60_000 }, { text: 'it.' }],
    } as unknown as Script)
    const stream = await house.openai.responses.create({ model: 'oa/m', input: 'Hi', stream: true })
    let id = ''
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id
      if (event.type === 'response.output_text.delta') break
    }
    await expect(house.openai.responses.retrieve(id)).rejects.toMatchObject(notFound)
  })
})

describe('what stored responses cannot do', () => {
  it('is refused, each with its field', async () => {
    const house = await start(texts('Eins.'))
    const { id } = await house.openai.responses.create({ model: 'oa/m', input: 'One?' })
    const create = (more: object) => house.openai.responses.create({ model: 'oa/m', input: 'x', ...more })
    await expect(create({ conversation: 'conv_1' })).rejects.toMatchObject({ status: 400, param: 'conversation' })
    await expect(create({ prompt: { id: 'pmpt_1' } })).rejects.toMatchObject({ status: 400, param: 'prompt' })
    await expect(house.openai.responses.cancel(id)).rejects.toMatchObject({ status: 400 })
    await expect(house.openai.responses.cancel('resp_nobody')).rejects.toMatchObject(notFound)
    await expect(house.openai.responses.retrieve(id, { stream: true })).rejects.toMatchObject({
      status: 400,
      param: 'stream',
    })
    const odd = await fetch(`${house.sluice.url}/v1/responses/${id}/other`)
    expect([odd.status, ((await odd.json()) as { error: JsonObject }).error.code]).toEqual([404, 'unknown_url'])
    const wrong = await fetch(`${house.sluice.url}/v1/responses/${id}`, { method: 'PUT' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, DELETE'])
  })
})

/** A provider that speaks the dialect itself, and writes in pieces that tear characters. */
async function native(bodies: JsonObject[], response: JsonObject, named: boolean): Promise<string> {
  const server = createServer(async (request, reply) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = JSON.parse(Buffer.concat(pieces).toString()) as JsonObject
    bodies.push(body)
    if (body.stream !== true) {
      reply.setHeader('content-type', 'application/json').end(JSON.stringify(response))
      return
    }
    reply.setHeader('content-type', 'text/event-stream')
    const item = { type: 'message', id: 'msg_n', role: 'assistant', status: 'in_progress', content: [] }
    const part = { item_id: 'msg_n', output_index: 0, content_index: 0 }
    const events: JsonObject[] = [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.content_part.added', ...part, part: { type: 'output_text', text: '', annotations: [] } },
      { type: 'response.output_text.delta', ...part, delta: 'Grüße, 世界', logprobs: [] },
      { type: 'response.completed', response },
    ]
    const text = events
      .map(
        (event, i) =>
          `${named ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify({ ...event, sequence_number: i })}\n\n`,
      )
      .join('')
    for (const byte of Buffer.from(text)
      .toString('latin1')
      .match(/.{1,7}/gs) ?? []) {
      reply.write(Buffer.from(byte, 'latin1'))
      await new Promise((resolve) => setImmediate(resolve))
    }
    reply.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(async () => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.each([
  [true, true],
  [true, false],
  [false, true],
])('an answer that goes through untouched (streamed: %s, events with names: %s)', (stream, named) => {
  it('is kept too, and its conversation moves on to another provider and back', async () => {
    const bodies: JsonObject[] = []
    const given: JsonObject = {
      id: 'resp_native',
      object: 'response',
      created_at: 1,
      status: 'completed',
      model: 'm',
      store: false,
      previous_response_id: null,
      unknown_field: { kept: true },
      output: [
        {
          type: 'message',
          id: 'msg_n',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Grüße, 世界', annotations: [] }],
        },
      ],
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    }
    const house = await start(texts('Zwei.'), ':memory:', await native(bodies, given, named))
    const ask = async (model: string, input: string, previous?: string): Promise<string> => {
      const body = { model, input, ...(previous !== undefined && { previous_response_id: previous }) }
      return stream
        ? (await house.openai.responses.stream(body).finalResponse()).id
        : (await house.openai.responses.create(body)).id
    }
    const first = await ask('re/m', 'One?')
    expect(bodies[0]).toMatchObject({ model: 'm', input: 'One?' })
    expect(await house.openai.responses.retrieve(first)).toMatchObject({ ...given, store: true })

    const second = await ask('oa/m', 'Two?', first)
    expect(JSON.stringify(house.sent().messages)).toMatch(/One\?.*Grüße, 世界.*Two\?/s)

    await ask('re/m', 'Three?', second)
    expect(bodies[1]).not.toHaveProperty('previous_response_id')
    expect(JSON.stringify(bodies[1]?.input)).toMatch(/One\?.*Grüße, 世界.*Two\?.*Zwei\..*Three\?/s)
    expect((await house.openai.responses.retrieve('resp_native')) as unknown).toMatchObject({
      previous_response_id: second,
    })
  })
})
