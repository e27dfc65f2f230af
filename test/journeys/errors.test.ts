import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'
import { ask, hello, type Pair, pairs, pairsOf, titled } from './pairs.ts'

type ErrorName = 'BadRequestError' | 'AuthenticationError' | 'NotFoundError' | 'RateLimitError' | 'InternalServerError'

const sdk = { 'openai-chat': OpenAI, 'anthropic-messages': Anthropic }

async function failed(house: House, pair: Pair, model?: string): Promise<Error> {
  const error = await ask(house, pair, { ...hello, ...(model !== undefined && { model }) }).then(
    () => new Error('it was answered'),
    (thrown: unknown) => thrown as Error,
  )
  return error
}

interface Refusal {
  name: string
  script: Script
  error: ErrorName
  chat: object
  messages: object
}

const refusals: Refusal[] = [
  {
    name: 'a wrong request',
    script: { fault: { status: 400, message: 'You asked for too little.' } },
    error: 'BadRequestError',
    chat: { status: 400, type: 'invalid_request_error' },
    messages: { status: 400, type: 'invalid_request_error' },
  },
  {
    name: 'a prompt that is too long',
    script: { fault: { status: 400, message: 'prompt is too long: 300000 tokens > 200000 maximum' } },
    error: 'BadRequestError',
    chat: { status: 400, code: 'context_length_exceeded' },
    messages: { status: 400, apiMessage: expect.stringContaining('prompt is too long') },
  },
  {
    name: "sluice's own key is wrong, which is no fault of the client's",
    script: { fault: { status: 401 } },
    error: 'InternalServerError',
    chat: { status: 502 },
    messages: { status: 502, type: 'api_error' },
  },
  {
    name: 'a model that the provider does not know',
    script: { fault: { status: 404 } },
    error: 'NotFoundError',
    chat: { status: 404, type: 'invalid_request_error' },
    messages: { status: 404, type: 'not_found_error' },
  },
  {
    name: 'too many requests',
    script: { fault: { status: 429, retryAfter: '7s' }, headers: { 'x-ratelimit-remaining-tokens': '0' } },
    error: 'RateLimitError',
    chat: { status: 429, code: 'rate_limit_exceeded' },
    messages: { status: 429, type: 'rate_limit_error' },
  },
  {
    name: 'a failure of the provider',
    script: { fault: { status: 500, message: 'Something broke.' } },
    error: 'InternalServerError',
    chat: { status: 500, type: 'server_error' },
    messages: { status: 500, type: 'api_error' },
  },
  {
    name: 'an overload, for which only Anthropic has a status of its own',
    script: { fault: { status: 529, type: 'overloaded_error', message: 'Overloaded' } },
    error: 'InternalServerError',
    chat: { status: 503 },
    messages: { status: 529, type: 'overloaded_error' },
  },
  {
    name: 'an error inside a 200, before any content',
    script: { steps: [{ text: 'never' }], fault: { errorEvent: { type: 'overloaded_error', message: 'Overloaded' } } },
    error: 'InternalServerError',
    chat: { status: 503 },
    messages: { status: 529, type: 'overloaded_error' },
  },
  {
    name: 'a connection that breaks before the answer',
    script: { steps: [], fault: { cutBeforeHead: true } },
    error: 'InternalServerError',
    chat: { status: 502, type: 'server_error' },
    messages: { status: 502, type: 'api_error' },
  },
  {
    name: 'a web page under a 200',
    script: {
      contentType: 'text/html',
      steps: [{ raw: '<html><body>Welcome</body></html>' }],
      fault: { garbageAfterEvents: 0 },
    },
    error: 'InternalServerError',
    chat: { status: 502 },
    messages: { status: 502, type: 'api_error' },
  },
]

describe.each(titled(pairs))('%s', (_, pair) => {
  const rows = refusals.filter(({ name }) => {
    // The stand-in gives a whole answer without such a fault.
    return pair.stream || !(name.startsWith('garbage') || name.startsWith('an error inside'))
  })

  it.each(rows)('$name', async ({ script, error, chat, messages }) => {
    const house = await openHouse({ script })
    const thrown = await failed(house, pair)
    expect(thrown).toBeInstanceOf(sdk[pair.client][error])
    expect(thrown).toMatchObject(pair.client === 'openai-chat' ? chat : messages)
    expect(house.head.get('x-sluice-provider')).toBe(pair.upstream === 'openai-chat' ? 'oa' : 'an')
    expect(house.head.get('x-sluice-request-id')).toMatch(/./)
    expect(house.scripted.requests).toHaveLength(1)
    if (error === 'RateLimitError') {
      const { headers } = thrown as InstanceType<typeof OpenAI.RateLimitError>
      expect(headers.get('retry-after')).toBe('7')
      expect(headers.get('x-ratelimit-remaining-tokens')).toBe('0')
    }
  })

  it('the message of the provider is shown', async () => {
    const house = await openHouse({ script: { fault: { status: 400, message: 'You asked for too little.' } } })
    expect((await failed(house, pair)).message).toContain('You asked for too little.')
  })

  it('a model that nobody has is not found, and near names are shown', async () => {
    const house = await openHouse({ models: [{ name: 'smart', targets: ['an/claude'] }] })
    const thrown = await failed(house, { ...pair, model: () => 'smrat' })
    expect(thrown).toBeInstanceOf(sdk[pair.client].NotFoundError)
    expect(thrown.message).toMatch(/near names are \\?"smart/)
    expect(house.scripted.requests).toHaveLength(0)
  })

  it('a client without a known key is turned away, in whatever header it shows it', async () => {
    const house = await openHouse({
      script: { steps: [{ text: 'ok' }] },
      access: { keys: ['the-key'] },
      clientKey: 'another',
    })
    const thrown = await failed(house, pair)
    expect(thrown).toBeInstanceOf(sdk[pair.client].AuthenticationError)
    expect(thrown).toMatchObject({ status: 401 })
    expect(thrown.message).not.toContain('the-key')
    const good = await openHouse({
      script: { steps: [{ text: 'ok' }] },
      access: { keys: ['the-key'] },
      clientKey: 'the-key',
    })
    expect((await ask(good, pair, hello)).text).toBe('ok')
  })
})

const text = 'one two three four five six seven eight nine ten'

describe('an answer that breaks in the middle: what came stays, and then it is an error', () => {
  const faults: Array<[string, Script]> = [
    [
      'an error event',
      { steps: [{ text }], fault: { errorEvent: { type: 'overloaded_error', message: 'Overloaded' }, afterEvents: 6 } },
    ],
    ['a cut connection', { steps: [{ text }], fault: { cutAfterEvents: 6 } }],
    ['an end without an end', { steps: [{ text }], fault: { endAfterEvents: 6 } }],
    ['garbage', { steps: [{ text }], fault: { garbageAfterEvents: 6 } }],
    ['no finish', { steps: [{ text }], finish: false, fault: { noEndMarker: true } }],
  ]
  it.each(
    pairsOf({ stream: true }).flatMap((pair) =>
      faults.map(([name, script]) => [titled([pair])[0]![0], name, pair, script] as const),
    ),
  )('%s: %s', async (_, __, pair, script) => {
    const house = await openHouse({ script })
    let seen = ''
    const read = async (): Promise<void> => {
      if (pair.client === 'openai-chat') {
        const stream = await house.openai.chat.completions.create({ ...hello.chat, model: pair.model(), stream: true })
        for await (const { choices } of stream) seen += choices[0]?.delta.content ?? ''
        return
      }
      const stream = house.anthropic.messages.stream({ ...hello.messages, model: pair.model(), max_tokens: 100 })
      stream.on('text', (delta) => {
        seen += delta
      })
      await stream.finalMessage()
    }
    const thrown = await read().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(thrown).toBeInstanceOf(sdk[pair.client].APIError)
    expect(text.startsWith(seen) && seen.startsWith('one two')).toBe(true)
  })

  it.each(titled(pairsOf({ stream: true })))(
    'a missing end marker behind the finish is no error: %s',
    async (_, pair) => {
      const house = await openHouse({ script: { steps: [{ text }], fault: { noEndMarker: true } } })
      expect(await ask(house, pair, hello)).toMatchObject({ text })
    },
  )
})

describe('calls that are cut off are never run', () => {
  it.each(titled(pairsOf({ stream: true })))('%s', async (_, pair) => {
    const house = await openHouse({
      script: { steps: [{ tool: 'rm', arguments: { path: '/tmp/a/b' }, pieces: 6 }], fault: { cutAfterEvents: 5 } },
    })
    const thrown = await failed(house, pair)
    expect(thrown).toBeInstanceOf(sdk[pair.client].APIError)
  })
})

it.each(titled(pairsOf({ stream: false })))('an unknown path is an error of the caller: %s', async (_, pair) => {
  const house = await openHouse()
  const thrown =
    pair.client === 'openai-chat'
      ? await house.openai.images.generate({ prompt: 'a cat' }).catch((error: unknown) => error)
      : await house.anthropic.messages.batches.list().catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(sdk[pair.client].NotFoundError)
})
