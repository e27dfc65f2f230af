import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { builtinScripts, type Script, type Wire } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import type { Language } from './pairs.ts'

const paths = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const
const prefixes = { 'openai-chat': 'oa', 'anthropic-messages': 'an' } as const
const languages = Object.keys(paths) as Language[]

interface Answer {
  status: number
  type: string | null
  bytes: Buffer
}

/** The same request to the provider itself and through sluice; the stand-in counts ids, so each gets a fresh house. */
async function both(language: Language, options: Parameters<typeof openHouse>[0], extra: object = {}, model = 'm') {
  const direct = await openHouse(options)
  const through = await openHouse(options)
  const body = { max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }], stream: true, ...extra }
  const [expected, got] = await Promise.all([
    post(direct.scripted.url + paths[language], { ...body, model }),
    post(through.sluice.url + paths[language], { ...body, model: `${prefixes[language]}/${model}` }),
  ])
  return { expected, got, house: through }
}

async function post(url: string, body: object): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers: { 'x-api-key': 'k' }, body: JSON.stringify(body) })
  const bytes = Buffer.from(await response.arrayBuffer())
  return { status: response.status, type: response.headers.get('content-type'), bytes }
}

/** The bytes, one to a character, up to the end marker and its blank line: what follows says nothing and may be left out. */
function toTheEnd({ bytes }: Answer): string {
  const text = bytes.toString('latin1')
  const whole = /^[\s\S]*(?:data: \[DONE\]|"type":"message_stop"\})(\r\n|\n|\r)\1/.exec(text)
  if (!whole) throw new Error(`no end marker: ${text.slice(-200)}`)
  expect(text.slice(whole[0].length)).toMatch(/^(: .*\s+|event: ping\s+data: .*\s+)*$/)
  return whole[0]
}

const usageAsked = { stream_options: { include_usage: true } }

/** Scripts that make good answers. Those that break off, wait, answer with an error or do not stream are told elsewhere. */
const good = Object.entries(builtinScripts).filter(
  ([, { fault, streaming }]) =>
    !streaming && (!fault || 'duplicateEnd' in fault || 'trailing' in fault || 'noEndMarker' in fault),
)
const fast = good.filter(([name]) => !['slow', 'no-finish', 'two-ends', 'trailing', 'no-end'].includes(name))

describe.each(languages)('a stream of %s for a client of the same dialect is the same to the byte', (language) => {
  it.each(fast)('%s', async (name) => {
    const { expected, got, house } = await both(language, {}, usageAsked, name)
    expect(expected.status).toBe(200)
    expect(toTheEnd(got)).toBe(toTheEnd(expected))
    expect(house.scripted.requests[0]?.script).toBe(name)
  })

  it.each(fast.filter(([, { wire }]) => !wire))('%s, whole', async (name) => {
    const { expected, got } = await both(language, {}, { stream: false }, name)
    expect(expected.status).toBe(200)
    expect(got.bytes.equals(expected.bytes)).toBe(true)
  })

  const strange: Script = {
    steps: [
      { comment: 'PROCESSING 世界' },
      { text: 'Grüße, 世界! 👩‍👩‍👧‍👦 ' },
      { ping: true },
      { event: { event: 'news_of_next_year', data: { type: 'news_of_next_year', index: 0, more: ['x', null] } } },
      { raw: 'event: odd\nid: 7\nretry: 10\ndata: {"type":"odd",\ndata: "choices":[]}\n\n' },
      { raw: ':\n\n\n\n: two comments\n: in one\n\n' },
      { text: 'and on.', chunk: 1 },
    ],
  }
  const wires: Array<[string, Wire]> = [
    ['as it comes', {}],
    ...[1, 2, 3, 4, 5, 6, 7].map((write): [string, Wire] => [`torn into writes of ${write}`, { write }]),
    ['with CRLF', { lineEnd: 'crlf' }],
    ['with CRLF, torn into writes of 1', { lineEnd: 'crlf', write: 1 }],
    ['with CRLF, torn into writes of 5', { lineEnd: 'crlf', write: 5 }],
    ['with CR', { lineEnd: 'cr' }],
    ['with CR, torn into writes of 3', { lineEnd: 'cr', write: 3 }],
    ['in batches, with comments and pings', { batch: 3, comments: 2, pings: 3 }],
    ['with one huge event', { huge: 300_000 }],
    ['with one huge event, torn', { huge: 20_000, write: 997 }],
  ]
  it.each(wires)('comments, unknown events and fields, %s', async (_, wire) => {
    const { expected, got } = await both(language, { script: { ...strange, wire } }, usageAsked)
    expect(toTheEnd(got)).toBe(toTheEnd(expected))
  })
})

describe('usage that sluice asked for on its own', () => {
  const wires: Wire[] = [
    {},
    { write: 1 },
    { write: 7 },
    { lineEnd: 'crlf' },
    { lineEnd: 'crlf', write: 3 },
    { comments: 1 },
    { batch: 50 },
  ]
  it.each(wires)('only the chunk with the usage is taken out again: %o', async (wire) => {
    const script: Script = { steps: [{ text: 'Grüße, 世界!' }], wire }
    const { expected, got, house } = await both('openai-chat', { script }, usageAsked)
    const plain = await both('openai-chat', { script }, {})
    const chunk = /data: [^\r\n]*"choices":\[\],"usage":\{[^\r\n]*(\r\n\r\n|\n\n)/
    const text = toTheEnd(expected)
    expect(text).toMatch(chunk)
    expect(toTheEnd(got)).toBe(text)
    expect(toTheEnd(plain.got)).toBe(text.replace(chunk, ''))
    expect(house.sent()).toMatchObject(usageAsked)
    expect(plain.house.sent()).toMatchObject(usageAsked)
  })
})

describe('the request goes on as it was written', () => {
  it.each(languages)('%s: only the model changes; white space, numbers and the order of keys stay', async (dialect) => {
    const bodies: string[] = []
    const provider = createServer((request, response) => {
      request.setEncoding('utf8')
      let text = ''
      request.on('data', (piece: string) => {
        text += piece
      })
      request.on('end', () => {
        bodies.push(text)
        response.writeHead(400).end('{}')
      })
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const { port } = provider.address() as AddressInfo
    const base_url = `http://127.0.0.1:${port}`
    const config = { providers: [{ name: 'up', dialect, base_url }] }
    const sluice = await createSluice({ config, env: {}, port: 0, logLevel: 'silent' })
    const written = (model: string) =>
      `{ "zeta" : 1.0,\n  "messages":[ {"content":"Hi \\u00e4 \\/ 世界 \\"model\\":","role":"user"} ],"model" : ${JSON.stringify(model)}, "max_tokens":1e2,"seed":12345678901234567890 , "tools":[]}\n`
    try {
      await fetch(sluice.url + paths[dialect], { method: 'POST', body: written('up/vendor/model') })
    } finally {
      await sluice.close()
      await new Promise((resolve) => provider.close(resolve))
    }
    expect(bodies).toEqual([written('vendor/model')])
  })
})
