import type { ChatRequest, ChatResponse, Message, Tool } from 'ollama'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'

const upstreams = [
  ['openai-chat', 'oa'],
  ['anthropic-messages', 'an'],
  ['ollama', 'ol'],
] as const

const ways = upstreams.flatMap(([upstream, provider]) =>
  [true, false].map((stream) => ({ upstream, provider, stream, way: stream ? 'streamed' : 'whole' })),
)
type Way = (typeof ways)[number]

const hello: Message[] = [{ role: 'user', content: 'Hi there' }]

const weather: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'the weather of a city',
    parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
  },
}

interface Heard {
  text: string
  thinking: string
  calls: Array<{ id?: string; name: string; arguments: unknown }>
  last: ChatResponse
}

/** Asks with the official client, and collects what it gives. */
async function chat({ ollama }: House, { provider, stream }: Way, more: Partial<ChatRequest> = {}): Promise<Heard> {
  const request = { model: `${provider}/m`, messages: hello, ...more }
  const lines: ChatResponse[] = []
  if (stream) for await (const line of await ollama.chat({ ...request, stream: true })) lines.push(line)
  else lines.push(await ollama.chat({ ...request, stream: false }))
  const last = lines.at(-1)!
  return {
    text: lines.map(({ message }) => message.content).join(''),
    thinking: lines.map(({ message }) => message.thinking ?? '').join(''),
    calls: lines
      .flatMap(({ message }) => message.tool_calls ?? [])
      .map((call) => ({ id: (call as { id?: string }).id, ...call.function, index: undefined })),
    last,
  }
}

const call = (id: string, name: string, args: object) => ({ id, name, arguments: args, index: undefined })

describe.each(ways)('an Ollama client before $upstream, $way', (way) => {
  it('gets the text, the finish, the counts and how long it took', async () => {
    const house = await openHouse({
      script: { steps: [{ text: 'Grüße, 世界 👩‍👩‍👧!', chunk: 1 }], usage: { input: 9, output: 5 } },
    })
    const { text, last } = await chat(house, way)
    expect(text).toBe('Grüße, 世界 👩‍👩‍👧!')
    expect(last).toMatchObject({ model: 'm', done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 5 })
    expect(Date.parse(String(last.created_at))).toBeGreaterThan(0)
    expect(last.total_duration).toBeGreaterThan(0)
    // When an answer in one piece was begun nobody knows but its provider.
    const knows = way.stream || way.upstream === 'ollama'
    if (!knows) expect(last).not.toHaveProperty('prompt_eval_duration')
    expect(house.head.get('content-type')).toMatch(way.stream ? /^application\/x-ndjson/ : /^application\/json/)
  })

  it('is told that the room was used up', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'Cut' }], finish: 'length' } })
    expect((await chat(house, way)).last.done_reason).toBe('length')
  })

  it('gets the reasoning as thinking', async () => {
    const house = await openHouse({ script: { steps: [{ reasoning: 'Let me see.' }, { text: 'Yes.' }] } })
    const { text, thinking } = await chat(house, way, { think: true })
    expect({ text, thinking }).toEqual({ text: 'Yes.', thinking: 'Let me see.' })
  })

  it('gets parallel calls whole, with their ids and with arguments that are objects', async () => {
    const parallel = [
      { tool: 'get_weather', arguments: { city: 'Paris "×" 👩‍👩‍👧' }, id: 'call_A', pieces: 9 },
      { tool: 'get_weather', arguments: { city: 'Zürich' }, id: 'call_B' },
      { tool: 'get_time', id: 'call_C', ...(way.upstream === 'openai-chat' && { arguments: {} }) },
    ]
    const house = await openHouse({ script: { steps: [{ text: 'Looking.' }, { parallel }] } })
    const { text, calls, last } = await chat(house, way, { tools: [weather] })
    expect(text).toBe('Looking.')
    expect(calls).toEqual([
      call('call_A', 'get_weather', { city: 'Paris "×" 👩‍👩‍👧' }),
      call('call_B', 'get_weather', { city: 'Zürich' }),
      call('call_C', 'get_time', {}),
    ])
    expect(last.done_reason).toBe('stop')
  })

  it('runs a tool loop without ever saying an id', async () => {
    const script: Script = {
      turns: [
        {
          steps: [
            { tool: 'get_weather', arguments: { city: 'Paris' } },
            { tool: 'get_weather', arguments: { city: 'Rome' } },
          ],
        },
        { steps: [{ text: 'It is {{tool_result}}.' }] },
      ],
    }
    const house = await openHouse({ script })
    const first = await chat(house, way, { tools: [weather] })
    const messages: Message[] = [
      ...hello,
      {
        role: 'assistant',
        content: '',
        tool_calls: first.calls.map(({ name, arguments: args }) => ({
          function: { name, arguments: args as Record<string, unknown> },
        })),
      },
      { role: 'tool', content: 'sunny', tool_name: 'get_weather' },
      { role: 'tool', content: 'rainy', tool_name: 'get_weather' },
    ]
    const { text } = await chat(house, way, { tools: [weather], messages })
    expect(text).toBe('It is sunny\nrainy.')
  })

  it('sends pictures', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'I see {{images}}.' }] } })
    const png = 'iVBORw0KGgo='
    const { text } = await chat(house, way, { messages: [{ role: 'user', content: 'What?', images: [png] }] })
    expect(text).toBe('I see image/png of 8 bytes.')
  })

  it('reads a refusal as an error with the status and the words of the provider', async () => {
    const fault = { status: 404, message: 'no model of that name' }
    const house = await openHouse({ script: { steps: [{ text: 'never' }], fault } })
    await expect(chat(house, way)).rejects.toMatchObject({ status_code: 404, message: 'no model of that name' })
  })

  it('finds the model under the tag that clients append', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await chat(house, way, { model: `${way.provider}/m:latest` })
    expect(house.sent().model).toBe(way.upstream === 'ollama' ? 'm' : 'm')
  })

  it('has its settings understood', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    const options = { temperature: 0.5, num_predict: 77, stop: ['END'], num_ctx: 4096 }
    await chat(house, way, { options, keep_alive: '5m' })
    const wanted = {
      'openai-chat': { temperature: 0.5, max_completion_tokens: 77, stop: ['END'] },
      'anthropic-messages': { temperature: 0.5, max_tokens: 77, stop_sequences: ['END'] },
      ollama: { options, keep_alive: '5m' },
    }
    expect(house.sent()).toMatchObject(wanted[way.upstream])
    const warnings = house.head.get('x-sluice-warnings')
    if (way.upstream === 'ollama') expect(warnings).toBeNull()
    else expect(warnings?.split(', ').sort()).toEqual(['keep_alive;dropped', 'options.num_ctx;dropped'])
  })
})

describe.each(ways.filter(({ stream }) => stream))('an Ollama client before $upstream', (way) => {
  it('is told of an error in the middle of the answer', async () => {
    const fault = { errorEvent: { message: 'the runner has stopped' }, afterEvents: 4 }
    const house = await openHouse({ script: { steps: [{ text: 'one two three four five' }], fault } })
    await expect(chat(house, way)).rejects.toThrow('the runner has stopped')
  })

  it('never takes a cut answer for a whole one', async () => {
    const fault = { cutAfterEvents: 4 }
    const house = await openHouse({ script: { steps: [{ text: 'one two three four five' }], fault } })
    await expect(chat(house, way)).rejects.toThrow(/cannot|broke|closed|lost|ended/)
  })

  it('stops the provider when it stops listening', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'a' }, { wait: '60s' }, { text: 'b' }] } })
    const stream = await house.ollama.chat({ model: `${way.provider}/m`, messages: hello, stream: true })
    const heard: string[] = []
    const reading = (async () => {
      for await (const { message } of stream) {
        heard.push(message.content)
        stream.abort()
      }
    })()
    await expect(reading).rejects.toThrow()
    expect(heard).toEqual(['a'])
    await house.scripted.aborted(0)
  })

  it('generates from a prompt, streamed and whole', async () => {
    const house = await openHouse({
      script: { steps: [{ reasoning: 'Hm.' }, { text: 'Hello you' }], usage: { input: 3, output: 2 } },
    })
    const request = { model: `${way.provider}/m`, prompt: 'Hi', system: 'Be kind.' }
    const whole = await house.ollama.generate({ ...request, stream: false })
    expect(whole).toMatchObject({
      response: 'Hello you',
      thinking: 'Hm.',
      done: true,
      done_reason: 'stop',
      eval_count: 2,
    })
    expect(whole).not.toHaveProperty('message')
    let text = ''
    let thinking = ''
    for await (const part of await house.ollama.generate({ ...request, stream: true })) {
      text += part.response
      thinking += part.thinking ?? ''
      if (part.done) expect(part).toMatchObject({ done_reason: 'stop', prompt_eval_count: 3 })
    }
    expect({ text, thinking }).toEqual({ text: 'Hello you', thinking: 'Hm.' })
  })

  it('may only load a model', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'never' }] } })
    const { last } = await chat(house, way, { messages: [] })
    expect(last).toMatchObject({ done: true, done_reason: 'load', message: { role: 'assistant', content: '' } })
    const whole = await house.ollama.generate({ model: `${way.provider}/m`, prompt: '', stream: false, keep_alive: 0 })
    expect(whole).toMatchObject({ done: true, done_reason: 'unload', response: '' })
    if (way.upstream !== 'ollama') expect(house.scripted.requests).toHaveLength(0)
  })
})

describe('an Ollama client that looks around', () => {
  const scripts = { hello: { steps: [{ text: 'Hello' }] } }

  it('lists the models, and asks one of them under the name in the list', async () => {
    const house = await openHouse({ scripts, models: [{ name: 'fast', targets: ['oa/hello'] }] })
    const { models } = await house.ollama.list()
    expect(models.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['fast', 'oa/hello', 'an/hello', 'ol/hello:latest']),
    )
    for (const name of ['fast', 'fast:latest', 'ol/hello:latest', 'oa/hello:latest']) {
      const { message } = await house.ollama.chat({ model: name, messages: hello })
      expect(message.content).toBe('Hello')
    }
  })

  it('is shown a model, and told of one that is not there', async () => {
    const house = await openHouse({ scripts, models: [{ name: 'fast', targets: ['oa/hello'] }] })
    const shown = await house.ollama.show({ model: 'fast:latest' })
    expect(shown.capabilities).toContain('tools')
    expect(shown.model_info).toMatchObject({ 'general.architecture': 'sluice' })
    await expect(house.ollama.show({ model: 'no-such-model' })).rejects.toMatchObject({ status_code: 404 })
    await expect(house.ollama.chat({ model: 'no-such-model', messages: hello })).rejects.toMatchObject({
      status_code: 404,
      message: expect.stringContaining('no-such-model'),
    })
  })

  it('is told a version, that no model is loaded, and that somebody is there', async () => {
    const { ollama, sluice } = await openHouse({ scripts })
    expect((await ollama.version()).version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(await ollama.ps()).toEqual({ models: [] })
    for (const method of ['GET', 'HEAD']) expect((await fetch(sluice.url, { method })).status).toBe(200)
  })

  it('reads every error as a text, whatever it asked for', async () => {
    const { ollama, sluice } = await openHouse({ scripts })
    await expect(ollama.embed({ model: 'fast', input: 'x' })).rejects.toMatchObject({ status_code: 404 })
    const asked: Array<[string, RequestInit, number]> = [
      ['/api/embed', { method: 'POST' }, 404],
      ['/api/pull', { method: 'POST' }, 404],
      ['/api/tags', { method: 'POST' }, 405],
      ['/api/chat', { method: 'POST', body: '{"model":' }, 400],
      ['/api/chat', { method: 'POST', body: '{"model":"oa/m","messages":[{"role":"user","content":[]}]}' }, 400],
      ['/api/show', { method: 'POST', body: '{}' }, 400],
      ['/v1/api/chat', { method: 'POST', body: '{}' }, 404],
    ]
    for (const [path, init, status] of asked) {
      const answer = await fetch(sluice.url + path, init)
      expect(answer.status, path).toBe(status)
      expect(await answer.json(), path).toEqual({ error: expect.any(String) })
    }
    const wrongBase = await fetch(`${sluice.url}/v1/api/chat`, { method: 'POST' })
    expect(await wrongBase.text()).toContain('it is at /api/chat; correct the base URL')
    const notOurs = await fetch(`${sluice.url}/api/v1/chat/completions`, { method: 'POST' })
    expect(await notOurs.json()).toMatchObject({ error: { message: expect.stringContaining('/v1/chat/completions') } })
  })

  it('shows a key where keys are asked for, and hears in its own words that it is wrong', async () => {
    const house = await openHouse({ scripts, access: { keys: ['right'] }, clientKey: 'right' })
    expect((await house.ollama.list()).models.length).toBeGreaterThan(0)
    const other = await openHouse({ scripts, access: { keys: ['right'] }, clientKey: 'wrong' })
    await expect(other.ollama.list()).rejects.toMatchObject({ status_code: 401, message: expect.any(String) })
  })
})

describe.each([true, false])('signed thinking of an Anthropic model, streamed: %s', (stream) => {
  const way = ways.find((one) => one.provider === 'an' && one.stream === stream)!

  it('comes back to it with the results, although the client has no place for it', async () => {
    const script: Script = {
      turns: [
        {
          steps: [
            { reasoning: 'Paris, then.', signature: 'c2lnbmVk' },
            { text: 'Looking.' },
            { tool: 'get_weather', arguments: { city: 'Paris' }, id: 'toolu_1' },
          ],
        },
        { steps: [{ text: 'It is {{tool_result}}.' }] },
      ],
    }
    const house = await openHouse({ script })
    const first = await chat(house, way, { tools: [weather] })
    expect(first.thinking).toBe('Paris, then.')
    const messages = [
      ...hello,
      // As clients do that keep what they know: no thinking, and the calls as they came.
      {
        role: 'assistant',
        content: first.text,
        tool_calls: first.calls.map(({ id, name, arguments: args }) => ({
          id,
          function: { name, arguments: args as Record<string, unknown> },
        })),
      },
      { role: 'tool', content: 'sunny', tool_name: 'get_weather' },
    ]
    const { text } = await chat(house, way, { tools: [weather], messages })
    expect(text).toBe('It is sunny.')
    const sent = house.sent().messages as Array<{ content: unknown }>
    expect(sent[1]!.content).toEqual([
      { type: 'thinking', thinking: 'Paris, then.', signature: 'c2lnbmVk' },
      { type: 'text', text: 'Looking.' },
      { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Paris' } },
    ])
    expect(JSON.stringify(first)).not.toContain('c2lnbmVk')
  })
})
