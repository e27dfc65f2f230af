import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { stateFolder } from '../storage/folder.ts'
import { type BackgroundHouse, openBackground } from './background-house.ts'

type Event = OpenAI.Responses.ResponseStreamEvent
type Streamed = AsyncIterable<Event>

const notFound = { status: 404, code: 'response_not_found' }
const ended = new Set(['completed', 'failed', 'incomplete', 'cancelled'])

/** Asks until the response has ended, as the guide of the API does. */
async function poll({ openai }: Pick<BackgroundHouse, 'openai'>, id: string): Promise<OpenAI.Responses.Response> {
  for (;;) {
    const response = await openai.responses.retrieve(id)
    if (ended.has(String(response.status))) return response
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Events up to the one that `last` says it is. */
async function take(stream: Streamed, last: (event: Event) => boolean): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of stream) {
    events.push(event)
    if (last(event)) break
  }
  return events
}

const never = () => false
const saying = (text: string) => (event: Event) => event.type === 'response.output_text.delta' && event.delta === text
const numbers = (events: Event[]) => events.map((event) => event.sequence_number)
const text = (events: Event[]) =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')

describe.each(['oa/m', 're/m'])('an answer in the background (%s)', (model) => {
  const ask = ({ openai }: Pick<BackgroundHouse, 'openai'>, more: object = {}) =>
    openai.responses.create({ model, input: 'Hi', background: true, ...more })
  const stream = ({ openai }: Pick<BackgroundHouse, 'openai'>, more: object = {}): Promise<Streamed> =>
    openai.responses.create({ model, input: 'Hi', background: true, stream: true, ...more })

  it('is promised at once, goes on without the client, and can be fetched at its end', async () => {
    const house = await openBackground()
    const promised = await ask(house, { metadata: { a: 'b' } })
    expect(promised).toMatchObject({ status: 'queued', background: true, store: true })
    const { id } = promised
    const call = await house.call()
    expect(call.body).not.toHaveProperty('background')
    const running = await house.openai.responses.retrieve(id)
    expect(running).toMatchObject({ id, status: 'in_progress', background: true, output: [], metadata: { a: 'b' } })
    const items = await house.openai.responses.inputItems.list(id)
    expect(items.data).toMatchObject([{ role: 'user', content: [{ text: 'Hi' }] }])
    call.say('Eins, ')
    call.say('世界.')
    call.finish()
    const done = await poll(house, id)
    expect(done).toMatchObject({ id, status: 'completed', background: true, store: true, output_text: 'Eins, 世界.' })
    expect(await house.openai.responses.cancel(id)).toMatchObject({ id, status: 'completed' })
    // Under the provider's own id there is nothing: there is one response, and it is ours.
    await expect(house.openai.responses.retrieve('resp_theirs')).rejects.toMatchObject(notFound)
    const next = house.openai.responses.create({ model, input: 'Two?', previous_response_id: id })
    const second = await house.call()
    expect(JSON.stringify(second.body)).toMatch(/Hi.*Eins, 世界\..*Two\?/)
    second.answer(500, { error: { message: 'enough' } })
    await expect(next).rejects.toMatchObject({ message: expect.stringContaining('enough') })
  })

  it('survives the client that streamed it, who comes back and misses nothing', async () => {
    const house = await openBackground()
    const first = await stream(house)
    const call = await house.call()
    call.say('one ')
    const before = await take(first, saying('one '))
    expect(before.slice(0, 3).map(({ type }) => type)).toEqual([
      'response.created',
      'response.queued',
      'response.in_progress',
    ])
    const { id } = (before[0] as OpenAI.Responses.ResponseCreatedEvent).response
    call.say('two ')
    const after = before.at(-1)?.sequence_number ?? 0
    const resumed = await house.openai.responses.retrieve(id, { stream: true, starting_after: after })
    const rest = take(resumed, never)
    call.say('three')
    call.finish()
    const all = [...before, ...(await rest)]
    expect(text(all)).toBe('one two three')
    expect(numbers(all)).toEqual(all.map((_, i) => i))
    const last = all.at(-1) as OpenAI.Responses.ResponseCompletedEvent
    expect(last).toMatchObject({ type: 'response.completed', response: { id, status: 'completed', background: true } })
    expect(JSON.parse(JSON.stringify(await house.openai.responses.retrieve(id)))).toMatchObject(
      JSON.parse(JSON.stringify(last.response)),
    )
    expect(call.gone).toBe(true)

    // Once it is over the events are there for a while, all of them or from any number on.
    expect(await take(await house.openai.responses.retrieve(id, { stream: true }), never)).toEqual(all)
    const tail = await house.openai.responses.retrieve(id, { stream: true, starting_after: all.length - 2 })
    expect(await take(tail, never)).toEqual(all.slice(-1))
  })

  it('streams to the helper of the SDK, and is put together again by it', async () => {
    const house = await openBackground()
    const runner = house.openai.responses.stream({ model, input: 'Hi', background: true })
    const call = await house.call()
    call.say('one ')
    call.say('two')
    call.finish()
    const final = await runner.finalResponse()
    expect(final).toMatchObject({ status: 'completed', output_text: 'one two' })
    const again = house.openai.responses.stream({ response_id: final.id, starting_after: 3 })
    expect(await again.finalResponse()).toMatchObject({ id: final.id, output_text: 'one two' })
  })

  it('is cancelled: the provider is let go, followers get an end, and it stays cancelled', async () => {
    const house = await openBackground()
    const first = await stream(house)
    const call = await house.call()
    call.say('one ')
    const seen: Event[] = []
    const following = (async () => {
      for await (const event of first) {
        seen.push(event)
        if (saying('one ')(event)) {
          const { id } = (seen[0] as OpenAI.Responses.ResponseCreatedEvent).response
          expect(await house.openai.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
        }
      }
    })()
    await following
    await call.left
    const last = seen.at(-1) as OpenAI.Responses.ResponseIncompleteEvent
    expect(last).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } })
    const { id } = last.response
    expect(await house.openai.responses.retrieve(id)).toMatchObject({ status: 'cancelled', background: true })
    expect(await house.openai.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
  })

  it('is deleted while it runs', async () => {
    const house = await openBackground()
    const { id } = await ask(house)
    const call = await house.call()
    await house.openai.responses.delete(id)
    await call.left
    await expect(house.openai.responses.retrieve(id)).rejects.toMatchObject(notFound)
    await expect(house.openai.responses.cancel(id)).rejects.toMatchObject(notFound)
  })

  it('says that it failed, and why, when the provider refuses', async () => {
    const house = await openBackground()
    const { id } = await ask(house)
    const call = await house.call()
    call.answer(429, { error: { message: 'slow down, please', type: 'rate_limit_exceeded' } })
    const failed = await poll(house, id)
    expect(failed).toMatchObject({
      status: 'failed',
      error: { code: 'rate_limit_exceeded', message: expect.stringContaining('slow down, please') },
    })
    const events = await take(await house.openai.responses.retrieve(id, { stream: true }), never)
    expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { id, status: 'failed' } })
  })

  it('is closed to another key, in every way', async () => {
    const house = await openBackground()
    const { id } = await ask(house)
    await house.call()
    const { responses } = house.stranger
    await expect(responses.retrieve(id)).rejects.toMatchObject(notFound)
    await expect(responses.retrieve(id, { stream: true })).rejects.toMatchObject(notFound)
    await expect(responses.cancel(id)).rejects.toMatchObject(notFound)
    await expect(responses.delete(id)).rejects.toMatchObject(notFound)
    await expect(responses.inputItems.list(id)).rejects.toMatchObject(notFound)
    expect(await house.openai.responses.retrieve(id)).toMatchObject({ status: 'in_progress' })
  })

  it('has failed honestly when sluice stops, and that can be read after a restart', async () => {
    const house = await openBackground(stateFolder())
    const first = await stream(house)
    const call = await house.call()
    call.say('one ')
    const following = take(first, never)
    const other = await ask(house)
    await house.call()
    await house.sluice.close()
    const events = await following
    const last = events.at(-1) as OpenAI.Responses.ResponseFailedEvent
    expect(last).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
    const later = await house.again()
    for (const id of [last.response.id, other.id]) {
      expect(await later.openai.responses.retrieve(id)).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('shutting down') },
      })
      await expect(later.openai.responses.retrieve(id, { stream: true })).rejects.toMatchObject({
        status: 410,
        code: 'events_dropped',
      })
    }
  })

  it('is read by two at once, each from where it wants', async () => {
    const house = await openBackground()
    const { id } = (
      (
        await take(await stream(house), (event) => event.type === 'response.created')
      )[0] as OpenAI.Responses.ResponseCreatedEvent
    ).response
    const call = await house.call()
    const all = take(await house.openai.responses.retrieve(id, { stream: true }), never)
    const later = take(await house.openai.responses.retrieve(id, { stream: true, starting_after: 2 }), never)
    call.say('one ')
    call.say('two')
    call.finish()
    const [whole, part] = await Promise.all([all, later])
    expect(part).toEqual(whole.slice(3))
    expect(text(part)).toBe('one two')
  })
})

describe('what a request in the background may not be', () => {
  it('is told before anything is begun', async () => {
    const house = await openBackground()
    const create = (more: object) =>
      house.openai.responses.create({ model: 'oa/m', input: 'x', background: true, ...more })
    await expect(create({ store: false })).rejects.toMatchObject({ status: 400, param: 'store' })
    await expect(create({ model: 'nobody/m' })).rejects.toMatchObject({ status: 404 })
    await expect(create({ previous_response_id: 'resp_nobody' })).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    })
    await expect(create({ conversation: 'conv_1' })).rejects.toMatchObject({ status: 400, param: 'conversation' })
    const { id } = await create({})
    await house.call()
    await expect(create({ previous_response_id: id })).rejects.toMatchObject({
      status: 400,
      param: 'previous_response_id',
      message: expect.stringContaining('still running'),
    })
    for (const after of ['-1', 'x', '1.5']) {
      const wrong = house.openai.responses.retrieve(id, { stream: true, starting_after: after as unknown as number })
      await expect(wrong).rejects.toMatchObject({ status: 400, param: 'starting_after' })
    }
  })
})
