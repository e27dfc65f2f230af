import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { AwsEventParser, JsonArrayParser, NdjsonParser, writeAwsEvent, writeNdjson } from '../../src/framing/index.ts'
import { type EventParser, SseParser, writeSse } from '../../src/sse/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What all objects and buffers of the process take, garbage aside. */
function held(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = JSON.stringify({ text: 'x'.repeat(200) })
const headers = { ':message-type': 'event', ':event-type': 'contentBlockDelta', ':content-type': 'application/json' }
const id = 'an-id-that-is-cut-out-of-a-large-chunk'

/** A stream that leaves as much behind as a real one can: a large read, a torn huge event, a torn end. */
const streams: Array<{ name: string; make: () => EventParser; event: (data: string) => Uint8Array }> = [
  { name: 'SseParser', make: () => new SseParser(), event: (data) => encode(writeSse({ event: 'delta', id, data })) },
  { name: 'NdjsonParser', make: () => new NdjsonParser(), event: (data) => encode(writeNdjson(data)) },
  { name: 'JsonArrayParser', make: () => opened(), event: (data) => encode(`${data},`) },
  { name: 'AwsEventParser', make: () => new AwsEventParser(), event: (data) => writeAwsEvent(headers, data) },
]

function opened(): JsonArrayParser {
  const parser = new JsonArrayParser()
  parser.push(encode('['), () => {})
  return parser
}

describe('what a parser holds between two reads', () => {
  it.each(streams)('$name: less than 12 KB, after whatever events', ({ make, event }) => {
    const count = 100
    const small = event(text)
    const huge = event(JSON.stringify({ text: 'y'.repeat(300_000) }))
    let events = 0
    const emit = (): void => {
      events++
    }
    const run = (): EventParser => {
      const parser = make()
      for (let at = 0; at < huge.length; at += 1448) parser.push(huge.subarray(at, at + 1448), emit)
      // A read of many events in one text, of which nothing may stay, and an event in which the stream pauses.
      const read = new Uint8Array(small.length * 200)
      for (let i = 0; i < 200; i++) read.set(small, i * small.length)
      parser.push(read, emit)
      parser.push(small.subarray(0, 10), emit)
      return parser
    }
    run()
    const before = held()
    const parsers = Array.from({ length: count }, run)
    const each = (held() - before) / count
    expect(events).toBe((count + 1) * 201)
    expect(parsers).toHaveLength(count)
    expect(each).toBeLessThan(12 * 1024)
  })
})
