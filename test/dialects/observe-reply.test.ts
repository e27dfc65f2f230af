import { describe, expect, it } from 'vitest'
import { type DialectName, dialects } from '../../src/dialects/index.ts'
import { fold, type JsonObject } from '../../src/tokens/index.ts'

const chat = (...choices: JsonObject[]): JsonObject => ({ id: 'c', object: 'chat.completion', model: 'm-1', choices })
const said = (message: JsonObject, finish: string | null = 'stop', index = 0): JsonObject => ({
  index,
  message: { role: 'assistant', ...message },
  finish_reason: finish,
})
const call = (name: string): JsonObject => ({ id: name, type: 'function', function: { name, arguments: '{}' } })
const counts = { prompt_tokens: 9, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 3 } }

const message = (content: JsonObject[], more: JsonObject = {}): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm-1',
  content,
  stop_reason: 'end_turn',
  usage: { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 9, server_tool_use: { web_search_requests: 1 } },
  ...more,
})
const text = { type: 'text', text: 'Hi' }
const use = { type: 'tool_use', id: 't', name: 'f', input: {} }

const answers: Record<DialectName, Record<string, JsonObject>> = {
  'openai-chat': {
    'a text': { ...chat(said({ content: 'Hi' })), usage: counts },
    'nothing at all': chat(said({ content: '' })),
    'reasoning and a refusal': chat(said({ content: null, reasoning_content: 'hm', refusal: 'no' })),
    'calls that are said to be a plain stop': chat(said({ content: null, tool_calls: [call('f'), call('g')] })),
    'calls that were announced and are not there': chat(said({ content: 'Hi' }, 'tool_calls')),
    'a function of before tools': chat(said({ function_call: { name: 'f', arguments: '{}' } }, 'function_call')),
    'a stop sequence': chat({ ...said({ content: 'Hi' }), stop_reason: 'END' }),
    'an unknown finish': chat(said({ content: 'Hi' }, 'bored')),
    'no finish': chat(said({ content: 'Hi' }, null)),
    'two choices, the second first': {
      ...chat(said({ content: 'b' }, 'length', 1), said({ content: 'a' })),
      usage: counts,
    },
    'usage of Groq': { ...chat(said({ content: 'Hi' })), x_groq: { id: 'g', usage: counts } },
    'usage of a choice': chat({ ...said({ content: 'Hi' }), usage: counts }),
    'a sound': chat(said({ content: null, audio: { id: 'a', data: 'ZA==', transcript: 'Hi' } })),
    'an answer without an index': chat({ message: { content: 'Hi' }, finish_reason: 'length' }),
  },
  'anthropic-messages': {
    'a text': message([text]),
    'nothing at all': message([]),
    'a call': message([text, use], { stop_reason: 'tool_use' }),
    'a call that is said to be a plain stop': message([use]),
    'a refusal': message([text], { stop_reason: 'refusal' }),
    'an unknown finish': message([text], { stop_reason: 'bored' }),
    'no finish': message([text], { stop_reason: null }),
    'no usage': message([text], { usage: null }),
    'no model': message([text], { model: null }),
  },
}

const refusals: Record<DialectName, Record<string, JsonObject>> = {
  'openai-chat': {
    'an error': { error: { message: 'no more', type: 'server_error' } },
    'an error beside choices': { ...chat(said({ content: 'Hi' })), error: { message: 'no more', code: 429 } },
    'an error of Groq': { x_groq: { error: 'no more' } },
    'a flat error': { message: 'no more', detail: 'x' },
    'a broken finish': chat(said({ content: 'Hi' }, 'network_error')),
    'no choices': { id: 'c' },
    'an empty list': chat(),
  },
  'anthropic-messages': {
    'an error': { type: 'error', error: { type: 'overloaded_error', message: 'no more' } },
    'an error without a type': { error: { message: 'no more' } },
    'no content': { type: 'message', model: 'm-1' },
  },
}

describe.each(['openai-chat', 'anthropic-messages'] as const)(
  'a whole answer of %s that goes on as it came',
  (name) => {
    const { upstream } = dialects[name]
    const options = { vendor: 'v', family: 'f' }

    it.each(Object.entries(answers[name]))('is told of as if it had been taken apart: %s', (_, body) => {
      const { model, choices, usage } = fold(upstream.decodeReply(body, options))
      const parts = choices.reduce((sum, choice) => sum + choice.parts.length, 0)
      expect(upstream.observeReply(body)).toEqual({ model, finish: choices[0]?.finish.reason, usage, parts })
    })

    it.each(Object.entries(refusals[name]))('is an error where it holds one: %s', (_, body) => {
      const caught = (step: () => unknown): unknown => {
        try {
          return step()
        } catch (error) {
          return error
        }
      }
      const refused = caught(() => upstream.decodeReply(body, options))
      expect(refused).toBeInstanceOf(Error)
      expect(caught(() => upstream.observeReply(body))).toEqual(refused)
    })
  },
)
