import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BackgroundResponse } from '../../src/gateway/responses/background-response.ts'
import { EventRoom } from '../../src/gateway/responses/event-room.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

const queued = { id: 'resp_ours', created_at: 7, status: 'queued', output: [], previous_response_id: null }

function begin({ limit = 1e6, all = 1e6 } = {}) {
  const kept: JsonObject[] = []
  const told = { aborted: 0, ended: 0 }
  const room = new EventRoom(all, () => false)
  const response = new BackgroundResponse({
    queued,
    limit,
    room,
    abort: () => told.aborted++,
    keep: (one) => kept.push(one),
    onEnd: () => told.ended++,
  })
  return { response, kept, told, room }
}

const events = ({ log }: BackgroundResponse) =>
  [...log.all()].map((text) => {
    const [, event, data] = /^event: (.*)\ndata: (.*)\n\n$/.exec(text) ?? []
    return { event, ...(JSON.parse(String(data)) as JsonObject) } as {
      event: string
      sequence_number: number
      response?: JsonObject
    }
  })

const theirs = (status: string, more: JsonObject = {}) => ({
  response: { id: 'resp_theirs', created_at: 1, status, store: false, background: false, output: [], ...more },
})
const event = (type: string, fields: object, named = true) =>
  `${named ? `event: ${type}\n` : ''}data: ${JSON.stringify({ type, ...fields })}\n\n`
const delta = (text: string, named = true) => event('response.output_text.delta', { delta: text }, named)

describe.each([true, false])('a stream that is made a response of our own (events with names: %s)', (named) => {
  const stream = [
    event('response.created', theirs('in_progress', { service_tier: 'flex' }), named),
    event('response.in_progress', { ...theirs('in_progress'), sequence_number: 41 }, named),
    ': alive\n\n',
    delta('Grüße, "sequence_number":9 ', named),
    event('response.output_text.delta', { sequence_number: 40, delta: '世界', logprobs: [] }, named),
    event('response.completed', { ...theirs('completed', { usage: { total_tokens: 3 } }), sequence_number: 1 }, named),
    'data: [DONE]\n\n',
  ].join('')
  const wanted = [
    { event: 'response.created', response: { id: 'resp_ours', status: 'queued' } },
    { event: 'response.queued', response: { id: 'resp_ours', status: 'queued' } },
    { event: 'response.in_progress', response: { id: 'resp_ours', status: 'in_progress', background: true } },
    { event: 'response.output_text.delta', delta: 'Grüße, "sequence_number":9 ' },
    { event: 'response.output_text.delta', delta: '世界', logprobs: [] },
    {
      event: 'response.completed',
      response: { id: 'resp_ours', status: 'completed', created_at: 7, store: true, usage: { total_tokens: 3 } },
    },
  ]

  it('has one id and numbers without gaps, wherever its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const { response, kept, told } = begin()
        const bytes = Buffer.from(stream)
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1
          response.push([bytes.subarray(at, at + size)])
          at += size
        }
        const seen = events(response)
        expect(seen).toMatchObject(wanted)
        expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(wanted.map((_, i) => i))
        expect(kept).toEqual([seen.at(-1)?.response])
        response.end()
        response.answered(500, '')
        response.cancel()
        expect([kept.length, told.ended, told.aborted]).toEqual([1, 1, 0])
      }),
      { numRuns: 50 },
    )
  })

  it('is told of its settings by the provider while it runs', () => {
    const { response } = begin()
    response.push(event('response.created', theirs('in_progress', { service_tier: 'flex' }), named))
    expect(response.response).toMatchObject({ id: 'resp_ours', status: 'in_progress', service_tier: 'flex' })
  })
})

describe('a stream that does not end well', () => {
  it('has failed, with what the provider said last and what was whole', () => {
    const { response, kept } = begin()
    const item = { type: 'message', id: 'msg_1', content: [] }
    response.push(event('response.output_item.done', { item }) + event('error', { code: 'x', message: 'worn out' }))
    response.end()
    expect(kept).toMatchObject([{ status: 'failed', error: { message: 'worn out' }, output: [item] }])
    expect(events(response).at(-1)?.event).toBe('response.failed')
  })

  it.each([
    ['cut', (one: BackgroundResponse) => one.end(), 'server_error'],
    ['refused', (one: BackgroundResponse) => one.answered(503, '{"error":{"message":"busy"}}'), 'server_is_overloaded'],
    ['refused without words', (one: BackgroundResponse) => one.answered(500, ''), 'server_error'],
    [
      'answered with something else',
      (one: BackgroundResponse) => one.answered(200, '{"status":"queued"}'),
      'server_error',
    ],
    ['answered with no JSON', (one: BackgroundResponse) => one.answered(200, 'hello'), 'server_error'],
  ])('has failed where it was %s', (_, act, code) => {
    const { response, kept, told } = begin()
    response.push(delta('a'))
    act(response)
    expect(kept).toMatchObject([{ id: 'resp_ours', status: 'failed', error: { code } }])
    expect(told).toEqual({ aborted: 0, ended: 1 })
  })

  it('has failed, and the provider is let go, where an event cannot be read', () => {
    const { response, kept, told } = begin()
    response.push('event: response.output_text.delta\ndata: {"\\x":1}\n\n')
    expect(kept).toMatchObject([{ status: 'failed', error: { code: 'server_error' } }])
    expect(told).toEqual({ aborted: 1, ended: 1 })
  })

  it('is nobody else‘s when it was deleted', () => {
    const { response, kept, told, room } = begin()
    response.push(delta('a'))
    response.drop()
    response.push(delta('b'))
    response.end()
    expect([kept.length, told.aborted, told.ended, room.bytes]).toEqual([0, 1, 1, 0])
  })
})

describe('events that there is no room for', () => {
  it('leave from the oldest on, and those that are left have no gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3000), { maxLength: 60 }), fc.integer({ min: 500, max: 9000 }), (sizes, limit) => {
        const { response, room } = begin({ limit })
        for (const size of sizes) response.push(delta('x'.repeat(size)))
        const { log } = response
        const seen = events(response)
        expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, i) => log.first + i))
        expect(log.next).toBe(3 + sizes.length)
        expect(seen.length).toBeGreaterThan(0)
        if (seen.length > 1) expect(log.bytes).toBeLessThanOrEqual(limit)
        expect(room.bytes).toBe(log.bytes)
      }),
      { numRuns: 50 },
    )
  })

  it('leave where all together take too much, too', () => {
    const { response, room } = begin({ all: 5000 })
    for (let i = 0; i < 100; i++) response.push(delta('x'.repeat(100)))
    expect(room.bytes).toBeLessThanOrEqual(5000)
    expect(response.log.first).toBeGreaterThan(0)
  })

  it('cost the same however many have left', () => {
    const { response } = begin({ limit: 20_000 })
    for (let i = 0; i < 20_000; i++) response.push(delta(String(i)))
    const { log } = response
    expect(log.read(log.first, 1).text).toContain(`"sequence_number":${log.first}`)
    expect(log.read(log.next, 100)).toEqual({ text: '', next: log.next })
    expect(log.bytes).toBeLessThanOrEqual(20_000)
  })

  it('are read first by those who keep up, however large', () => {
    const { response, kept } = begin({ limit: 1000 })
    let next = 0
    const seen: string[] = []
    // Who reads the last event may ask for the response at once.
    let keptBefore = 0
    response.follow({
      pump() {
        while (next < response.log.next) {
          expect(next).toBeGreaterThanOrEqual(response.log.first)
          const piece = response.log.read(next, 1)
          seen.push(piece.text)
          keptBefore = kept.length
          next = piece.next
        }
      },
      fail() {
        throw new Error('it kept up')
      },
    })
    response.push(delta('x'.repeat(5000)) + delta('y'.repeat(5000)) + delta('z'))
    response.push(event('response.completed', theirs('completed', { long: 'w'.repeat(9000) })))
    expect([seen.length, keptBefore]).toEqual([7, 1])
  })
})
