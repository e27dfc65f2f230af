import { describe, expect, it } from 'vitest'
import { ask, paths, post, start } from './raw-client.ts'

const chat = paths['openai-chat']
const script = { steps: [{ text: 'one two three' }] }

describe('the count of requests', () => {
  it('is exact by model, by what was asked and by what came of it, beyond what the log remembers', async () => {
    const server = await start({
      logLimit: 2,
      scripts: { scripts: { a: script, b: { ...script, streaming: 'refuses' } } },
    })
    for (const model of ['a', 'b', 'b']) await post(server.url + chat, ask({ model }))
    await post(server.url + chat, ask({ model: 'b', stream: false }))
    await fetch(`${server.url}/v1/models`).then((response) => response.text())
    await post(`${server.url}/v1/messages/count_tokens`, ask({ model: 'a', max_tokens: undefined }))
    expect(server.count()).toBe(4)
    expect(server.count({ model: 'b' })).toBe(3)
    expect(server.count({ model: 'b', stream: true })).toBe(2)
    expect(server.count({ refused: true })).toBe(2)
    expect(server.count({ model: 'b', refused: false })).toBe(1)
    expect(server.requests).toHaveLength(2)
    server.resetCounts()
    expect(server.count()).toBe(0)
  })

  it('holds a request that is no good, and an error under a good status, for refused', async () => {
    const server = await start()
    await post(server.url + chat, { model: 'm', messages: [] })
    const inside = await post(server.url + chat, ask({ model: 'error-body' }))
    expect([inside.status, JSON.parse(inside.text)]).toMatchObject([
      200,
      { error: { message: 'Something went wrong.' } },
    ])
    expect(server.count({ refused: true })).toBe(2)
    expect(server.requests.map(({ model, refused }) => [model, refused])).toEqual([
      ['m', true],
      ['error-body', true],
    ])
  })
})

describe('a gate', () => {
  it('holds answers until it is opened, some at a time', async () => {
    const server = await start({ script })
    const gate = server.hold({ model: 'slow' })
    const order: string[] = []
    const send = async (model: string) => {
      const { status } = await post(server.url + chat, ask({ model }))
      order.push(model)
      return status
    }
    const held = [send('slow'), send('slow'), send('slow')]
    await gate.held(3)
    expect(await send('fast')).toBe(200)
    expect([gate.holding, server.count({ model: 'slow' }), server.count({ model: 'slow', refused: false })]).toEqual([
      3, 3, 0,
    ])
    gate.release()
    await Promise.any(held)
    expect([gate.holding, order]).toEqual([2, ['fast', 'slow']])
    gate.open()
    expect(await Promise.all(held)).toEqual([200, 200, 200])
    expect(await send('slow')).toBe(200)
    await gate.held(3)
  })

  it.each([true, false])('can let the head out and hold the rest, with stream: %s', async (stream) => {
    const server = await start({ script })
    const gate = server.hold({ at: 'body', stream })
    const sent = { method: 'POST', body: JSON.stringify(ask({ stream })) }
    const response = await fetch(server.url + chat, sent)
    expect([response.status, gate.holding]).toEqual([200, 1])
    expect(server.count({ refused: false })).toBe(1)
    expect(server.requests[0]?.bytesWritten).toBe(0)
    gate.open()
    expect(await response.text()).toContain('three')
  })

  it('forgets a client that has gone', async () => {
    const server = await start({ script })
    const gate = server.hold()
    const stop = new AbortController()
    const sent = { method: 'POST', body: JSON.stringify(ask()), signal: stop.signal }
    const gone = expect(fetch(server.url + chat, sent)).rejects.toThrow()
    await gate.held(1)
    stop.abort()
    await gone
    await server.aborted(0)
    await expect.poll(() => gate.holding).toBe(0)
    expect(server.requests[0]?.status).toBe(0)
  })

  it('that opens lets those through that wait at one before it', async () => {
    const server = await start({ script })
    const [first, second] = [server.hold(), server.hold()]
    const answer = post(server.url + chat, ask())
    await first.held(1)
    second.open()
    first.open()
    expect((await answer).status).toBe(200)
  })
})
