import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ollama } from '../../../src/dialects/index.ts'
import { collect } from '../../../src/flow/index.ts'
import { type ChatReply, fold, grammar, type JsonObject } from '../../../src/tokens/index.ts'
import { checkOllama } from '../../fixtures/check-ollama.ts'
import { encodeOptions } from '../../fixtures/goldens.ts'
import { arbitraryReply } from '../../properties/arbitrary-reply.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'
import { line, linesOf, maker, tokensOf } from './lines.ts'

const reasons: Record<string, string> = { length: 'length', context_full: 'length' }

/** What of an answer can be seen through this API: one choice, its texts and its calls, without their order. */
function seen({ choices, usage }: ChatReply): object {
  const { parts, finish } = choices[0]!
  const joined = (type: 'text' | 'reasoning'): string =>
    parts.map((part) => (part.type === type ? part.text : '')).join('')
  const calls = parts.flatMap((part) => {
    if (part.type !== 'tool-call') return []
    const { id, name } = part
    if (part.kind === 'custom') return [{ id, name, arguments: JSON.stringify({ input: part.arguments }) }]
    return [{ id, name, arguments: normal(part.arguments) }]
  })
  const reason = reasons[finish.reason] ?? (calls.length > 0 ? 'tool_calls' : 'stop')
  return {
    text: joined('text'),
    thinking: joined('reasoning'),
    calls,
    reason,
    usage: { input: usage?.input, output: usage?.output },
  }
}

const normal = (text: string): string => JSON.stringify(JSON.parse(text || '{}'))

const answers = () => arbitraryTokens({ choices: 1 })

describe('any answer', () => {
  it.each([undefined, 'generate'])('is the same after it went over the wire, in the form %s', (form) => {
    fc.assert(
      fc.property(answers(), (tokens) => {
        const sent = fold(collect(grammar(), tokens))
        expect(seen(fold(tokensOf(linesOf(tokens, form).lines)))).toEqual(seen(sent))
      }),
      { numRuns: 300 },
    )
  })

  it.each([undefined, 'generate'])('is the same streamed and whole, in the form %s', (form) => {
    fc.assert(
      fc.property(answers(), (tokens) => {
        const reply = fold(tokens)
        const body = ollama.client.encodeReply(reply, { ...encodeOptions, ...(form && { form }) })
        const got = fold(collect(grammar(), ollama.upstream.decodeReply(body, maker)))
        expect(seen(got)).toEqual(seen(fold(tokensOf(linesOf(tokens, form).lines))))
      }),
      { numRuns: 200 },
    )
  })

  it.each(['chat', 'generate'] as const)('keeps to the grammar of /api/%s', (form) => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 2 }), (tokens) => {
        const { lines } = linesOf(tokens, form === 'chat' ? undefined : form)
        const { outcome, text, thinking } = checkOllama(lines.map((one) => `${one}\n`).join(''), form)
        const said = seen(fold(tokens)) as { text: string; thinking: string }
        expect([outcome, text, thinking]).toEqual(['clean', said.text, said.thinking])
      }),
    )
  })

  it('ends once wherever it breaks off, and the rest of it changes nothing', () => {
    fc.assert(
      fc.property(answers(), fc.nat(30), (tokens, length) => {
        const finish = tokens.findIndex(({ type }) => type === 'finish')
        const cut = tokens.slice(0, Math.min(length, finish))
        const { lines } = linesOf([...cut])
        expect(Object.keys(JSON.parse(lines.at(-1)!))).toEqual(['error'])
        expect(lines.filter((text) => 'error' in JSON.parse(text)).length).toBe(1)
      }),
    )
  })

  it('of parts that only others know loses those and tells of it, and breaks at nothing', () => {
    fc.assert(
      fc.property(arbitraryReply, (reply) => {
        const lost: string[] = []
        const body = ollama.client.encodeReply(reply, { ...encodeOptions, onWarning: ({ field }) => lost.push(field) })
        expect(body.done).toBe(true)
        expect(JSON.parse(JSON.stringify(body))).toEqual(body)
        const types = reply.choices[0]!.parts.map(({ type }) => type)
        if (types.includes('hosted-call') || types.includes('hosted-result')) expect(lost).toContain('hosted tools')
        if (types.includes('media')) expect(lost.some((field) => field === 'audio' || field === 'image')).toBe(true)
        if (reply.choices.length > 1 && reply.choices[1]) expect(lost).toContain('n')
      }),
    )
  })
})

describe('lines that are recognised without parsing them', () => {
  const said = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('"', '\\', '\n', '\u2028', '\u0000', '","done":true', '👩‍👩‍👧', '\\u00e9', '{"error":"x"}'),
  )
  const time = fc.constantFrom('2026-11-01T10:00:00Z', '2026-11-01T10:00:00.5Z', '2026-11-01T10:00:01.123456789+02:00')
  const written = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(said, time).map(([content, at]) => line({ content }, { created_at: at })) },
    { weight: 3, arbitrary: said.map((thinking) => line({ thinking })) },
    { weight: 1, arbitrary: said.map((content) => line({ content }, { model: 'other' })) },
    { weight: 1, arbitrary: said.map((content) => line({ content }, { novel: 1 })) },
    {
      weight: 1,
      arbitrary: said.map((content) => line({ content, tool_calls: [{ id: 'c', function: { name: 'f' } }] })),
    },
    { weight: 1, arbitrary: said.map((content) => `${line({ content })} `) },
    {
      weight: 1,
      arbitrary: said.map((response) => JSON.stringify({ model: 'm', created_at: 'x', response, done: false })),
    },
  )

  it('say the same as those that are parsed', () => {
    const options = { ...encodeOptions, onWarning: () => {} }
    fc.assert(
      fc.property(fc.array(written, { maxLength: 40 }), (lines) => {
        // What each line says by itself, to a decoder that has learned nothing.
        const alone = lines.map((text) => {
          const { message, response } = JSON.parse(text) as { message?: JsonObject; response?: string }
          return { text: String(message?.content ?? response ?? ''), thinking: String(message?.thinking ?? '') }
        })
        const all = [...lines, line({}, { done: true })]
        const tokens = tokensOf(all)
        const { choices } = fold(tokens.map((token) => ('id' in token ? { ...token, id: 'x' } : token)))
        const got = ollama.client.encodeReply({ choices, metadata: [] }, options).message as JsonObject
        expect(got.content).toBe(alone.map(({ text }) => text).join(''))
        expect(got.thinking ?? '').toBe(alone.map(({ thinking }) => thinking).join(''))

        const called = lines.filter((text) => text.includes('"tool_calls"')).length
        expect(tokens.filter(({ type }) => type === 'tool-call-start')).toHaveLength(called)

        const observer = ollama.upstream.observeStream({ dropUsage: false })
        for (const text of all) expect(observer.see({ event: 'message', data: text, id: '', end: 0 })).toBe(true)
        const speaking = alone.filter(
          ({ text, thinking }, at) => text + thinking !== '' || lines[at]!.includes('"tool_calls"'),
        )
        expect(observer).toMatchObject({ done: true, error: undefined, deltas: speaking.length })
        expect(observer.finish).toBe(called > 0 ? 'tool_calls' : 'stop')
      }),
      { numRuns: 300 },
    )
  })
})

it('an error is one although its line looks like those before it', () => {
  const said = line({ content: 'a' })
  const tokens = tokensOf([said, said, said.replace('"model":', '"error":')])
  expect(tokens.at(-1)).toMatchObject({ type: 'error', error: { message: 'm' } })
})

describe('lines that nobody should send', () => {
  const good = [
    line({ thinking: 'a' }),
    line({ content: 'b' }),
    line({ tool_calls: [{ function: { name: 'f' } }] }),
    line({}, { done: true }),
  ]
  it('never crash a reader, and end every stream once', () => {
    const odd = fc.oneof(
      fc.constantFrom(...good),
      fc.json(),
      fc.jsonValue({ maxDepth: 2 }).map((value) => line({ content: value as never })),
      fc.jsonValue({ maxDepth: 2 }).map((value) => line({ tool_calls: value as never })),
      fc
        .jsonValue({ maxDepth: 2 })
        .map((value) => line({ tool_calls: [{ id: value, function: { name: 'f', arguments: value } }] } as never)),
      fc.jsonValue({ maxDepth: 2 }).map((value) => line({}, { done: value as never, error: value as never })),
      fc
        .jsonValue({ maxDepth: 2 })
        .map((value) => line({}, { done: true, done_reason: value, eval_count: value, created_at: value } as never)),
      fc.tuple(fc.constantFrom(...good), fc.nat(80)).map(([text, at]) => text.slice(0, at) + text.slice(at + 1)),
    )
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 12 }), (lines) => {
        const tokens = tokensOf(lines)
        const ends = tokens.filter(({ type }) => type === 'finish' || type === 'error')
        expect(ends.length).toBe(1)
        const observer = ollama.upstream.observeStream({ dropUsage: false })
        for (const text of lines) {
          if (observer.done || observer.error) break
          observer.see({ event: 'message', data: text, id: '', end: 0 })
        }
        // Both readers of a stream agree on how it ended.
        const named = tokens.every(
          (token) => token.type !== 'error' || !token.error.message.includes('never said its name'),
        )
        if (named) expect(observer.done).toBe(ends[0]!.type === 'finish')
      }),
      { numRuns: 1000 },
    )
  })
})
