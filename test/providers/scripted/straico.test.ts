import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'
import { post, start, textOf } from './raw-client.ts'

const text = 'one two three four'
const script: Script = { steps: [{ text }] }
const chat = '/v0/chat/completions'
const hi = { model: 'vendor/model', messages: [{ role: 'user', content: 'Hi there' }] }
const accept = 'text/event-stream, application/json'

const json = (answer: { text: string }): JsonObject => JSON.parse(answer.text) as JsonObject

async function get(url: string): Promise<[number, JsonObject]> {
  const response = await fetch(url)
  return [response.status, (await response.json()) as JsonObject]
}

describe.each(['v0', 'v2'])('a chat with Straico under /%s', (version) => {
  const path = `/${version}/chat/completions`

  it('is answered whole with 201, a price and the words, whatever was asked', async () => {
    const { url, bill } = await start({ script })
    for (const stream of [undefined, true]) {
      const answer = await post(url + path, { ...hi, stream }, { accept })
      expect([answer.status, answer.headers['content-type']]).toEqual([201, 'application/json'])
      expect(json(answer)).toMatchObject({
        object: 'chat.completion',
        model: 'vendor/model',
        choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 5 },
        price: { input: 0.03, output: 0.04, total: 0.07 },
        words: { input: 3, output: 4, total: 7 },
      })
    }
    expect(bill).toMatchObject({ coins: 0.14, completions: 2 })
  })

  it('knows six fields, three roles and texts', async () => {
    const { url, bill } = await start({ script, strict: true })
    const says = async (fields: object) => {
      const answer = await post(url + path, { ...hi, ...fields })
      return [answer.status, json(answer).error ?? 'good']
    }
    const user = (content: unknown) => ({ messages: [{ role: 'user', content }] })
    expect(await says({ temperature: 1, max_tokens: 5, replace_failed_models: false })).toEqual([201, 'good'])
    expect(await says({ model: undefined, smart_llm_selector: { quantity: 1 } })).toEqual([201, 'good'])
    expect(await says(user([{ type: 'text', text: 'a' }]))).toEqual([201, 'good'])
    for (const field of ['stream', 'tools', 'top_p', 'response_format', 'n']) {
      expect(await says({ [field]: true })).toEqual([422, `${field} is not a known field`])
    }
    expect((await says({ messages: [{ role: 'tool', content: 'x' }] }))[0]).toBe(422)
    expect((await says(user(null)))[0]).toBe(422)
    expect((await says(user([{ type: 'image_url', image_url: { url: 'https://a.b/c' } }])))[0]).toBe(422)
    expect((await says({ model: undefined }))[0]).toBe(422)
    expect((await says({ temperature: 3 }))[0]).toBe(422)
    expect((await says({ max_tokens: 0 }))[0]).toBe(422)
    expect(bill.completions).toBe(3)
  })
})

describe('what Straico answers', () => {
  const message = async (played: Script) => {
    const { url } = await start({ script: played })
    const answer = await post(url + chat, hi)
    const [choice] = json(answer).choices as JsonObject[]
    return { status: answer.status, body: json(answer), choice: choice as JsonObject }
  }

  it('can lack or twist what clients count on', async () => {
    const odd = await message({
      ...script,
      usage: false,
      finish: 'MAX_TOKENS',
      straico: { status: 200, content: 'parts', price: false, words: false },
    })
    expect(odd.status).toBe(200)
    expect(Object.keys(odd.body)).toEqual(['id', 'object', 'created', 'model', 'choices'])
    expect(odd.choice).toMatchObject({ finish_reason: 'MAX_TOKENS', message: { content: [{ type: 'text', text }] } })
    const empty = await message({ ...script, finish: false, straico: { content: 'null', price: 7.5 } })
    expect(empty.choice).toMatchObject({ finish_reason: null, message: { content: null } })
    expect(empty.body.price).toMatchObject({ total: 7.5 })
    const thinking = await message({ steps: [{ reasoning: 'Hm.', field: 'reasoning' }, { text }] })
    expect(thinking.choice).toMatchObject({ message: { reasoning: 'Hm.', content: text } })
  })

  it.each<[string, Script, number, unknown]>([
    ['a text', { fault: { status: 429, message: 'slow down' } }, 429, { error: 'slow down', success: false }],
    [
      'an object',
      { fault: { status: 403, type: 'plan' } },
      403,
      { error: { message: expect.stringContaining('plan'), type: 'plan' }, success: false },
    ],
    ['no coins', { fault: { status: 402 } }, 402, { error: 'Not enough coins.', success: false }],
    ['no key', { requireKey: true }, 401, { error: 'Invalid API key.', success: false }],
    ['an error in a 201', { fault: { errorBody: { message: 'no' } } }, 201, { error: 'no', success: false }],
    [
      'an error in a 200',
      { fault: { errorBody: { message: 'no', code: 'x' } }, straico: { status: 200 } },
      200,
      { error: { message: 'no', code: 'x' }, success: false },
    ],
  ])('errors: %s', async (_, played, status, body) => {
    const server = await start({ script: played })
    const answer = await post(server.url + chat, hi)
    expect(answer.status).toBe(status)
    expect(json(answer)).toEqual(body)
    expect([server.bill.completions, server.count({ refused: true })]).toEqual([0, 1])
  })

  it('errors: a page, and a path that is none', async () => {
    const { url } = await start({ script: { fault: { status: 502, body: '<h1>Bad Gateway</h1>' } } })
    expect(await post(url + chat, hi)).toMatchObject({ status: 502, text: '<h1>Bad Gateway</h1>' })
    expect(json(await post(`${url}/v2/nothing`, hi))).toMatchObject({ error: expect.any(String), success: false })
  })

  it('a stream, should it ever learn to, to whoever would take one', async () => {
    const server = await start({ script, strict: true, streaming: 'streams' })
    for (const [fields, headers] of [
      [{ stream: true }, {}],
      [{}, { accept }],
    ] as const) {
      const answer = await post(server.url + chat, { ...hi, ...fields }, headers)
      expect(answer.headers['content-type']).toMatch(/^text\/event-stream/)
      expect(textOf(answer.text)).toBe(text)
    }
    expect((await post(server.url + chat, hi)).headers['content-type']).toBe('application/json')
    expect(server.bill.completions).toBe(3)
    server.setStreaming({ habit: 'refuses', status: 400 })
    expect((await post(server.url + chat, { ...hi, stream: true }, { accept })).status).toBe(400)
    expect((await post(server.url + chat, hi, { accept })).status).toBe(201)
  })
})

describe('the bill', () => {
  it('has every completion that was made, also one that is cut or that nobody waits for', async () => {
    const server = await start({
      scripts: {
        scripts: {
          cut: { ...script, fault: { cutAfterBytes: 20 } },
          slow: { steps: [{ wait: '1m' }, { text }] },
          busy: { fault: { status: 503 } },
        },
      },
    })
    await post(server.url + chat, { ...hi, model: 'cut' })
    await post(server.url + chat, { ...hi, model: 'busy' })
    const stop = new AbortController()
    const sent = { method: 'POST', body: JSON.stringify({ ...hi, model: 'slow' }), signal: stop.signal }
    const gone = expect(fetch(server.url + chat, sent)).rejects.toThrow()
    await expect.poll(() => server.bill.completions).toBe(2)
    stop.abort()
    await gone
    await server.aborted(2)
    expect(server.bill.charges).toEqual([
      { index: 0, model: 'cut', coins: 0.07 },
      { index: 2, model: 'slow', coins: 0.07 },
    ])
  })

  it('ends with the coins of the account', async () => {
    const { url } = await start({ script, straico: { coins: 0.1 } })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await post(url + chat, hi)).status)
    expect(statuses).toEqual([201, 201, 402])
    expect(await get(`${url}/v0/user`)).toMatchObject([200, { success: true, data: { coins: 0, plan: 'Scripted' } }])
  })
})

describe('a prompt', () => {
  const prompt = { message: 'What is it?', images: ['https://a.b/c.png'], file_urls: ['https://a.b/d.pdf'] }

  it('of one model has the completion inside', async () => {
    const { url } = await start({ script })
    const answer = await post(`${url}/v0/prompt/completion`, { model: 'm', message: 'Hi' }, { accept })
    expect(json(answer)).toMatchObject({
      data: { completion: { choices: [{ message: { content: text } }] }, price: { total: 0.07 }, words: { output: 4 } },
      success: true,
    })
  })

  it('of several has one for each, also for one that failed', async () => {
    const scripts = {
      a: { steps: [{ text: 'I see {{images}}.' }] },
      b: { straico: { completionError: 'the model is down' } },
    }
    const server = await start({ scripts: { scripts }, strict: true })
    const answer = await post(`${server.url}/v1/prompt/completion`, { ...prompt, models: ['vendor/a', 'b'] })
    expect([answer.status, json(answer)]).toMatchObject([
      201,
      {
        success: true,
        data: {
          overall_price: { total: expect.any(Number) },
          completions: {
            'vendor/a': {
              completion: { choices: [{ message: { content: 'I see https://a.b/c.png, https://a.b/d.pdf.' } }] },
            },
            b: { completion: { error: { message: 'the model is down' } } },
          },
        },
      },
    ])
    expect(server.bill.completions).toBe(1)
    const { data } = json(answer) as { data: { overall_price: { total: number } } }
    expect(server.bill.coins).toBe(data.overall_price.total)
  })

  it.each([
    { models: [] },
    { models: ['a', 'b', 'c', 'd', 'e'] },
    { models: ['a', 'a'] },
    { models: ['a'], message: '' },
    { models: ['a'], images: ['data:image/png;base64,AA=='] },
    { models: ['a'], images: ['1', '2', '3', '4', '5'].map((n) => `https://a.b/${n}`) },
    { models: ['a'], messages: [] },
  ])('is refused: %o', async (fields) => {
    const { url } = await start({ script, strict: true })
    expect((await post(`${url}/v1/prompt/completion`, { ...prompt, ...fields })).status).toBe(422)
  })
})

describe('files, models and the account', () => {
  const upload = async (url: string, form: FormData) => {
    const response = await fetch(`${url}/v0/file/upload`, { method: 'POST', body: form })
    return { status: response.status, body: (await response.json()) as JsonObject }
  }
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 256)

  it('a file that was sent has an address, and every byte has arrived', async () => {
    const server = await start()
    const form = new FormData()
    form.set('file', new File([bytes], 'grün.png', { type: 'image/png' }))
    const { status, body } = await upload(server.url, form)
    expect([status, body]).toMatchObject([
      201,
      { success: true, data: { url: expect.stringMatching(/^http:.*\.png$/) } },
    ])
    expect(server.uploads).toEqual([
      {
        index: 0,
        name: 'grün.png',
        type: 'image/png',
        bytes: 5000,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        url: (body.data as JsonObject).url,
      },
    ])
    expect(server.requests[0]?.body).toEqual({ file: { name: 'grün.png', type: 'image/png', bytes: 5000 } })
  })

  it('a form without a file, a kind that is not taken and a body that is no form are refused', async () => {
    const { url, uploads } = await start()
    const without = new FormData()
    without.set('file', 'text')
    expect((await upload(url, without)).status).toBe(400)
    const odd = new FormData()
    odd.set('file', new File([bytes], 'run.exe'))
    expect((await upload(url, odd)).status).toBe(400)
    const broken = { 'content-type': 'multipart/form-data; boundary=x' }
    expect((await post(`${url}/v0/file/upload`, '--x\r\nnonsense', broken)).status).toBe(400)
    expect(uploads).toEqual([])
  })

  it('every version has its own list of models', async () => {
    const { url } = await start({ scripts: { scripts: { 'vendor/own': script } }, straico: {} })
    const [, v2] = await get(`${url}/v2/models`)
    expect(v2).toMatchObject({
      success: true,
      data: expect.arrayContaining([
        expect.objectContaining({ id: 'vendor/own', owned_by: 'vendor', model_type: 'chat', word_limit: 75_000 }),
        expect.objectContaining({ model_type: 'image' }),
      ]),
    })
    const [, v1] = await get(`${url}/v1/models`)
    expect(v1).toMatchObject({
      data: { chat: expect.arrayContaining([expect.objectContaining({ model: 'vendor/own' })]) },
    })
    const [, v0] = await get(`${url}/v0/models`)
    expect(v0).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ model: 'vendor/own' })]) })
    expect(await get(`${url}/v2/models/vendor/own`)).toMatchObject([200, { data: { id: 'vendor/own' }, success: true }])
    expect(await get(`${url}/v2/models/vendor%2Fown`)).toMatchObject([200, { data: { id: 'vendor/own' } }])
    expect(await get(`${url}/v2/models/vendor/other`)).toMatchObject([404, { success: false }])
    const plain = await start()
    expect((await get(`${plain.url}/v1/models`))[1]).toMatchObject({ object: 'list' })
  })
})
