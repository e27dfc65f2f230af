import fc from 'fast-check'
import type { ChatReply, FinishReason, JsonObject, Opaque, ReplyPart, Usage } from '../../src/tokens/index.ts'

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constant(''))
const word = fc.string({ minLength: 1, maxLength: 6 })
const fields = fc.dictionary(word, fc.jsonValue({ maxDepth: 1 }), {
  maxKeys: 2,
  noNullPrototype: true,
}) as fc.Arbitrary<JsonObject>
const dialect = fc.constantFrom('openai-chat', 'anthropic-messages')
const meta = fc.dictionary(dialect, fields, { minKeys: 1, maxKeys: 1, noNullPrototype: true })

const opaque: fc.Arbitrary<Opaque> = fc.record(
  { kind: fc.constantFrom('signature', 'redacted', 'encrypted'), value: text, vendor: word, family: word },
  { requiredKeys: ['kind', 'value'] },
)
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 2 })

const part: fc.Arbitrary<ReplyPart> = fc.oneof(
  fc.record(
    {
      type: fc.constant('text' as const),
      text,
      refusal: fc.boolean(),
      id: word,
      meta,
      logprobs: fc.array(fc.record({ token: text, logprob: fc.double({ noNaN: true }) }), { maxLength: 2 }),
      citations: some(fc.record({ dialect, citation: fields })),
      opaque: some(opaque),
    },
    { requiredKeys: ['type', 'text'] },
  ),
  fc.record(
    { type: fc.constant('reasoning' as const), text, id: word, meta, opaque: some(opaque) },
    { requiredKeys: ['type', 'text'] },
  ),
  fc.record(
    {
      type: fc.constant('tool-call' as const),
      id: word,
      name: word,
      kind: fc.constantFrom('function' as const, 'custom' as const),
      arguments: text,
      meta,
      opaque: some(opaque),
    },
    { requiredKeys: ['type', 'id', 'name', 'kind', 'arguments'] },
  ),
  fc.record({ type: fc.constant('hosted-call' as const), dialect, block: fields, arguments: text }),
  fc.record({ type: fc.constant('hosted-result' as const), dialect, block: fields }),
  fc.record(
    {
      type: fc.constant('media' as const),
      kind: fc.constantFrom('audio' as const, 'image' as const),
      id: word,
      mediaType: word,
      data: text,
      transcript: text,
      expiresAt: fc.nat(),
    },
    { requiredKeys: ['type', 'kind', 'data', 'transcript'] },
  ),
)

const reason = fc.constantFrom<FinishReason>(
  'stop',
  'stop_sequence',
  'tool_calls',
  'length',
  'content_filter',
  'unknown',
)
const finish = fc.record({ reason, native: word, stopSequence: text, details: fields }, { requiredKeys: ['reason'] })

/** Counts as vendors report them: each known or unknown. */
export const arbitraryUsage: fc.Arbitrary<Usage> = fc.record(
  {
    input: fc.nat(),
    output: fc.nat(),
    cacheRead: fc.nat(),
    cacheWrite: fc.nat(),
    reasoning: fc.nat(),
    serverTools: fc.dictionary(word, fc.nat(), { maxKeys: 2, noNullPrototype: true }),
    tier: word,
  },
  { requiredKeys: [] },
)

/** Any whole answer: parts of every kind, each optional field there or not. */
export const arbitraryReply: fc.Arbitrary<ChatReply> = fc
  .record(
    {
      id: word,
      model: word,
      created: fc.nat(),
      choices: fc.array(fc.record({ parts: fc.array(part, { maxLength: 5 }), finish }), { minLength: 1, maxLength: 3 }),
      usage: arbitraryUsage,
      metadata: fc.array(fc.record({ dialect, choice: fc.nat(2), fields }, { requiredKeys: ['dialect', 'fields'] }), {
        maxLength: 2,
      }),
    },
    { requiredKeys: ['choices', 'metadata'] },
  )
  .map((reply) => ({ ...reply, choices: reply.choices.map((one, choice) => ({ choice, ...one })) }))
