import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { collect } from '../../../src/flow/index.ts'
import { writeSse } from '../../../src/sse/index.ts'
import {
  type ChatReply,
  type ChatRequest,
  fold,
  grammar,
  isContent,
  type JsonObject,
} from '../../../src/tokens/index.ts'
import { checkResponses, responseEvents } from '../../fixtures/check-responses.ts'
import { arbitraryReply } from '../../properties/arbitrary-reply.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'
import { anyTokens } from '../anthropic-messages/any-tokens.ts'
import { encodeOptions, maker, streamOf, tokensOf } from './read.ts'

const stateless = { opaque: false }

/** What a client of this dialect can see of an answer, in its order. Texts in a row are parts of one message. */
function seen({ choices }: ChatReply): object {
  const { parts, finish } = choices[0]!
  const shown = parts.flatMap((part): object[] => {
    if (part.type === 'reasoning') return part.text === '' ? [] : [{ reasoning: part.text }]
    if (part.type === 'tool-call') {
      const { id, name, kind } = part
      return [{ id, name, kind, arguments: part.arguments || (kind === 'function' ? '{}' : '') }]
    }
    return part.type === 'text' ? [{ text: part.text, refusal: part.refusal === true }] : []
  })
  const called = parts.some((part) => part.type === 'tool-call')
  const plain = finish.reason === 'stop_sequence' || finish.reason === 'unknown' || finish.reason === 'stop'
  return { shown, finish: plain ? (called ? 'tool_calls' : 'stop') : finish.reason }
}

const events = (text: string): JsonObject[] => responseEvents(text).map(({ data }) => data)

describe('any answer', () => {
  it('is the same after it went over the wire, and costs the same', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 1, ...stateless }), (tokens) => {
        const sent = fold(collect(grammar(), tokens))
        const got = fold(tokensOf(events(streamOf(tokens))))
        expect(seen(got)).toEqual(seen(sent))
        expect(got.usage).toMatchObject({ input: sent.usage?.input ?? 0 })
      }),
      { numRuns: 300 },
    )
  })

  it('is a stream without a fault, whose last event is the whole answer', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 2 }), (tokens) => {
        const last = checkResponses(streamOf(tokens))
        const whole = openaiResponses.client.encodeReply(fold(tokens), encodeOptions)
        const bare = ({ output }: JsonObject): unknown =>
          JSON.parse(JSON.stringify(output, (key, value) => (key === 'id' ? undefined : value)))
        const only = tokens.every((token) => !('choice' in token) || token.choice === 0)
        const apart = new Set(tokens.flatMap((token) => ('index' in token ? [token.index] : []))).size
        // Blocks that overlap stand in the order in which they began in both, but may be joined otherwise.
        if (only && apart < 2) expect(bare(whole)).toEqual(bare(last))
        expect(whole.status).toBe(last.status)
      }),
      { numRuns: 300 },
    )
  })

  it('is the same streamed and whole', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 1, ...stateless }), (tokens) => {
        const body = openaiResponses.client.encodeReply(fold(tokens), encodeOptions)
        const got = fold(collect(grammar(), openaiResponses.upstream.decodeReply(body, maker)))
        expect(seen(got)).toEqual(seen(fold(tokens)))
      }),
      { numRuns: 200 },
    )
  })

  it('of whatever parts can be said, and read again', () => {
    fc.assert(
      fc.property(arbitraryReply, (reply) => {
        const body = openaiResponses.client.encodeReply(reply, encodeOptions)
        expect(['completed', 'incomplete', 'failed']).toContain(body.status)
        if (body.status === 'failed') return
        collect(grammar(), openaiResponses.upstream.decodeReply(body, maker))
      }),
      { numRuns: 300 },
    )
  })

  it('ends once and well wherever it breaks off', () => {
    fc.assert(
      fc.property(anyTokens, fc.nat(), fc.constantFrom('end', 'fail', 'error'), (tokens, cut, how) => {
        const some = tokens.slice(0, cut % (tokens.length + 1))
        const stage = openaiResponses.client.encodeStream(encodeOptions)
        let text = ''
        const emit = (message: Parameters<typeof writeSse>[0]): void => {
          text += writeSse(message)
        }
        const error = new SluiceError('upstream_server', 'it broke')
        for (const token of some) stage.push(token, emit)
        if (how === 'fail') stage.fail?.(error, emit)
        else if (how === 'error') stage.push({ type: 'error', error }, emit)
        stage.end?.(emit)
        stage.fail?.(error, emit)
        stage.end?.(emit)
        for (const token of tokens) stage.push(token, emit)
        const last = checkResponses(text)
        const finished = some.some((token) => token.type === 'finish' && token.choice === 0) && how === 'end'
        if (!finished) expect(last.status).toBe('failed')
      }),
      { numRuns: 300 },
    )
  })
})

describe('the state of any answer', () => {
  it('comes back where it stood, when the client sends the items again', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 1, refusals: false }), (tokens) => {
        const reply = fold(tokens)
        const { output, status } = openaiResponses.client.encodeReply(reply, encodeOptions)
        if (status === 'failed') return
        const request = openaiResponses.client.decodeRequest({
          model: 'm',
          input: ['q', ...(output as JsonObject[])].map(item),
        })
        const wanted = reply.choices[0]!.parts.flatMap((part): object[] =>
          part.type !== 'reasoning'
            ? []
            : part.opaque !== undefined
              ? part.opaque.map((opaque, i) => ({ text: i === 0 ? part.text : '', opaque }))
              : part.text === ''
                ? []
                : [{ text: part.text, opaque: undefined }],
        )
        expect(reasoningOf(request)).toEqual(wanted)
      }),
      { numRuns: 300 },
    )
  })
})

const item = (one: string | JsonObject): JsonObject => (typeof one === 'string' ? { role: 'user', content: one } : one)

function reasoningOf({ messages }: ChatRequest): object[] {
  return messages.flatMap((message) =>
    message.role === 'assistant'
      ? message.parts.flatMap((part) => (part.type === 'reasoning' ? [{ text: part.text, opaque: part.opaque }] : []))
      : [],
  )
}

describe('a provider that says anything', () => {
  const any = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, '', 0, -1, [], {}, 'response', true))

  it('never crashes the decoder, and what comes out has an order', () => {
    fc.assert(
      fc.property(
        arbitraryTokens({ choices: 1 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), any), { minLength: 1, maxLength: 3 }),
        (tokens, changes) => {
          const list = events(streamOf(tokens))
          for (const [at, path, value] of changes) change(list[at % list.length]!, path, value as never)
          const got = tokensOf(list)
          const content = got.some(isContent)
          expect(content || got.at(-1)!.type === 'error' || got.some((token) => token.type === 'finish')).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** Puts a value in the place of some value inside. */
function change(object: JsonObject, path: number, value: JsonObject): void {
  const places: Array<[JsonObject, string]> = []
  const walk = (inner: JsonObject): void => {
    for (const key of Object.keys(inner)) {
      places.push([inner, key])
      const below = inner[key]
      if (typeof below === 'object' && below !== null) walk(below as JsonObject)
    }
  }
  walk(object)
  const place = places[path % places.length]
  if (place) place[0][place[1]] = value
}
