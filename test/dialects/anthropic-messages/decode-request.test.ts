import { describe, expect, it } from 'vitest'
import { seal } from '../../../src/dialects/envelope.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import type { ChatRequest, Json, JsonObject } from '../../../src/tokens/index.ts'
import { client, upstream } from './stream-of.ts'

const user = { role: 'user', content: 'hi' }
const base: JsonObject = { model: 'm', max_tokens: 10, messages: [user] }

function refusal(body: JsonObject, operation?: 'count'): SluiceError {
  try {
    client.decodeRequest(body, operation && { operation })
  } catch (error) {
    if (SluiceError.is(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

const says = (content: Json, role = 'user'): JsonObject => ({ messages: [{ role, content }] })

describe('a wrong field is named', () => {
  it.each<[string, JsonObject]>([
    ['model', { model: null }],
    ['model', { model: '' }],
    ['max_tokens', { max_tokens: undefined }],
    ['max_tokens', { max_tokens: '10' }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_tokens', { max_tokens: -1 }],
    ['messages', { messages: undefined }],
    ['messages', { messages: [] }],
    ['messages', { messages: {} }],
    ['messages[0]', { messages: ['hi'] }],
    ['messages[0].role', { messages: [{ content: 'hi' }] }],
    ['messages[0].role', { messages: [{ role: 'tool', content: 'hi' }] }],
    ['messages[1].content', { messages: [user, { role: 'user' }] }],
    ['messages[0].content[0]', says(['hi'])],
    ['messages[0].content[0].type', says([{ text: 'hi' }])],
    ['messages[0].content[0].text', says([{ type: 'text' }])],
    ['messages[0].content[0].source', says([{ type: 'image' }])],
    ['messages[0].content[0].source.type', says([{ type: 'image', source: { type: 'ftp' } }])],
    ['messages[0].content[0].source.media_type', says([{ type: 'image', source: { type: 'base64', data: 'AA==' } }])],
    ['messages[0].content[0].tool_use_id', says([{ type: 'tool_result' }])],
    [
      'messages[0].content[0].content[1].text',
      says([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: '' }, { type: 'text' }] }]),
    ],
    ['messages[0].content[0].cache_control', says([{ type: 'text', text: 'a', cache_control: true }])],
    ['messages[0].content[0].thinking', says([{ type: 'thinking' }], 'assistant')],
    ['messages[0].content[0].input', says([{ type: 'tool_use', id: 't', name: 'f', input: '{}' }], 'assistant')],
    ['messages[0].content[0].type', says([{ type: 'image' }], 'system')],
    ['system', { system: 7 }],
    ['system[0].type', { system: [{ type: 'image' }] }],
    ['stream', { stream: 'yes' }],
    ['temperature', { temperature: '1' }],
    ['stop_sequences[1]', { stop_sequences: ['a', 1] }],
    ['tools[0]', { tools: ['f'] }],
    ['tools[0].name', { tools: [{ input_schema: {} }] }],
    ['tools[0].input_schema', { tools: [{ name: 'f' }] }],
    ['tool_choice.type', { tool_choice: {} }],
    ['tool_choice.type', { tool_choice: { type: 'some' } }],
    ['tool_choice.name', { tool_choice: { type: 'tool' } }],
    ['thinking.type', { thinking: {} }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled' } }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled', budget_tokens: 100 } }],
    ['output_config.effort', { output_config: { effort: 'huge' } }],
    ['output_config.format.type', { output_config: { format: { type: 'grammar' } } }],
    ['output_config.format.schema', { output_config: { format: { type: 'json_schema' } } }],
    ['metadata.user_id', { metadata: { user_id: 7 } }],
  ])('%s in %j', (param, change) => {
    const error = refusal({ ...base, ...change })
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param })
    expect(error.message).toContain(`\`${param}\``)
  })

  it('max_tokens only where an answer is asked for', () => {
    const { max_tokens: _, ...prompt } = base
    expect(client.decodeRequest(prompt, { operation: 'count' }).maxOutput).toBeUndefined()
    expect(refusal(prompt).param).toBe('max_tokens')
  })
})

describe('fields', () => {
  it.each<[string, JsonObject, Partial<ChatRequest>]>([
    ['null is absent', { temperature: null, tools: null, system: null }, { sampling: {}, tools: [], system: [] }],
    ['sampling', { temperature: 0.5, top_p: 0.9, top_k: 5 }, { sampling: { temperature: 0.5, topP: 0.9, topK: 5 } }],
    ['a system text', { system: 'be brief' }, { system: [{ type: 'text', text: 'be brief' }] }],
    [
      'system blocks with cache marks',
      {
        system: [
          { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
          { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
        ],
      },
      {
        system: [
          { type: 'text', text: 'a', cache: { ttl: '1h' } },
          { type: 'text', text: 'b', cache: {} },
        ],
      },
    ],
    ['choice any', { tool_choice: { type: 'any' } }, { toolChoice: { mode: 'required' } }],
    [
      'one tool, alone',
      { tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
      { toolChoice: { mode: 'one', name: 'f' }, parallelToolCalls: false },
    ],
    ['a budget', { thinking: { type: 'enabled', budget_tokens: 2048 } }, { reasoning: { budget: 2048 } }],
    [
      'adaptive, hidden',
      { thinking: { type: 'adaptive', display: 'omitted' } },
      { reasoning: { adaptive: true, visible: false } },
    ],
    ['an effort', { output_config: { effort: 'high' } }, { reasoning: { effort: 'high' } }],
    ['no thinking', { thinking: { type: 'disabled' } }, { reasoning: { effort: 'none' } }],
    [
      'a schema',
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      { output: { type: 'json-schema', schema: { type: 'object' }, strict: true } },
    ],
    ['a user', { metadata: { user_id: 'u' } }, { user: 'u' }],
    [
      'tools of both kinds',
      {
        tools: [
          { name: 'f', description: 'd', input_schema: { type: 'object' }, defer_loading: true },
          { type: 'web_search_20260209', name: 'web_search', max_uses: 2 },
        ],
      },
      {
        tools: [
          {
            kind: 'function',
            name: 'f',
            description: 'd',
            parameters: { type: 'object' },
            extra: { defer_loading: true },
          },
          {
            kind: 'hosted',
            dialect: 'anthropic-messages',
            name: 'web_search',
            definition: { type: 'web_search_20260209', name: 'web_search', max_uses: 2 },
          },
        ],
      },
    ],
    [
      'what is unknown is kept under its own name',
      { speed: 'fast', thinking: { type: 'between_tools' }, metadata: { session: 's' }, output_config: { later: 1 } },
      {
        extra: {
          dialect: 'anthropic-messages',
          fields: {
            speed: 'fast',
            thinking: { type: 'between_tools' },
            metadata: { session: 's' },
            output_config: { later: 1 },
          },
        },
      },
    ],
  ])('%s', (_name, change, expected) => {
    expect(client.decodeRequest({ ...base, ...change })).toMatchObject(expected as object)
  })
})

describe('messages', () => {
  const messages = (...list: JsonObject[]) => client.decodeRequest({ ...base, messages: list }).messages

  it('results of tools make a turn of their own, before what the user says', () => {
    expect(
      messages({
        role: 'user',
        content: [
          { type: 'text', text: 'and?' },
          { type: 'tool_result', tool_use_id: 't1', content: 'sunny', is_error: true },
          {
            type: 'tool_result',
            tool_use_id: 't2',
            content: [
              { type: 'image', source: { type: 'url', url: 'http://x/a.png' } },
              { type: 'tool_reference', tool_name: 'f' },
            ],
          },
          { type: 'tool_result', tool_use_id: 't3' },
        ],
      }),
    ).toEqual([
      {
        role: 'tool',
        parts: [
          { type: 'tool-result', id: 't1', content: [{ type: 'text', text: 'sunny' }], isError: true },
          {
            type: 'tool-result',
            id: 't2',
            content: [
              { type: 'image', source: { kind: 'url', url: 'http://x/a.png' } },
              { type: 'hosted', dialect: 'anthropic-messages', block: { type: 'tool_reference', tool_name: 'f' } },
            ],
          },
          { type: 'tool-result', id: 't3', content: [] },
        ],
      },
      { role: 'user', parts: [{ type: 'text', text: 'and?' }] },
    ])
  })

  it('system messages stay where they stand', () => {
    expect(messages(user, { role: 'system', content: 'now in French' })[1]).toEqual({
      role: 'system',
      parts: [{ type: 'text', text: 'now in French' }],
    })
  })

  it.each<[string, JsonObject, JsonObject]>([
    [
      'a bare signature is of nobody in particular',
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { text: 'hm', opaque: { kind: 'signature', value: 'c2ln' } },
    ],
    [
      'an envelope is opened',
      {
        type: 'thinking',
        thinking: 'hm',
        signature: seal({ vendor: 'openai', family: 'gpt', kind: 'encrypted', value: 'v' }),
      },
      { text: 'hm', opaque: { vendor: 'openai', family: 'gpt', kind: 'encrypted', value: 'v' } },
    ],
    [
      'an envelope in a redacted block, too',
      { type: 'redacted_thinking', data: seal({ vendor: 'openai', kind: 'encrypted', value: 'v' }) },
      { text: '', opaque: { vendor: 'openai', family: '', kind: 'encrypted', value: 'v' } },
    ],
    [
      'a redacted block',
      { type: 'redacted_thinking', data: 'ZA==' },
      { text: '', opaque: { kind: 'redacted', value: 'ZA==' } },
    ],
    ['no signature, no state', { type: 'thinking', thinking: 'hm', signature: '' }, { text: 'hm' }],
    ['a damaged envelope is no state', { type: 'thinking', thinking: 'hm', signature: 'slc1.x' }, { text: 'hm' }],
  ])('thinking: %s', (_name, block, expected) => {
    expect(messages({ role: 'assistant', content: [block] })[0]!.parts).toEqual([{ type: 'reasoning', ...expected }])
  })

  it('documents and search results keep what only this dialect knows, and say it as text to the others', () => {
    const search = {
      type: 'search_result',
      source: 'http://x',
      title: 'X',
      content: [{ type: 'text', text: 'found' }],
      citations: { enabled: true },
    }
    expect(
      messages({
        role: 'user',
        content: [
          {
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: 'body' },
            title: 'T',
            citations: { enabled: true },
          },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' } },
          {
            type: 'document',
            source: {
              type: 'content',
              content: [
                { type: 'text', text: 'a' },
                { type: 'text', text: 'b' },
              ],
            },
          },
          search,
          { type: 'container_upload', file_id: 'f' },
        ],
      })[0]!.parts,
    ).toMatchObject([
      { type: 'file', source: { kind: 'text', text: 'body' }, title: 'T', extra: { citations: { enabled: true } } },
      { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AA==' } },
      { type: 'file', source: { kind: 'text', text: 'a\nb' } },
      { type: 'file', source: { kind: 'text', text: 'found' }, title: 'X', context: 'http://x', extra: search },
      { type: 'hosted', block: { type: 'container_upload', file_id: 'f' } },
    ])
  })
})

describe('a request that goes to another kind of API', () => {
  const leaving = (change: JsonObject) => client.leave!(client.decodeRequest({ ...base, ...change }))

  it.each<[string, JsonObject]>([
    ['container', { container: 'c' }],
    ['mcp_servers', { mcp_servers: [{ type: 'url', url: 'http://x' }] }],
    ['messages[0].content', says([{ type: 'container_upload', file_id: 'f' }])],
    ['messages[0].content', says([{ type: 'compaction', content: 'so far' }], 'assistant')],
    [
      'tool_choice',
      {
        tools: [{ type: 'web_search_20260209', name: 'web_search' }],
        tool_choice: { type: 'tool', name: 'web_search' },
      },
    ],
  ])('is refused for %s', (param, change) => {
    expect(() => leaving(change)).toThrow(expect.objectContaining({ code: 'unsupported', param }))
  })

  it('a thread is refused in the words that make the vendor’s client send the whole history', () => {
    let caught: unknown
    try {
      leaving({ thread: { type: 'create' } })
    } catch (error) {
      caught = error
    }
    expect(client.encodeError(caught as SluiceError, 'r')).toMatchObject({
      status: 400,
      body: {
        type: 'error',
        error: { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
      },
    })
  })

  const enabled = { citations: { enabled: true } }
  const searched = { type: 'search_result', source: 'http://x', title: 'X', content: [{ type: 'text', text: 'found' }] }
  const text = { type: 'text', text: 'a' }
  it.each<[string, JsonObject, string[]]>([
    ['sources that are wanted of a search', says([{ ...searched, ...enabled }]), ['messages[0].content.citations']],
    ['nothing of a search', says([{ ...searched, citations: { enabled: false } }]), []],
    [
      'the same inside a result',
      says([{ type: 'tool_result', tool_use_id: 'a', content: [{ ...searched, ...enabled }] }]),
      ['messages[0].content.citations'],
    ],
    [
      'sources of an answer',
      says([{ ...text, citations: [{ type: 'x' }] }], 'assistant'),
      ['messages[0].content.citations'],
    ],
    ['nothing of an answer without', says([{ ...text, citations: null }], 'assistant'), []],
    ['nothing of a mark', says([{ ...text, cache_control: { type: 'ephemeral', scope: 'all' } }]), []],
    ['a field of a part', says([{ ...text, brand_new: 1 }]), ['messages[0].content.brand_new']],
    [
      'a field of a tool',
      { tools: [{ name: 'f', input_schema: {}, eager_input_streaming: true, defer_loading: true }] },
      ['tools[0].defer_loading'],
    ],
    ['nothing of the id of a user', { metadata: { user_id: 'u' } }, []],
  ])('loses %s', (_, change, lost) => {
    expect(leaving(change).map(({ field }) => field)).toEqual(lost)
  })

  it('a mark that says more than a time to live comes back as it was written', () => {
    const marked = { ...text, cache_control: { type: 'ephemeral', ttl: '1h', scope: 'all' } }
    const tool = { name: 'f', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral', scope: 'all' } }
    const request = client.decodeRequest({ ...base, ...says([marked]), system: [marked], tools: [tool] })
    const to = { model: 'm', vendor: 'anthropic', family: 'm', traits: {} }
    expect(upstream.encodeRequest(request, to).body).toMatchObject({
      system: [marked],
      tools: [tool],
      messages: [{ role: 'user', content: [marked] }],
    })
  })

  it('may have what only steers, and reports what parts lose', () => {
    expect(
      leaving({
        context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
        mcp_servers: [],
        container: null,
      }),
    ).toEqual([])
    expect(
      leaving(
        says([
          {
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: 'a' },
            citations: { enabled: true },
          },
        ]),
      ),
    ).toMatchObject([{ field: 'messages[0].content.citations', action: 'dropped' }])
  })
})
