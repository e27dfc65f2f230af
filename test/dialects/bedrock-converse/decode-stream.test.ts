import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AwsEvent } from '../../../src/framing/index.ts'
import { fold, type JsonObject } from '../../../src/tokens/index.ts'
import { call, counts, event, home, input, messageStop, run, stop, text, thought, upstream } from './stream-of.ts'

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const padding = fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).filter((one) => /^[a-zA-Z0-9]*$/.test(one))

describe('the way without parsing', () => {
  const kinds = [
    ['text', 'text-delta', text, undefined],
    ['reasoning', 'reasoning-delta', thought, undefined],
    ['the input of a call', 'tool-call-delta', input, call(0, 'tooluse_1')],
  ] as const

  it.each(kinds)('gives what JSON.parse gives: %s', (_, type, delta, start) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, padding), { minLength: 1 }), (pieces) => {
        const deltas = pieces.map(([piece, p]) => delta(0, piece, p))
        const { tokens } = run([...(start ? [start] : []), ...deltas, messageStop(), counts])
        const found = tokens.flatMap((token) =>
          token.type === type ? ['text' in token ? token.text : (token as { arguments: string }).arguments] : [],
        )
        expect(found).toEqual(pieces.map(([piece]) => piece))
      }),
    )
  })

  it('does not take a delta of another block, or of another kind, for one of the open block', () => {
    const { tokens } = run([
      text(0, 'one'),
      text(0, ' two'),
      text(1, ' three'),
      text(1, ' four'),
      thought(1, 'five'),
      event('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'six' }, more: 1 }),
      messageStop(),
    ])
    expect(fold(tokens).choices[0]!.parts).toEqual([
      { type: 'text', text: 'one two' },
      { type: 'text', text: ' three four' },
      { type: 'reasoning', text: 'five' },
      { type: 'text', text: 'six' },
    ])
  })

  it('does not pass over what stands beside the text', () => {
    const cited = (piece: string) =>
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: piece, citation: { title: 't' } } })
    const { tokens } = run([cited('one'), cited(' two'), messageStop()])
    expect(fold(tokens).choices[0]!.parts).toMatchObject([
      { text: 'one two', citations: [{ citation: { title: 't' } }, { citation: { title: 't' } }] },
    ])
  })

  it('does not take an exception for a delta', () => {
    const { tokens } = run([text(0, 'a'), text(0, 'b'), { ...text(0, 'c'), kind: 'exception', event: 'x' }])
    expect(tokens.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_server' } })
  })
})

describe('calls', () => {
  it('that overlap keep their own fragments', () => {
    const { tokens } = run([
      call(0, 'a'),
      call(1, 'b'),
      input(1, '{"x"'),
      input(0, '{"y":1}'),
      input(1, ':2}'),
      stop(1),
      stop(0),
      messageStop('tool_use'),
    ])
    expect(fold(tokens).choices[0]!.parts).toMatchObject([
      { id: 'a', arguments: '{"y":1}' },
      { id: 'b', arguments: '{"x":2}' },
    ])
  })

  it('get their names and kinds back', () => {
    const { tokens } = run(
      [call(0, 'a', 'short'), input(0, '{"input": "say \\"h'), input(0, 'i\\""}'), stop(0), messageStop('tool_use')],
      {
        ...home,
        toolNames: new Map([['short', 'a name that is too long']]),
        customTools: new Set(['a name that is too long']),
      },
    )
    expect(fold(tokens).choices[0]!.parts).toEqual([
      { type: 'tool-call', id: 'a', name: 'a name that is too long', kind: 'custom', arguments: 'say "hi"' },
    ])
  })

  it('without an id get one', () => {
    const { tokens } = run([call(0, ''), call(1, ''), messageStop('tool_use')])
    const ids = fold(tokens).choices[0]!.parts.map((part) => (part.type === 'tool-call' ? part.id : ''))
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{32}$/)
  })

  it('make the finish one of calls, unless it says more', () => {
    const finish = (reason: string) => {
      const { tokens } = run([call(0, 'a'), messageStop(reason)])
      return fold(tokens).choices[0]!.finish.reason
    }
    expect(finish('end_turn')).toBe('tool_calls')
    expect(finish('max_tokens')).toBe('length')
    expect(finish('malformed_tool_use')).toBe('malformed_call')
  })
})

describe('state', () => {
  const delta = (reasoningContent: JsonObject) =>
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent } })

  it('that comes in pieces is joined', () => {
    const { tokens } = run([
      thought(0, 'hm'),
      delta({ signature: 'c2ln' }),
      delta({ signature: 'bmF0dXJl' }),
      stop(0),
      messageStop(),
    ])
    expect(fold(tokens).choices[0]!.parts).toEqual([
      { type: 'reasoning', text: 'hm', opaque: [{ ...home, kind: 'signature', value: 'c2lnbmF0dXJl' }] },
    ])
  })

  it('that is hidden is joined as bytes', () => {
    const { tokens } = run([delta({ redactedContent: 'YQ==' }), delta({ redactedContent: 'YmM=' }), messageStop()])
    expect(fold(tokens).choices[0]!.parts).toEqual([
      { type: 'reasoning', text: '', opaque: [{ ...home, kind: 'redacted', value: 'YWJj' }] },
    ])
  })
})

it('a picture is one', () => {
  const { tokens } = run([
    event('contentBlockStart', { contentBlockIndex: 0, start: { image: { format: 'webp' } } }),
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { image: { source: { bytes: 'YWJj' } } } }),
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { image: { source: { bytes: 'ZGVm' } } } }),
    stop(0),
    messageStop(),
  ])
  expect(fold(tokens).choices[0]!.parts).toEqual([
    { type: 'media', kind: 'image', mediaType: 'image/webp', data: 'YWJjZGVm', transcript: '' },
  ])
})

describe('the end', () => {
  it('is the counts behind the stop, in either order', () => {
    for (const last of [
      [messageStop(), counts],
      [counts, messageStop()],
    ]) {
      const { decoder, tokens } = run([text(0, 'Hi'), last[0]!])
      expect(decoder.done).toBe(false)
      const whole = run([text(0, 'Hi'), ...last, text(1, 'nobody hears this')])
      expect(whole.decoder.done).toBe(true)
      expect(fold(whole.tokens)).toMatchObject({
        choices: [{ parts: [{ text: 'Hi' }] }],
        usage: { input: 1, output: 2 },
      })
      expect(tokens.some(({ type }) => type === 'finish')).toBe(last[0] !== counts)
    }
  })

  it('leaves at once, before the counts have come', () => {
    const { decoder, tokens } = run([text(0, 'Hi'), messageStop()])
    expect(decoder.finished).toBe(true)
    expect(tokens.at(-1)).toMatchObject({ type: 'finish', reason: 'stop', native: 'end_turn' })
  })

  it('is an error where content comes behind it', () => {
    for (const late of [text(0, 'late'), call(1, 'a'), thought(3, 'late')]) {
      const { tokens } = run([text(0, 'Hi'), messageStop(), late])
      expect(tokens.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_protocol' } })
    }
  })
})

describe('whatever comes', () => {
  const name = fc.constantFrom(
    'messageStart',
    'contentBlockStart',
    'contentBlockDelta',
    'contentBlockStop',
    'messageStop',
    'metadata',
    'new',
    '',
  )
  const piece = fc.oneof(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }))
  const delta = fc.oneof(
    fc.record({ text: piece }),
    fc.record({ toolUse: fc.oneof(piece, fc.record({ input: piece })) }),
    fc.record({
      reasoningContent: fc.oneof(
        piece,
        fc.record({ text: piece, signature: piece, redactedContent: piece }, { requiredKeys: [] }),
      ),
    }),
    fc.record({ citation: fc.oneof(piece, fc.record({ location: fc.oneof(piece, fc.record({ web: piece })) })) }),
    fc.record({ image: fc.oneof(piece, fc.record({ source: fc.oneof(piece, fc.record({ bytes: piece })) })) }),
    piece,
  )
  const payload = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .record(
          {
            contentBlockIndex: fc.oneof(fc.nat(2), piece),
            start: fc.oneof(
              piece,
              fc.record({
                toolUse: fc.oneof(piece, fc.record({ toolUseId: piece, name: piece }, { requiredKeys: [] })),
              }),
              fc.record({ image: piece }),
            ),
            delta,
            stopReason: fc.oneof(fc.constantFrom('end_turn', 'tool_use'), piece),
            additionalModelResponseFields: fc.oneof(piece, fc.record({ delta: piece })),
            usage: fc.oneof(
              piece,
              fc.record(
                { inputTokens: piece, cacheDetails: fc.array(piece), serverToolUsage: piece },
                { requiredKeys: [] },
              ),
            ),
            trace: piece,
            serviceTier: piece,
          },
          { requiredKeys: [] },
        )
        .map((one) => JSON.stringify(one)),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }).map((one) => JSON.stringify(one)) },
  )
  const arbitraryEvent: fc.Arbitrary<AwsEvent> = fc
    .record({
      name,
      payload,
      kind: fc.constantFrom<AwsEvent['kind']>('event', 'event', 'event', 'event', 'exception', 'error'),
    })
    .map((one) => event(one.name, one.payload, one.kind))

  it('the tokens are in order, and there is one end', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEvent, { maxLength: 12 }), (events) => {
        const { tokens } = run(events)
        const errors = tokens.filter(({ type }) => type === 'error').length
        const finishes = tokens.filter(({ type }) => type === 'finish').length
        expect(errors).toBeLessThanOrEqual(1)
        expect(finishes).toBeLessThanOrEqual(1)
        expect(errors + finishes).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a whole answer', () => {
  const block = fc.oneof(
    fc.record({ text: anyText }),
    fc.record({
      reasoningContent: fc.oneof(
        fc.record({ reasoningText: fc.record({ text: anyText, signature: fc.base64String({ minLength: 4 }) }) }),
        fc.record({ redactedContent: fc.base64String({ minLength: 4 }) }),
      ),
    }),
    fc.record({
      toolUse: fc.record({
        toolUseId: fc.uuid(),
        name: fc.constantFrom('f', 'g'),
        input: fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), { noNullPrototype: true }),
      }),
    }),
    fc.record({
      citationsContent: fc.record({
        content: fc.array(fc.record({ text: anyText }), { minLength: 1, maxLength: 2 }),
        citations: fc.array(fc.record({ title: anyText }), { maxLength: 2 }),
      }),
    }),
  ) as fc.Arbitrary<JsonObject>

  const usage = { inputTokens: 5, outputTokens: 6, totalTokens: 11, cacheReadInputTokens: 2 }

  /** The events in which the block would have come. */
  function* streamed(blocks: JsonObject[]): Generator<AwsEvent> {
    yield event('messageStart', { role: 'assistant' })
    for (const [contentBlockIndex, one] of blocks.entries()) {
      const delta = (fields: JsonObject) => event('contentBlockDelta', { contentBlockIndex, delta: fields })
      const { text: plain, reasoningContent, toolUse, citationsContent } = one as Record<string, JsonObject>
      if (plain !== undefined) yield delta({ text: plain })
      if (reasoningContent) {
        const { reasoningText, redactedContent } = reasoningContent as Record<string, JsonObject>
        if (reasoningText) {
          yield delta({ reasoningContent: { text: reasoningText.text! } })
          yield delta({ reasoningContent: { signature: reasoningText.signature! } })
        } else yield delta({ reasoningContent: { redactedContent: redactedContent! } })
      }
      if (toolUse) {
        yield call(contentBlockIndex, toolUse.toolUseId as string, toolUse.name as string)
        if (Object.keys(toolUse.input as JsonObject).length > 0) {
          for (const char of JSON.stringify(toolUse.input)) yield input(contentBlockIndex, char)
        }
      }
      if (citationsContent) {
        for (const { text: part } of citationsContent.content as JsonObject[]) yield delta({ text: part! })
        for (const citation of citationsContent.citations as JsonObject[]) yield delta({ citation })
      }
      yield stop(contentBlockIndex)
    }
    yield messageStop('max_tokens')
    yield event('metadata', { usage })
  }

  it('is the same as its stream', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 4 }), (content) => {
        const body = { output: { message: { role: 'assistant', content } }, stopReason: 'max_tokens', usage }
        const whole = fold(upstream.decodeReply(body, home))
        expect(whole).toEqual(fold(run([...streamed(content)]).tokens))
        expect(whole.choices[0]!.parts).toHaveLength(content.length)
      }),
    )
  })

  it.each([
    ['nothing', {}, 'upstream_protocol'],
    ['a message without content', { output: { message: {} } }, 'upstream_protocol'],
    ['an error in its place', { message: 'no' }, 'upstream_server'],
    ['an error that is named', { __type: 'com.amazon#ThrottlingException', message: 'no' }, 'upstream_rate_limit'],
  ])('of %s is an error', (_, body: JsonObject, code) => {
    expect(() => upstream.decodeReply(body, home)).toThrow(expect.objectContaining({ code }))
  })

  it('keeps what it does not know', () => {
    const content = [{ hologram: { x: 1 } }, null, 'no block', { text: 'Hi' }]
    const tokens = upstream.decodeReply({ output: { message: { content } }, stopReason: 'end_turn' }, home)
    expect(tokens).toContainEqual({
      type: 'raw',
      dialect: 'bedrock-converse',
      event: 'contentBlockDelta',
      data: '{"contentBlockIndex":0,"delta":{"hologram":{"x":1}}}',
    })
    expect(fold(tokens).choices[0]!.parts).toEqual([{ type: 'text', text: 'Hi' }])
  })
})
