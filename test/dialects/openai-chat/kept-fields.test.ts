import { describe, expect, it } from 'vitest'
import type { Target, Traits } from '../../../src/dialects/dialect.ts'
import { anthropicMessages, openaiChat } from '../../../src/dialects/index.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'

const target = (traits: Traits = {}): Target => ({ model: 'up', vendor: 'acme', family: 'one', traits })
const hi = { role: 'user', content: 'hi' }

function again(body: JsonObject, traits: Traits = {}) {
  const request = openaiChat.client.decodeRequest({ model: 'm', messages: [hi], ...body })
  const { body: encoded, warnings } = openaiChat.upstream.encodeRequest(request, target(traits))
  expect(warnings).toEqual([])
  return encoded
}

/** A request with foreign state in it is encoded anew for an upstream of its own language. */
describe('what the client wrote arrives as it was, though the request had to be written anew', () => {
  it.each<[string, JsonObject[]]>([
    ['a field of a message that nobody knows', [{ ...hi, brand_new: { deep: [1, null] } }]],
    ['a named system message at the head', [{ role: 'system', name: 'policy', content: 'Rules.' }, hi]],
    ['a system message with a field of its own', [{ role: 'system', content: 'Rules.', weight: 1 }, hi]],
    [
      'several texts of one message',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    ],
    [
      'marks in both forms and fields of parts',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h', scope: 'all' } },
            { type: 'image_url', image_url: { url: 'https://a' }, prompt_cache_breakpoint: { mode: 'explicit' } },
            { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' }, x: 1 },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBE' }, x: 1 },
            { type: 'file', file: { file_url: 'https://a/b.pdf', filename: 'b' } },
            { type: 'video_url', video_url: { url: 'https://a' } },
          ],
        },
      ],
    ],
    [
      'the reasoning of the provider itself, in each of its fields',
      [
        hi,
        { role: 'assistant', content: 'a', reasoning_content: 'why' },
        hi,
        {
          role: 'assistant',
          content: 'a',
          reasoning: 'why',
          reasoning_details: [{ type: 'reasoning.text', text: 'why', signature: 's' }],
        },
        hi,
        { role: 'assistant', content: 'a', reasoning_opaque: 'o' },
      ],
    ],
    [
      'fields of calls and of results, images in results',
      [
        hi,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              id: 'functions.f:0',
              type: 'function',
              function: { name: 'f', arguments: '{"a": 1.0}' },
              index: 0,
              extra_content: { google: { thought_signature: 's' } },
            },
          ],
        },
        {
          role: 'tool',
          tool_call_id: 'functions.f:0',
          name: 'f',
          content: [
            { type: 'text', text: 'see', cache_control: { type: 'ephemeral' } },
            { type: 'image_url', image_url: { url: 'https://a' } },
          ],
        },
      ],
    ],
    [
      'texts of an answer with fields',
      [
        hi,
        {
          role: 'assistant',
          content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }],
          prefix: true,
        },
      ],
    ],
  ])('%s', (_, messages) => {
    expect(again({ messages }).messages).toEqual(messages)
  })

  it.each<[string, JsonObject]>([
    ['more stop sequences than OpenAI takes', { stop: ['1', '2', '3', '4', '5'] }],
    ['fields that are only known to OpenAI', { store: true, prompt_cache_key: 'k' }],
    ['reasoning switched on', { reasoning: { enabled: true } }],
    ['a field of `reasoning` that nobody knows', { reasoning: { max_tokens: 9, summary: 'auto' } }],
    ['a field called __proto__', JSON.parse('{"__proto__":{"a":1}}') as JsonObject],
    [
      'fields of tools',
      {
        tools: [
          { type: 'function', function: { name: 'f' }, cache_control: { type: 'ephemeral', ttl: '1h' }, x: 1 },
          { type: 'custom', custom: { name: 'p' }, x: 1 },
        ],
      },
    ],
  ])('%s', (_, fields) => {
    expect(JSON.parse(JSON.stringify(again(fields)))).toEqual({ model: 'up', messages: [hi], ...fields })
  })

  it('but no envelope does, not even a damaged one', () => {
    const entry = { type: 'reasoning.encrypted', data: 'slc1.broken' }
    const messages = [
      hi,
      { role: 'assistant', content: 'a', reasoning_details: [entry, { type: 'reasoning.text', text: 'b' }] },
    ]
    expect(JSON.stringify(again({ messages }))).not.toContain('slc1.')
  })
})

describe('marks on the prompt', () => {
  const messages: JsonObject[] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
    },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'c', content: 'A', cache_control: { type: 'ephemeral' } }],
    },
  ]
  const sent = (traits: Traits) => {
    const request = anthropicMessages.client.decodeRequest({ model: 'm', max_tokens: 1, messages })
    return openaiChat.upstream.encodeRequest(request, target(traits)).body.messages as JsonObject[]
  }
  it.each<[string, Traits, unknown, unknown]>([
    ['are left out where they are not known', {}, 'a\n\nb', 'A'],
    [
      'are said in the words of OpenAI',
      { openaiExtras: true },
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', prompt_cache_breakpoint: { mode: 'explicit' } },
      ],
      'A',
    ],
    [
      'are said in the words of OpenRouter, on results too',
      { cacheField: 'cache_control' },
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
      [{ type: 'text', text: 'A', cache_control: { type: 'ephemeral' } }],
    ],
  ])('%s', (_, traits, user, result) => {
    const found = sent(traits)
    expect([found[0]!.content, found[2]!.content]).toEqual([user, result])
  })
})
