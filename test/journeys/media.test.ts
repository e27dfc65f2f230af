import { BadRequestError as MessagesBadRequest } from '@anthropic-ai/sdk'
import { BadRequestError as ChatBadRequest } from 'openai'
import { describe, expect, it } from 'vitest'
import { openHouse } from './house.ts'
import { type Ask, ask, pairs, pairsOf, titled } from './pairs.ts'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p1nVYQAAAABJRU5ErkJggg=='
const address = 'https://example.com/cat.webp'

const look: Ask = {
  chat: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          { type: 'text', text: 'Compare the two.' },
          { type: 'image_url', image_url: { url: address } },
        ],
      },
    ],
  },
  messages: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
          { type: 'text', text: 'Compare the two.' },
          { type: 'image', source: { type: 'url', url: address } },
        ],
      },
    ],
  },
}

describe.each(titled(pairs))('%s', (_, pair) => {
  it('images by value and by address arrive in order among the texts', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'I see {{images}}.' }] } })
    expect((await ask(house, pair, look)).text).toMatch(
      /^I see image\/png of \d+ bytes, https:\/\/example.com\/cat.webp\.$/,
    )
    const { chat, messages } = look
    expect(house.sent().messages).toEqual((pair.upstream === 'openai-chat' ? chat : messages).messages)
  })
})

const pdf = 'JVBERi0xLjQK'

describe('documents', () => {
  it.each(titled(pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages', stream: true })))(
    'a PDF by value: %s',
    async (_, pair) => {
      const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
      await ask(house, pair, {
        ...look,
        chat: {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'file', file: { filename: 'report.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
                { type: 'text', text: 'Sum up.' },
              ],
            },
          ],
        },
      })
      expect(house.sent().messages).toMatchObject([
        {
          content: [
            {
              type: 'document',
              source: { type: 'base64', media_type: 'application/pdf', data: pdf },
              title: 'report.pdf',
            },
            { type: 'text', text: 'Sum up.' },
          ],
        },
      ])
    },
  )

  it.each(titled(pairsOf({ client: 'anthropic-messages', upstream: 'openai-chat', stream: true })))(
    'a PDF by value, and a plain text: %s',
    async (_, pair) => {
      const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
      await ask(house, pair, {
        ...look,
        messages: {
          messages: [
            {
              role: 'user',
              content: [
                {
                  type: 'document',
                  title: 'report.pdf',
                  source: { type: 'base64', media_type: 'application/pdf', data: pdf },
                },
                {
                  type: 'document',
                  title: 'Notes',
                  source: { type: 'text', media_type: 'text/plain', data: 'Plain.' },
                },
              ],
            },
          ],
        },
      })
      expect(house.sent().messages).toMatchObject([
        {
          content: [
            { type: 'file', file: { filename: 'report.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
            { type: 'text', text: 'Notes\n\nPlain.' },
          ],
        },
      ])
    },
  )
})

describe('what the other side cannot take is refused before anybody is called, naming the place', () => {
  it('audio for Anthropic', async () => {
    const house = await openHouse({ script: { steps: [] } })
    const [pair] = pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages', stream: true })
    const audio = { type: 'input_audio' as const, input_audio: { data: 'UklGRg==', format: 'wav' as const } }
    const refused = await ask(house, pair!, {
      ...look,
      chat: { messages: [{ role: 'user', content: [audio] }] },
    }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ChatBadRequest)
    expect(refused).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'messages[0].content[0]' })
    expect(house.scripted.requests).toHaveLength(0)
  })

  it('a document by its address for OpenAI', async () => {
    const house = await openHouse({ script: { steps: [] } })
    const [pair] = pairsOf({ client: 'anthropic-messages', upstream: 'openai-chat', stream: true })
    const source = { type: 'url' as const, url: 'https://example.com/report.pdf' }
    const refused = await ask(house, pair!, {
      ...look,
      messages: { messages: [{ role: 'user', content: [{ type: 'document', source }] }] },
    }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(MessagesBadRequest)
    expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect((refused as Error).message).toMatch(/address/)
    expect(house.scripted.requests).toHaveLength(0)
  })
})
