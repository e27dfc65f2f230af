import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { collect } from '../../../src/flow/index.ts'
import { writeSse } from '../../../src/sse/index.ts'
import {
  type ChatReply,
  fold,
  grammar,
  type JsonObject,
  type Message,
  type StreamToken,
} from '../../../src/tokens/index.ts'
import { encodeOptions, payloadsOf, tokensOf } from '../../fixtures/openai-chat/read.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'

/** What a client of this dialect can see: texts and calls apart, the order between them is lost on this wire. */
function seen(reply: ChatReply): object[] {
  return reply.choices.map(({ choice, parts, finish }) => {
    const text = (test: (part: (typeof parts)[number]) => boolean): string =>
      parts.map((part) => (test(part) && 'text' in part ? part.text : '')).join('')
    return {
      choice,
      content: text((part) => part.type === 'text' && !part.refusal),
      refusal: text((part) => part.type === 'text' && part.refusal === true),
      reasoning: text((part) => part.type === 'reasoning'),
      calls: parts.flatMap((part) =>
        part.type === 'tool-call'
          ? [
              {
                id: part.id,
                name: part.name,
                kind: part.kind,
                arguments: part.arguments || (part.kind === 'function' ? '{}' : ''),
              },
            ]
          : [],
      ),
      finish: finish.reason === 'stop_sequence' || finish.reason === 'unknown' ? 'stop' : finish.reason,
    }
  })
}

const counts = ({ usage }: ChatReply): object | undefined => usage && { input: usage.input, output: usage.output }

describe('any answer', () => {
  it('is the same after it went over the wire, and costs the same', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        const sent = fold(collect(grammar(), tokens))
        const got = fold(tokensOf(payloadsOf(tokens)))
        const expected = seen(sent) as Array<{ finish: string; calls: object[] }>
        for (const one of expected) if (one.calls.length > 0 && one.finish === 'stop') one.finish = 'tool_calls'
        expect(seen(got)).toEqual(expected)
        expect(counts(got)).toEqual(counts(sent))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same streamed and whole', () => {
    fc.assert(
      fc.property(arbitraryTokens(), (tokens) => {
        const reply = fold(tokens)
        const body = openaiChat.client.encodeReply(reply, encodeOptions)
        const got = fold(collect(grammar(), openaiChat.upstream.decodeReply(body, { vendor: 'acme', family: 'one' })))
        expect(seen(got)).toEqual(seen(fold(tokensOf(payloadsOf(tokens)))))
      }),
      { numRuns: 200 },
    )
  })

  it('gives every finish and the end marker once, with the chunks all of one message', () => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 3 }), (tokens) => {
        const payloads = payloadsOf(tokens)
        expect(payloads.indexOf('[DONE]')).toBe(payloads.length - 1)
        const chunks = payloads.slice(0, -1).map((data) => JSON.parse(data))
        expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1)
        const finishes = chunks.flatMap(({ choices }) =>
          choices.filter((one: JsonObject) => one.finish_reason !== null),
        )
        const choices = new Set(tokens.flatMap((token) => (token.type === 'finish' ? [token.choice] : [])))
        expect(finishes.map((one: JsonObject) => one.index).sort()).toEqual([...choices].sort())
      }),
    )
  })
})

describe('reasoning and its state come back where they stood, after the client has kept the message', () => {
  it.each<[string, (message: JsonObject) => JsonObject]>([
    ['and all its fields', (message) => message],
    ['but lost the reasoning text', ({ reasoning_content: _, ...message }) => message],
  ])('%s', (_, keep) => {
    fc.assert(
      fc.property(arbitraryTokens({ choices: 1, refusals: false }), (tokens) => {
        const reply = fold(tokens)
        const body = openaiChat.client.encodeReply(reply, encodeOptions)
        const [choice] = body.choices as Array<{ message: JsonObject }>
        const user = { role: 'user', content: 'q' }
        const request = openaiChat.client.decodeRequest({ model: 'm', messages: [user, keep(choice!.message)] })
        const [, message] = request.messages as [Message, Extract<Message, { role: 'assistant' }>]
        const wanted = reply.choices[0]!.parts.flatMap((part) =>
          part.type !== 'reasoning'
            ? []
            : (part.opaque ?? []).map((opaque, i) => ({ type: 'reasoning', text: i === 0 ? part.text : '', opaque })),
        )
        if (wanted.length === 0) return
        expect(message.parts.filter((part) => part.type === 'reasoning')).toEqual(wanted)
        // Text and calls before each state: as many as there were, whatever stood between them.
        expect(placesOf(message.parts)).toEqual(placesOf(reply.choices[0]!.parts))
      }),
      { numRuns: 300 },
    )
  })
})

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

describe('the official client', () => {
  let body = ''
  let type = 'text/event-stream'
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': type }).end(body))
  let client: OpenAI

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 })
  })
  afterAll(() => server.close())

  const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'q' }] }

  it('accepts any answer and finds in it what was sent', async () => {
    type = 'text/event-stream'
    await fc.assert(
      fc.asyncProperty(arbitraryTokens(), async (tokens) => {
        body = payloadsOf(tokens)
          .map((data) => writeSse({ data }))
          .join(': sluice\n\n')
        const completion = await client.chat.completions
          .stream({ ...ask, stream_options: { include_usage: true } })
          .finalChatCompletion()
        const expected = seen(fold(tokensOf(payloadsOf(tokens)))) as Array<Record<string, unknown>>
        expect(
          completion.choices.map(({ index, message, finish_reason }) => ({
            choice: index,
            content: message.content ?? '',
            refusal: message.refusal ?? '',
            calls: (message.tool_calls ?? []).map((call) =>
              call.type === 'custom'
                ? { id: call.id, name: call.custom.name, kind: 'custom', arguments: call.custom.input }
                : { id: call.id, name: call.function.name, kind: 'function', arguments: call.function.arguments },
            ),
            finish: finish_reason,
          })),
        ).toEqual(expected.map(({ reasoning: _, ...one }) => one))
        const usage = tokens.find((token): token is Extract<StreamToken, { type: 'usage' }> => token.type === 'usage')
        expect(completion.usage?.prompt_tokens).toBe(usage?.usage.input)
      }),
      { numRuns: 60 },
    )
  })

  it('keeps the state of the answer when it sends the message back', async () => {
    type = 'text/event-stream'
    const at = { choice: 0, index: 0 }
    const opaque = { vendor: 'anthropic', family: 'claude', kind: 'signature', value: 'SIG' } as const
    body = payloadsOf([
      { type: 'message-start' },
      { type: 'reasoning-start', ...at },
      { type: 'reasoning-delta', ...at, text: 'Let me ' },
      { type: 'reasoning-delta', ...at, text: 'think' },
      { type: 'opaque', ...at, ...opaque },
      { type: 'reasoning-end', ...at },
      { type: 'text-start', choice: 0, index: 1 },
      { type: 'text-delta', choice: 0, index: 1, text: 'So' },
      { type: 'text-end', choice: 0, index: 1 },
      { type: 'finish', choice: 0, reason: 'stop' },
    ])
      .map((data) => writeSse({ data }))
      .join('')
    const { choices } = await client.chat.completions.stream(ask).finalChatCompletion()
    const messages = [...ask.messages, choices[0]!.message, ask.messages[0]!] as unknown as JsonObject[]
    expect(openaiChat.client.decodeRequest({ model: 'm', messages }).messages[1]).toEqual({
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'Let me think', opaque },
        { type: 'text', text: 'So' },
      ],
    })
  })

  it('keeps the state that hangs on a call', () => {
    const opaque = { vendor: 'google', family: 'gemini', kind: 'signature', value: 'SIG' } as const
    const tokens: StreamToken[] = [
      { type: 'message-start' },
      { type: 'tool-call-start', choice: 0, index: 0, id: 'a', name: 'f', kind: 'function' },
      { type: 'tool-call-start', choice: 0, index: 1, id: 'b', name: 'f', kind: 'function' },
      { type: 'opaque', choice: 0, index: 1, ...opaque },
      { type: 'tool-call-end', choice: 0, index: 0 },
      { type: 'tool-call-end', choice: 0, index: 1 },
      { type: 'finish', choice: 0, reason: 'tool_calls' },
    ]
    const streamed = payloadsOf(tokens).flatMap((data) => (data === '[DONE]' ? [] : JSON.parse(data).choices))
    const details = streamed.find(({ delta }) => delta.reasoning_details).delta.reasoning_details
    const [whole] = openaiChat.client.encodeReply(fold(tokens), encodeOptions).choices as Array<{ message: JsonObject }>
    for (const message of [whole!.message, { ...whole!.message, reasoning_details: details }]) {
      const { messages } = openaiChat.client.decodeRequest({ model: 'm', messages: [message] })
      const call = { type: 'tool-call', name: 'f', kind: 'function', arguments: '{}' }
      expect(messages[0]!.parts).toEqual([
        { ...call, id: 'a' },
        { ...call, id: 'b', opaque: [opaque] },
      ])
    }
  })

  it('throws at an error in the middle, with its words', async () => {
    type = 'text/event-stream'
    body = payloadsOf([{ type: 'message-start' }, { type: 'text-start', choice: 0, index: 0 }])
      .map((data) => writeSse({ data }))
      .join('')
    await expect(client.chat.completions.stream(ask).finalChatCompletion()).rejects.toThrow(/not whole/)
  })
})
