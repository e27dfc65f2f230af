import { connect } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { chat, house, pairs, paths, post, scripted, until } from './house.ts'

const body = JSON.stringify({
  ...chat(pairs[1]!, { stream: true }),
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
})
const requests = [
  `POST ${paths['openai-chat']} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  `POST ${paths['openai-chat']}?key=x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  'GET /v1/models/openai-chat%2Fm HTTP/1.1\r\nhost: [::1]:80\r\norigin: http://localhost\r\nauthorization: Bearer x\r\n\r\n',
  `OPTIONS ${paths['anthropic-messages']} HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\naccess-control-request-method: POST\r\n\r\n`,
]

const head = (length: number): string =>
  `POST ${paths['openai-chat']} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

const place = fc.double({ min: 0, max: 0.999, noNaN: true })
const change = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('drop' as const), at: place, length: fc.nat(40) }),
  fc.record({ kind: fc.constant('double' as const), at: place, length: fc.nat(200) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    text: fc.constantFrom(
      '\r\n',
      '\n',
      '\0',
      ' ',
      ':',
      '"',
      '{',
      '\\u0000',
      '\ud800',
      '%00',
      '../',
      '0\r\n\r\n',
      'x'.repeat(9000),
    ),
  }),
)

type Change = typeof change extends fc.Arbitrary<infer One> ? One : never

it('whatever becomes of a request, the server answers or closes, and serves the next one', async () => {
  const faults: unknown[] = []
  const note = (error: unknown): void => void faults.push(error)
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  const upstream = await scripted({ script: { steps: [{ text: 'hi' }] } })
  const gateway = await house({ upstream: upstream.url, server: { body_timeout: '60ms' } })
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom(...requests),
      fc.array(change, { minLength: 1, maxLength: 5 }),
      async (inside, good, changes) => {
        // Half of the time the request stays one, and only what it says is spoilt.
        const spoilt = mutate(inside ? body : good, changes)
        const bytes = inside ? Buffer.concat([Buffer.from(head(spoilt.length)), spoilt]) : spoilt
        const got = await new Promise<string>((resolve) => {
          let text = ''
          const socket = connect(gateway.port, '127.0.0.1', () => socket.write(bytes))
          const timer = setTimeout(() => socket.destroy(), 100)
          socket.on('data', (piece) => {
            text += piece.toString('latin1')
            timer.refresh()
          })
          socket.on('error', () => {})
          socket.on('close', () => {
            clearTimeout(timer)
            resolve(text)
          })
        })
        expect(got).not.toMatch(/^HTTP\/1\.1 500 /m)
        expect(got === '' || got.startsWith('HTTP/1.1 ')).toBe(true)
        await until(() => gateway.gateway.running === 0, 'nothing is running')
        expect(faults).toEqual([])
      },
    ),
    { numRuns: 50 },
  )
  expect((await post(gateway.url + paths['openai-chat'], body)).status).toBe(200)
  process.off('uncaughtException', note)
  process.off('unhandledRejection', note)
})

function mutate(good: string, changes: Change[]): Buffer {
  let bytes = Buffer.from(good)
  for (const one of changes) {
    const at = Math.floor(one.at * bytes.length)
    if (one.kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ (1 << one.bit)
    else if (one.kind === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.length)])
    else if (one.kind === 'double') bytes = Buffer.concat([bytes.subarray(0, at + one.length), bytes.subarray(at)])
    else bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(one.text), bytes.subarray(at)])
  }
  return bytes
}
