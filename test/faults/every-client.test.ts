import { beforeAll, describe, expect, it } from 'vitest'
import { clientDialects, type DialectName, networkDialects } from '../../src/dialects/index.ts'
import { checkWire } from '../fixtures/check-wire.ts'
import { type Answer, house, post, scripted, until } from './house.ts'

type Client = keyof typeof clientDialects
const clients = Object.keys(clientDialects) as Client[]
const upstreams = Object.keys(networkDialects) as DialectName[]

/** `faults` and `ndjson` go through the rest, with all kinds of silence as well. */
const elsewhere = new Set(['openai-chat', 'anthropic-messages', 'ollama'])
const pairs = clients.flatMap((client) =>
  upstreams
    .filter((upstream) => !elsewhere.has(client) || !elsewhere.has(upstream))
    .map((upstream) => ({ client, upstream })),
)

const words = 'Grüße aus 世界, one two three'
const script = {
  steps: [
    { reasoning: 'Let me think' },
    { text: words, chunk: 'word' },
    { tool: 'get_weather', arguments: { city: 'Zürich' } },
    { tool: 'get_time', arguments: { zone: 'Europe/Zurich' } },
  ],
}
const short = { status_ceiling: '5s', finish_grace: '60ms', idle_timeout: '300ms', total_timeout: '2s' }

/** A request of a client in its own language, and where it goes. */
function asking(client: Client, model: string, content: string): [path: string, body: object] {
  const messages = [{ role: 'user', content }]
  switch (client) {
    case 'openai-chat':
      return ['/v1/chat/completions', { model, stream: true, stream_options: { include_usage: true }, messages }]
    case 'openai-responses':
      return ['/v1/responses', { model, stream: true, store: false, input: content }]
    case 'anthropic-messages':
      return ['/v1/messages', { model, stream: true, max_tokens: 1000, messages }]
    case 'gemini':
      return [`/v1beta/models/${model}:streamGenerateContent?alt=sse`, { contents: [{ parts: [{ text: content }] }] }]
    case 'ollama':
      return ['/api/chat', { model, messages }]
  }
}

async function ask(client: Client, upstream: DialectName, url: string, fault?: object): Promise<Answer> {
  const said = { ...script, ...(fault && { fault }) }
  const [path, body] = asking(client, `${upstream}/m`, JSON.stringify({ sluice_script: said }))
  return post(url + path, body)
}

const breaks: Array<{ name: string; fault: (n: number) => object; late?: boolean }> = [
  { name: 'a cut connection', fault: (n) => ({ cutAfterEvents: n }) },
  {
    name: 'an error event',
    fault: (n) => ({ errorEvent: { type: 'overloaded_error', message: 'too busy' }, afterEvents: n }),
    late: true,
  },
  { name: 'garbage', fault: (n) => ({ garbageAfterEvents: n }), late: true },
]

/** How many events the whole stream of a provider has; no language needs more than that. */
const most = 45

describe.each(pairs)('$client before $upstream', ({ client, upstream }) => {
  let whole: ReturnType<typeof checkWire>
  beforeAll(async () => {
    const provider = await scripted()
    const gateway = await house({ upstream: provider.url })
    whole = checkWire(client, (await ask(client, upstream, gateway.url)).body)
    expect(whole).toMatchObject({ outcome: 'clean', text: words })
    expect(whole.tools.map(({ name }) => name)).toEqual(['get_weather', 'get_time'])
  })

  it.each(breaks)('$name after any number of events is an error, or the whole answer', async ({ fault, late }) => {
    const provider = await scripted()
    const gateway = await house({ upstream: provider.url, streaming: short })
    const outcomes = await Promise.all(
      Array.from({ length: most }, async (_, n) => {
        const { status, body, broken } = await ask(client, upstream, gateway.url, fault(n))
        const said = `after ${n} events: ${status} ${body.toString().slice(-400)}`
        expect(broken, said).toBe(false)
        if (status !== 200) {
          expect(status, said).toBeGreaterThanOrEqual(502)
          return 'refused'
        }
        const seen = checkWire(client, body)
        expect(words.startsWith(seen.text), said).toBe(true)
        // Counts may come behind the end, and be missing then.
        if (seen.outcome === 'clean') expect([seen.text, seen.tools], said).toEqual([whole.text, whole.tools])
        return seen.outcome
      }),
    )
    // First refusals, then errors in the stream, then the answer; it is never whole and then broken again.
    const order = ['refused', 'error', 'clean']
    if (!late) expect(outcomes).toEqual([...outcomes].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
    expect([outcomes[0], outcomes.at(-1)]).toEqual(['refused', 'clean'])
    expect(outcomes).toContain('error')
    await until(() => gateway.gateway.running === 0, 'no request is running')
  })
})
