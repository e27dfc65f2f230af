import { type Static, Type } from 'typebox'
import { SluiceError } from '../../errors/index.ts'

/** What a server does with a request for a stream, or for a whole answer. */
export const habitWords = [
  /** As it is asked. */
  'streams',
  /** Events, whatever is asked. */
  'streams-always',
  /** A request for a whole answer is refused. */
  'streams-only',
  /** A request for a stream is refused. */
  'refuses',
  /** A request with `stream_options` is refused. */
  'refuses-options',
  /** A request that ends with the beginning of the answer is refused. */
  'refuses-prefill',
  /** A request for a stream gets a whole answer, and is told so. */
  'ignores',
  /** Proper events, all at once when the last one is there. */
  'buffers',
  /** A whole answer that calls itself a stream. */
  'json-as-events',
  /** A stream that calls itself JSON. */
  'events-as-json',
] as const

const oneOf = <W extends string[]>(...words: W) =>
  Type.Unsafe<W[number]>(Type.Enum(words, { description: words.map((word) => `"${word}"`).join(', ') }))
const optional = Type.Optional

export const HabitSchema = Type.Object(
  {
    habit: oneOf(...habitWords),
    /** Of a refusal. Default 400. */
    status: optional(Type.Integer({ minimum: 400, maximum: 599 })),
    /** What a refusal names: the field of the request (default), streaming in plain words, or nothing at all. */
    names: optional(oneOf('field', 'streaming', 'nothing')),
    /** How a refusal is written. Default: as the dialect's vendor does. */
    form: optional(oneOf('dialect', 'detail', 'fields', 'text', 'html')),
    /** The words of a refusal, in place of its own. */
    message: optional(Type.String()),
    /** Only requests that offer tools meet the habit; all others are streamed as they ask. */
    when: optional(oneOf('tools')),
    /** What makes a request one for a stream: the field or path, the header `accept`, or one of the two. */
    asked: optional(oneOf('field', 'accept', 'either')),
    /** The head of a buffered answer goes out before it is complete. */
    headFirst: optional(Type.Boolean()),
    /** In a list: after so many requests the next habit begins. Without it a habit is the last. */
    requests: optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
)

const Word = oneOf(...habitWords)
const OneHabit = Type.Union([Word, HabitSchema])
export const StreamingSchema = Type.Union([Word, HabitSchema, Type.Array(OneHabit, { minItems: 1 })], {
  description: `one of ${habitWords.join(', ')}, an object with one of them as \`habit\`, or a list of such`,
})

export type Habit = Static<typeof HabitSchema>
export type Streaming = Static<typeof StreamingSchema>

/** The habits in the order in which they come. */
export function habitsOf(streaming: Streaming): Habit[] {
  return [streaming].flat().map((one) => (typeof one === 'string' ? { habit: one } : one))
}

/** A habit with another one behind it has to end some time. @throws SluiceError `config_invalid` */
export function checkOrder(streaming: Streaming, source: string, at: string): void {
  const endless = habitsOf(streaming)
    .slice(0, -1)
    .findIndex(({ requests }) => requests === undefined)
  if (endless < 0) return
  const place = `${at}[${endless}]`
  throw new SluiceError(
    'config_invalid',
    `cannot read ${source}: \`${place}\` never ends, and another habit stands behind it; give it \`requests\``,
    { param: place },
  )
}
