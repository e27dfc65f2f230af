import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../src/dialects/dialect.ts'
import { seal } from '../../src/dialects/envelope.ts'
import { anthropicMessages, gemini, ollama, openaiChat } from '../../src/dialects/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

/**
 * A vendor's prompt cache finds what it has seen before by how the prompt begins. So what a turn was encoded to must
 * be the beginning of what the next turn is encoded to: to the byte, but for the marks, which clients move along.
 */
const targets: Array<[string, typeof openaiChat, Traits]> = [
  ['openai-chat', openaiChat, {}],
  ['openai-chat at OpenAI', openaiChat, { openaiExtras: true }],
  ['openai-chat with marks', openaiChat, { cacheField: 'cache_control' }],
  ['anthropic-messages', anthropicMessages, {}],
  ['ollama', ollama, {}],
  ['gemini', gemini, {}],
  ['gemini where calls must be signed', gemini, { signedCalls: true }],
]
const target = (traits: Traits): Target => ({ model: 'up', vendor: 'acme', family: 'up', traits })

interface Turn {
  user: string[]
  image: boolean
  said: string
  thought: string
  calls: Array<{ id: string; result: string[]; picture: boolean }>
}

const word = fc.string({ minLength: 1, maxLength: 6 }).map((text) => `w${text}`)
const conversation = fc.array(
  fc.record<Turn>({
    user: fc.array(word, { minLength: 1, maxLength: 3 }),
    image: fc.boolean(),
    said: word,
    thought: fc.constantFrom('', 'hm'),
    calls: fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 70 }),
        result: fc.array(word, { maxLength: 2 }),
        picture: fc.boolean(),
      }),
      { maxLength: 3, selector: ({ id }) => id },
    ),
  }),
  { minLength: 2, maxLength: 5 },
)

const opaque = {
  vendor: 'acme',
  family: 'up',
  kind: 'signature',
  value: '{"type":"reasoning.text","signature":"s"}',
} as const
const picture = { type: 'base64', media_type: 'image/png', data: 'AAAA' }

/** The first `count` turns, the last of them without an answer, as a client of the dialect says them. */
const clients: Record<string, (turns: Turn[], count: number) => JsonObject> = {
  'openai-chat'(turns, count) {
    const messages: JsonObject[] = [{ role: 'system', content: 'Rules.' }]
    for (const [at, { user, image, said, thought, calls }] of turns.slice(0, count).entries()) {
      const parts: JsonObject[] = user.map((text) => ({ type: 'text', text }))
      if (image) parts.push({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } })
      if (at === count - 1) Object.assign(parts.at(-1)!, { cache_control: { type: 'ephemeral' } })
      messages.push({ role: 'user', content: parts })
      if (at === count - 1) break
      const data = seal({
        ...opaque,
        value: JSON.stringify({ index: 0, chars: 0, calls: 0, text: thought, value: opaque.value }),
      })
      messages.push({
        role: 'assistant',
        content: said,
        ...(thought && { reasoning_details: [{ type: 'reasoning.encrypted', format: 'sluice-v1', index: 0, data }] }),
        ...(calls.length > 0 && {
          tool_calls: calls.map(({ id }) => ({
            id,
            type: 'function',
            function: { name: 'f.x', arguments: '{"a": 1.0}' },
          })),
        }),
      })
      for (const { id, result } of calls) messages.push({ role: 'tool', tool_call_id: id, content: result.join(' ') })
    }
    return { model: 'm', messages }
  },
  gemini(turns, count) {
    const contents: JsonObject[] = []
    let results: JsonObject[] = []
    for (const [at, { user, image, said, thought, calls }] of turns.slice(0, count).entries()) {
      const parts: JsonObject[] = [...results, ...user.map((text) => ({ text }))]
      if (image) parts.push({ inlineData: { mimeType: 'image/png', data: 'AAAA' } })
      contents.push({ role: 'user', parts })
      if (at === count - 1) break
      // A chunk of the answer is a turn of its own, and neither calls nor results have ids.
      const chunks: JsonObject[] = [
        ...(thought ? [{ text: thought, thought: true }] : []),
        ...[...said].map((text) => ({ text })),
        ...calls.map(({ id }) => ({
          functionCall: { name: `f${id.length}`, args: { a: 1 } },
          thoughtSignature: 'c2ln',
        })),
      ]
      contents.push(...chunks.map((part) => ({ role: 'model', parts: [part] })))
      results = calls.map(({ id, result }) => ({
        functionResponse: { name: `f${id.length}`, response: { result: result.join(' ') } },
      }))
    }
    return { model: 'm', systemInstruction: { parts: [{ text: 'Rules.' }] }, contents }
  },
  ollama(turns, count) {
    const messages: JsonObject[] = [{ role: 'system', content: 'Rules.' }]
    for (const [at, { user, image, said, thought, calls }] of turns.slice(0, count).entries()) {
      messages.push({ role: 'user', content: user.join(' '), ...(image && { images: ['iVBORw0KGgo='] }) })
      if (at === count - 1) break
      messages.push({
        role: 'assistant',
        content: said,
        ...(thought && { thinking: thought }),
        // Neither calls nor results have ids.
        tool_calls: calls.map(({ id }) => ({ function: { name: `f${id.length}`, arguments: { a: 1 } } })),
      })
      for (const { id, result } of calls) {
        messages.push({ role: 'tool', tool_name: `f${id.length}`, content: result.join(' ') })
      }
    }
    return { model: 'm', messages }
  },
  'anthropic-messages'(turns, count) {
    const messages: JsonObject[] = []
    let results: JsonObject[] = []
    for (const [at, { user, image, said, thought, calls }] of turns.slice(0, count).entries()) {
      const blocks: JsonObject[] = [...results, ...user.map((text) => ({ type: 'text', text }))]
      if (image) blocks.push({ type: 'image', source: picture })
      if (at === count - 1) Object.assign(blocks.at(-1)!, { cache_control: { type: 'ephemeral' } })
      messages.push({ role: 'user', content: blocks })
      if (at === count - 1) break
      messages.push({
        role: 'assistant',
        content: [
          ...(thought ? [{ type: 'thinking', thinking: thought, signature: seal(opaque) }] : []),
          { type: 'text', text: said },
          ...calls.map(({ id }) => ({ type: 'tool_use', id, name: 'f.x', input: { a: 1 } })),
        ],
      })
      results = calls.map(({ id, result, picture: seen }) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: [
          ...result.map((text) => ({ type: 'text', text })),
          ...(seen ? [{ type: 'image', source: picture }] : []),
        ],
      }))
    }
    return {
      model: 'm',
      max_tokens: 9,
      system: [
        { type: 'text', text: 'Rules.' },
        { type: 'text', text: 'More.' },
      ],
      messages,
    }
  },
}

/** Without the marks, and a lone text in one of its two forms. */
function unmarked(message: JsonObject): string {
  return JSON.stringify(message, (key, value: unknown) => {
    if (key === 'cache_control' || key === 'prompt_cache_breakpoint') return undefined
    const only = key === 'content' && Array.isArray(value) && value.length === 1 ? (value[0] as JsonObject) : undefined
    return only?.type === 'text' ? only.text : value
  })
}

describe.each(targets)('to %s', (_, { upstream }, traits) => {
  it.each(Object.keys(clients))('a turn of %s begins as the turn before it was sent', (name) => {
    const { client } = { 'openai-chat': openaiChat, gemini, ollama }[name] ?? anthropicMessages
    const encode = (turns: Turn[], count: number): JsonObject => {
      const request = client.decodeRequest(clients[name]!(turns, count))
      const { contents, ...body } = upstream.encodeRequest(request, target(traits)).body
      return contents === undefined ? body : { ...body, messages: contents }
    }
    fc.assert(
      fc.property(conversation, (turns) => {
        for (let count = 1; count < turns.length; count++) {
          const { messages: before, ...rest } = encode(turns, count)
          const { messages: after, ...restAfter } = encode(turns, count + 1)
          expect(restAfter).toEqual(rest)
          const sent = (before as JsonObject[]).map(unmarked)
          expect((after as JsonObject[]).slice(0, sent.length).map(unmarked)).toEqual(sent)
        }
      }),
      { numRuns: 60 },
    )
  })
})

it('the same request is the same to the byte', () => {
  const body = clients['anthropic-messages']!(
    [
      { user: ['a', 'b'], image: true, said: 'c', thought: 'hm', calls: [{ id: 'x.y', result: [], picture: true }] },
      { user: ['d'], image: false, said: '', thought: '', calls: [] },
    ],
    2,
  )
  for (const [, { upstream }, traits] of targets) {
    const text = () =>
      JSON.stringify(upstream.encodeRequest(anthropicMessages.client.decodeRequest(body), target(traits)).body)
    expect(text()).toBe(text())
  }
})
