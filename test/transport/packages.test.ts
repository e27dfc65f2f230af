import { Buffer } from 'node:buffer'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { SluiceError } from '../../src/errors/index.ts'
import {
  findPackage,
  openTransport,
  type Transport,
  type UpstreamCall,
  type UpstreamHead,
} from '../../src/transport/index.ts'

const fake = fileURLToPath(new URL('./fake-packages.ts', import.meta.url))
const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

function transportOf(source: { create?: string; method?: string; package?: string; options?: object }): Transport {
  const packages = new Map([['x', { package: fake, create: 'createFake', ...source, options: { ...source.options } }]])
  const transport = openTransport({ connectTimeoutMs: 1000, env: {}, packages })
  open.push(() => transport.close())
  return transport
}

interface Answer {
  head?: UpstreamHead
  body: string
  flushes: number
  error?: SluiceError
}

/** Asks and waits for the end. `then` gets the call as soon as there is one. */
function ask(
  transport: Transport,
  {
    operation = 'stream',
    body = { prompt: [] },
    headers = {},
  }: { operation?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const answer: Answer = { body: '', flushes: 0 }
  return new Promise((resolve) => {
    transport.send(
      { name: 'x', method: 'POST', url: `ai-sdk://x/${operation}/some%2Fmodel`, headers, body: JSON.stringify(body) },
      {
        onHead: (head) => {
          answer.head = head
        },
        onData: (chunk) => {
          answer.body += new TextDecoder().decode(chunk)
        },
        onFlush: () => {
          answer.flushes++
        },
        onEnd: () => resolve(answer),
        onError: (error) => resolve({ ...answer, error }),
      },
    )
  })
}

/** Takes note of what comes, until somebody ends it. */
function listen(transport: Transport, answer: Answer, onPart = (): void => {}): UpstreamCall {
  return transport.send(
    { name: 'x', method: 'POST', url: 'ai-sdk://x/stream/m', headers: {}, body: '{"prompt":[]}' },
    {
      onHead() {},
      onData(chunk) {
        answer.body += new TextDecoder().decode(chunk)
        onPart()
      },
      onFlush() {
        answer.flushes++
      },
      onEnd() {},
      onError(error) {
        answer.error = error
      },
    },
  )
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

const delta = (text: string): object => ({ type: 'text-delta', id: '0', delta: text })
const lines = (body: string): unknown[] =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

describe('a package is called', () => {
  it('with its options, the model and what is asked, and without what HTTP alone needs', async () => {
    const seen: Array<Record<string, unknown>> = []
    const created: object[] = []
    const transport = transportOf({
      options: {
        apiKey: 'k',
        parts: [delta('a')],
        onCall: (given: Record<string, unknown>) => seen.push(given),
        onCreate: (options: object) => created.push(options),
      },
    })
    const headers = {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      'x-own': '1',
      'user-agent': 'sluice',
    }
    const { head, body } = await ask(transport, { body: { prompt: [], temperature: 0.5 }, headers })
    expect(created).toMatchObject([{ apiKey: 'k', fetch: expect.any(Function) }])
    expect(seen).toMatchObject([{ modelId: 'some/model', temperature: 0.5, abortSignal: expect.any(AbortSignal) }])
    expect(seen[0]!.headers).toEqual({ 'x-own': '1' })
    expect(head).toEqual({ status: 200, headers: { 'content-type': 'application/x-ndjson', 'x-request-id': 'up_1' } })
    expect(lines(body)).toEqual([delta('a')])
    await ask(transport)
    expect(created).toHaveLength(1)
  })

  it('by the method that is named, and as a mere function', async () => {
    const seen: Array<Record<string, unknown>> = []
    const options = { onCall: (given: Record<string, unknown>) => seen.push(given) }
    await ask(transportOf({ method: 'chat', options }))
    await ask(transportOf({ create: 'createBare', options }))
    expect(seen.map(({ modelId }) => modelId)).toEqual(['chat:some/model', 'some/model'])
  })

  it('and what it could not do stands in the head, before any of the answer', async () => {
    const warnings = [
      { type: 'unsupported', feature: 'topK' },
      { type: 'unsupported-setting', setting: 'stopSequences' },
      { type: 'compatibility', feature: 'a,b;c' },
      { type: 'other', message: 'hm' },
    ]
    const told = 'top_k;dropped, stop;dropped, a_b_c;changed, other;changed'
    const streamed = await ask(transportOf({ options: { parts: [{ type: 'stream-start', warnings }, delta('a')] } }))
    expect(streamed.head!.headers['x-sluice-warnings']).toBe(told)
    const whole = await ask(transportOf({ options: { result: { content: [], warnings } } }), { operation: 'generate' })
    expect(whole.head!.headers).toMatchObject({ 'x-sluice-warnings': told, 'content-type': 'application/json' })
  })

  it.each([new Uint8Array([1, 2, 3]), Buffer.from([1, 2, 3])])(
    'and bytes in an answer become base64',
    async (bytes) => {
      const data = bytes
      const file = { type: 'file', mediaType: 'image/png', data }
      const { body } = await ask(transportOf({ options: { parts: [file] } }))
      expect(lines(body)).toEqual([{ ...file, data: 'AQID' }])
      const result = { content: [{ ...file, data: { type: 'data', data } }] }
      const whole = await ask(transportOf({ options: { result } }), { operation: 'generate' })
      expect(JSON.parse(whole.body)).toMatchObject({ content: [{ data: { data: 'AQID' } }] })
    },
  )

  it('and what is ready at once is written at once', async () => {
    const parts = Array.from({ length: 500 }, (_, i) => delta(String(i)))
    const transport = transportOf({ options: { parts, open: true } })
    const answer: Answer = { body: '', flushes: 0 }
    const call = listen(transport, answer)
    await expect.poll(() => lines(answer.body).length).toBe(500)
    await turns(5)
    expect(answer.flushes).toBeGreaterThan(0)
    expect(answer.flushes).toBeLessThan(10)
    call.abort()
  })
})

describe('the versions of the specification', () => {
  const prompt = [
    {
      role: 'user',
      content: [
        { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
        { type: 'file', mediaType: 'image/*', data: { type: 'url', url: 'https://read.example/a.png' } },
      ],
    },
  ]
  const given = async (version: string): Promise<{ seen: Record<string, unknown>; answer: Answer }> => {
    let seen: Record<string, unknown> = {}
    const onCall = (options: Record<string, unknown>): void => {
      seen = options
    }
    const answer = await ask(transportOf({ options: { version, onCall } }), { body: { prompt, reasoning: 'low' } })
    return { seen, answer }
  }

  it('4 gets files in objects and the effort', async () => {
    const { seen, answer } = await given('v4')
    const url = new URL('https://read.example/a.png')
    expect(seen.prompt).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
          { type: 'file', mediaType: 'image/*', data: { type: 'url', url } },
        ],
      },
    ])
    expect(seen.reasoning).toBe('low')
    expect(answer.head!.headers['x-sluice-warnings']).toBeUndefined()
  })

  it.each(['v2', 'v3'])('%s gets them bare, and is not told of the effort', async (version) => {
    const { seen, answer } = await given(version)
    const url = new URL('https://read.example/a.png')
    expect(seen.prompt).toMatchObject([{ content: [{ data: 'AQID' }, { data: url }] }])
    expect('reasoning' in seen).toBe(false)
    expect(answer.head!.headers['x-sluice-warnings']).toBe('reasoning;dropped')
  })

  it.each(['v1', 'v5'])('%s is unknown, and the error says so', async (version) => {
    const { error } = (await given(version)).answer
    expect(error).toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(`follow version ${version}`),
    })
  })

  it('an address that the vendor reads is sent, each time', async () => {
    const content = [{ type: 'file', mediaType: 'image/*', data: { type: 'url', url: 'https://read.example/a.png' } }]
    const transport = transportOf({})
    for (let i = 0; i < 3; i++) {
      const { error } = await ask(transport, { body: { prompt: [{ role: 'user', content }] } })
      expect(error).toBeUndefined()
    }
  })

  it('an address that the vendor does not read is refused, each time', async () => {
    const content = [{ type: 'file', mediaType: 'image/*', data: { type: 'url', url: 'https://other.example/a.png' } }]
    const transport = transportOf({})
    for (let i = 0; i < 2; i++) {
      const { error } = await ask(transport, { body: { prompt: [{ role: 'user', content }] } })
      expect(error).toMatchObject({ code: 'unsupported', param: 'messages[0]' })
    }
  })
})

describe('what a package throws', () => {
  const thrown = async (error: unknown, operation = 'stream'): Promise<Answer> =>
    ask(transportOf({ options: { throws: () => error } }), { operation })
  const named = (name: string): Error => Object.assign(new Error('why'), { name })

  it.each(['stream', 'generate'])('is the refusal of the provider, where it is one: %s', async (operation) => {
    const answer = await thrown(
      Object.assign(new Error('slow down'), {
        statusCode: 429,
        responseHeaders: { 'Retry-After': '7', 'content-encoding': 'gzip' },
        responseBody: '{"error":{"type":"x"}}',
      }),
      operation,
    )
    expect(answer.head).toEqual({ status: 429, headers: { 'retry-after': '7' } })
    expect(JSON.parse(answer.body)).toEqual({ message: 'slow down', body: '{"error":{"type":"x"}}' })
  })

  it.each([
    [named('AI_LoadAPIKeyError'), 'upstream_auth'],
    [named('AI_NoSuchModelError'), 'upstream_not_found'],
    [named('AI_UnsupportedFunctionalityError'), 'unsupported'],
    [named('AI_InvalidPromptError'), 'upstream_invalid_request'],
    [named('AI_TypeValidationError'), 'upstream_protocol'],
    [Object.assign(new Error('no JSON'), { statusCode: 200 }), 'upstream_protocol'],
    [new Error('x', { cause: Object.assign(new Error('y'), { code: 'ECONNREFUSED' }) }), 'upstream_unreachable'],
    [new Error('x', { cause: Object.assign(new Error('y'), { code: 'UND_ERR_CONNECT_TIMEOUT' }) }), 'connect_timeout'],
    ['a text', 'upstream_server'],
    [undefined, 'upstream_server'],
  ])('else is told by its kind: %s', async (error, code) => {
    expect((await thrown(error)).error).toMatchObject({ code })
  })

  it('a part that JSON cannot say ends the stream with an error', async () => {
    const { error, body } = await ask(
      transportOf({ options: { parts: [delta('a'), { type: 'x', n: 1n }, delta('b')] } }),
    )
    expect(error).toMatchObject({ code: 'upstream_protocol' })
    expect(lines(body)).toEqual([delta('a')])
  })

  it('an error inside the stream is told with what it holds', async () => {
    const error = Object.assign(new TypeError('bad'), { statusCode: 529 })
    const { body } = await ask(
      transportOf({
        options: {
          parts: [
            { type: 'error', error },
            { type: 'error', error: 'odd' },
          ],
        },
      }),
    )
    expect(lines(body)).toEqual([
      { type: 'error', error: { name: 'TypeError', message: 'bad', statusCode: 529 } },
      { type: 'error', error: 'odd' },
    ])
  })

  it('an error that leads back to itself is told all the same', async () => {
    const error: Record<string, unknown> = { message: 'round' }
    error.cause = error
    const { body } = await ask(transportOf({ options: { parts: [{ type: 'error', error }] } }))
    expect(lines(body)).toEqual([{ type: 'error', error: { message: 'round' } }])
  })
})

describe('a package that cannot be used', () => {
  it.each([
    [{ package: 'nobody-has-this' }, 'npm install nobody-has-this'],
    [{ create: 'createNothing' }, 'no provider of language models'],
    [{ create: 'nothing' }, 'has no function `nothing`'],
  ])('%s', async (source, says) => {
    const { error } = await ask(transportOf(source))
    expect(error).toMatchObject({ code: 'config_invalid', message: expect.stringContaining(says) })
  })

  it('is found once it is installed', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sluice-packages-'))
    open.push(() => rm(root, { recursive: true }))
    const file = join(root, 'late.mjs')
    const transport = transportOf({ package: file, create: 'createLate' })
    expect((await ask(transport)).error).toMatchObject({ code: 'config_invalid' })
    await writeFile(file, `export { createFake as createLate } from ${JSON.stringify(pathToFileURL(fake).href)}\n`)
    expect((await ask(transport)).error).toBeUndefined()
  })

  it('has several functions that make a provider, and none is named', async () => {
    const packages = new Map([['x', { package: fake, options: {} }]])
    const transport = openTransport({ connectTimeoutMs: 1000, env: {}, packages })
    const { error } = await ask(transport)
    expect(error!.message).toContain('createFake, createBare, createNothing')
    await transport.close()
  })
})

describe('a call that is left or held back', () => {
  it('pulls nothing from the package while it is paused', async () => {
    const pulls: number[] = []
    const parts = Array.from({ length: 100 }, (_, i) => delta(String(i)))
    const transport = transportOf({ options: { parts, open: true, onPull: (pulled: number) => pulls.push(pulled) } })
    const answer: Answer = { body: '', flushes: 0 }
    const call = listen(transport, answer, () => {
      if (lines(answer.body).length === 10) call.pause()
    })
    await expect.poll(() => lines(answer.body).length).toBe(10)
    // More turns than the rest of the parts would need.
    await turns(200)
    expect(lines(answer.body)).toHaveLength(10)
    expect(pulls.length).toBeLessThan(13)
    call.resume()
    await expect.poll(() => lines(answer.body).length).toBe(100)
    call.abort()
  })

  it.each([0, 1, 5])('is aborted after %i parts: the package hears of it, and nothing more comes', async (after) => {
    let signal: AbortSignal | undefined
    const heard: string[] = []
    const transport = transportOf({
      options: {
        parts: Array.from({ length: 20 }, () => delta('a')),
        open: true,
        onCall: (given: { abortSignal?: AbortSignal }) => {
          signal = given.abortSignal
        },
      },
    })
    const note = (what: string) => (): void => {
      heard.push(what)
    }
    let seen = 0
    const left = new Promise<void>((resolve) => {
      const leave = (): void => {
        call.abort()
        heard.length = 0
        resolve()
      }
      const call = transport.send(
        { name: 'x', method: 'POST', url: 'ai-sdk://x/stream/m', headers: {}, body: '{"prompt":[]}' },
        {
          onHead: () => after === 0 && leave(),
          onData: () => {
            heard.push('data')
            if (++seen === after) leave()
          },
          onFlush: note('flush'),
          onEnd: note('end'),
          onError: note('error'),
        },
      )
    })
    await left
    await turns(20)
    expect(heard).toEqual([])
    expect(signal?.aborted).toBe(true)
  })

  it('is aborted while its package is loaded: nobody is asked', async () => {
    const seen: unknown[] = []
    const transport = transportOf({ options: { onCall: (given: unknown) => seen.push(given) } })
    const fail = (): never => {
      throw new Error('heard of')
    }
    const handler = { onHead: fail, onData: fail, onFlush: fail, onEnd: fail, onError: fail }
    transport
      .send({ name: 'x', method: 'POST', url: 'ai-sdk://x/stream/m', headers: {}, body: '{"prompt":[]}' }, handler)
      .abort()
    await ask(transport)
    expect(seen).toHaveLength(1)
  })
})

describe('where a package is found', () => {
  const folder = async (files: Record<string, string>): Promise<string> => {
    const root = await mkdtemp(join(tmpdir(), 'sluice-packages-'))
    open.push(() => rm(root, { recursive: true }))
    for (const [name, text] of Object.entries(files)) {
      const file = join(root, 'node_modules', name)
      await mkdir(join(file, '..'), { recursive: true })
      await writeFile(file, text)
    }
    return root
  }
  const end = (path: string | undefined): string | undefined => path?.replace(/^.*node_modules\//, '')

  it('one that can only be imported, and a part of it', async () => {
    const exports = { '.': { types: './a.d.ts', import: { node: './in.mjs' } }, './part': { import: './part.mjs' } }
    const root = await folder({
      '@one/only/package.json': JSON.stringify({ name: '@one/only', exports }),
      '@one/only/in.mjs': '',
      '@one/only/part.mjs': '',
    })
    expect(end(findPackage('@one/only', [root]))).toBe('@one/only/in.mjs')
    expect(end(findPackage('@one/only/part', [root]))).toBe('@one/only/part.mjs')
    expect(findPackage('@one/only/other', [root])).toBeUndefined()
  })

  it('in the first folder that has it', async () => {
    const files = { 'two/package.json': '{"name":"two","main":"main.js"}', 'two/main.js': '' }
    const [empty, first, second] = [await folder({}), await folder(files), await folder(files)]
    expect(findPackage('two', [empty, first, second])).toContain(first)
    expect(findPackage('two', [empty])).toBeUndefined()
  })
})
