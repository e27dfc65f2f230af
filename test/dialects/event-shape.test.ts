import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventShape } from '../../src/dialects/event-shape.ts'

interface Delta {
  id: string
  index: number
  delta: { text: string; type: string }
  noise?: string
  seq?: string
}

const volatile = ['noise', 'seq']

/** The slow way: the text of an event that carries nothing but a text. */
function read(parsed: unknown): string | undefined {
  const event = parsed as Delta
  if (typeof event !== 'object' || event === null || typeof event.delta !== 'object' || event.delta === null)
    return undefined
  const known = Object.keys(event).every((key) => ['id', 'index', 'delta', ...volatile].includes(key))
  const plain = Object.keys(event.delta).every((key) => key === 'text' || key === 'type')
  return known && plain && event.delta.type === 'text' && typeof event.delta.text === 'string'
    ? event.delta.text
    : undefined
}

function slow(data: string): string | undefined {
  try {
    return read(JSON.parse(data))
  } catch {
    return undefined
  }
}

/** What a decoder does with each event: the fast way if it can be gone, else the slow one, from which it learns. */
function texts(events: string[]): Array<string | undefined> {
  const shape = new EventShape(read, volatile)
  return events.map((data) => {
    const fast = shape.match(data)
    if (fast !== undefined) return fast
    const text = slow(data)
    if (text !== undefined) shape.learn(data, text)
    return text
  })
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 20, maxLength: 60 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\\"',
    '\\\\',
    '"}',
    '","noise":"',
    'text',
    'type',
    '\u2028',
    '\ud800',
    '\u0000',
    '\u007f',
    '\\u0041',
    '😀',
    'é',
  ),
)
/** As different servers write JSON: tight, spaced, with every letter beyond ASCII or every letter at all as an escape. */
const styles = [
  (value: unknown) => JSON.stringify(value),
  (value: unknown) => JSON.stringify(value, null, 1),
  (value: unknown) => ascii(JSON.stringify(value), /[^\x20-\x7e]/g),
  (value: unknown) => JSON.stringify(value).replaceAll('/', '\\/'),
]
const ascii = (json: string, letters: RegExp) =>
  json.replace(letters, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

const event = fc.record({
  text,
  noise: fc.option(text, { nil: undefined }),
  seq: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
  index: fc.constantFrom(0, 0, 0, 1),
  before: fc.boolean(),
})
const lesson = fc.record({
  style: fc.constantFrom(...styles),
  events: fc.array(event, { minLength: 2, maxLength: 15 }),
})
const write = ({ style, events }: { style: (value: unknown) => string; events: Array<Record<string, unknown>> }) =>
  events.map(({ text, noise, seq, index, before }) =>
    style({
      id: 'e',
      ...(before === true && seq !== undefined && { seq }),
      index,
      delta: { type: 'text', text },
      ...(noise !== undefined && { noise }),
      ...(before !== true && seq !== undefined && { seq }),
    }),
  )

const plain = (said: string, more: object = {}) =>
  JSON.stringify({ id: 'e', index: 0, delta: { type: 'text', text: said }, ...more })

function taught(...lessons: string[]): EventShape {
  const shape = new EventShape(read, volatile)
  for (const data of lessons) shape.learn(data, slow(data)!)
  return shape
}

describe('texts cut out of events without parsing them', () => {
  it('are those that JSON.parse gives, whatever they say and however they are written', () => {
    fc.assert(
      fc.property(lesson, (one) => {
        const events = write(one)
        expect(texts(events)).toEqual(events.map(slow))
      }),
      { numRuns: 1000 },
    )
  })

  it('are never wrong when an event was changed anywhere: they are right, or it goes the slow way', () => {
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2 }),
      fc.constantFrom('"', '\\', '",', '{', '}', ':', ',"x":1', '\n'),
    )
    fc.assert(
      fc.property(lesson, fc.nat(), fc.nat(3), junk, ({ style, events }, at, gone, put) => {
        const data = write({ style, events })
        const shape = new EventShape(read, volatile)
        for (const one of data) {
          const said = slow(one)
          if (said !== undefined) shape.learn(one, said)
        }
        const last = data.at(-1)!
        const from = at % (last.length + 1)
        const changed = last.slice(0, from) + put + last.slice(from + gone)
        const fast = shape.match(changed)
        if (fast !== undefined) expect(fast).toBe(slow(changed))
      }),
      { numRuns: 3000 },
    )
  })

  it('are found after one lesson, with other noise', () => {
    const shape = taught(plain('one', { noise: 'aaaa', seq: '1' }))
    for (const said of [
      'two',
      '',
      'a "quoted" \\ line\n',
      '😀',
      'x'.repeat(10_000),
      `${'x'.repeat(30)}"${'y'.repeat(30)}`,
    ]) {
      expect(shape.match(plain(said, { noise: 'bb', seq: '23' }))).toBe(said)
    }
    expect(shape.match(plain('x', { noise: '', seq: '' }))).toBe('x')
  })

  it.each([
    ['nothing was learned', undefined, plain('a')],
    ['another id', plain('a'), plain('b').replace('"e"', '"f"')],
    ['one more field', plain('a'), plain('b', { usage: 1 })],
    ['one more field that is noise', plain('a'), plain('b', { noise: 'n' })],
    ['noise that is missing', plain('a', { noise: 'n' }), plain('b')],
    ['noise that is no text', plain('a', { noise: 'n' }), plain('b', { noise: 1 })],
    ['noise with an escape', plain('a', { noise: 'n' }), plain('b', { noise: '"' })],
    ['noise with an escape, far behind', plain('a', { noise: 'n' }), plain('b', { noise: `${'z'.repeat(40)}\\` })],
    ['a text that does not end', plain('a'), plain('b').slice(0, -4)],
    ['a field inside the delta', plain('a'), plain('b').replace('"text":"b"', '"text":"b","mood":"good"')],
    ['something behind it', plain('a'), `${plain('b')} `],
    ['a bare line end in the text', plain('a'), plain('bc').replace('bc', 'b\nc')],
    ['a bare line end in a long text', plain('a'), plain('b'.repeat(60)).replace('bbb', 'b\nb')],
    ['an escape that is none', plain('a'), plain('bc').replace('bc', 'b\\xc')],
    ['an escape that was cut', plain('a'), plain('bc').replace('bc', 'b\\u12')],
  ])('are left to the slow way: %s', (_, lesson, data) => {
    expect((lesson === undefined ? taught() : taught(lesson)).match(data)).toBeUndefined()
  })

  it.each([
    ['the text stands there twice', plain('same', { noise: 'same' })],
    ['the text is the name of a field', plain('text')],
    ['there is no text', plain('')],
    ['the text is written with escapes that another would not use', plain('é').replace('é', '\\u00e9')],
    ['the text stands elsewhere', plain('é', { noise: '"é"' }).replace('é', '\\u00e9')],
    ['the event says more than the text', plain('b', { usage: 1 })],
  ])('are not learned where %s', (_, data) => {
    const shape = new EventShape(read, volatile)
    const said = (JSON.parse(data) as Delta).delta.text
    expect(shape.learn(data, said)).toBe(false)
    expect(shape.match(data)).toBeUndefined()
  })

  it('a failed lesson leaves the shape that was known', () => {
    const shape = taught(plain('one'))
    expect(shape.learn(plain('text'), 'text')).toBe(false)
    expect(shape.match(plain('two'))).toBe('two')
  })

  it('learning in vain ends after eight times, for good', () => {
    const shape = new EventShape(read, volatile)
    for (let i = 0; i < 8; i++) expect(shape.learn(plain('text'), 'text')).toBe(false)
    expect(shape.learn(plain('one'), 'one')).toBe(false)
    expect(shape.match(plain('two'))).toBeUndefined()
  })
})
