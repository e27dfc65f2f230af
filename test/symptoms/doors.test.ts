import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { languages, spoken } from './answers.ts'
import { streamRequest } from './clients.ts'
import { openHouse } from './house.ts'

/** What an SDK meets before any model is asked: keys and paths. */

const access = { keys: ['client-key'] }

describe('the key of an SDK is refused where it puts it', () => {
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const model = 'openai-chat/m'

  it.each<[string, (house: Awaited<ReturnType<typeof openHouse>>) => Promise<unknown>]>([
    ['openai', async ({ openai }) => openai.chat.completions.create({ model, messages, stream: true })],
    [
      '@anthropic-ai/sdk',
      async ({ anthropic }) => anthropic.messages.stream({ model, messages, max_tokens: 9 }).finalMessage(),
    ],
    ['@google/genai', async ({ google }) => google.models.generateContentStream({ model, contents: 'Hi' })],
  ])('%s: it opens the door', async (_, call) => {
    const house = await openHouse(spoken('openai-chat', 'hello'), { access })
    await call(house)
    expect(house.asked).toHaveLength(1)
    expect(JSON.stringify(house.asked)).not.toContain('client-key')
  })

  const places: Array<[string, Record<string, string>, string]> = [
    ['authorization', { authorization: 'Bearer client-key' }, ''],
    ['x-api-key', { 'x-api-key': 'client-key' }, ''],
    ['x-goog-api-key', { 'x-goog-api-key': 'client-key' }, ''],
    ['?key=', {}, 'key=client-key'],
  ]
  it.each(places.flatMap((place) => languages.map((client) => [client, ...place] as const)))(
    '%s with %s: every place is looked into on every path',
    async (client, _, headers, query) => {
      const { post } = await openHouse(spoken('openai-chat', 'hello'), { access })
      const { path, body } = streamRequest(client, 'openai-chat')
      const join = path.includes('?') ? '&' : '?'
      expect((await post(path + (query && join + query), body, headers)).status).toBe(200)
      expect((await post(path + (query && `${join}key=other`), body)).status).toBe(401)
    },
  )
})

describe('the SDK cannot read the error of a path that is not there: it is one of its own', () => {
  it('openai', async () => {
    const { openai } = await openHouse('')
    const error = await openai.post('/nowhere', { body: {} }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.NotFoundError)
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error', code: 'unknown_url' })
  })

  it('@anthropic-ai/sdk', async () => {
    const { anthropic } = await openHouse('')
    for (const path of ['/v1/nowhere', '/v1/messages/nowhere']) {
      const error = await anthropic.post(path, { body: {} }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Anthropic.NotFoundError)
      expect(error).toMatchObject({ status: 404, error: { type: 'error', error: { type: 'not_found_error' } } })
    }
  })

  it('@google/genai', async () => {
    const { sluice } = await openHouse('')
    const google = new GoogleGenAI({
      apiKey: 'k',
      httpOptions: { baseUrl: sluice.url, apiVersion: 'v1/nowhere', retryOptions: { attempts: 1 } },
    })
    const error = await google.models.get({ model: 'm' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'ApiError', status: 404, message: expect.stringContaining('"NOT_FOUND"') })
  })
})
