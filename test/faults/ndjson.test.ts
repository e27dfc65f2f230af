import { beforeAll, describe, expect, it } from 'vitest'
import { checkLines, checkWholeLine } from './check-lines.ts'
import { checkStream, readEvents } from './check-stream.ts'
import { hostile } from './hostile.ts'
import { type Answer, house, pause, post, scripted, until } from './house.ts'

/** Streams of lines at one end or at both. */
const pairs = [
  { client: 'ollama', upstream: 'ollama' },
  { client: 'ollama', upstream: 'openai-chat' },
  { client: 'ollama', upstream: 'anthropic-messages' },
  { client: 'openai-chat', upstream: 'ollama' },
  { client: 'anthropic-messages', upstream: 'ollama' },
] as const
type Pair = (typeof pairs)[number]

const paths = {
  ollama: '/api/chat',
  'openai-chat': '/v1/chat/completions',
  'anthropic-messages': '/v1/messages',
} as const

const words = 'Grüße aus 世界, one two three'
const texts = { steps: [{ text: words, chunk: 'word' }] }
const tools = {
  steps: [
    { reasoning: 'Let me think' },
    { text: 'Looking.' },
    { tool: 'get_weather', arguments: { city: 'Zürich' } },
    { tool: 'get_time', arguments: { zone: 'Europe/Zurich' } },
  ],
}
const short = {
  status_ceiling: '5s',
  finish_grace: '60ms',
  idle_timeout: '300ms',
  stall_timeout: '500ms',
  total_timeout: '1s',
}

const question = (content: string, model: string, stream: boolean) => ({
  model,
  max_tokens: 100,
  stream,
  messages: [{ role: 'user', content }],
  ...(model.startsWith('openai-chat') && stream && { stream_options: { include_usage: true } }),
})

async function ask(pair: Pair, url: string, script: object, stream = true): Promise<Answer> {
  const content = JSON.stringify({ sluice_script: script })
  const answer = await post(url + paths[pair.client], question(content, `${pair.upstream}/m`, stream))
  expect(answer.broken, 'the connection broke').toBe(false)
  const lines = pair.client === 'ollama' ? 'application/x-ndjson' : 'text/event-stream'
  const type = answer.status === 200 && stream ? lines : 'application/json'
  expect(String(answer.headers['content-type'])).toContain(type)
  return answer
}

/** The same facts whatever the client speaks. */
function read(pair: Pair, { body, status }: Answer): { outcome: string; text: string; tools: Array<{ args: string }> } {
  if (pair.client !== 'ollama') return checkStream(pair.client, body)
  return status === 200 ? checkLines(body) : checkWholeLine(status, body)
}

interface Good {
  count: number
  content: number
  finish: number
}

const good = new Map<string, Good>()
beforeAll(async () => {
  const said = /"(content|text|thinking|reasoning_content|arguments|partial_json)":"[^"]+"|"tool_use"|"tool_calls"/
  for (const upstream of ['ollama', 'openai-chat', 'anthropic-messages'] as const) {
    for (const [name, script] of Object.entries({ texts, tools })) {
      const server = await scripted()
      const content = JSON.stringify({ sluice_script: script })
      const { body } = await post(server.url + paths[upstream], question(content, `${upstream}/m`, true))
      const events =
        upstream === 'ollama' ? body.toString().trimEnd().split('\n') : readEvents(body).events.map(({ data }) => data)
      good.set(`${upstream} ${name}`, {
        count: events.length,
        content: events.findIndex((data) => said.test(data)),
        finish: events.findIndex((data) => /"(finish_reason|stop_reason|done_reason)":"/.test(data)),
      })
      await server.close()
    }
  }
})

const breaks: Array<{ name: string; fault: (n: number) => object; status: number; late?: boolean }> = [
  { name: 'a cut connection', fault: (n) => ({ cutAfterEvents: n }), status: 502 },
  { name: 'a clean end', fault: (n) => ({ endAfterEvents: n }), status: 502 },
  { name: 'silence', fault: (n) => ({ stallAfterEvents: n }), status: 504 },
  { name: 'nothing but signs of life', fault: (n) => ({ stallAfterEvents: n, comments: '40ms' }), status: 504 },
  {
    name: 'an error',
    fault: (n) => ({ errorEvent: { type: 'overloaded_error', message: 'server busy' }, afterEvents: n }),
    status: 503,
    late: true,
  },
  { name: 'garbage', fault: (n) => ({ garbageAfterEvents: n }), status: 502, late: true },
]

describe.each(pairs)('$client before $upstream', (pair) => {
  for (const [name, script] of Object.entries({ texts, tools })) {
    // Silence costs its time; once for each pair is enough.
    const rows = name === 'texts' ? breaks.filter(({ status }) => status !== 504) : breaks
    it.each(rows)(`${name}: $name after any number of events is an error or a good end`, async (row) => {
      const upstream = await scripted()
      const gateway = await house({ upstream: upstream.url, streaming: short })
      const { count, content, finish } = good.get(`${pair.upstream} ${name}`)!
      expect(finish).toBeGreaterThan(content)
      await Promise.all(
        Array.from({ length: count + 1 }, async (_, n) => {
          const answer = await ask(pair, gateway.url, { ...script, fault: row.fault(n) })
          const said = `after ${n} events: ${answer.status} ${answer.body.toString().slice(-400)}`
          if (n <= content) {
            expect(answer.status === 529 ? 503 : answer.status, said).toBe(row.status)
            return
          }
          expect(answer.status, said).toBe(200)
          const seen = read(pair, answer)
          if (n <= finish) expect(seen.outcome, said).toBe('error')
          else if (n === count || !row.late) expect(seen.outcome, said).toBe('clean')
          if (name === 'texts') expect(words.startsWith(seen.text), said).toBe(true)
          if (seen.outcome === 'clean' && name === 'texts') expect(seen.text, said).toBe(words)
          if (seen.outcome === 'clean') for (const { args } of seen.tools) JSON.parse(args)
        }),
      )
      await until(() => gateway.gateway.running === 0, 'no request is running')
      expect(gateway.records.length).toBe(count + 1)
    })
  }

  it('is the same however the network tears it, with blank lines and other line ends', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    for (const wire of [
      { write: 1 },
      { write: 7, lineEnd: 'crlf' },
      { write: 5, comments: 1 },
      { batch: 4, comments: 1 },
    ]) {
      const seen = read(pair, await ask(pair, gateway.url, { ...texts, wire }))
      expect(seen).toMatchObject({ outcome: 'clean', text: words })
    }
  })

  it('the end twice, or bytes behind it, are seen once and not at all', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    for (const fault of [{ duplicateEnd: true }, { trailing: 'what? {"error":"late"}\n\n' }]) {
      const seen = read(pair, await ask(pair, gateway.url, { ...texts, fault }))
      expect(seen, JSON.stringify(fault)).toMatchObject({ outcome: 'clean', text: words })
    }
  })

  it('an end that has come is not undone by one that does not', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url, streaming: short })
    const { count } = good.get(`${pair.upstream} texts`)!
    const answer = await ask(pair, gateway.url, { ...texts, fault: { stallAfterEvents: count, comments: '10ms' } })
    expect(read(pair, answer)).toMatchObject({ outcome: 'clean', text: words })
    await until(() => gateway.gateway.running === 0, 'it is over')
    expect(gateway.records).toMatchObject([{ outcome: 'ok' }])
  })
})

describe('a client that reads lines', () => {
  const pair = pairs[1]

  it('gets the head alone at the ceiling, no sign of life, and then the error inside the stream', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url, streaming: { status_ceiling: '30ms', heartbeat: '20ms' } })
    const fault = { status: 429, message: 'slow down' }
    const answer = await ask(pair, gateway.url, { headDelay: '150ms', fault })
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toBe('{"error":"slow down"}\n')
  })

  it('gets no line that is no answer while the provider is silent', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url, streaming: { status_ceiling: '20ms', heartbeat: '15ms' } })
    const steps = [{ wait: '100ms' }, { text: 'one' }, { wait: '100ms' }, { text: ' two' }]
    const answer = await ask(pair, gateway.url, { steps })
    expect(checkLines(answer.body)).toMatchObject({ outcome: 'clean', text: 'one two' })
  })
})

const line = (content: string, more: object = {}) =>
  JSON.stringify({
    model: 'm',
    created_at: '2026-11-01T10:00:00.123456Z',
    message: { role: 'assistant', content },
    done: false,
    ...more,
  })
const end = line('', { done: true, done_reason: 'stop', prompt_eval_count: 4, eval_count: 2 })

describe.each(pairs.filter(({ upstream }) => upstream === 'ollama'))('$client before an odd Ollama', (pair) => {
  const asking = async (type: string | undefined, pieces: string[], stream = true): Promise<Answer> => {
    const upstream = await hostile(async (response) => {
      response.writeHead(200, type === undefined ? {} : { 'content-type': type })
      for (const piece of pieces) {
        response.write(piece)
        await pause(5)
      }
      response.end()
    })
    const gateway = await house({ upstream: upstream.url })
    return ask(pair, gateway.url, {}, stream)
  }

  it.each([
    ['says what it is', 'application/x-ndjson'],
    ['says that it is JSON', 'application/json; charset=utf-8'],
    ['says nothing', undefined],
    ['says that it is text', 'text/plain'],
  ])('a stream that %s is one', async (_, type) => {
    const answer = await asking(type, [`${line('Grü')}\n`, `${line('ße')}\n${end.slice(0, 30)}`, `${end.slice(30)}\n`])
    expect(read(pair, answer)).toMatchObject({ outcome: 'clean', text: 'Grüße' })
    expect(answer.headers['x-sluice-stream']).toBe(pair.client === 'ollama' ? 'passthrough' : 'native')
  })

  it('a cut inside a line is an error, whatever byte it is at', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    const { body } = await post(
      upstream.url + paths[pair.upstream],
      question(JSON.stringify({ sluice_script: { steps: [{ text: 'Ü one' }] } }), 'm', true),
    )
    const lengths = Array.from({ length: body.length - 1 }, (_, n) => n + 1)
    for (const from of lengths.filter((n) => n % 40 === 1)) {
      await Promise.all(
        lengths.slice(from - 1, from + 39).map(async (n) => {
          const answer = await ask(pair, gateway.url, { steps: [{ text: 'Ü one' }], fault: { cutAfterBytes: n } })
          if (answer.status !== 200) return
          const seen = read(pair, answer)
          if (seen.outcome === 'clean') expect(seen.text, `cut after ${n} bytes`).toBe('Ü one')
        }),
      )
    }
  })

  it('a last line without its end is whole', async () => {
    const answer = await asking('application/x-ndjson', [`${line('one')}\n`, end])
    expect(read(pair, answer)).toMatchObject({ outcome: 'clean', text: 'one' })
  })

  it.each([
    ['on one line', 0],
    ['over many lines', 2],
  ])('a whole answer %s that comes for a stream is a stream', async (_, indent) => {
    const whole = JSON.stringify({ ...JSON.parse(end), message: { role: 'assistant', content: 'Grüße' } }, null, indent)
    const half = Math.floor(whole.length / 2)
    const answer = await asking('application/json', [whole.slice(0, half), `${whole.slice(half)}\n`])
    expect(read(pair, answer)).toMatchObject({ outcome: 'clean', text: 'Grüße' })
    expect(answer.headers['x-sluice-stream']).toBe('simulated')
  })

  it('a stream that comes for a whole answer is one', async () => {
    for (const type of ['application/x-ndjson', 'application/json']) {
      const { status, body } = await asking(type, [`${line('Grü')}\n${line('ße')}\n`, `${end}\n`], false)
      expect(status).toBe(200)
      expect(body.toString()).toContain('"Grüße"')
    }
  })

  it('a page is an error and says so', async () => {
    const { status, body } = await asking('text/html', ['<html>Bad gateway</html>'])
    expect(status).toBe(502)
    expect(body.toString()).toContain('web page')
  })
})

it('what goes from one Ollama to another is not changed by a byte, unknown fields and all', async () => {
  const odd = [
    `{ "created_at" : "2026-11-01T10:00:00Z", "model":"other", "new_field": [1.0, 12345678901234567890],\t"message":{"role":"assistant","content":"Grü"},"done":false}`,
    line('ße'),
    line('', {
      message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: { n: 1 } } }] },
    }),
    end,
  ].map((one) => `${one}\n`)
  const upstream = await hostile((response, _, body) => {
    expect(body).toBe('{"model":"m","messages":[{"role":"user","content":"Hi"}],"options":{"seed":1.0}, "x":1 }')
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.end(odd.join(''))
  })
  const gateway = await house({ upstream: upstream.url })
  const asked = '{"model":"ollama/m","messages":[{"role":"user","content":"Hi"}],"options":{"seed":1.0}, "x":1 }'
  const answer = await post(`${gateway.url}/api/chat`, asked)
  expect(answer.body.toString()).toBe(odd.join(''))
  await until(() => gateway.gateway.running === 0, 'it is over')
  expect(gateway.records).toMatchObject([{ outcome: 'ok', inputTokens: 4, outputTokens: 2, finish: 'tool_calls' }])
})
