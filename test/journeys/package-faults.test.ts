import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import { ask, hello, type Pair } from './pairs.ts'

const models = ['pc/gpt-4.1-mini', 'pr/gpt-4.1-mini', 'pa/claude-sonnet-4-5', 'pg/gemini-2.5-flash', 'pk/llama-3']
const clients = ['openai-chat', 'anthropic-messages'] as const
const pairs = models.flatMap((model) =>
  clients.map((client): Pair & { name: string } => ({
    client,
    upstream: 'openai-chat',
    model: () => model,
    stream: true,
    name: model,
  })),
)
const cases = pairs.map((pair) => [`${pair.client} client, ${pair.name}`, pair] as const)

describe('a stream that breaks behind a package is heard as a broken one', () => {
  const words = { steps: [{ text: 'one two three four five six', chunk: 'word' as const }] }
  const failing = async (
    pair: Pair,
    fault: Script['fault'],
  ): Promise<{ failed: unknown; status: number | undefined }> => {
    const house = await openHouse({ script: { ...words, ...(fault && { fault }) } })
    const failed = await ask(house, pair, hello).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Error)
    return { failed, status: (failed as { status?: number }).status }
  }

  it.each(cases)('an error behind the first words: %s', async (_, pair) => {
    const errorEvent = { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'slow down' }
    const { failed, status } = await failing(pair, { errorEvent, afterEvents: 5 })
    expect(String(failed)).toContain('slow down')
    expect(status).toBeUndefined()
  })

  it.each(cases)('a connection that is cut: %s', async (_, pair) => {
    const { failed, status } = await failing(pair, { cutAfterEvents: 5 })
    expect(String(failed)).toMatch(/broke off|ended before/)
    expect(status).toBeUndefined()
  })

  it.each(cases)('a body that ends too early: %s', async (_, pair) => {
    const { failed, status } = await failing(pair, { endAfterEvents: 5 })
    expect(String(failed)).toMatch(/ended|broke off/)
    expect(status).toBeUndefined()
  })

  it.each(cases)('events that nobody can read: %s', async (_, pair) => {
    expect(String((await failing(pair, { garbageAfterEvents: 5 })).failed)).toMatch(/cannot read|ended before/)
  })

  it.each(cases)('a connection that is cut before the head: %s', async (_, pair) => {
    expect((await failing(pair, { cutBeforeHead: true })).status).toBe(502)
  })
})

describe('a client that leaves takes the call of a package with it', () => {
  const endless = { steps: [{ text: 'first' }, { repeat: 10_000, text: ' more', pace: 10 }] }

  it.each(cases)('in the middle of a stream: %s', async (_, pair) => {
    const house = await openHouse({ script: endless })
    if (pair.client === 'openai-chat') {
      const stream = await house.openai.chat.completions.create({ ...hello.chat, model: pair.model(), stream: true })
      for await (const { choices } of stream) if (choices[0]?.delta.content) stream.controller.abort()
    } else {
      const stream = house.anthropic.messages.stream({ ...hello.messages, model: pair.model(), max_tokens: 100 })
      stream.on('text', () => stream.abort())
      await expect(stream.finalMessage()).rejects.toThrow(/abort/i)
    }
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true, finished: false })
  })

  it.each(cases.flatMap(([title, pair]) => [true, false].map((stream) => [title, { ...pair, stream }] as const)))(
    'before the first byte of the answer: %s',
    async (_, pair) => {
      const house = await openHouse({ script: { ...endless, headDelay: '10s' } })
      const controller = new AbortController()
      const options = { signal: controller.signal }
      const body = { model: pair.model(), stream: pair.stream }
      const asked: Promise<unknown> =
        pair.client === 'openai-chat'
          ? house.openai.chat.completions.create({ ...hello.chat, ...body }, options)
          : house.anthropic.messages.create({ ...hello.messages, ...body, max_tokens: 100 }, options)
      const outcome = asked.then(
        () => 'answered',
        (error: Error) => error.message,
      )
      await expect.poll(() => house.scripted.requests.length, { interval: 5 }).toBe(1)
      controller.abort()
      expect(await outcome).toMatch(/abort/i)
      expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true, status: 0 })
    },
  )
})

describe('a provider that cannot be called', () => {
  const atNowhere = async (): Promise<string> => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    return `http://127.0.0.1:${port}/v1`
  }
  const package_ = { name: 'x', kind: 'ai-sdk', package: '@ai-sdk/openai', method: 'chat', api_keys: ['k'] }
  const failure = async (provider: object): Promise<{ status?: number; message: string }> => {
    const house = await openHouse({ more: () => [{ ...package_, ...provider }] })
    const body = { ...hello.chat, model: 'x/m' }
    return house.openai.chat.completions.create(body).then(
      () => ({ message: 'answered' }),
      (error: Error) => error,
    )
  }

  it('nothing listens at its address', async () => {
    const failed = await failure({ base_url: await atNowhere() })
    expect(failed).toMatchObject({ status: 502 })
    expect(failed.message).toContain('cannot reach x: nothing listens at its address')
  })

  it('its package is not installed: the error says how', async () => {
    const failed = await failure({ package: '@ai-sdk/nobody' })
    expect(failed).toMatchObject({ status: 500 })
    expect(failed.message).toContain('npm install @ai-sdk/nobody')
  })

  it('there is no such function, or no such method', async () => {
    expect((await failure({ create: 'createNothing' })).message).toContain('has no function `createNothing`')
    expect((await failure({ method: 'nothing' })).message).toContain('has no method `nothing`')
    expect((await failure({ package: '@ai-sdk/provider' })).message).toContain('name the one that makes a provider')
  })

  it('it is given no key', async () => {
    const before = process.env.OPENAI_API_KEY
    delete process.env.OPENAI_API_KEY
    try {
      expect(await failure({ api_keys: [] })).toMatchObject({
        status: 502,
        message: expect.stringContaining('OPENAI_API_KEY'),
      })
    } finally {
      if (before !== undefined) process.env.OPENAI_API_KEY = before
    }
  })

  it('raw requests have nowhere to go', async () => {
    const house = await openHouse()
    const answer = await fetch(`${house.sluice.url}/raw/pc/v1/models`)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('called through a package')
  })

  it('the list of models holds those that are written', async () => {
    const house = await openHouse({ more: () => [{ ...package_, models: ['mine'] }] })
    const ids: string[] = []
    for await (const { id } of house.openai.models.list()) ids.push(id)
    expect(ids).toContain('x/mine')
    expect(ids.some((id) => id.startsWith('pc/'))).toBe(false)
  })
})
