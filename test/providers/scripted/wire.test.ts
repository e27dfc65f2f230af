import { describe, expect, it } from 'vitest'
import type { Script } from '../../../src/providers/scripted/index.ts'
import { ask, events, languages, paths, post, rawExchange, start, textOf } from './raw-client.ts'

const text = 'Grüße, 世界! 👩‍👩‍👧‍👦 and on'

describe.each(languages)('the bytes of %s', (language) => {
  const run = async (script: Script, fields: object = {}) => {
    const server = await start({ script })
    return post(server.url + paths[language], ask(fields))
  }

  it('write tears lines and characters, and the whole stays the same', async () => {
    const good = await run({ steps: [{ text }] })
    const torn = await run({ steps: [{ text }], wire: { write: 3, gap: 1 } })
    expect(torn.text).toBe(good.text)
    expect(torn.reads.length).toBeGreaterThan(good.text.length / 10)
    expect(torn.reads.some((read) => read.toString().includes('\ufffd'))).toBe(true)
  })

  it.each([
    ['crlf', '\r\n'],
    ['cr', '\r'],
  ] as const)('lineEnd %s', async (lineEnd, end) => {
    const good = await run({ steps: [{ text }] })
    const { text: got } = await run({ steps: [{ text }], wire: { lineEnd } })
    expect(got).toBe(good.text.replaceAll('\n', end))
  })

  it('comments and pings come after every n events', async () => {
    const { text: got } = await run({ steps: [{ text: 'a b c d e f g' }], wire: { comments: 2, pings: 3 } })
    const good = await run({ steps: [{ text: 'a b c d e f g' }] })
    const count = events(good.text).length
    expect(got.match(/^: keep-alive$/gm)).toHaveLength(Math.floor(count / 2))
    expect(got.match(language === 'openai-chat' ? /^: ping$/gm : /^event: ping$/gm)).toHaveLength(Math.floor(count / 3))
    expect(textOf(got)).toBe('a b c d e f g')
  })

  it('one write an event, unless batch says more', async () => {
    const server = await start()
    const chunks = async (script: Script) => {
      const body = JSON.stringify(
        ask({ messages: [{ role: 'user', content: JSON.stringify({ sluice_script: script }) }] }),
      )
      const raw = await rawExchange(
        server.port,
        `POST ${paths[language]} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
      return (
        raw
          .split('\r\n\r\n')
          .slice(1)
          .join('\r\n\r\n')
          .match(/^[0-9a-f]+\r$/gm)?.length ?? 0
      )
    }
    const steps = [{ repeat: 20, text: 'x' }]
    const count = events((await run({ steps })).text).length
    // The last chunk is the empty one that ends the body.
    expect(await chunks({ steps })).toBe(count + 1)
    expect(await chunks({ steps, wire: { batch: 4 } })).toBe(Math.ceil(count / 4) + 1)
  })

  it('huge pads the second event to the size', async () => {
    const { text: got } = await run({ steps: [{ text }], wire: { huge: 100_000 } })
    expect(events(got).map(({ data }) => Buffer.byteLength(data) === 100_000)).toEqual(
      events(got).map((_, index) => index === 1),
    )
    expect(textOf(got)).toBe(text)
  })

  it('headDelay holds the head back, wait and pace hold what follows', async () => {
    const server = await start({
      script: { headDelay: '40ms', steps: [{ text: 'a b c', pace: 30 }, { wait: '60ms' }, { text: ' d' }] },
    })
    const started = performance.now()
    const response = await fetch(server.url + paths[language], { method: 'POST', body: JSON.stringify(ask()) })
    const head = performance.now() - started
    await response.text()
    const all = performance.now() - started
    expect(head).toBeGreaterThan(35)
    expect(all - head).toBeGreaterThan(110)
    expect(all).toBeLessThan(2000)
  })

  it('headers and contentType are as the script says', async () => {
    for (const stream of [true, false]) {
      const script = {
        steps: [{ text }],
        headers: { 'x-ratelimit-remaining-requests': '7' },
        contentType: 'text/plain',
      }
      const answer = await run(script, { stream })
      expect(answer.headers).toMatchObject({ 'x-ratelimit-remaining-requests': '7', 'content-type': 'text/plain' })
    }
  })

  it('raw, comment, ping and event steps go out as they are', async () => {
    const { text: got } = await run({
      steps: [
        { raw: 'data: half' },
        { raw: ' and half\n\n' },
        { comment: 'PROCESSING' },
        { ping: true },
        { event: { event: 'odd', data: { type: 'odd', a: 1 } } },
        { event: { data: 'plain' } },
      ],
    })
    expect(got).toContain('data: half and half\n\n: PROCESSING\n\n')
    expect(got).toContain('event: odd\ndata: {"type":"odd","a":1}\n\ndata: plain\n\n')
  })

  it('the same request gives the same bytes on every server', async () => {
    const script: Script = { steps: [{ text }, { tool: 'f', arguments: { a: 1 } }] }
    expect((await run(script)).text).toBe((await run(script)).text)
  })

  it('an HTTP/1.0 client gets the body without chunks', async () => {
    const server = await start({ script: { steps: [{ text: 'plain' }] } })
    const body = JSON.stringify(ask())
    const raw = await rawExchange(
      server.port,
      `POST ${paths[language]} HTTP/1.0\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    expect(raw).not.toMatch(/transfer-encoding/i)
    expect(textOf(raw.slice(raw.indexOf('\r\n\r\n') + 4))).toBe('plain')
  })
})
