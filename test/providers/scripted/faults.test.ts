import { describe, expect, it } from 'vitest'
import type { Script } from '../../../src/providers/scripted/index.ts'
import { garbage } from '../../../src/providers/scripted/play.ts'
import { ask, events, languages, paths, post, start, textOf } from './raw-client.ts'

const steps = [{ text: 'one two three four five six' }]
const endMarkers = { 'openai-chat': 'data: [DONE]\n\n', 'anthropic-messages': 'event: message_stop\n' } as const

describe.each(languages)('a fault in a stream of %s', (language) => {
  const run = async (script: Script, fields: object = {}) => {
    const server = await start({ script })
    const answer = await post(server.url + paths[language], ask(fields))
    const [record] = server.requests
    return { answer, record, server }
  }
  const end = endMarkers[language]
  // The role chunk, or message_start and content_block_start.
  const before = language === 'openai-chat' ? 1 : 2

  it('a good stream ends with one end marker and its whole text', async () => {
    const { answer, record, server } = await run({ steps })
    expect(answer).toMatchObject({ status: 200, broken: false })
    expect(textOf(answer.text)).toBe('one two three four five six')
    expect(answer.text.split(end)).toHaveLength(2)
    await server.settled(0)
    expect(record).toMatchObject({ finished: true, aborted: false, cut: false, bytesWritten: answer.text.length })
  })

  it('cutAfterEvents: whole events arrive, then the connection breaks', async () => {
    const { answer, record, server } = await run({ steps, fault: { cutAfterEvents: before + 2 } })
    expect(answer.broken).toBe(true)
    expect(events(answer.text)).toHaveLength(before + 2)
    expect(textOf(answer.text)).toBe('one two')
    await server.settled(0)
    expect(record).toMatchObject({ finished: false, aborted: false, cut: true })
  })

  it.each([0, 1, 7, 300])('cutAfterBytes: exactly %i bytes arrive', async (bytes) => {
    const whole = await run({ steps })
    const { answer, record } = await run({ steps, fault: { cutAfterBytes: bytes } })
    expect(answer.broken).toBe(true)
    expect(answer.text).toBe(whole.answer.text.slice(0, bytes))
    expect(record).toMatchObject({ bytesWritten: bytes, cut: true })
  })

  it('cutBeforeHead: no response at all', async () => {
    await expect(run({ steps, fault: { cutBeforeHead: true } })).rejects.toThrow(/socket hang up|ECONNRESET/)
  })

  it('endAfterEvents: the body ends cleanly without its end marker', async () => {
    const { answer } = await run({ steps, fault: { endAfterEvents: before + 3 } })
    expect(answer.broken).toBe(false)
    expect(textOf(answer.text)).toBe('one two three')
    expect(answer.text).not.toContain(end)
  })

  it('errorEvent: the error in the form of the dialect, as first event or later, and nothing after it', async () => {
    const words = { type: 'overloaded_error', message: 'too much' }
    for (const afterEvents of [0, before + 1]) {
      const { answer } = await run({ steps, fault: { errorEvent: words, afterEvents } })
      const seen = events(answer.text)
      expect(seen).toHaveLength(afterEvents + 1)
      expect(seen.at(-1)?.event).toBe(language === 'openai-chat' ? 'message' : 'error')
      expect(JSON.parse(seen.at(-1)?.data ?? '')).toMatchObject({ error: words })
      expect(answer).toMatchObject({ status: 200, broken: false })
    }
  })

  it('garbageAfterEvents: bytes that are neither an event nor JSON', async () => {
    const { answer } = await run({ steps, fault: { garbageAfterEvents: before } })
    expect(answer.text.endsWith(garbage)).toBe(true)
    expect(() => JSON.parse(events(answer.text).at(-1)?.data ?? '')).toThrow()
    expect(answer.broken).toBe(false)
  })

  it('noEndMarker, duplicateEnd and trailing change the end alone', async () => {
    const { answer: good } = await run({ steps })
    const { answer: none } = await run({ steps, fault: { noEndMarker: true } })
    expect(good.text.startsWith(none.text)).toBe(true)
    expect(none.text).not.toContain(end)
    const { answer: two } = await run({ steps, fault: { duplicateEnd: true } })
    expect(two.text).toBe(good.text + good.text.slice(none.text.length))
    const { answer: trailing } = await run({ steps, fault: { trailing: 'left: over\n' } })
    expect(trailing.text).toBe(`${good.text}left: over\n`)
  })

  it('finish: false gives an end marker and no finish', async () => {
    const { answer } = await run({ steps, finish: false })
    expect(answer.text).toContain(end)
    expect(answer.text).not.toMatch(/"finish_reason":"|message_delta/)
  })

  it('stallAfterEvents: silence until the client goes, with comments signs of life', async () => {
    for (const comments of [undefined, 5]) {
      const server = await start({
        script: { steps, fault: { stallAfterEvents: before + 1, ...(comments && { comments }) } },
      })
      const stop = new AbortController()
      const response = await fetch(server.url + paths[language], {
        method: 'POST',
        body: JSON.stringify(ask()),
        signal: stop.signal,
      })
      let text = ''
      setTimeout(() => stop.abort(), 80)
      await expect(async () => {
        for await (const part of response.body as unknown as AsyncIterable<Uint8Array>)
          text += Buffer.from(part).toString()
      }).rejects.toThrow()
      expect(textOf(text)).toBe('one')
      const signs = text.match(language === 'openai-chat' ? /^: ping$/gm : /^event: ping$/gm) ?? []
      if (comments) expect(signs.length).toBeGreaterThan(2)
      else expect(signs).toEqual([])
      expect(await server.aborted(0)).toMatchObject({ aborted: true, finished: false, cut: false })
    }
  })

  it('status: the HTTP error of the dialect, with Retry-After, for streams and whole answers', async () => {
    for (const stream of [true, false]) {
      const { answer } = await run({ fault: { status: 429, retryAfter: '1500ms', message: 'slow down' } }, { stream })
      expect(answer.status).toBe(429)
      expect(answer.headers).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1500' })
      const type = language === 'openai-chat' ? 'requests' : 'rate_limit_error'
      expect(JSON.parse(answer.text)).toMatchObject({ error: { type, message: 'slow down' } })
    }
  })

  it('status with a body: what a proxy in between would say', async () => {
    const { answer } = await run({
      fault: { status: 502, body: '<h1>Bad Gateway</h1>' },
      headers: { 'Retry-After': '7' },
    })
    expect(answer).toMatchObject({ status: 502, text: '<h1>Bad Gateway</h1>' })
    expect(answer.headers).toMatchObject({ 'content-type': 'text/html', 'retry-after': '7' })
  })

  it('times: only the first requests of the script fail', async () => {
    const server = await start({ script: { steps, fault: { status: 503, times: 2 } } })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await post(server.url + paths[language], ask())).status)
    expect(statuses).toEqual([503, 503, 200, 200])
  })

  it('a whole answer breaks, ends or goes bad half way', async () => {
    const good = (await run({ steps }, { stream: false })).answer
    expect(good.headers['content-length']).toBe(String(good.text.length))
    const half = good.text.slice(0, Math.ceil(good.text.length / 2))
    const cases: Array<[NonNullable<Script['fault']>, object]> = [
      [{ cutAfterEvents: 1 }, { broken: true, text: half }],
      [{ cutAfterEvents: 0 }, { broken: true, text: '' }],
      [{ cutAfterBytes: 10 }, { broken: true, text: good.text.slice(0, 10) }],
      [{ endAfterEvents: 1 }, { broken: false, text: half }],
      [{ garbageAfterEvents: 0 }, { broken: false, text: garbage }],
      [{ trailing: '}' }, { broken: false, text: `${good.text}}` }],
      [{ errorEvent: {} }, { broken: false, status: language === 'openai-chat' ? 500 : 529 }],
    ]
    for (const [fault, expected] of cases) {
      expect((await run({ steps, fault }, { stream: false })).answer, JSON.stringify(fault)).toMatchObject(expected)
    }
  })

  it('requireKey: 401 without the key, whichever header carries it', async () => {
    const server = await start({ script: { steps, requireKey: 'sk-right' } })
    const tries: Array<[Record<string, string>, number]> = [
      [{}, 401],
      [{ authorization: 'Bearer sk-wrong' }, 401],
      [{ authorization: 'Bearer sk-right' }, 200],
      [{ 'x-api-key': 'sk-right' }, 200],
    ]
    for (const [headers, status] of tries) {
      expect((await post(server.url + paths[language], ask(), headers)).status).toBe(status)
    }
  })
})
