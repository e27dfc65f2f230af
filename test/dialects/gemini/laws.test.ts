import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/flow/index.ts'
import {
  type ChatReply,
  fold,
  grammar,
  type JsonObject,
  type Message,
  type StreamToken,
} from '../../../src/tokens/index.ts'
import { goldens } from '../../fixtures/goldens.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'
import { chunksOf, client, encodeOptions, home, partsOf, request, sent, tokensOf, upstream } from './wire.ts'

/** Endings that are another word on the way back. */
const words: Record<string, string> = { stop_sequence: 'stop' }

/** What a client of this dialect can see: thoughts, texts and calls in their order, refusals as texts. */
function seen({ choices }: ChatReply): object[] {
  return choices.map(({ choice, parts, finish }) => {
    const list: Array<{ type: string; text: string }> = []
    let refused = false
    for (const part of parts) {
      if (part.type === 'tool-call') {
        const json = part.kind === 'custom' ? JSON.stringify({ input: part.arguments }) : part.arguments || '{}'
        list.push({ type: `${part.id} ${part.name}`, text: JSON.stringify(JSON.parse(json)) })
      } else if (part.type === 'text' || part.type === 'reasoning') {
        if (part.type === 'text' && part.refusal) refused = true
        const last = list.at(-1)
        if (part.text === '') continue
        if (last?.type === part.type) last.text += part.text
        else list.push({ type: part.type, text: part.text })
      }
    }
    const plain = finish.reason === 'stop' || finish.reason === 'unknown'
    const calls = list.some(({ type }) => type.includes(' '))
    const filtered = refused && plain ? 'content_filter' : (words[finish.reason] ?? finish.reason)
    return { choice, list, finish: calls && (filtered === 'stop' || filtered === 'unknown') ? 'tool_calls' : filtered }
  })
}

const counts = ({ usage }: ChatReply): object | undefined => usage && { input: usage.input, output: usage.output }

describe('any answer', () => {
  it('is the same after it went over the wire, and costs the same', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        const reply = fold(collect(grammar(), tokens))
        const got = fold(tokensOf(chunksOf(tokens)))
        expect(seen(got)).toEqual(seen(reply))
        expect(counts(got)).toEqual(counts(reply))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same streamed and whole', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        const body = client.encodeReply(fold(tokens), encodeOptions())
        const got = fold(collect(grammar(), upstream.decodeReply(body, home)))
        expect(seen(got)).toEqual(seen(fold(tokensOf(chunksOf(tokens)))))
      }),
      { numRuns: 200 },
    )
  })

  it('ends in one last chunk that finishes every candidate, and every chunk has parts and is of one answer', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 3 }), (tokens) => {
        const chunks = chunksOf(tokens)
        expect(new Set(chunks.map(({ responseId, modelVersion }) => `${responseId} ${modelVersion}`)).size).toBe(1)
        const candidates = chunks.map((chunk) => chunk.candidates as JsonObject[])
        const finishes = candidates.map((list) => list.filter((one) => one.finishReason !== undefined).length)
        const choices = new Set(tokens.flatMap((token) => (token.type === 'finish' ? [token.choice] : [])))
        expect(finishes.pop()).toBe(choices.size)
        expect(finishes.every((count) => count === 0)).toBe(true)
        for (const list of candidates) {
          for (const { index } of list) {
            for (const chunk of chunks) {
              const parts = partsOf(chunk, index as number)
              expect(parts.every((part) => Object.keys(part).length > 0)).toBe(true)
            }
          }
        }
      }),
    )
  })

  it('has no character in it at which Google’s client would cut the line', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        const data = collect(client.encodeStream(encodeOptions()), tokens).map((event) => event.data)
        expect(data.join('')).not.toMatch(/[\u2028\u2029\r\n]/)
      }),
    )
  })
})

describe('reasoning and its state come back where they stood', () => {
  const tokens = arbitraryTokens({ choices: 1, refusals: false, customTools: false })

  it.each<[string, boolean, boolean]>([
    ['for a client that shows thoughts and keeps every chunk as a turn', true, true],
    ['for a client that shows no thoughts and keeps every chunk as a turn', false, true],
    ['for a client that keeps the answer as one turn', true, false],
  ])('%s', (_, includeThoughts, apart) => {
    fc.assert(
      fc.property(tokens, (stream) => {
        const kept = { kept: { includeThoughts } }
        const reply = fold(stream)
        const chunks = apart ? chunksOf(stream, kept) : [client.encodeReply(reply, encodeOptions(kept))]
        const history = chunks.map((chunk) => ({ role: 'model', parts: partsOf(chunk) as JsonObject[] }))
        const { messages } = request({ contents: [{ parts: [{ text: 'q' }] }, ...history] })
        const [, message] = messages as [Message, Extract<Message, { role: 'assistant' }>]
        const wanted = reply.choices[0]!.parts.flatMap((part) =>
          part.type !== 'reasoning'
            ? []
            : (part.opaque ?? []).map((opaque, i) => ({ type: 'reasoning', text: i === 0 ? part.text : '', opaque })),
        )
        const found = message.parts.filter((part) => part.type === 'reasoning' && part.opaque)
        expect(found).toEqual(wanted)
        const thoughts = (parts: ReadonlyArray<{ type: string; text?: string }>): string =>
          parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('')
        // Nothing is said twice, though it was shown and is in the state as well.
        if (includeThoughts) expect(thoughts(message.parts)).toBe(thoughts(reply.choices[0]!.parts))
        if (wanted.length > 0) expect(placesOf(message.parts)).toEqual(placesOf(reply.choices[0]!.parts))
      }),
      { numRuns: 200 },
    )
  })

  it('signatures of the vendor stand on the very parts on which they came, from turn to turn', () => {
    const signed = fc.constantFrom<JsonObject>({}, { thoughtSignature: 'c2ln' }, { thoughtSignature: 'QUJD' })
    const part = fc.oneof(
      fc.tuple(fc.string({ minLength: 1 }), signed).map(([text, sign]): JsonObject => ({ text, ...sign })),
      signed.filter((sign) => 'thoughtSignature' in sign).map((sign): JsonObject => ({ text: '', ...sign })),
      fc
        .tuple(fc.nat(99), signed)
        .map(([n, sign]): JsonObject => ({ functionCall: { id: `id${n}`, name: 'f', args: { n } }, ...sign })),
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(part, { minLength: 1, maxLength: 5, selector: (one) => JSON.stringify(one) }),
        (parts) => {
          const answer = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }] }
          const body = client.encodeReply(fold(upstream.decodeReply(answer, home)), encodeOptions())
          const history = partsOf(body)
          const ask = request({ contents: [{ parts: [{ text: 'q' }] }, { role: 'model', parts: history }] })
          const contents = sent(ask).body.contents as Array<{ role: string; parts: JsonObject[] }>
          expect(statesOf(contents[1]!.parts)).toEqual(statesOf(parts))
        },
      ),
    )
  })
})

/** Every signature with what stands before it, however the texts are cut. */
function statesOf(parts: readonly JsonObject[]): object[] {
  let before = ''
  const found: object[] = []
  for (const { text, functionCall, thoughtSignature } of parts) {
    before += typeof text === 'string' ? text : JSON.stringify(functionCall)
    if (thoughtSignature !== undefined) found.push({ before, thoughtSignature })
  }
  return found
}

/** For each block with state: how much text and how many calls stand before it. */
function placesOf(parts: ReadonlyArray<{ type: string; text?: string; opaque?: unknown }>): Array<[number, number]> {
  const places: Array<[number, number]> = []
  let chars = 0
  let calls = 0
  for (const part of parts) {
    if (part.type === 'text') chars += part.text!.length
    else if (part.type === 'tool-call') calls++
    else if (Array.isArray(part.opaque)) for (const _ of part.opaque) places.push([chars, calls])
    else if (part.opaque) places.push([chars, calls])
  }
  return places
}

describe('a stream that is not as it should be', () => {
  const lines = goldens('gemini').flatMap(({ bytes }) =>
    new TextDecoder()
      .decode(bytes)
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice(6)),
  )
  const anyChunk = fc.oneof(
    fc.constantFrom(...lines),
    fc.json({ maxDepth: 4 }),
    fc
      .tuple(fc.constantFrom(...lines), fc.nat(), fc.constantFrom('null', '7', '[]', '{}', '"x"'))
      .map(([line, at, value]) => {
        // One value of the chunk becomes another.
        const spots = [...line.matchAll(/(?<=:)("[^"]*"|\d+|true)/g)]
        const spot = spots[at % Math.max(1, spots.length)]
        return spot ? line.slice(0, spot.index) + value + line.slice(spot.index + spot[0].length) : line
      }),
    fc.string(),
  )

  it('gives tokens in legal order and one end, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { maxLength: 8 }), (datas) => {
        const decoder = upstream.decodeStream(home)
        const check = grammar()
        const tokens: StreamToken[] = []
        const emit = (token: StreamToken): void => check.push(token, (one) => tokens.push(one))
        for (const data of datas) decoder.push({ event: 'message', data, id: '', end: 0 }, emit)
        decoder.end?.(emit)
        check.end?.(() => {})
        const chunks = chunksOf(tokens)
        const ends = chunks.filter(
          (chunk) =>
            chunk.error !== undefined ||
            chunk.promptFeedback !== undefined ||
            (chunk.candidates as JsonObject[] | undefined)?.some((one) => one.finishReason !== undefined),
        )
        expect(ends).toEqual([chunks.at(-1)])
        const observer = upstream.observeStream({ dropUsage: false })
        for (const data of datas) observer.see({ event: 'message', data, id: '', end: 0 })
        if (observer.error) expect(tokens.at(-1)?.type).toBe('error')
      }),
      { numRuns: 500 },
    )
  })
})
