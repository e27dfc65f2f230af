import { expect, it } from 'vitest'
import { ask, type Language, paths, post, start } from './raw-client.ts'

const call = {
  role: 'assistant',
  tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
}
const result = { role: 'tool', tool_call_id: 'c1', content: 'r' }
const use = { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'f', input: {} }] }
const used = { type: 'tool_result', tool_use_id: 'c1', content: 'r' }
const hi = { role: 'user', content: 'hi' }
const user = (...content: object[]) => ({ role: 'user', content })

it.each<[string, Language, object, RegExp | undefined]>([
  ['a good tool loop', 'openai-chat', { messages: [hi, call, result, hi] }, undefined],
  ['an unknown field', 'openai-chat', { top_k: 4 }, /Unknown parameter: 'top_k'/],
  ['a call without its result', 'openai-chat', { messages: [hi, call, hi] }, /have no answer: c1/],
  ['a call at the end', 'openai-chat', { messages: [hi, call] }, /have no answer: c1/],
  ['a result without its call', 'openai-chat', { messages: [hi, result] }, /answers no tool call/],
  ['a result twice', 'openai-chat', { messages: [hi, call, result, result] }, /answers no tool call/],
  ['an empty answer', 'openai-chat', { messages: [hi, { role: 'assistant', content: '' }, hi] }, /needs content/],
  ['parallel_tool_calls alone', 'openai-chat', { parallel_tool_calls: true }, /only allowed when 'tools'/],
  [
    'a good tool loop',
    'anthropic-messages',
    { messages: [hi, use, user(used, { type: 'text', text: 'x' })] },
    undefined,
  ],
  ['an unknown field', 'anthropic-messages', { stream_options: {} }, /Extra inputs/],
  [
    'a call without its result',
    'anthropic-messages',
    { messages: [hi, use, hi] },
    /without `tool_result` blocks right after: c1/,
  ],
  ['a result without its call', 'anthropic-messages', { messages: [hi, user(used)] }, /unexpected `tool_use_id`/],
  [
    'text before a result',
    'anthropic-messages',
    { messages: [hi, use, user({ type: 'text', text: 'x' }, used)] },
    /before text/,
  ],
  ['an empty text', 'anthropic-messages', { messages: [user({ type: 'text', text: '' })] }, /non-empty/],
  [
    'an illegal id',
    'anthropic-messages',
    { messages: [hi, { role: 'assistant', content: [{ type: 'tool_use', id: 'a.b', name: 'f', input: {} }] }] },
    /legal id/,
  ],
  [
    'input that is text',
    'anthropic-messages',
    { messages: [hi, { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: '{}' }] }] },
    /object as input/,
  ],
  [
    'thinking without signature',
    'anthropic-messages',
    { messages: [hi, { role: 'assistant', content: [{ type: 'thinking', thinking: 'x' }] }] },
    /signature/,
  ],
  ['a tool twice', 'anthropic-messages', { tools: [{ name: 'f' }, { name: 'f' }] }, /unique: f/],
])('strict: %s in %s', async (_, language, fields, message) => {
  const server = await start({ strict: true, script: { steps: [{ text: 'fine' }] } })
  const { max_tokens, ...bare } = ask(fields) as { max_tokens: number }
  const answer = await post(server.url + paths[language], language === 'openai-chat' ? bare : { max_tokens, ...bare })
  expect([answer.status, answer.text]).toEqual(
    message ? [400, expect.stringMatching(message)] : [200, expect.any(String)],
  )

  const lenient = await start({ script: { steps: [{ text: 'fine' }] } })
  expect((await post(lenient.url + paths[language], ask({ ...fields, stream: true }))).status).toBe(200)
})
