import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Collection, MemoryStore, SqliteStore, type Store } from '../../src/storage/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import type { UpstreamHandler } from '../../src/transport/index.ts'
import { stateFolder } from '../storage/folder.ts'
import { FakeExchange } from './exchange.ts'
import { startGateway } from './house.ts'

/** A client that takes what is written when it is told to. */
class SlowExchange extends FakeExchange {
  override pending = 0
  #taken: Array<() => void> = []

  override write(chunk: Parameters<FakeExchange['write']>[0]): void {
    const before = this.text.length
    super.write(chunk)
    this.pending += this.text.length - before
  }

  override onTaken(callback: () => void): void {
    this.#taken.push(callback)
  }

  /** Takes all that is there. */
  take(): void {
    this.pending = 0
    for (const callback of this.#taken.splice(0)) callback()
  }
}

const headers = { authorization: 'Bearer a', host: 'localhost' }

function house({ store }: { store?: Store } = {}) {
  const started = startGateway(
    () => 'hangs',
    [{ name: 'oa', dialect: 'openai-chat', base_url: 'http://127.0.0.1:1/v1' }],
    [],
    [],
    undefined,
    store,
  )
  const { gateway, transport } = started
  const handlers: UpstreamHandler[] = []
  const send = transport.send.bind(transport)
  transport.send = (request, handler) => {
    handlers.push(handler)
    return send(request, handler)
  }
  const go = <E extends FakeExchange>(exchange: E): E => {
    gateway.handle(exchange)
    return exchange
  }
  const post = (more: JsonObject, Made: typeof FakeExchange = FakeExchange) =>
    go(
      new Made({
        method: 'POST',
        path: '/v1/responses',
        headers,
        body: JSON.stringify({ model: 'oa/m', input: 'Hi', background: true, ...more }),
      }),
    )
  const on = (method: string, id: string, path = '', query = '') =>
    go(new FakeExchange({ method, path: `/v1/responses/${id}${path}`, query, headers }))
  return {
    ...started,
    handlers,
    post,
    on,
    go,
    /** Begins a response; its id, once its call of the provider is on its way. */
    async begin(more: JsonObject = {}): Promise<string> {
      const { json } = await post(more).answered
      await settle()
      return String((json as JsonObject).id)
    },
    get: async (id: string) => (await on('GET', id).answered).json as JsonObject,
    cancel: async (id: string) => (await on('POST', id, '/cancel').answered).json as JsonObject,
  }
}

/** All that needs no time has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

const bytes = (text: string) => new TextEncoder().encode(text)
const piece = (content: string) =>
  bytes(
    `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`,
  )
const finish = bytes(
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
)

function head(handler: UpstreamHandler | undefined): void {
  handler?.onHead({ status: 200, headers: { 'content-type': 'text/event-stream' } })
}

function say(handler: UpstreamHandler | undefined, ...pieces: Uint8Array[]): void {
  for (const one of pieces) handler?.onData(one)
  handler?.onFlush()
}

function end(handler: UpstreamHandler | undefined): void {
  say(handler, finish)
  handler?.onEnd()
}

const events = (text: string): JsonObject[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(String(data)) as JsonObject)
/** The id of the response that a client is being told of. */
const idIn = ({ text }: FakeExchange) => String((events(text)[0] as { response: JsonObject }).response.id)
const types = (text: string) => events(text).map(({ type }) => type)

describe('a response that is cancelled', () => {
  it('before the provider has said a word lets the provider go and stays cancelled', async () => {
    const { begin, cancel, get, transport, gateway, on } = house()
    const id = await begin({ stream: false })
    const follower = on('GET', id, '', 'stream=true')
    await settle()
    expect(await cancel(id)).toMatchObject({ id, status: 'cancelled', output: [] })
    expect(transport.aborted).toBe(1)
    expect(types((await follower.answered).text)).toEqual([
      'response.created',
      'response.queued',
      'response.in_progress',
      'response.incomplete',
    ])
    expect(await get(id)).toMatchObject({ status: 'cancelled' })
    expect(gateway.running).toBe(0)
  })

  it('after its end is given as it ended', async () => {
    const { post, cancel, get, handlers } = house()
    const { text } = await (async () => {
      const exchange = post({ stream: true })
      await settle()
      head(handlers[0])
      say(handlers[0], piece('Hi'))
      end(handlers[0])
      return exchange.answered
    })()
    const last = events(text).at(-1) as { response: JsonObject; type: string }
    expect(last.type).toBe('response.completed')
    const id = String(last.response.id)
    expect(await cancel(id)).toEqual(last.response)
    expect(await get(id)).toEqual(last.response)
  })

  it('in the middle keeps the items that are whole', async () => {
    const { post, cancel, handlers } = house()
    const exchange = post({ stream: true, tools: [{ type: 'function', name: 'f', parameters: {} }] })
    await settle()
    head(handlers[0])
    const delta = { tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: '{}' } }] }
    const call = JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: null }] })
    say(handlers[0], piece('whole'), bytes(`data: ${call}\n\n`))
    const id = idIn(exchange)
    const { output } = await cancel(id)
    expect(output).toMatchObject([{ type: 'message', content: [{ text: 'whole' }] }])
  })
})

describe('a client that leaves', () => {
  it('in the middle of its stream takes nothing with it', async () => {
    const { post, get, handlers, transport, gateway } = house()
    const exchange = post({ stream: true })
    await settle()
    head(handlers[0])
    say(handlers[0], piece('one '))
    const id = idIn(exchange)
    exchange.leave()
    const before = exchange.text
    say(handlers[0], piece('two'))
    end(handlers[0])
    expect(exchange.text).toBe(before)
    expect(transport.aborted).toBeLessThanOrEqual(1)
    expect(await get(id)).toMatchObject({ status: 'completed', output: [{ content: [{ text: 'one two' }] }] })
    expect(gateway.running).toBe(0)
  })

  it('before its request was read begins nothing, and leaves nothing behind', async () => {
    const kept = new Set<string>()
    const store: Store = Object.assign(new MemoryStore(), {
      collection(...args: Parameters<Store['collection']>): Collection {
        const inner = MemoryStore.prototype.collection.apply(store, args)
        return {
          get: (key) => inner.get(key),
          list: (prefix) => inner.list(prefix),
          set: (key, value) => inner.set(key, value) && Boolean(kept.add(key)),
          delete: (key) => {
            kept.delete(key)
            inner.delete(key)
          },
        }
      },
    })
    const { go, post, transport, gateway } = house({ store })
    class Late extends FakeExchange {
      give = (_: Uint8Array) => {}
      override body(): Promise<Uint8Array> {
        return new Promise((resolve) => {
          this.give = resolve
        })
      }
    }
    // More than may run at once: none of them is counted as running.
    for (let i = 0; i < 300; i++) {
      const exchange = go(new Late({ method: 'POST', path: '/v1/responses', headers }))
      exchange.leave()
      exchange.give(bytes(JSON.stringify({ model: 'oa/m', input: 'Hi', background: true })))
      await settle()
      expect(exchange.text).toBe('')
    }
    expect([transport.asked.length, gateway.running, kept.size]).toEqual([0, 0, 0])
    expect((await post({}).answered).status).toBe(200)
  })
})

describe('those who follow', () => {
  it('each get the same events, whenever they come', async () => {
    const { post, on, handlers } = house()
    const first = post({ stream: true })
    await settle()
    head(handlers[0])
    say(handlers[0], piece('one '))
    const id = idIn(first)
    const second = on('GET', id, '', 'stream=true')
    await settle()
    say(handlers[0], piece('two'))
    end(handlers[0])
    const third = on('GET', id, '', 'stream=true')
    await Promise.all([first.answered, second.answered, third.answered])
    expect(events(second.text)).toEqual(events(first.text))
    expect(events(third.text)).toEqual(events(first.text))
    expect(events(first.text).map(({ sequence_number }) => sequence_number)).toEqual(
      events(first.text).map((_, i) => i),
    )
  })

  it('slowly hold little, keep nobody waiting, and still get all of it', async () => {
    const { post, get, handlers, gateway } = house()
    const slow = post({ stream: true }, SlowExchange) as SlowExchange
    await settle()
    head(handlers[0])
    const text = 'x'.repeat(8 * 1024)
    for (let i = 0; i < 200; i++) say(handlers[0], piece(text))
    expect(slow.pending).toBeLessThan(128 * 1024)
    end(handlers[0])
    const id = idIn(slow)
    expect(await get(id)).toMatchObject({ status: 'completed' })
    expect(gateway.running).toBe(1)
    for (let i = 0; i < 500 && gateway.running > 0; i++) slow.take()
    await slow.answered
    slow.take()
    const seen = events(slow.text)
    expect(seen.at(-1)).toMatchObject({ type: 'response.completed' })
    expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, i) => i))
    expect(gateway.buffers.used).toBe(0)
  })

  it('too slowly are told so, and where they stood', async () => {
    const { post, on, handlers, gateway } = house()
    const slow = post({ stream: true }, SlowExchange) as SlowExchange
    await settle()
    head(handlers[0])
    const text = 'x'.repeat(64 * 1024)
    for (let i = 0; i < 150; i++) say(handlers[0], piece(text))
    const id = idIn(slow)
    for (let i = 0; i < 20; i++) slow.take()
    const seen = events(slow.text)
    expect(seen.at(-1)).toMatchObject({ type: 'error', code: 'events_dropped' })
    expect(seen.at(-1)?.sequence_number).toBe(seen.at(-2)?.sequence_number)
    expect(gateway.running).toBe(1)

    // Who comes back for what has left is told with a status; who wants no more than what is there gets it.
    const gone = await on('GET', id, '', `stream=true&starting_after=${seen.at(-2)?.sequence_number}`).answered
    expect([gone.status, (gone.json as { error: JsonObject }).error.code]).toEqual([410, 'events_dropped'])
    const late = on('GET', id, '', 'stream=true&starting_after=150')
    await settle()
    expect(events(late.text)[0]).toMatchObject({ sequence_number: 151 })
    say(handlers[0], piece('end'))
    end(handlers[0])
    expect(types((await late.answered).text).at(-1)).toBe('response.completed')
  })

  it('are told when the response is deleted', async () => {
    const { begin, on, transport, gateway } = house()
    const id = await begin()
    const follower = on('GET', id, '', 'stream=true')
    await settle()
    expect((await on('DELETE', id).answered).json).toMatchObject({ id, deleted: true })
    expect(events((await follower.answered).text).at(-1)).toMatchObject({ type: 'error', code: 'events_dropped' })
    expect([transport.aborted, gateway.running]).toEqual([1, 0])
    expect((await on('GET', id).answered).status).toBe(404)
  })

  it('with HEAD are not sent a body', async () => {
    const { begin, on } = house()
    const id = await begin()
    const { status } = await on('HEAD', id, '', 'stream=true').answered
    expect(status).toBe(200)
  })
})

describe('events that are kept', () => {
  it('leave after ten minutes, and the response stays', async () => {
    const { begin, on, get, handlers, clock } = house()
    const id = await begin()
    handlers[0]?.onHead({ status: 500, headers: {} })
    handlers[0]?.onData(bytes('{"error":{"message":"broken"}}'))
    handlers[0]?.onEnd()
    expect((await on('GET', id, '', 'stream=true').answered).status).toBe(200)
    clock.pass(600_000)
    expect((await on('GET', id, '', 'stream=true').answered).status).toBe(410)
    expect(await get(id)).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
  })

  it('of those that have ended make room for those that run', async () => {
    const { post, cancel, on, handlers } = house()
    const status = async (id: string) => (await on('GET', id, '', 'stream=true').answered).status
    const ids: string[] = []
    const text = 'x'.repeat(256 * 1024)
    for (let i = 0; i < 11; i++) {
      const exchange = post({ stream: true })
      await settle()
      ids.push(idIn(exchange))
      exchange.leave()
      head(handlers[i])
      for (let n = 0; n < 26; n++) say(handlers[i], piece(text))
      await cancel(ids[i]!)
    }
    expect(await status(ids[0]!)).toBe(410)
    expect(await status(ids.at(-1)!)).toBe(200)
  })
})

describe('many at once', () => {
  it('are refused above the bound, and taken again below it', async () => {
    const { begin, post, cancel } = house()
    const ids = await Promise.all(Array.from({ length: 256 }, () => begin()))
    const refused = await post({}).answered
    expect([refused.status, refused.sent['retry-after']]).toEqual([429, '5'])
    // What is refused for another reason leaves no trace in the count.
    expect((await post({ store: false }).answered).status).toBe(400)
    await cancel(ids[0]!)
    expect((await post({ model: '' }).answered).status).toBe(400)
    expect((await post({ previous_response_id: 'resp_x' }).answered).status).toBe(400)
    expect((await post({}).answered).status).toBe(200)
    expect((await post({}).answered).status).toBe(429)
  })
})

describe('a gateway that stops', () => {
  it('waits for what runs in the background, and lets it be asked for meanwhile', async () => {
    const { begin, get, post, gateway, handlers } = house()
    const id = await begin()
    let over = false
    const drained = gateway.drain(60_000).then(() => {
      over = true
    })
    await settle()
    expect([over, gateway.running]).toEqual([false, 1])
    expect((await post({}).answered).status).toBe(503)
    expect(await get(id)).toMatchObject({ status: 'in_progress' })
    handlers[0]?.onHead({ status: 200, headers: {} })
    const message = { role: 'assistant', content: 'late' }
    handlers[0]?.onData(bytes(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] })))
    handlers[0]?.onEnd()
    await drained
    expect(await get(id)).toMatchObject({ status: 'completed', output: [{ content: [{ text: 'late' }] }] })
  })

  it('says that what it could not wait for has failed', async () => {
    const { begin, get, on, gateway, clock, transport } = house()
    const id = await begin()
    const follower = on('GET', id, '', 'stream=true')
    await settle()
    const drained = gateway.drain(60_000)
    clock.pass(60_000)
    await drained
    expect(types((await follower.answered).text).at(-1)).toBe('response.failed')
    expect(await get(id)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('shutting down') },
    })
    expect([transport.aborted, gateway.running]).toEqual([1, 0])
  })
})

describe.each(['in one memory', 'in one file'])('a process that has died, state %s', (where) => {
  /** Two gateways that share their state, and the time of that state. */
  function two() {
    const time = { now: 1_000_000 }
    const now = () => time.now
    const file = join(stateFolder(), 'sluice.db')
    const memory = new MemoryStore({ now })
    const open = () => (where === 'in one memory' ? memory : new SqliteStore({ file, now, onTrouble: () => {} }))
    const stores = [open(), open()] as const
    const one = house({ store: stores[0] })
    const pass = async (ms: number) => {
      time.now += ms
      one.clock.pass(ms)
      await stores[0].flush()
    }
    return { time, pass, one, other: house({ store: stores[1] }), later: () => house({ store: open() }) }
  }

  it('leaves responses that have failed, not such that run for ever', async () => {
    const { time, pass, one, other } = two()
    const id = await one.begin()
    // It lives, for as long as it likes.
    for (let i = 0; i < 10; i++) await pass(5000)
    expect(await other.get(id)).toMatchObject({ status: 'in_progress' })
    const asked = [other.on('POST', id, '/cancel'), other.on('DELETE', id), other.on('GET', id, '', 'stream=true')]
    for (const exchange of asked) expect((await exchange.answered).status).toBe(400)
    time.now += 15_001
    expect(await other.get(id)).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    expect(await other.cancel(id)).toMatchObject({ status: 'failed' })
    expect((await other.on('GET', id, '', 'stream=true').answered).status).toBe(410)
    expect((await other.on('DELETE', id).answered).status).toBe(200)
  })

  it('is not taken for dead when some of its work has ended, and leaves no timer when all has', async () => {
    const { pass, one, later } = two()
    const first = await one.begin()
    const second = await one.begin()
    await one.cancel(first)
    await pass(60_000)
    expect(await later().get(second)).toMatchObject({ status: 'in_progress' })
    const before = one.clock.waiting
    await one.cancel(second)
    await pass(600_000)
    expect([one.clock.waiting < before, one.clock.waiting]).toEqual([true, 0])
  })
})
