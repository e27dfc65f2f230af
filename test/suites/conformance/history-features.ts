import type { ChatRequest, JsonObject } from '../../../src/tokens/index.ts'
import { assistant, call, loop, pairs, request, result, user, weather } from './conversation.ts'
import type { RequestFeature } from './feature.ts'
import { textsOf, turnsOf } from './read-request.ts'

const repair = (name: string, more: Partial<RequestFeature> & Pick<RequestFeature, 'read'>, messages = loop) => ({
  ...request('History repair', name, { messages, tools: [weather] }, more.read),
  ...more,
})

export const historyFeatures: RequestFeature[] = [
  repair('a call whose result is missing', {
    edit: (body) => without(body, isResult),
    read: (it) => pairs(it).calls.every(({ results }) => results.length === 1),
    want: true,
    told: true,
  }),
  repair('a result whose call is missing', {
    edit: (body) => without(body, isCall),
    read: (it) => pairs(it).orphans,
    want: 0,
    told: true,
  }),
  repair('two turns of the same speaker', { read: joined }, [
    user('one'),
    user('two'),
    assistant('three'),
    assistant('four'),
    user('five'),
  ]),
  repair('an answer that is kept as one turn for each piece of it', { read: (it) => [joined(it), pairs(it)] }, [
    user('Both?'),
    assistant('I '),
    assistant('look.'),
    { role: 'assistant', parts: [call('call_1', 'weather', '{"city":"Bonn"}')] },
    { role: 'assistant', parts: [call('call_2', 'weather', '{"city":"Köln"}')] },
    { role: 'tool', parts: [result('call_1', 'rain'), result('call_2', 'sun')] },
    user('And?'),
  ]),
  repair('results in another order than their calls', { read: pairs }, [
    user('Both?'),
    { role: 'assistant', parts: [call('call_1', 'weather', '{"city":"Bonn"}'), call('call_2', 'clock', '{}')] },
    { role: 'tool', parts: [result('call_2', 'noon'), result('call_1', 'rain')] },
  ]),
  repair('an empty text', { read: textsOf }, [
    {
      role: 'user',
      parts: [
        { type: 'text', text: '' },
        { type: 'text', text: 'said' },
      ],
    },
  ]),
]

/** However the texts of one speaker are set apart. */
function joined(request: ChatRequest): unknown {
  return turnsOf(request).map(([role, text]) => `${role}: ${text.replaceAll('\n', '')}`)
}

/** A body without the objects that `drop` names, wherever they stand, and without turns that hold nothing then. */
function without(body: JsonObject, drop: (object: JsonObject) => boolean): JsonObject {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value
        .filter((one) => !isObject(one) || !drop(one))
        .map(walk)
        .filter((one) => !isHollow(one))
    if (!isObject(value)) return value
    const kept = Object.entries(value).filter(([key]) => !(key === 'tool_calls' && drop(isCallMark)))
    return Object.fromEntries(kept.map(([key, one]) => [key, key === 'tools' ? one : walk(one)]))
  }
  return walk(body) as JsonObject
}

const isCallMark: JsonObject = { type: 'function_call' }

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isHollow(value: unknown): boolean {
  if (!isObject(value)) return false
  const content = value.content ?? value.parts
  return Array.isArray(content) && content.length === 0
}

function isCall(object: JsonObject): boolean {
  return object.type === 'function_call' || object.type === 'tool_use' || object.functionCall !== undefined
}

function isResult(object: JsonObject): boolean {
  const { type, role, functionResponse } = object
  return role === 'tool' || type === 'function_call_output' || type === 'tool_result' || functionResponse !== undefined
}
