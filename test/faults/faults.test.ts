import { beforeAll, describe, expect, it } from 'vitest'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { checkStream, checkWhole, readEvents, type Seen } from './check-stream.ts'
import {
  type Answer,
  chat,
  type DialectName,
  dialects,
  house,
  type Pair,
  pairs,
  paths,
  post,
  scripted,
  until,
} from './house.ts'

const words = 'Grüße aus 世界, one two three'
const texts = { steps: [{ text: words, chunk: 'word' }] }
const tools = {
  steps: [
    { reasoning: 'Let me think about it', signature: 'c2ln' },
    { text: 'Looking it up.' },
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

interface Good {
  /** How many events the whole stream has. */
  count: number
  /** With more events than that, content has come. */
  content: number
  /** With more events than that, the answer is finished. */
  finish: number
}

/** The same script without a fault, as each provider tells it. */
async function goodStream(upstream: DialectName, script: object): Promise<Good> {
  const server = await startScripted()
  const pair: Pair = { client: upstream, upstream }
  const { body } = await post(
    server.url + paths[upstream],
    chat(pair, { script, stream: true, stream_options: { include_usage: true } }),
  )
  await server.close()
  const { events } = readEvents(body)
  const content =
    /"(content|text|thinking|reasoning_content|reasoning|arguments|partial_json)":"[^"]+"|"tool_use"|"tool_calls"|"signature":"[^"]+/
  const finish = /"(finish_reason|stop_reason)":"/
  return {
    count: events.length,
    content: events.findIndex(({ data }) => content.test(data)),
    finish: events.findIndex(({ data }) => finish.test(data)),
  }
}

async function ask(pair: Pair, url: string, script: object, stream: boolean): Promise<{ answer: Answer; seen: Seen }> {
  const usage = pair.client === 'openai-chat' && stream ? { stream_options: { include_usage: true } } : {}
  const answer = await post(url + paths[pair.client], chat(pair, { script, stream, ...usage }))
  expect(answer.broken, 'the connection broke').toBe(false)
  const streamed = answer.status === 200 && stream
  expect(String(answer.headers['content-type'])).toContain(streamed ? 'text/event-stream' : 'application/json')
  return {
    answer,
    seen: streamed ? checkStream(pair.client, answer.body) : checkWhole(pair.client, answer.status, answer.body),
  }
}

type Break = (n: number) => object
/** Ways to break off after so many events, and the status where nothing was sent yet. */
const breaks: Array<{
  name: string
  fault: Break
  status: number /** Behind the finish it is an error still. */
  late?: boolean
}> = [
  { name: 'a cut connection', fault: (n) => ({ cutAfterEvents: n }), status: 502 },
  { name: 'a clean end', fault: (n) => ({ endAfterEvents: n }), status: 502 },
  { name: 'silence', fault: (n) => ({ stallAfterEvents: n }), status: 504 },
  { name: 'nothing but comments', fault: (n) => ({ stallAfterEvents: n, comments: '40ms' }), status: 504 },
  {
    name: 'an error event',
    fault: (n) => ({ errorEvent: { type: 'overloaded_error', message: 'too busy' }, afterEvents: n }),
    status: 503,
    late: true,
  },
  { name: 'garbage', fault: (n) => ({ garbageAfterEvents: n }), status: 502, late: true },
]

const good = new Map<string, Good>()
beforeAll(async () => {
  for (const upstream of dialects) {
    good.set(`${upstream} texts`, await goodStream(upstream, texts))
    good.set(`${upstream} tools`, await goodStream(upstream, tools))
  }
})

describe.each(pairs)('$client before $upstream', (pair) => {
  for (const [name, script] of Object.entries({ texts, tools })) {
    it.each(breaks)(
      `${name}: $name after any number of events is an error, or an end when the finish has come`,
      async (row) => {
        const upstream = await scripted()
        const gateway = await house({ upstream: upstream.url, streaming: short })
        const { count, content, finish } = good.get(`${pair.upstream} ${name}`)!
        expect(content).toBeGreaterThan(0)
        expect(finish).toBeGreaterThan(content)
        await Promise.all(
          Array.from({ length: count + 1 }, async (_, n) => {
            const { answer, seen } = await ask(pair, gateway.url, { ...script, fault: row.fault(n) }, true)
            const said = `after ${n} events: ${answer.status} ${answer.body.toString().slice(-400)}`
            if (n <= content) {
              expect(answer.status === 529 ? 503 : answer.status, said).toBe(row.status)
              return
            }
            expect(answer.status, said).toBe(200)
            if (n <= finish) {
              expect(seen.outcome, said).toBe('error')
              expect(seen.finish, said).toBeUndefined()
            } else if (n === count) expect(seen.outcome, said).toBe('clean')
            // Behind the finish an error of the provider is still an error; anything else has lost nothing.
            else if (!row.late) expect(seen.outcome, said).toBe('clean')
            if (name === 'texts') expect(words.startsWith(seen.text), said).toBe(true)
            if (seen.outcome === 'clean' && name === 'texts') expect(seen.text, said).toBe(words)
            if (seen.outcome === 'clean') for (const { args } of seen.tools) JSON.parse(args)
          }),
        )
        await until(() => gateway.gateway.running === 0, 'no request is running')
        expect(gateway.records.length).toBe(count + 1)
      },
    )
  }
})
