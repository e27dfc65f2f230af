import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../src/observe/index.ts'
import type { Fault, Script } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { openFailing } from './failing-house.ts'
import { sdkTexts } from './sdk-texts.ts'

const beginning = 'The first half of the answer, '
const rest = 'and then the second half of it.'
const whole = beginning + rest

/** Breaks after the beginning, in the way that is asked for. */
function breaking(fault: Fault, more: Partial<Script> = {}): Script {
  return {
    steps: [{ text: beginning, chunk: 'whole' }, { text: 'which nobody hears.' }],
    fault,
    usage: { input: 5, output: 7 },
    ...more,
  }
}

/** `message_start`, `content_block_start` and the delta; or the chunk with the role and that with the text. */
const cuts: Record<string, Fault> = {
  oa: { cutAfterEvents: 2 },
  an: { cutAfterEvents: 3 },
}

const going: Script = { steps: [{ text: rest }], usage: { input: 9, output: 11 } }
const streaming = { after_content: 'continue' } as const

for (const [client, ask] of Object.entries(sdkTexts)) {
  it(`an ${client} client reads one answer of two halves, whatever the languages are`, async () => {
    for (const from of ['oa', 'an'] as const) {
      const house = await openFailing({ first: breaking(cuts[from]!), second: going, streaming })
      for (const to of ['oa', 'an']) expect(await ask(house.url, `${from}-${to}`)).toBe(whole)
      expect([house.first.count(), house.second.count()]).toEqual([2, 2])
    }
  })
}

async function chat(url: string, model: string, more: object = {}) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      model,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hi' }],
      ...more,
    }),
  })
  const body = await response.text()
  const events = [...body.matchAll(/^data: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json ?? '') as JsonObject)
  const choice = (event: JsonObject) => (event.choices as JsonObject[] | undefined)?.[0] as JsonObject | undefined
  const text = events.map((event) => (choice(event)?.delta as JsonObject | undefined)?.content ?? '').join('')
  return {
    response,
    body,
    text,
    finishes: events.map((event) => choice(event)?.finish_reason).filter((one) => one),
    ids: new Set(events.filter(({ error }) => !error).map(({ id }) => id)),
    usage: events.findLast(({ usage }) => usage)?.usage,
    error: events.find(({ error }) => error)?.error as JsonObject | undefined,
  }
}

describe('an answer that breaks off after its first content', () => {
  it('is one answer: one id, one finish, one usage of both, and a comment that says who went on', async () => {
    const records: RequestRecord[] = []
    const house = await openFailing({ first: breaking(cuts.oa!), second: going, streaming, records })
    const { text, body, finishes, ids, usage, error } = await chat(house.url, 'oa-oa')
    expect([text, finishes, ids.size, error]).toEqual([whole, ['stop'], 1, undefined])
    expect(body.match(/\[DONE\]/g)?.length).toBe(1)
    expect(body).toContain(': continued by oa2/m\n\n')
    expect(usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 11 })
    expect(records).toMatchObject([
      { outcome: 'ok', provider: 'oa2', failed: ['oa/m stream_interrupted'], billed: 'maybe' },
    ])
  })

  it('is one answer, too, where only what the first target says is to be gone on with', async () => {
    const house = await openFailing({
      first: breaking(cuts.oa!),
      second: going,
      streaming: { models: [{ match: 'oa/*', after_content: 'continue' }] },
    })
    const { text, body, finishes, ids } = await chat(house.url, 'oa-oa')
    expect([text, finishes, ids.size]).toEqual([whole, ['stop'], 1])
    expect(body.match(/"role":"assistant"/g)?.length).toBe(1)
  })

  it('is gone on with from its very words: as a beginning where that is taken, else by an instruction', async () => {
    const house = await openFailing({ first: breaking(cuts.oa!), second: going, streaming })
    await chat(house.url, 'oa-an')
    await chat(house.url, 'oa-oa')
    const [messages, completion] = house.second.requests.map(
      ({ body }) => (body as JsonObject).messages as JsonObject[],
    )
    expect(messages?.at(-1)).toMatchObject({ role: 'assistant' })
    expect(JSON.stringify(messages?.at(-1))).toContain(beginning.trim())
    expect(completion?.at(-2)).toMatchObject({ role: 'assistant', content: beginning.trim() })
    expect(completion?.at(-1)).toMatchObject({ role: 'user', content: expect.stringContaining('cut off') })
  })

  it('is gone on with by an instruction where a beginning is refused, at once and from then on', async () => {
    const house = await openFailing({
      first: breaking(cuts.oa!),
      second: { ...going, streaming: 'refuses-prefill' },
      streaming,
    })
    expect((await chat(house.url, 'oa-an')).text).toBe(whole)
    expect(house.second.count()).toBe(2)
    expect((await chat(house.url, 'oa-an')).text).toBe(whole)
    expect(house.second.count()).toBe(3)
  })

  it('is not said twice where the other one begins with its last words', async () => {
    const repeating = { ...going, steps: [{ text: `half of the answer, ${rest}`, chunk: 3 }] }
    const house = await openFailing({ first: breaking(cuts.oa!), second: repeating, streaming })
    expect((await chat(house.url, 'oa-oa')).text).toBe(whole)
  })

  it('is passed on until somebody completes it, at most three times, and the first fault is told when nobody does', async () => {
    const house = await openFailing({
      first: breaking(cuts.oa!),
      second: { steps: [], fault: { status: 503 } },
      streaming,
    })
    const { text, error, finishes } = await chat(house.url, 'oa-oa')
    expect([text, error?.code, finishes]).toEqual([beginning, 'stream_interrupted', []])
    expect(house.second.count()).toBe(1)
  })

  it('is asked of the same target again where there is no other', async () => {
    const house = await openFailing({ first: { ...breaking({ cutAfterEvents: 2, times: 1 }) }, streaming, retries: 1 })
    const { text } = await chat(house.url, 'oa/m')
    // It says all of it anew, and what was said already is left out.
    expect(text).toBe(`${beginning}which nobody hears.`)
    expect(house.first.count()).toBe(2)
  })

  it.each<[string, Script]>([
    [
      'in a call of a tool',
      { steps: [{ text: 'Look: ' }, { tool: 'look', arguments: { a: 1 } }], fault: { cutAfterEvents: 6 } },
    ],
    [
      'behind a call of a tool',
      { steps: [{ tool: 'look', arguments: {}, pieces: 1 }, { text: 'and so ' }], fault: { cutAfterEvents: 5 } },
    ],
  ])('ends with an error %s', async (_, first) => {
    const house = await openFailing({ first, second: going, streaming })
    const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]
    const { error } = await chat(house.url, 'oa-oa', { tools })
    expect([error?.code, house.second.count()]).toEqual(['stream_interrupted', 0])
  })

  it('ends with an error in the middle of JSON that was asked for, which another one would begin anew', async () => {
    const first = breaking(cuts.oa!, { steps: [{ text: '{"name":"Jo', chunk: 'whole' }, { text: 'hn"}' }] })
    const house = await openFailing({ first, second: { steps: [{ text: '{"name":"John"}' }] }, streaming })
    const json = { response_format: { type: 'json_object' } }
    const { text, error, finishes } = await chat(house.url, 'oa-oa', json)
    expect([text, error?.code, finishes]).toEqual(['{"name":"Jo', 'stream_interrupted', []])
    expect(house.second.count()).toBe(0)
  })

  it('ends with an error in the middle of sealed reasoning; reasoning without a seal is begun anew', async () => {
    const thinking: Script = {
      steps: [{ reasoning: 'Let me see, ', chunk: 'whole' }, { text: 'never' }],
      fault: { cutAfterEvents: 3 },
    }
    const sealed = await openFailing({ first: thinking, second: going, streaming })
    expect((await chat(sealed.url, 'an-oa')).error?.code).toBe('stream_interrupted')
    const open = await openFailing({ first: { ...thinking, fault: { cutAfterEvents: 2 } }, second: going, streaming })
    const { text, error } = await chat(open.url, 'oa-oa')
    expect([text, error]).toEqual([rest, undefined])
  })

  it('is left alone when the client leaves', async () => {
    const house = await openFailing({
      first: breaking(cuts.oa!),
      second: { steps: [{ wait: '60s' }, { text: rest }] },
      streaming,
    })
    const leaving = new AbortController()
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'oa-oa', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
      signal: leaving.signal,
    })
    const reading = response.text().catch((error: Error) => error.name)
    while (house.second.count() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    leaving.abort()
    expect(await reading).toBe('AbortError')
    expect((await house.second.aborted(0)).index).toBe(0)
  })

  it('keeps the policy of its model: only what is said to go on does', async () => {
    const house = await openFailing({
      first: breaking(cuts.oa!),
      second: going,
      streaming: { models: [{ match: 'an/*', after_content: 'continue' }] },
    })
    expect((await chat(house.url, 'oa-oa')).error?.code).toBe('stream_interrupted')
  })
})
