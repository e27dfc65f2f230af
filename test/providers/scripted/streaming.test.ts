import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { Streaming } from '../../../src/providers/scripted/index.ts'
import { ask, events, post, start } from './raw-client.ts'

const text = 'one two three'
const script = { steps: [{ text, pace: 3 }] }
const gemini = (method: string): string => `/v1beta/models/m:${method}`

/** Where and how each language asks for a stream, and for a whole answer. */
const asked = {
  'openai-chat': { streamed: '/v1/chat/completions', whole: '/v1/chat/completions', field: 'stream' },
  'openai-responses': { streamed: '/v1/responses', whole: '/v1/responses', field: 'stream' },
  'anthropic-messages': { streamed: '/v1/messages', whole: '/v1/messages', field: 'stream' },
  gemini: {
    streamed: gemini('streamGenerateContent?alt=sse'),
    whole: gemini('generateContent'),
    field: 'streamGenerateContent',
  },
  ollama: { streamed: '/api/chat', whole: '/api/chat', field: 'stream' },
  'bedrock-converse': { streamed: '/model/m/converse-stream', whole: '/model/m/converse', field: 'ConverseStream' },
} as const
type Asked = keyof typeof asked
const said = [{ role: 'user', content: 'Hi' }]

function body(language: Asked, stream: boolean): object {
  if (language === 'gemini') return { contents: [{ parts: [{ text: 'Hi' }] }] }
  if (language === 'bedrock-converse') return { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }
  if (language === 'openai-responses') return { model: 'm', input: 'Hi', stream }
  return { model: 'm', max_tokens: 100, messages: said, stream }
}

describe.each(Object.keys(asked) as Asked[])('a server of %s', (language) => {
  const places = asked[language]
  const meet = async (streaming: Streaming) => {
    const server = await start({ script, streaming })
    const send = (stream: boolean) =>
      post(server.url + (stream ? places.streamed : places.whole), body(language, stream))
    return { server, streamed: await send(true), whole: await send(false) }
  }
  const natural = () => meet('streams')

  it('that refuses streams names what it refuses, in the form of the vendor, and answers whole', async () => {
    const { server, streamed, whole } = await meet({ habit: 'refuses', status: 422 })
    expect([streamed.status, whole.status]).toEqual([422, (await natural()).whole.status])
    expect(JSON.parse(streamed.text)).toBeTypeOf('object')
    expect(streamed.text).toContain(places.field)
    expect(whole.text).toBe((await natural()).whole.text)
    expect(server.count({ stream: true, refused: true })).toBe(1)
    expect(server.count({ stream: false, refused: false })).toBe(1)
  })

  it('that ignores the wish answers whole, and says so', async () => {
    const { streamed } = await meet('ignores')
    expect([streamed.status, streamed.headers['content-type']]).toEqual([200, 'application/json'])
    expect(Object.keys(JSON.parse(streamed.text) as object)).toEqual(
      Object.keys(JSON.parse((await natural()).whole.text) as object),
    )
    expect(streamed.headers['content-length']).toBe(String(Buffer.byteLength(streamed.text)))
  })

  it('that buffers sends the same stream in one piece', async () => {
    const { streamed } = await meet('buffers')
    const good = (await natural()).streamed
    expect(streamed.headers['content-type']).toBe(good.headers['content-type'])
    expect(streamed.text.length).toBe(good.text.length)
    expect(streamed.reads).toHaveLength(1)
  })

  it('that lies says one thing and sends the other', async () => {
    const good = await natural()
    const json = (await meet('json-as-events')).streamed
    expect(json.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(JSON.parse(json.text)).toBeTypeOf('object')
    const stream = (await meet('events-as-json')).streamed
    expect(stream.headers['content-type']).toBe('application/json')
    expect(stream.text.length).toBe(good.streamed.text.length)
  })

  it('that only streams refuses the rest, or streams all the same', async () => {
    const { streamed, whole } = await meet('streams-only')
    expect([streamed.status, whole.status]).toEqual([200, 400])
    expect(whole.text).toContain(places.field)
    const always = (await meet('streams-always')).whole
    expect(always.headers['content-type']).toMatch(/event-?stream|ndjson/)
  })
})

const chat = '/v1/chat/completions'

describe('a refusal', () => {
  const refused = async (streaming: Streaming) => {
    const server = await start({ script, streaming })
    const { status, headers, text } = await post(server.url + chat, ask())
    return { status, type: headers['content-type'], text }
  }

  it.each([400, 404, 405, 415, 422, 501, 503])('has the status %i', async (status) => {
    expect(await refused({ habit: 'refuses', status })).toMatchObject({ status })
  })

  it('names the field, streaming, or nothing', async () => {
    const error = async (names: 'field' | 'streaming' | 'nothing') => {
      const { text } = await refused({ habit: 'refuses', status: 405, names })
      return (JSON.parse(text) as { error: { message: string; param: string | null } }).error
    }
    expect(await error('field')).toMatchObject({
      message: expect.stringContaining("'stream'"),
      param: 'stream',
      code: 'unsupported_value',
    })
    expect(await error('streaming')).toMatchObject({
      message: 'Streaming is not supported by this model.',
      param: null,
    })
    const nothing = await error('nothing')
    expect(nothing.param).toBe(null)
    expect(nothing.message).not.toMatch(/stream/i)
  })

  it('is written as FastAPI, as text or as a page', async () => {
    const says = async (form: 'detail' | 'fields' | 'text' | 'html', more = {}) =>
      refused({ habit: 'refuses', form, names: 'streaming', ...more })
    const message = 'Streaming is not supported by this model.'
    expect(await says('detail')).toMatchObject({ type: 'application/json', text: JSON.stringify({ detail: message }) })
    expect(JSON.parse((await says('fields', { names: 'field' })).text)).toMatchObject({
      detail: [{ loc: ['body', 'stream'], msg: expect.stringContaining('stream') }],
    })
    expect(await says('text')).toEqual({ status: 400, type: 'text/plain; charset=utf-8', text: message })
    expect(await says('html')).toMatchObject({ type: 'text/html', text: expect.stringMatching(/^<html>.*Streaming/) })
    expect((await says('text', { message: 'Nope: stream' })).text).toBe('Nope: stream')
  })

  it('can be of stream_options alone, or of a beginning of the answer', async () => {
    const server = await start({ script, streaming: 'refuses-options' })
    const options = await post(server.url + chat, ask({ stream_options: { include_usage: true } }))
    expect([options.status, JSON.parse(options.text)]).toMatchObject([400, { error: { param: 'stream_options' } }])
    expect((await post(server.url + chat, ask())).status).toBe(200)

    server.setStreaming('refuses-prefill')
    const prefill = ask({ messages: [...said, { role: 'assistant', content: 'It' }] })
    expect((await post(server.url + chat, prefill)).status).toBe(400)
    expect((await post(server.url + chat, ask())).status).toBe(200)
  })

  it('can be of tools alone', async () => {
    const server = await start({ script, streaming: { habit: 'refuses', when: 'tools' } })
    const tools = [{ type: 'function', function: { name: 'f' } }]
    expect((await post(server.url + chat, ask({ tools }))).status).toBe(400)
    expect((await post(server.url + chat, ask())).status).toBe(200)
    expect((await post(server.url + chat, ask({ tools, stream: false }))).status).toBe(200)
  })

  it('reaches the SDKs as an error of the vendor', async () => {
    const { url } = await start({ script, streaming: { habit: 'refuses', status: 422 } })
    const openai = new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    await expect(openai.chat.completions.create({ model: 'm', messages, stream: true })).rejects.toMatchObject({
      status: 422,
      param: 'stream',
    })
    const anthropic = new Anthropic({ apiKey: 'any', baseURL: url, maxRetries: 0 })
    await expect(
      anthropic.messages.create({ model: 'm', max_tokens: 9, messages, stream: true }),
    ).rejects.toMatchObject({ status: 422, error: { error: { type: 'invalid_request_error' } } })
  })
})

describe('a habit', () => {
  const statuses = async (url: string, models: string[]) => {
    const found = []
    for (const model of models) found.push((await post(url + chat, ask({ model }))).status)
    return found
  }

  it('can be one of a script, of a model, or of the server, and be changed while it runs', async () => {
    const scripts = { scripts: { old: { ...script, streaming: 'refuses' as const }, young: script } }
    const server = await start({ scripts })
    const models = ['old', 'young', 'vendor/old']
    expect(await statuses(server.url, models)).toEqual([400, 200, 400])
    server.setStreaming({ habit: 'refuses', status: 501 })
    expect(await statuses(server.url, models)).toEqual([501, 501, 501])
    server.setStreaming('streams', 'old')
    expect(await statuses(server.url, models)).toEqual([200, 501, 501])
    server.setStreaming(undefined, 'old')
    server.setStreaming(undefined)
    expect(await statuses(server.url, models)).toEqual([400, 200, 400])
  })

  it('ends after so many requests, for each script by itself', async () => {
    const changing = {
      ...script,
      streaming: [{ habit: 'refuses', requests: 2 }, { habit: 'refuses', status: 501, requests: 1 }, 'streams'],
    } satisfies object
    const server = await start({ scripts: { scripts: { a: changing as never, b: changing as never } } })
    expect(await statuses(server.url, ['a', 'b', 'a', 'a', 'b', 'b', 'a'])).toEqual([400, 400, 400, 501, 400, 501, 200])
  })

  it('that is none is refused with its place', async () => {
    await expect(start({ streaming: 'sometimes' as never })).rejects.toThrow('cannot read the option `streaming`: ')
    const server = await start()
    const endless = () => server.setStreaming(['ignores', 'streams'])
    expect(endless).toThrow('`streaming[0]` never ends')
  })

  it('can be asked for in the header accept', async () => {
    const server = await start({ script, streaming: { habit: 'streams', asked: 'accept' } })
    const type = async (fields: object, accept: string) =>
      (await post(server.url + chat, ask(fields), { accept })).headers['content-type']
    expect(await type({ stream: false }, 'text/event-stream, application/json')).toMatch(/^text\/event-stream/)
    expect(await type({ stream: true }, 'application/json')).toBe('application/json')
  })

  it('leaves a stall of what is buffered silent, and a cut of it short', async () => {
    const server = await start({
      scripts: {
        scripts: {
          cut: { ...script, streaming: 'buffers', fault: { cutAfterEvents: 2 } },
          early: { ...script, streaming: { habit: 'buffers', headFirst: true }, fault: { stallAfterEvents: 2 } },
        },
      },
    })
    const cut = await post(server.url + chat, ask({ model: 'cut' }))
    expect([cut.broken, events(cut.text).length]).toEqual([true, 2])

    const stop = new AbortController()
    const sent = { method: 'POST', body: JSON.stringify(ask({ model: 'early' })), signal: stop.signal }
    const response = await fetch(server.url + chat, sent)
    expect(response.status).toBe(200)
    const reading = response.text()
    expect(server.requests[1]?.bytesWritten).toBe(0)
    stop.abort()
    await expect(reading).rejects.toThrow()
    expect((await server.aborted(1)).bytesWritten).toBe(0)
  })
})
