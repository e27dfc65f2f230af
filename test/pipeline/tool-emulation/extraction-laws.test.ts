import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolCallExtraction } from '../../../src/pipeline/index.ts'
import { type ChatReply, fold, type JsonObject } from '../../../src/tokens/index.ts'
import { describeLaws, recut } from '../laws.ts'
import { saying, through } from '../streams.ts'

const tools = [
  { name: 'look', parameters: { type: 'object', properties: { at: { type: 'string' }, n: { type: 'number' } } } },
  { name: 'write', kind: 'custom' as const },
]
const options = { tools, seed: 'call_1' }
const make = (): ToolCallExtraction => new ToolCallExtraction(options)

const pieces = [
  ...['<tool_call>', '</tool_call>', '<tool_calls>', '</tool_calls>', '<function=look>', '</function>', '<', '<tool'],
  ...[
    '{"name":"look","arguments":{}}',
    '{"name": "write", "arguments": {"input": "a"}}',
    '{"at":"',
    '"}',
    '{',
    '}',
    '[',
  ],
  ...['look', '<arg_key>at</arg_key>', '<arg_value>', 'x</arg_value>', '<parameter=n>', '1</parameter>', '```', '`'],
  ...['<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0', '<|tool_call_argument_begin|>{}'],
  ...['<|tool_call_end|>', '<|tool_calls_section_end|>', '\n', ' ', ']', ',', '\\', '</tool_call', '\n```json\n'],
  '<tool_call>\n{"name":"look","arguments":{"at":"b"}}\n</tool_call>',
]

describeLaws('ToolCallExtraction', make, { pieces })

/** Letters, quotes, breaks and all the marks. */
const nasty = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom(...pieces, '"', '\u2028', '😀')), {
    maxLength: 5,
  })
  .map((parts) => parts.join('').toWellFormed())
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    nasty,
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom(null, true, false),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(nasty, tie('any'), { maxKeys: 3 }),
  ),
})).any
const given = fc.dictionary(nasty, value, { maxKeys: 4 }) as fc.Arbitrary<JsonObject>
/** Text in which nothing is a mark. */
const plain = fc.stringMatching(/^[ -;=-_a-z\n]{0,40}$/)

function answer(text: string, cuts: Iterator<number>): ChatReply['choices'][number] {
  return fold(through(make(), recut(saying(text), cuts))).choices[0]!
}

const cuts = fc.infiniteStream(fc.nat(9))

describe('whatever a call holds', () => {
  it.each<[string, (json: string) => string]>([
    ['in marks', (json) => `<tool_call>\n{"name": "look", "arguments": ${json}}\n</tool_call>`],
    [
      'in a fence in marks',
      (json) => `<tool_call>\`\`\`json\n{"arguments": ${json}, "name":"look"}\n\`\`\`</tool_call>`,
    ],
    ['in a list', (json) => `<tool_calls>[ {"name":"look","parameters":${json}} ]</tool_calls>`],
    ['written into a string', (json) => `<tool_call>{"name":"look","arguments":${JSON.stringify(json)}}</tool_call>`],
    ['below a function', (json) => `<tool_call>{"function":{"name":"look","arguments":${json}}}</tool_call>`],
    ['in a tag of its name', (json) => `<function=look>${json}</function>`],
    [
      'in a section',
      (json) =>
        `<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>${json}<|tool_call_end|><|tool_calls_section_end|>`,
    ],
  ])('%s, it is called with just that, and the text around it stays', (_, write) => {
    fc.assert(
      fc.property(given, fc.constantFrom(0, 2), plain, plain, cuts, (object, indent, before, after, cut) => {
        const { parts, finish } = answer(`${before}${write(JSON.stringify(object, null, indent))}${after}`, cut)
        const texts = [before, after].filter((text) => text.trim() !== '')
        const said = parts.flatMap((part) =>
          part.type === 'text' && part.text.trim() !== '' ? [part.text.trim()] : [],
        )
        expect(said).toEqual(texts.map((text) => text.trim()))
        const calls = parts.filter((part) => part.type === 'tool-call')
        expect(calls).toHaveLength(1)
        expect(calls[0]).toMatchObject({ name: 'look', kind: 'function' })
        expect(JSON.parse(calls[0]!.arguments)).toEqual(JSON.parse(JSON.stringify(object)))
        expect(finish.reason).toBe('tool_calls')
      }),
      { numRuns: 60 },
    )
  })

  it('where it is cut off, there is no call and all of it is text', () => {
    fc.assert(
      fc.property(given, fc.nat(), cuts, (object, at, cut) => {
        const call = `<tool_call>${JSON.stringify({ name: 'look', arguments: object })}</tool_call>`
        const text = `So: ${call.slice(0, at % call.length)}`
        expect(answer(text, cut)).toMatchObject({ parts: [{ type: 'text', text }], finish: { reason: 'stop' } })
      }),
    )
  })
})
