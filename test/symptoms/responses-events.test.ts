import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/tokens/index.ts'
import { checkResponses } from '../fixtures/check-responses.ts'
import { called, type Language, languages, overloaded, played, spoken } from './answers.ts'
import { hear, streamRequest, wholeRequest } from './clients.ts'
import { callDelta, chunk, done, sse } from './events.ts'
import { type House, openHouse, type Play } from './house.ts'

/** The stream that a client of Responses gets, held against the rules of the API. */
async function streamed(house: House, upstream: Language): Promise<{ types: string[]; last: JsonObject }> {
  const { path, body } = streamRequest('openai-responses', upstream)
  const { text, data } = await house.post(path, body)
  return { types: data.map(({ type }) => String(type)), last: checkResponses(text) }
}

const cut =
  (text: string): Play =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text, () => setImmediate(() => response.destroy()))
  }

describe.each(languages)('a client of Responses before %s', (upstream) => {
  const { start, texts, end } = played(upstream, 'one ', 'two')
  const half = start + texts.join('')

  it.each<[string, Play, string]>([
    ['the body just ends', half, 'response.failed'],
    ['the connection breaks', cut(half), 'response.failed'],
    ['garbage follows', `${half}data: {"oh\n\n`, 'response.failed'],
    ['an error follows', half + overloaded[upstream], 'response.failed'],
    ['all is well', half + end, 'response.completed'],
  ])('the stream closes before it was completed: its last event says how it ended, when %s', async (_, play, type) => {
    const { types, last } = await streamed(await openHouse(play), upstream)
    expect([types.at(-1), `response.${String(last.status)}`]).toEqual([type, type])
    expect(types.filter((one) => /^response\.(completed|incomplete|failed)$/.test(one))).toHaveLength(1)
  })

  it('an envelope of the gateway is the last frame: it is a failed response, in the words of the API', async () => {
    const house = await openHouse(half + overloaded[upstream])
    const { last } = await streamed(house, upstream)
    expect(last).toMatchObject({ object: 'response', status: 'failed', error: { message: 'too busy' } })
    expect(await hear(house, 'openai-responses', upstream)).toMatchObject({ error: { message: 'too busy' } })
  })

  it('a failure in the middle is called a fault of the request, and nobody tries again: it is one of the server', async () => {
    for (const play of [half, cut(half), half + overloaded[upstream]]) {
      const { last } = await streamed(await openHouse(play), upstream)
      expect((last.error as JsonObject).code).toMatch(/^server_/)
    }
  })

  it('events without number and place: every one has its own, in texts and calls', async () => {
    const house = await openHouse([spoken(upstream, 'one ', 'two'), called(upstream, '{"at":', '"x"}')], {
      normalise: true,
    })
    const deltas = async (kind: string) =>
      (await streamed(house, upstream)).types.filter((type) => type === `response.${kind}.delta`)
    expect(await deltas('output_text')).toHaveLength(2)
    expect((await deltas('function_call_arguments')).length).toBeGreaterThan(0)
    // The helper refuses what is out of place.
    const final = await house.openai.responses.stream({ model: `${upstream}/m`, input: 'Hi' }).finalResponse()
    expect(final.output).toMatchObject([{ type: 'function_call', arguments: '{"at":"x"}' }])
  })

  it('deltas come before their item: an item and its part are opened first', async () => {
    const bare = texts.join('') + end
    const { types } = await streamed(await openHouse(bare, { normalise: true }), upstream)
    expect(types.slice(0, 5)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
    ])
  })
})

const text = sse(chunk({ content: 'said' }))
const call = sse(chunk(callDelta(0, '', { id: 'call_1', name: 'look' })), chunk(callDelta(0, '{"at":1}')))

it.each([
  ['a text with an end marker', text + done, 'completed'],
  ['a call with an end marker', call + done, 'completed'],
  ['a text that just ends', text, 'failed'],
])(
  'nothing is shown where a server never says that it has finished: what was open is done, %s',
  async (_, play, how) => {
    const { types, last } = await streamed(await openHouse(play), 'openai-chat')
    expect(types.filter((type) => type.endsWith('.done')).length).toBeGreaterThan(1)
    expect(types.slice(-2)).toEqual(['response.output_item.done', `response.${how}`])
    expect(last.output).toHaveLength(1)
  },
)

describe.each(languages)('a client of %s before Responses', (client) => {
  it('the answer is an error though it was complete, for want of an end marker: its last event ends it', async () => {
    // No marker follows, and the connection stays open.
    const house = await openHouse((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(spoken('openai-responses', 'said'))
    })
    expect(await hear(house, client, 'openai-responses')).toEqual({ text: 'said', args: '', opened: true })
    const { path, body } = wholeRequest(client, 'openai-responses')
    const whole = await house.post(path, body)
    expect([whole.status, whole.text]).toEqual([200, expect.stringContaining('said')])
  })

  it('the last event holds no output, and the answer is empty: what was done before it counts', async () => {
    const { start, texts, end } = played('openai-responses', 'said')
    const events = start + texts.join('') + end.replace(/"output":\[.*?\],"usage"/, '"output":[],"usage"')
    expect(events).toContain('"output":[],"usage"')
    const house = await openHouse(events)
    expect(await hear(house, client, 'openai-responses')).toMatchObject({ text: 'said' })
    const { path, body } = wholeRequest(client, 'openai-responses')
    expect((await house.post(path, body)).text).toContain('said')
  })
})

it('the final response and the stored one are empty where the last event holds no output: they are what was done', async () => {
  const { start, texts, end } = played('openai-responses', 'Grüße, ', '世界 "x" \\')
  const text = 'Grüße, 世界 "x" \\'
  const bare = end.replace(/"output":\[.*?\],"usage"/, '"output":[],"usage"').replace('界', '\\u754c')
  expect(bare).toContain('"output":[],"usage"')
  const house = await openHouse([start + texts.join('') + bare, spoken('openai-responses', 'more')])
  const final = await house.openai.responses.stream({ model: 'openai-responses/m', input: 'Hi' }).finalResponse()
  expect(final.output_text).toBe(text)
  await house.openai.responses.create({ model: 'openai-responses/m', input: 'on', previous_response_id: final.id })
  expect(house.asked[1]?.body.input).toMatchObject([{ role: 'user' }, { content: [{ text }] }, { role: 'user' }])
})

it('a count that is missing breaks the parser of the client: the ones it needs are numbers', async () => {
  const bare = sse(chunk({ content: 'said' }), chunk({}, 'stop', { usage: { prompt_tokens: 9, completion_tokens: 4 } }))
  const { last } = await streamed(await openHouse(bare + done), 'openai-chat')
  expect(last.usage).toEqual({
    input_tokens: 9,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 4,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 13,
  })
})

it('later sources are told at the end only: each is streamed once, when it is seen', async () => {
  const source = (url: string) => ({
    annotations: [{ type: 'url_citation', url_citation: { url, title: 't', start_index: 0, end_index: 3 } }],
  })
  const house = await openHouse(
    sse(
      chunk({ content: 'one ', ...source('https://a.example') }),
      chunk({ content: 'two ', ...source('https://b.example') }),
      chunk({ content: 'three' }, 'stop'),
    ) + done,
  )
  const { types, last } = await streamed(house, 'openai-chat')
  const told = types.filter((type) => /output_text\.(delta|annotation)/.test(type)).map((type) => type.split('.')[2])
  expect(told).toEqual(['delta', 'annotation', 'delta', 'annotation', 'delta'])
  expect(JSON.stringify(last.output).match(/https:\/\/\w\.example/g)).toEqual([
    'https://a.example',
    'https://b.example',
  ])
})
