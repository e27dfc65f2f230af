import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type AwsEvent, AwsEventParser } from '../../src/framing/index.ts'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { checkStream, type Seen } from './check-stream.ts'
import { type Answer, chat, dialects, house, type Pair, paths, post, scripted, until } from './house.ts'

/** The clients there are before Bedrock, whose streams are binary. */
const pairs = dialects.map((client) => ({ client, upstream: 'bedrock-converse' as Pair['upstream'] }))

const words = 'Grüße aus 世界, one'
const texts = { steps: [{ text: words, chunk: 'word' }] }
const tools = {
  steps: [
    { reasoning: 'Let me think', signature: 'c2ln' },
    { text: 'Looking.' },
    { tool: 'get_weather', arguments: { city: 'Zürich' } },
    { tool: 'get_time', arguments: '' },
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
  bytes: number
  /** How many events there are. */
  count: number
  /** The number of the first event with content, and how many bytes are there when it is whole. */
  content: { event: number; bytes: number }
  /** The same of the event that says why the answer ended. */
  finish: { event: number; bytes: number }
}

/** The script without a fault, as the provider tells it. */
async function goodStream(script: object): Promise<Good> {
  const server = await startScripted()
  const url = `${server.url}/model/bedrock-converse%2Fm/converse-stream`
  const content = [{ text: JSON.stringify({ sluice_script: script }) }]
  const body = await new Promise<Buffer>((resolve, reject) => {
    const call = request(url, { method: 'POST', agent: false }, async (response) => {
      const pieces: Buffer[] = []
      for await (const piece of response) pieces.push(piece as Buffer)
      resolve(Buffer.concat(pieces))
    })
    call.on('error', reject)
    call.end(JSON.stringify({ messages: [{ role: 'user', content }] }))
  })
  await server.close()
  const events: AwsEvent[] = []
  new AwsEventParser().push(body, (event) => events.push(event))
  const place = (found: (event: AwsEvent) => boolean): { event: number; bytes: number } => {
    const event = events.findIndex(found)
    return { event, bytes: events[event]!.end }
  }
  return {
    bytes: body.length,
    count: events.length,
    content: place(({ event }) => event === 'contentBlockDelta'),
    finish: place(({ event }) => event === 'messageStop'),
  }
}

async function ask(pair: Pair, url: string, script: object): Promise<{ answer: Answer; seen: Seen | undefined }> {
  const usage = pair.client === 'openai-chat' ? { stream_options: { include_usage: true } } : {}
  const answer = await post(url + paths[pair.client], chat(pair, { script, stream: true, ...usage }))
  expect(answer.broken, 'the connection broke').toBe(false)
  return { answer, seen: answer.status === 200 ? checkStream(pair.client, answer.body) : undefined }
}

const breaks = [
  { name: 'a cut connection', fault: (n: number) => ({ cutAfterEvents: n }), status: 502 },
  { name: 'a clean end', fault: (n: number) => ({ endAfterEvents: n }), status: 502 },
  { name: 'silence', fault: (n: number) => ({ stallAfterEvents: n }), status: 504 },
  {
    name: 'an exception',
    fault: (n: number) => ({ errorEvent: { type: 'serviceUnavailableException', message: 'busy' }, afterEvents: n }),
    status: 503,
    late: true,
  },
  { name: 'garbage', fault: (n: number) => ({ garbageAfterEvents: n }), status: 502, late: true },
]

describe.each(pairs)('$client before an event stream of AWS', (pair) => {
  for (const [name, script] of Object.entries({ texts, tools })) {
    it.each(breaks)(
      `${name}: $name after any number of events is an error, or an end when the finish has come`,
      async ({ fault, status, late }) => {
        const { count, content, finish } = await goodStream(script)
        const gateway = await house({ upstream: (await scripted()).url, streaming: short })
        await Promise.all(
          Array.from({ length: count + 1 }, async (_, n) => {
            const { answer, seen } = await ask(pair, gateway.url, { ...script, fault: fault(n) })
            const said = `after ${n} events: ${answer.status} ${answer.body.toString().slice(-400)}`
            if (n <= content.event) {
              expect(answer.status === 529 ? 503 : answer.status, said).toBe(status)
            } else if (n <= finish.event) {
              expect(seen?.outcome, said).toBe('error')
              expect(seen?.finish, said).toBeUndefined()
            } else if (n === count || !late) {
              expect(seen?.outcome, said).toBe('clean')
              if (name === 'texts') expect(seen?.text, said).toBe(words)
            }
          }),
        )
        await until(() => gateway.gateway.running === 0, 'no request is running')
        expect(gateway.records.length).toBe(count + 1)
      },
    )
  }

  it('a connection cut behind any byte never leaves an answer that looks finished', async () => {
    const { bytes, content, finish } = await goodStream(texts)
    const gateway = await house({ upstream: (await scripted()).url, streaming: short })
    const cut = async (n: number): Promise<void> => {
      const { answer, seen } = await ask(pair, gateway.url, { ...texts, fault: { cutAfterBytes: n } })
      const said = `cut after ${n} of ${bytes} bytes: ${answer.status} ${answer.body.toString().slice(-400)}`
      if (n < content.bytes) expect(answer.status, said).toBe(502)
      else expect(seen?.outcome, said).toBe(n < finish.bytes ? 'error' : 'clean')
      if (seen) expect(n < finish.bytes ? words.startsWith(seen.text) : seen.text === words, said).toBe(true)
    }
    for (let from = 0; from < bytes; from += 64) {
      await Promise.all(Array.from({ length: Math.min(64, bytes - from) }, (_, i) => cut(from + i)))
    }
    await until(() => gateway.gateway.running === 0, 'no request is running')
  })

  it.each([1, 3, 13])('pieces of %i bytes make the same answer', async (write) => {
    const gateway = await house({ upstream: (await scripted()).url })
    const { seen } = await ask(pair, gateway.url, { ...tools, wire: { write } })
    expect(seen).toMatchObject({
      outcome: 'clean',
      text: 'Looking.',
      reasoning: 'Let me think',
      tools: [
        { name: 'get_weather', args: expect.stringContaining('Zürich') },
        { name: 'get_time', args: expect.stringMatching(/^(\{\})?$/) },
      ],
    })
  })

  it.each([
    [
      'bytes behind the counts, in the same read',
      { fault: { trailing: 'what is this, and why?' }, wire: { batch: 99 } },
    ],
    ['bytes behind the counts', { fault: { trailing: 'what is this, and why?' } }],
    ['counts that come twice', { fault: { duplicateEnd: true } }],
    ['a content type that is not true', { contentType: 'text/event-stream' }],
    ['no content type to speak of', { contentType: 'application/octet-stream' }],
    ['an event of a megabyte', { wire: { huge: 1_000_000 } }],
  ])('%s spoil nothing', async (_, more) => {
    const gateway = await house({ upstream: (await scripted()).url })
    const { seen } = await ask(pair, gateway.url, { ...texts, ...more })
    expect(seen).toMatchObject({ outcome: 'clean', text: words, usage: true })
  })

  it('a client that leaves is heard of at once', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url })
    const leaving = new AbortController()
    const script = { steps: [{ text: 'Hi' }, { wait: '1m' }] }
    const asked = post(gateway.url + paths[pair.client], chat(pair, { script, stream: true }), {
      signal: leaving.signal,
    })
    asked.catch(() => {})
    await until(() => upstream.requests.length === 1, 'the provider is asked')
    leaving.abort()
    await upstream.aborted(0)
    await until(() => gateway.gateway.running === 0, 'no request is running')
  })
})
