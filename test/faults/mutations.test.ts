import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkStream, countEnds } from './check-stream.ts'
import { goodBody, hostile } from './hostile.ts'
import { chat, type DialectName, dialects, house, pairs, paths, post, until } from './house.ts'

const script = {
  steps: [
    { reasoning: 'Let me think', signature: 'c2ln' },
    { text: 'Grüße aus 世界, one two', chunk: 'word' },
    { tool: 'get_weather', arguments: { city: 'Zürich' } },
    { tool: 'get_time', arguments: { zone: 'Europe/Zurich' } },
  ],
}
const streaming = {
  finish_grace: '30ms',
  idle_timeout: '60ms',
  stall_timeout: '90ms',
  total_timeout: '150ms',
  max_event: '100KB',
}

/** One thing that is done to a good stream. The numbers are places, as fractions of what is there. */
type Change =
  | { kind: 'cut'; at: number }
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'insert'; at: number; text: string }
  | { kind: 'drop'; event: number }
  | { kind: 'double'; event: number }
  | { kind: 'swap'; event: number; other: number }
  | { kind: 'value'; event: number; leaf: number; value: unknown }

const place = fc.double({ min: 0, max: 0.999, noNaN: true })
const odd = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  7,
  1e21,
  '',
  'x',
  '\u2028',
  true,
  [],
  {},
  [null],
  [[]],
  { type: 'x' },
  [{}],
)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    text: fc.constantFrom(
      '\n',
      '\r',
      '\n\n',
      '\r\n\r\n',
      ': hi\n',
      'data:',
      '\0',
      '\ufeff',
      'id: 1\n',
      'retry: 5\n',
      'data: null\n\n',
      'data: {}\n\n',
      'data: 1\n\n',
      'data: []\n\n',
      'event: x\n\n',
      'data: {"type":"ping"}\n\n',
      '{',
      '<',
    ),
  }),
  fc.record({ kind: fc.constant('drop' as const), event: place }),
  fc.record({ kind: fc.constant('double' as const), event: place }),
  fc.record({ kind: fc.constant('swap' as const), event: place, other: place }),
  { arbitrary: fc.record({ kind: fc.constant('value' as const), event: place, leaf: place, value: odd }), weight: 4 },
)
const mutation = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  /** Where the bytes are torn into writes. */
  tears: fc.array(place, { maxLength: 6 }),
  /** What the provider does behind the last byte. */
  ending: fc.constantFrom('end', 'end', 'destroy', 'silence'),
})

function mutate(good: Buffer, changes: Change[]): Buffer {
  let bytes = Buffer.from(good)
  for (const one of changes) {
    if ('at' in one) {
      const at = Math.floor(one.at * bytes.length)
      if (one.kind === 'cut') bytes = bytes.subarray(0, at)
      else if (one.kind === 'flip' && bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << one.bit)
      else if (one.kind === 'insert')
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(one.text), bytes.subarray(at)])
      continue
    }
    const events = bytes.toString('latin1').split(/(?<=\n\n)/)
    const at = Math.floor(one.event * events.length)
    const event = events[at] ?? ''
    if (one.kind === 'drop') events.splice(at, 1)
    else if (one.kind === 'double') events.splice(at, 0, event)
    else if (one.kind === 'swap') {
      const other = Math.floor(one.other * events.length)
      events[at] = events[other] ?? ''
      events[other] = event
    } else events[at] = withValue(event, one.leaf, one.value)
    bytes = Buffer.from(events.join(''), 'latin1')
  }
  return bytes
}

/** The event with one value of its JSON, at whatever depth, replaced or taken out. */
function withValue(event: string, leaf: number, value: unknown): string {
  const match = /data: (.*)\n/.exec(event)
  if (!match?.[1]) return event
  let json: unknown
  try {
    json = JSON.parse(match[1])
  } catch {
    return event
  }
  const places: Array<[Record<string, unknown>, string]> = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key])
      walk((node as Record<string, unknown>)[key])
    }
  }
  walk(json)
  const found = places[Math.floor(leaf * places.length)]
  if (found) found[0][found[1]] = value === '' ? undefined : value
  return event.replace(match[1], () => JSON.stringify(json) ?? 'null')
}

type Play = (bytes: Buffer, tears: number[], ending: string) => void

const good = new Map<string, Buffer>()
beforeAll(async () => {
  for (const upstream of dialects) {
    for (const stream of [true, false]) good.set(`${upstream} ${stream}`, await goodBody(upstream, script, stream))
  }
})

describe.each(pairs)('$client before $upstream', (pair) => {
  const faults: unknown[] = []
  const note = (error: unknown): void => void faults.push(error)
  beforeAll(() => {
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })
  afterAll(() => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
  })

  const open = async () => {
    let next: Parameters<Play> = [Buffer.of(), [], 'end']
    const play: Play = (...what) => {
      next = what
    }
    const server = await hostile((response) => {
      const [bytes, tears, ending] = next
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const cuts = [0, ...tears.map((tear) => Math.floor(tear * bytes.length)).sort((a, b) => a - b), bytes.length]
      const write = (i: number): void => {
        if (response.destroyed) return
        if (i + 1 < cuts.length) {
          response.write(bytes.subarray(cuts[i], cuts[i + 1]), () => setImmediate(() => write(i + 1)))
        } else if (ending === 'end') response.end()
        else if (ending === 'destroy') setImmediate(() => response.destroy())
      }
      write(0)
    })
    const gateway = await house({ upstream: server.url, streaming })
    return { server, gateway, play }
  }

  const law = (stream: boolean, ownKind: boolean) => async () => {
    const { server, gateway, play } = await open()
    const base = good.get(`${pair.upstream} ${stream === ownKind}`) as Buffer
    await fc.assert(
      fc.asyncProperty(mutation, async ({ changes, tears, ending }) => {
        const bytes = mutate(base, changes)
        play(bytes, tears, ending)
        const answer = await post(gateway.url + paths[pair.client], chat(pair, { stream }))
        const said = `${answer.status} ${answer.body}\n--- from\n${bytes}`
        expect(answer.broken, said).toBe(false)
        expect(answer.status === 200 || answer.status >= 400, said).toBe(true)
        expect(answer.status, said).not.toBe(500)
        // What is translated is well formed, whatever came in. What is forwarded is as good as it came.
        if (answer.status === 200 && stream && pair.client !== pair.upstream)
          checkSaying(pair.client, answer.body, said)
        else if (answer.status === 200 && stream) expect(countEnds(pair.client, answer.body), said).toBe(1)
        else JSON.parse(new TextDecoder().decode(answer.body))
        expect(answer.ms, said).toBeLessThan(2000)
        await until(() => gateway.gateway.running === 0, 'nothing is running')
        if (ending === 'silence')
          await until(() => server.open.size === 0, 'the connection to the provider is closed', 1500)
        expect(faults).toEqual([])
      }),
      { numRuns: 30, endOnFailure: false },
    )
  }

  it('whatever becomes of a stream, the client gets exactly one end', law(true, true))
  it('whatever becomes of a stream that should have been whole, there is one answer', law(false, false))
  it('whatever becomes of a whole answer, there is one answer', law(false, true))
})

function checkSaying(client: DialectName, body: Buffer, said: string): void {
  try {
    checkStream(client, body)
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${said}`, { cause: error })
  }
}
