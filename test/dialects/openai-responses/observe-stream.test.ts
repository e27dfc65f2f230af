import { describe, expect, it } from 'vitest'
import type { StreamObserver } from '../../../src/dialects/index.ts'
import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { writeSse } from '../../../src/sse/index.ts'
import { type JsonObject, mergeUsage } from '../../../src/tokens/index.ts'
import { checkResponses, responseEvents } from '../../fixtures/check-responses.ts'
import { decode, goldens } from '../../fixtures/goldens.ts'
import { added, answer, call, done, event, message } from './read.ts'

function observe(events: Array<string | JsonObject>): { observer: StreamObserver; shown: boolean[] } {
  const observer = openaiResponses.upstream.observeStream({ dropUsage: false, requestId: 'req_1' })
  return { observer, shown: events.map((one) => observer.see(event(one))) }
}

const piece = (delta: string): JsonObject => ({
  type: 'response.output_text.delta',
  item_id: 'msg_1',
  output_index: 0,
  content_index: 0,
  delta,
})

describe('every recorded stream', () => {
  it.each(goldens('openai-responses'))('is told of as if it had been taken apart: $name', ({ name, bytes }) => {
    const tokens = decode('openai-responses', [bytes])
    if (name === 'not-json' || name === 'arguments-that-do-not-fit') return
    const events = responseEvents(new TextDecoder().decode(bytes).replace('data: [DONE]\n\n', ''))
    const { observer } = observe(events.map(({ data }) => data))
    const last = tokens.at(-1)!
    const finish = tokens.find((token) => token.type === 'finish')
    expect(observer.finish).toBe(finish?.type === 'finish' ? finish.reason : undefined)
    expect(observer.done).toBe(finish !== undefined)
    const usage = tokens.reduce<object | undefined>(
      (sum, token) => (token.type === 'usage' ? mergeUsage(sum, token.usage) : sum),
      undefined,
    )
    expect(observer.usage).toEqual(usage)
    if (last.type === 'error' && name !== 'cut-off') expect(observer.error).toEqual(last.error)
    else expect(observer.error).toBeUndefined()
  })
})

it('content begins with the first text, a call, or the end', () => {
  const started = [answer([])[0]!, added(0, { ...message('msg_1', ''), content: [] }), piece('')]
  expect(observe(started).observer.content).toBe(false)
  expect(observe([...started, piece('x')]).observer.content).toBe(true)
  expect(observe([added(0, call('call_1', 'f', ''))]).observer.content).toBe(true)
  expect(observe([done(0, message('msg_1', 'x'))]).observer.content).toBe(true)
  expect(observe(answer([])).observer.content).toBe(true)
})

it('a sign of life that older clients stumble over is not passed on', () => {
  const { shown, observer } = observe([
    answer([])[0]!,
    piece('x'),
    { type: 'keepalive', sequence_number: 3 },
    piece('y'),
  ])
  expect(shown).toEqual([true, true, false, true])
  expect(observer.deltas).toBe(2)
})

describe('a stream that breaks', () => {
  const error = new SluiceError('upstream_server', 'it broke')

  it('ends with a response that failed, with the next number and the id of the stream', () => {
    const events = answer([added(0, { ...message('msg_1', ''), content: [] })]).slice(0, 3)
    const { observer } = observe(events)
    const sent = [
      ...events.map((data) => ({
        event: String(data.type),
        data: JSON.stringify({ ...data, response: whole(data.response) }),
      })),
      ...observer.fail(error),
    ]
    const last = checkResponses(sent.map(writeSse).join(''))
    expect(last).toMatchObject({ id: 'resp_1', status: 'failed', error: { code: 'server_error', message: 'it broke' } })
    expect(observer.fail(error)).toEqual([])
  })

  it('before it began is a stream of its own', () => {
    const messages = observe([]).observer.fail(error)
    expect(messages.map(({ event: name }) => name)).toEqual(['response.created', 'response.failed'])
    expect(messages.map(({ data }) => JSON.parse(data).sequence_number)).toEqual([0, 1])
  })
})

const whole = (response: unknown): JsonObject | undefined =>
  response === undefined
    ? undefined
    : { error: null, incomplete_details: null, usage: null, tools: [], ...(response as JsonObject) }
