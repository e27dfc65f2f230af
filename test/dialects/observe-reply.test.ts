import { describe, expect, it } from 'vitest'
import { type ClientDialectName, clientDialects } from '../../src/dialects/index.ts'
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

const line = (said: JsonObject, more: JsonObject = {}): JsonObject => ({
  model: 'm-1',
  created_at: '2026-11-01T10:00:00Z',
  message: { role: 'assistant', ...said },
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 9,
  eval_count: 4,
  ...more,
})
const geminiAnswer = (parts: JsonObject[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0, ...more }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, thoughtsTokenCount: 2, totalTokenCount: 14 },
  modelVersion: 'm-1',
})
const geminiCall = (name: string): JsonObject => ({ functionCall: { name, args: {} } })
const native = (name: string): JsonObject => ({ id: name, function: { name, arguments: {} } })

const response = (output: JsonObject[], more: JsonObject = {}): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1790000000,
  model: 'm-1',
  status: 'completed',
  output,
  usage: { input_tokens: 5, input_tokens_details: { cached_tokens: 2 }, output_tokens: 9 },
  ...more,
})
const spoken = { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] }
const called = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' }

const answers: Record<ClientDialectName, Record<string, JsonObject>> = {
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
  'openai-responses': {
    'a text': response([spoken]),
    'nothing at all': response([]),
    'reasoning, a text and a call': response([{ type: 'reasoning', id: 'rs_1', summary: [] }, spoken, called]),
    'a call of a free-text tool': response([{ ...called, type: 'custom_tool_call', input: 'x' }]),
    'an answer that was cut': response([spoken], {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    }),
    'an answer that was filtered': response([], {
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
    }),
    'no usage': response([spoken], { usage: null }),
    'no model': response([spoken], { model: null }),
    'work of a hosted tool': response([{ type: 'web_search_call', id: 'ws_1', status: 'completed' }, spoken]),
  },
  gemini: {
    'a text': geminiAnswer([{ text: 'Hi' }]),
    'nothing at all': geminiAnswer([]),
    'no parts': { ...geminiAnswer([]), candidates: [{ finishReason: 'STOP' }] },
    'thoughts, a text and calls': geminiAnswer([
      { text: 'hm', thought: true },
      { text: 'Hi' },
      geminiCall('f'),
      geminiCall('g'),
    ]),
    'an answer that was cut': geminiAnswer([{ text: 'Hi' }], { finishReason: 'MAX_TOKENS' }),
    'no finish': geminiAnswer([{ text: 'Hi' }], { finishReason: undefined }),
    'an unknown finish': geminiAnswer([{ text: 'Hi' }], { finishReason: 'BORED' }),
    'an answer that was refused': geminiAnswer([{ text: 'Hi' }], { finishReason: 'RECITATION' }),
    'a prompt that was refused': { promptFeedback: { blockReason: 'SAFETY' }, modelVersion: 'm-1' },
    'no counts': { ...geminiAnswer([{ text: 'Hi' }]), usageMetadata: undefined },
    'a signed text': geminiAnswer([{ text: 'Hi', thoughtSignature: 'c2ln' }]),
  },
  ollama: {
    'a text': line({ content: 'Hi' }),
    'nothing at all': line({ content: '' }),
    'thinking, a text and calls': line({ content: 'Hi', thinking: 'hm', tool_calls: [native('f'), native('g')] }),
    'an answer that was cut': line({ content: 'Hi' }, { done_reason: 'length' }),
    'no finish': line({ content: 'Hi' }, { done_reason: undefined }),
    'an unknown finish': line({ content: 'Hi' }, { done_reason: 'bored' }),
    'a prompt that was in the cache': line({ content: 'Hi' }, { prompt_eval_count: undefined }),
    'no counts': line({ content: 'Hi' }, { prompt_eval_count: undefined, eval_count: undefined }),
    'the form with a prompt': {
      model: 'm-1',
      response: 'Hi',
      thinking: 'hm',
      done: true,
      done_reason: 'stop',
      eval_count: 1,
    },
  },
}

const refusals: Record<ClientDialectName, Record<string, JsonObject>> = {
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
  'openai-responses': {
    'an error': { error: { message: 'no more', type: 'server_error' } },
    'an answer that failed': response([], { status: 'failed', error: { code: 'server_error', message: 'no more' } }),
    'an answer that was cancelled': response([], { status: 'cancelled' }),
    'no output': { id: 'resp_1', status: 'completed' },
  },
  gemini: {
    'an error': { error: { code: 503, message: 'no more', status: 'UNAVAILABLE' } },
    'an error that is a text': { error: 'no more' },
    'no candidates': { modelVersion: 'm-1' },
  },
  ollama: {
    'an error': { error: 'no more' },
    'an error that is an object': { error: { message: 'no more' } },
    'no content': { model: 'm-1' },
  },
}

describe.each(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'ollama'] as const)(
  'a whole answer of %s that goes on as it came',
  (name) => {
    const { upstream } = clientDialects[name]
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
