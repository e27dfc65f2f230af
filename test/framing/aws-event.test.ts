import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AwsEvent, AwsEventParser, type AwsHeaders, writeAwsEvent } from '../../src/framing/index.ts'
import { cutAt, cuttings, encode, pieces, read } from './read.ts'

const broken = 'upstream_protocol'
const cut = 'upstream_truncated'

const headersOf = (event: string): AwsHeaders => ({
  ':event-type': event,
  ':content-type': 'application/json',
  ':message-type': 'event',
})

const delta = (text: string): Uint8Array =>
  writeAwsEvent(headersOf('contentBlockDelta'), JSON.stringify({ contentBlockIndex: 0, delta: { text } }))

function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16))

const stream = join(
  writeAwsEvent(headersOf('messageStart'), '{"role":"assistant"}'),
  delta('Hi'),
  delta(' 流れ 😀'),
  writeAwsEvent(headersOf('messageStop'), '{"stopReason":"end_turn"}'),
)

const names = (events: readonly unknown[]): string[] =>
  (events as AwsEvent[]).map(({ kind, event, data }) => `${kind} ${event} ${data}`)

const streamNames = [
  'event messageStart {"role":"assistant"}',
  'event contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hi"}}',
  'event contentBlockDelta {"contentBlockIndex":0,"delta":{"text":" 流れ 😀"}}',
  'event messageStop {"stopReason":"end_turn"}',
]

describe('an AWS event stream, however the bytes are cut', () => {
  it('events come out with their type, headers and payload', () => {
    for (const cutting of cuttings(stream)) {
      const { events, error } = read(new AwsEventParser(), cutting)
      expect(error).toBeUndefined()
      expect(names(events)).toEqual(streamNames)
      expect({ ...(events[1] as AwsEvent).headers }).toEqual(headersOf('contentBlockDelta'))
      expect(events[1]!.id).toBe('')
    }
  })

  it.each<[AwsHeaders, string, string]>([
    [
      { ':message-type': 'exception', ':exception-type': 'throttlingException', ':event-type': 'no' },
      '{"message":"slow down"}',
      'exception throttlingException {"message":"slow down"}',
    ],
    [
      { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'it broke' },
      '',
      'error InternalError ',
    ],
    [{ ':message-type': 'event' }, 'x', 'event  x'],
  ])('%j is told from the other kinds', (headers, payload, name) => {
    const { events, error } = read(new AwsEventParser(), [writeAwsEvent(headers, payload)])
    expect([names(events), error]).toEqual([[name], undefined])
    expect({ ...(events[0] as AwsEvent).headers }).toEqual(headers)
  })

  it('messages with other headers of the same length are told apart', () => {
    const bytes = join(...['a', 'b', 'a', 'a', 'b'].map((name) => writeAwsEvent(headersOf(name), name)))
    const { events } = read(new AwsEventParser(), [bytes])
    expect(names(events)).toEqual(['a', 'b', 'a', 'a', 'b'].map((name) => `event ${name} ${name}`))
    expect((events as AwsEvent[]).map(({ headers }) => headers[':event-type'])).toEqual(['a', 'b', 'a', 'a', 'b'])
  })

  it('end and border are where a message ends, in bytes', () => {
    const first = delta('Hi')
    const both = join(first, delta('é'))
    for (let at = 0; at <= both.length; at++) {
      const parser = new AwsEventParser()
      const ends: number[] = []
      parser.push(both.subarray(0, at), ({ end }) => ends.push(end))
      expect(parser.border).toBe(at === both.length ? at : at >= first.length ? first.length : 0)
      parser.push(both.subarray(at), ({ end }) => ends.push(at + end))
      expect(ends).toEqual([first.length, both.length])
    }
  })
})

describe('what AWS itself writes', () => {
  // Messages of AWS's own test vectors.
  it.each<[string, string, AwsHeaders, string]>([
    ['without headers', '0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936', {}, "{'foo':'bar'}"],
    [
      'with an integer of 32 bits',
      '0000002d0000001041c424b80a6576656e742d74797065040000a00c7b27666f6f273a27626172277d36f480a0',
      { 'event-type': 40972 },
      "{'foo':'bar'}",
    ],
    ['without anything', '000000100000000005c248eb7d98c8ff', {}, ''],
  ])('%s, is what we write', (_, bytes, headers, payload) => {
    expect(writeAwsEvent(headers, payload)).toEqual(hex(bytes))
    // It is no event without a type, but its checksums are right.
    expect(() => new AwsEventParser().push(hex(bytes), () => {})).toThrow(/`:message-type` is "undefined"/)
  })

  it('headers of every type are read', () => {
    const header = (name: string, type: number, ...value: number[]): number[] => [
      name.length,
      ...encode(name),
      type,
      ...value,
    ]
    const head = Uint8Array.from([
      ...header(':message-type', 7, 0, 5, ...encode('event')),
      ...header('true', 0),
      ...header('false', 1),
      ...header('byte', 2, 0xfe),
      ...header('short', 3, 0xff, 0x00),
      ...header('int', 4, 0xff, 0xff, 0xff, 0xfd),
      ...header('long', 5, 0x80, 0, 0, 0, 0, 0, 0, 1),
      ...header('bytes', 6, 0, 2, 1, 2),
      ...header('text', 7, 0, 2, ...encode('é')),
      ...header('time', 8, 0, 0, 0, 0, 0, 0, 0x03, 0xe8),
      ...header('uuid', 9, ...Array.from({ length: 16 }, (_, i) => i)),
      ...header('__proto__', 7, 0, 1, 0x78),
    ])
    const [event] = read(new AwsEventParser(), [frame(head, encode('{}'))]).events as AwsEvent[]
    expect(Object.entries(event!.headers)).toEqual([
      [':message-type', 'event'],
      ['true', true],
      ['false', false],
      ['byte', -2],
      ['short', -256],
      ['int', -3],
      ['long', -9223372036854775807n],
      ['bytes', Uint8Array.of(1, 2)],
      ['text', 'é'],
      ['time', new Date(1000)],
      ['uuid', '00010203-0405-0607-0809-0a0b0c0d0e0f'],
      ['__proto__', 'x'],
    ])
  })
})

/** A message with right checksums around whatever headers. */
function frame(head: Uint8Array, payload: Uint8Array): Uint8Array {
  const message = join(length(head.length + payload.length + 16, head.length), head, payload)
  return join(message, uint32(crc(message)))
}

/** The first bytes of a message, with their checksum. */
function length(total: number, headers: number): Uint8Array {
  const lengths = join(uint32(total), uint32(headers))
  return join(lengths, uint32(crc(lengths)))
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** Bit by bit, as the standard says it. */
function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return ~sum >>> 0
}

/** The header that makes a message an event. */
const typeOfEvent = Uint8Array.of(13, ...encode(':message-type'), 7, 0, 5, ...encode('event'))

describe('what is broken', () => {
  it('one flipped bit anywhere is an error, and no wrong event comes before it', () => {
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const wrong = stream.slice()
      wrong[bit >> 3]! ^= 1 << (bit & 7)
      const { events, error } = read(new AwsEventParser(), [wrong])
      expect(error).toBe(broken)
      expect(names(events)).toEqual(streamNames.slice(0, events.length))
    }
  })

  it('a cut anywhere but between two messages is an error, and no wrong event comes before it', () => {
    const borders = new Set([0])
    new AwsEventParser().push(stream, ({ end }) => borders.add(end))
    for (let at = 0; at <= stream.length; at++) {
      const { events, error } = read(new AwsEventParser(), pieces(stream.subarray(0, at), 13))
      expect(error).toBe(borders.has(at) ? undefined : cut)
      expect(names(events)).toEqual(streamNames.slice(0, events.length))
    }
  })

  it.each<[string, Uint8Array]>([
    ['a body that is text', encode('{"message":"The security token is invalid"}')],
    ['headers that reach past their end', frame(Uint8Array.of(5, 97), new Uint8Array(0))],
    ['a value that reaches past the headers', frame(Uint8Array.of(1, 97, 7, 0, 9, 97), encode('aaaaaaaaaaaa'))],
    ['a header without a type', frame(Uint8Array.of(1, 97), encode('{}'))],
    ['a header without a name', frame(join(typeOfEvent, Uint8Array.of(0, 0)), encode('{}'))],
    ['a header of an unknown type', frame(Uint8Array.of(1, 97, 10), encode('{}'))],
    ['an unknown type of message', writeAwsEvent({ ':message-type': 'ping' }, '{}')],
    ['a length below the least', length(15, 0)],
    ['headers longer than the message', length(20, 5)],
  ])('%s', (_, bytes) => {
    for (const cutting of cuttings(bytes)) {
      expect(read(new AwsEventParser(), cutting)).toEqual({ events: [], error: broken })
    }
  })

  it('a message past the limit is refused by its length, before it has come', () => {
    const parser = new AwsEventParser({ maxEventBytes: 100 })
    expect(() => parser.push(delta('x'.repeat(100)).subarray(0, 12), () => {})).toThrow(
      expect.objectContaining({ code: 'event_too_large' }),
    )
    const fits = writeAwsEvent({ ':message-type': 'event' }, 'x'.repeat(100 - 16 - 22))
    expect(fits).toHaveLength(100)
    expect(read(new AwsEventParser({ maxEventBytes: 100 }), [fits]).events).toHaveLength(1)
    expect(read(new AwsEventParser({ maxEventBytes: 99 }), [fits]).error).toBe('event_too_large')
  })

  it('what broke stays broken, also at the end', () => {
    const parser = new AwsEventParser()
    const error = expect.objectContaining({ code: broken })
    expect(() => parser.push(encode('garbage, and more'), () => {})).toThrow(error)
    expect(() => parser.push(stream, () => expect.unreachable())).toThrow(error)
    expect(() => parser.end(() => {})).toThrow(error)
  })
})

describe('laws', () => {
  const value = fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 20 }),
    fc.date({ noInvalidDate: true }),
  )
  const message = fc.record({
    headers: fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), value, { maxKeys: 4 }),
    name: fc.constantFrom('a', 'b'),
    payload: fc.string({ unit: 'grapheme' }),
  })

  it('what is written is read again, at any cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(600), { maxLength: 8 }), (messages, places) => {
        const wanted = messages.map(({ headers, name, payload }) => ({
          headers: { ...headers, ':message-type': 'event', ':event-type': name },
          payload,
        }))
        const bytes = join(...wanted.map(({ headers, payload }) => writeAwsEvent(headers, payload)))
        const { events, error } = read(new AwsEventParser(), cutAt(bytes, places))
        expect(error).toBeUndefined()
        expect((events as AwsEvent[]).map(({ headers, data }) => ({ headers: { ...headers }, payload: data }))).toEqual(
          wanted,
        )
      }),
    )
  })

  it('garbage is an error, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.uint8Array({ maxLength: 40 }), (input, head) => {
        expect(read(new AwsEventParser(), [input])).toEqual({ events: [], error: input.length < 12 ? cut : broken })
        expect(read(new AwsEventParser(), [frame(head, input)])).toEqual({ events: [], error: broken })
      }),
      { numRuns: 1000 },
    )
  })
})

describe('writing', () => {
  const unwritable = expect.objectContaining({ code: 'internal' })

  it.each<[string, AwsHeaders]>([
    ['a name without a byte', { '': 'x' }],
    ['a name of more than 255 bytes', { ['é'.repeat(128)]: 'x' }],
    ['a text of more than 65535 bytes', { x: 'é'.repeat(32_768) }],
    ['a fraction', { x: 1.5 }],
    ['a number of more than 32 bits', { x: 2 ** 31 }],
    ['a bigint of more than 64 bits', { x: 2n ** 63n }],
    ['no valid date', { x: new Date(Number.NaN) }],
  ])('%s is refused', (_, headers) => {
    expect(() => writeAwsEvent(headers, '')).toThrow(unwritable)
  })
})
