import { describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../src/config/index.ts'
import type { Script } from '../../src/providers/scripted/index.ts'
import { FakeExchange } from '../gateway/exchange.ts'
import { startGateway } from '../gateway/house.ts'
import { openStraico } from './straico-house.ts'

const text = 'Grüße aus dem Stall: 世界 ist klein, 👩‍👩‍👧‍👦 aber oho.'
const script: Script = { steps: [{ text }], usage: { input: 9, output: 12 }, straico: { price: 0.25 } }

describe('pictures and files for Straico, with `uploads`', () => {
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const image = (url = `data:image/png;base64,${pixel}`) => ({ type: 'image_url', image_url: { url } })
  const says = (text: string) => ({ type: 'text', text })
  const file = {
    type: 'file',
    file: { filename: 'notes.pdf', file_data: `data:application/pdf;base64,${btoa('%PDF')}` },
  }
  const provider = { uploads: true }
  const paths = (house: { scripted: { requests: ReadonlyArray<{ path: string }> } }) =>
    house.scripted.requests.map(({ path }) => path)

  it('are uploaded once, and go with the conversation as one prompt', async () => {
    const house = await openStraico({ script, provider })
    const first = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: [says('What is this?'), image(), image('https://a.b/c.png'), file] },
    ]
    const heard = await house.clients.chat.stream({ more: { messages: first, temperature: 1, seed: 1 }, stop: ['oho'] })
    expect(heard).toMatchObject({ text: 'Grüße aus dem Stall: 世界 ist klein, 👩‍👩‍👧‍👦 aber ', finish: 'stop' })
    expect(heard.usage).toMatchObject({ prompt_tokens: 9, cost: 0.25, cost_unit: 'coins' })
    expect(house.head.get('x-sluice-warnings')).toBe('seed;dropped')
    const [png, pdf] = house.scripted.uploads
    expect([png, pdf]).toMatchObject([
      { name: 'file.png', type: 'image/png', bytes: 70 },
      { name: 'notes.pdf', type: 'application/pdf', bytes: 4 },
    ])
    expect(house.sent()).toEqual({
      models: ['vendor/model'],
      message:
        'A conversation, each message below the role of who wrote it. Answer the last one.\n\n' +
        '[system]\nBe kind.\n\n[user]\nWhat is this?\n\n[image 1]\n\n[image 2]\n\n[file 1]',
      images: [png?.url, 'https://a.b/c.png'],
      file_urls: [pdf?.url],
      temperature: 1,
    })
    expect(paths(house)).toEqual(['/v0/file/upload', '/v0/file/upload', '/v1/prompt/completion'])
    await house.clients.chat.stream({
      more: { messages: [...first, { role: 'assistant', content: 'A dot.' }, { role: 'user', content: 'Sure?' }] },
    })
    expect(house.scripted.uploads.length).toBe(2)
    expect(house.sent()).toMatchObject({ images: [png?.url, 'https://a.b/c.png'], file_urls: [pdf?.url] })
    expect(house.scripted.bill.completions).toBe(2)
    expect((await house.recorded(2))[1]).toMatchObject({ stream: 'simulated', cost: 0.25, outcome: 'ok' })
  })

  it('come from clients of other languages as well; and a question alone is asked as it is', async () => {
    const house = await openStraico({ script, provider })
    const source = { type: 'base64', media_type: 'image/png', data: pixel }
    const heard = await house.clients.messages.stream({
      more: { messages: [{ role: 'user', content: [{ type: 'image', source }, says('And this?')] }] },
    })
    expect(heard).toMatchObject({ text, finish: 'end_turn' })
    expect(house.sent()).toMatchObject({ message: '[image 1]\n\nAnd this?', images: [house.scripted.uploads[0]?.url] })
  })

  it('take their way only where there are some', async () => {
    const house = await openStraico({ script, provider })
    const messages = [{ role: 'user', content: [says('"type":"image_url"'), says('two')] }]
    await house.clients.chat.stream({ more: { messages } })
    expect(paths(house)).toEqual(['/v2/chat/completions'])
    expect(house.sent().messages).toEqual([{ role: 'user', content: '"type":"image_url"\n\ntwo' }])
  })

  it('wait for a stream in vain even where the chat gives one, so nobody asks the prompt for it', async () => {
    const house = await openStraico({ script, provider, strict: false, config: { streaming: { force: 'always' } } })
    house.scripted.setStreaming('streams')
    const ask = (headers = {}) =>
      fetch(`${house.sluice.url}/v1/chat/completions`, {
        method: 'POST',
        headers,
        body: JSON.stringify({
          model: 'straico/vendor/model',
          stream: true,
          messages: [{ role: 'user', content: [image('https://a.b/c.png')] }],
        }),
      })
    expect((await ask()).headers.get('x-sluice-stream')).toBe('simulated')
    const refused = await ask({ 'x-sluice-require': 'native-stream' })
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: 'not_supported' } }])
    expect(house.scripted.bill.completions).toBe(1)
  })

  it('that fail to upload, or are more than it takes, cost nothing', async () => {
    const house = await openStraico({ script, provider })
    const odd = { type: 'file', file: { filename: 'a.exe', file_data: `data:application/x-odd;base64,${btoa('MZ')}` } }
    const more = (...parts: object[]) => ({ more: { messages: [{ role: 'user', content: parts }] } })
    await expect(house.clients.chat.stream(more(odd))).rejects.toMatchObject({ status: 400 })
    const many = ['1', '2', '3', '4', '5'].map((n) => image(`https://a.b/${n}.png`))
    await expect(house.clients.chat.stream(more(...many))).rejects.toMatchObject({ status: 400, param: 'messages' })
    expect([house.scripted.bill.completions, paths(house)]).toEqual([0, ['/v0/file/upload']])
  })

  it('that the model fails on are told as its failure, once', async () => {
    const script: Script = { steps: [{ text }], straico: { completionError: 'Rate limit of the model' } }
    const house = await openStraico({ script, provider })
    const messages = [{ role: 'user', content: [image('https://a.b/c.png')] }]
    await expect(house.clients.chat.stream({ more: { messages } })).rejects.toMatchObject({ status: 429 })
    expect(paths(house)).toEqual(['/v1/prompt/completion'])
  })

  it('are not waited for by a client that has left', async () => {
    const { gateway, transport, clock } = startGateway(
      () => 'hangs',
      [{ name: 'straico', api_keys: ['k'], uploads: true }],
    )
    const messages = [{ role: 'user', content: [image()] }]
    const body = JSON.stringify({ model: 'straico/vendor/model', stream: true, messages })
    const exchange = new FakeExchange({ method: 'POST', path: '/v1/chat/completions', body })
    gateway.handle(exchange)
    await vi.waitFor(() => expect(transport.asked.length).toBe(1))
    expect(transport.asked[0]?.url).toBe('https://api.straico.com/v0/file/upload')
    exchange.leave()
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect([transport.aborted, transport.asked.length, gateway.running, clock.waiting]).toEqual([1, 1, 0, 0])
  })

  it('are an option of those who have a way for them', async () => {
    const options = { providers: [{ name: 'groq', api_keys: ['k'], uploads: true }] }
    expect(() => readConfig({ options, env: {}, flags: {} })).toThrow(/no way known for `uploads`/)
  })
})
