import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { Duration } from './duration.ts'
import { StreamingSchema } from './habit.ts'

/**
 * What a script can say, as schemas. The types are derived from them, the checks of script files run on them, and the
 * page `docs/scripted-provider.md` lists the same words.
 */

const closed = <const P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })
const optional = Type.Optional
const count = Type.Integer({ minimum: 0 })
const size = Type.Integer({ minimum: 1 })
const AnyObject = Type.Record(Type.String(), Type.Unknown(), { description: 'an object' })

const Chunk = Type.Union([size, Type.Literal('word'), Type.Literal('whole')], {
  description: 'a number of characters, "word" or "whole"',
})

const ToolStep = closed({
  /** The name of the tool that is called. */
  tool: Type.String(),
  /** Default: made from the request's number and the call's place in the answer. */
  id: optional(Type.String()),
  /** An object, or a string that goes out as it is, valid or not. Default: no arguments at all, as an empty string. */
  arguments: optional(Type.Union([AnyObject, Type.String()], { description: 'an object, or a string' })),
  /** Into how many fragments the arguments are cut (default 4), or the very fragments. */
  pieces: optional(
    Type.Union([size, Type.Array(Type.String())], { description: 'a number of fragments, or a list of them' }),
  ),
  /** A free-text tool: `arguments` is its input. */
  custom: optional(Type.Boolean()),
  pace: optional(Duration),
})

/** Every kind of step by the word that marks it. The order is that of the messages that list them. */
export const stepKinds = {
  text: closed({
    text: Type.String(),
    chunk: optional(Chunk),
    pace: optional(Duration),
    /** Opens a block of its own although a text came before (anthropic-messages). */
    newBlock: optional(Type.Boolean()),
    /** Sources in the dialect's own shape, sent after the text. */
    citations: optional(Type.Array(AnyObject)),
  }),
  repeat: closed({
    /** How often `text` is sent, as one delta each. */
    repeat: count,
    /** `{{i}}` in it stands for the number of the delta, from 0. */
    text: Type.String(),
    pace: optional(Duration),
  }),
  reasoning: closed({
    reasoning: Type.String(),
    signature: optional(Type.String()),
    chunk: optional(Chunk),
    pace: optional(Duration),
    /** Where an openai-chat stream puts it. Default `reasoning_content`; with a signature `reasoning_details`. */
    field: optional(
      Type.Union([Type.Literal('reasoning_content'), Type.Literal('reasoning'), Type.Literal('reasoning_details')], {
        description: '"reasoning_content", "reasoning" or "reasoning_details"',
      }),
    ),
  }),
  redacted: closed({ redacted: Type.String() }),
  refusal: closed({ refusal: Type.String(), chunk: optional(Chunk), pace: optional(Duration) }),
  tool: ToolStep,
  parallel: closed({ parallel: Type.Array(ToolStep, { minItems: 1 }), pace: optional(Duration) }),
  hosted: closed({
    /** Content blocks of anthropic-messages, as they stand in a whole answer. Nothing in openai-chat. */
    hosted: Type.Array(AnyObject),
  }),
  wait: closed({ wait: Duration }),
  comment: closed({ comment: Type.String() }),
  ping: closed({ ping: Type.Literal(true) }),
  raw: closed({ raw: Type.String() }),
  event: closed({
    event: closed({
      event: optional(Type.String()),
      data: Type.Union([Type.String(), AnyObject], { description: 'an object, or a string' }),
    }),
  }),
}

/** Every kind of fault by the word that marks it. `times` limits it to the first n requests of the script. */
export const faultKinds = {
  status: closed({
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    retryAfter: optional(Duration),
    type: optional(Type.String()),
    code: optional(Type.String()),
    message: optional(Type.String()),
    /** The body as it is, e.g. the HTML page of a proxy, in place of an error of the dialect. */
    body: optional(Type.String()),
    times: optional(size),
  }),
  errorEvent: closed({
    errorEvent: closed({
      type: optional(Type.String()),
      message: optional(Type.String()),
      code: optional(Type.String()),
    }),
    afterEvents: optional(count),
    times: optional(size),
  }),
  /** An error as the answer, under a status that says it is a good one. */
  errorBody: closed({
    errorBody: closed({
      type: optional(Type.String()),
      message: optional(Type.String()),
      code: optional(Type.String()),
    }),
    times: optional(size),
  }),
  /** The connection breaks before the response begins. */
  cutBeforeHead: closed({ cutBeforeHead: Type.Literal(true), times: optional(size) }),
  cutAfterEvents: closed({ cutAfterEvents: count, times: optional(size) }),
  cutAfterBytes: closed({ cutAfterBytes: count, times: optional(size) }),
  endAfterEvents: closed({ endAfterEvents: count, times: optional(size) }),
  stallAfterEvents: closed({
    stallAfterEvents: count,
    /** A sign of life every so often while nothing else comes. */
    comments: optional(Duration),
    times: optional(size),
  }),
  garbageAfterEvents: closed({ garbageAfterEvents: count, times: optional(size) }),
  noEndMarker: closed({ noEndMarker: Type.Literal(true), times: optional(size) }),
  duplicateEnd: closed({ duplicateEnd: Type.Literal(true), times: optional(size) }),
  trailing: closed({ trailing: Type.String(), times: optional(size) }),
}

const Usage = closed({
  /** The whole prompt, what is read from and written to a cache included. */
  input: optional(count),
  /** The whole answer, reasoning included. */
  output: optional(count),
  cacheRead: optional(count),
  cacheWrite: optional(count),
  reasoning: optional(count),
})

const Wire = closed({
  /** Bytes a socket write: tears lines and characters. */
  write: optional(size),
  /** Time between two such writes. */
  gap: optional(Duration),
  lineEnd: optional(
    Type.Union([Type.Literal('lf'), Type.Literal('crlf'), Type.Literal('cr')], { description: '"lf", "crlf" or "cr"' }),
  ),
  /** A comment after every n events. */
  comments: optional(size),
  /** A ping (in openai-chat a comment) after every n events. */
  pings: optional(size),
  /** Events in one write. */
  batch: optional(size),
  /** The second event is padded to this many bytes. */
  huge: optional(size),
})

/** What only Straico has. */
const Straico = closed({
  /** Of a good answer. Default 201. */
  status: optional(Type.Union([Type.Literal(200), Type.Literal(201)], { description: '200 or 201' })),
  content: optional(
    Type.Union([Type.Literal('text'), Type.Literal('parts'), Type.Literal('null')], {
      description: '"text", "parts" or "null"',
    }),
  ),
  /** In coins, in place of the one that the words make; false: it is charged and not told. */
  price: optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.Literal(false)], { description: 'a number, or false' }),
  ),
  words: optional(Type.Literal(false)),
  /** This model fails inside an answer to a prompt that is otherwise a good one. */
  completionError: optional(Type.String()),
})

type Kinds<T> = { [K in keyof T]: T[K] extends TSchema ? Static<T[K]> : never }
export type StepKinds = Kinds<typeof stepKinds>
type FaultKinds = Kinds<typeof faultKinds>
export type Step = StepKinds[keyof StepKinds]
export type Fault = FaultKinds[keyof FaultKinds]

const fields = {
  steps: optional(Type.Array(Type.Unsafe<Step>(Type.Union(Object.values(stepKinds))))),
  /** A canonical word, mapped to the dialect's; another word goes out as it is; false: the answer never finishes. */
  finish: optional(Type.Union([Type.String(), Type.Literal(false)], { description: 'a word, or false' })),
  stopSequence: optional(Type.String()),
  usage: optional(Type.Union([Usage, Type.Literal(false)], { description: 'an object of token counts, or false' })),
  id: optional(Type.String()),
  model: optional(Type.String()),
  /** Log-probabilities on text (openai-chat). Default: when the request asks for them. */
  logprobs: optional(Type.Boolean()),
  /** How many answers (openai-chat). Default: the request's `n`. */
  choices: optional(Type.Integer({ minimum: 1, maximum: 128 })),
  headDelay: optional(Duration),
  headers: optional(Type.Record(Type.String(), Type.String(), { description: 'an object of strings' })),
  contentType: optional(Type.String()),
  /** True: any key; a string: this key. Without it 401. */
  requireKey: optional(Type.Union([Type.Boolean(), Type.String()], { description: 'true, or the key' })),
  fault: optional(Type.Unsafe<Fault>(Type.Union(Object.values(faultKinds)))),
  wire: optional(Wire),
  /** How the server streams, if at all. */
  streaming: optional(StreamingSchema),
  straico: optional(Straico),
}

export const TurnSchema = closed(fields)

export const ScriptSchema = closed({
  ...fields,
  /** One script for each answer of a conversation; what they leave out is taken from the script around them. */
  turns: optional(Type.Array(TurnSchema, { minItems: 1 })),
})

export const ScriptFileSchema = closed({
  scripts: Type.Record(Type.String(), ScriptSchema),
  /** What answers when the request names no script: a script, or the name of one. */
  default: optional(Type.Union([Type.String(), ScriptSchema])),
})

export type Script = Static<typeof ScriptSchema>
export type Turn = Static<typeof TurnSchema>
export type ScriptFile = Static<typeof ScriptFileSchema>
export type ToolStep = Static<typeof ToolStep>
export type Wire = Static<typeof Wire>
