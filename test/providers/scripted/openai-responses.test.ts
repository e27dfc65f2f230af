import { describe, expect, it } from 'vitest'
import { responsesRefusal } from '../../../src/providers/scripted/openai-responses-strict.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'

const called = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' }
const result = { type: 'function_call_output', call_id: 'c1', output: 'x' }

describe('a strict stand-in for the Responses API refuses what the vendor would', () => {
  it.each<[string, JsonObject]>([
    ['an unknown field', { stop: ['x'] }],
    ['a ceiling that is too low', { max_output_tokens: 3 }],
    ['a tool with an odd name', { tools: [{ type: 'function', name: 'a b' }] }],
    ['a call without a result', { input: [called] }],
    ['a result without a call', { input: [result] }],
    ['an id of another kind', { input: [{ ...called, id: 'msg_1' }, result] }],
    ['an id that is too long', { input: [{ ...called, call_id: 'c'.repeat(65) }] }],
    ['reasoning without a summary', { input: [{ type: 'reasoning', id: 'rs_1' }] }],
    [
      'an input part of the assistant',
      { input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] },
    ],
  ])('%s', (_, body) => {
    expect(responsesRefusal({ model: 'm', ...body })).toMatchObject({ message: expect.any(String) })
  })

  it.each<[string, JsonObject]>([
    ['a call with its result', { input: [called, result] }],
    ['a result for a call that the vendor keeps', { input: [result], previous_response_id: 'resp_1' }],
    ['a text', { input: 'x' }],
  ])('but not %s', (_, body) => {
    expect(responsesRefusal({ model: 'm', ...body })).toBeUndefined()
  })
})
