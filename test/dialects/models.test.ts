import { describe, expect, it } from 'vitest'
import { anthropicMessages, openaiChat } from '../../src/dialects/index.ts'
import type { Json } from '../../src/tokens/index.ts'

const read = (list: unknown) => openaiChat.upstream.decodeModels?.(list as Json)

describe("a provider's list of models", () => {
  it.each<[string, object, object]>([
    [
      'OpenRouter',
      { id: 'v/m', name: 'Vendor: M', created: 17, context_length: 9000, top_provider: { max_completion_tokens: 800 } },
      { id: 'v/m', title: 'Vendor: M', created: 17, context: 9000, maxOutput: 800 },
    ],
    [
      'Groq',
      { id: 'm', created: 17, active: true, context_window: 131072, max_completion_tokens: 8192 },
      { id: 'm', created: 17, context: 131072, maxOutput: 8192 },
    ],
    ['Mistral', { id: 'm', name: 'm', max_context_length: 32768, capabilities: {} }, { id: 'm', context: 32768 }],
    ['vLLM', { id: 'm', created: 17, max_model_len: 4096, root: 'm' }, { id: 'm', created: 17, context: 4096 }],
    ['Together', { id: 'm', display_name: 'M', context_length: 8192 }, { id: 'm', title: 'M', context: 8192 }],
    ['llama.cpp', { id: 'm', created: 17, meta: { n_ctx_train: 2048 } }, { id: 'm', created: 17, context: 2048 }],
    ['OpenAI', { id: 'm', object: 'model', created: 17, owned_by: 'openai' }, { id: 'm', created: 17 }],
    ['one that does not know', { id: 'm', created: 0, context_length: null, name: '' }, { id: 'm' }],
    ['one that is confused', { id: 'm', created: 'now', context_length: '9', max_model_len: -1 }, { id: 'm' }],
  ])('as %s writes it', (_, row, model) => {
    expect(read({ object: 'list', data: [row] })).toEqual([model])
    expect(read([row])).toEqual([model])
  })

  it('leaves out what is switched off, what is there twice and what is none', () => {
    expect(read([{ id: 'a' }, { id: 'b', active: false }, { id: 'a' }, { id: '' }, null, 'x', {}])).toEqual([
      { id: 'a' },
    ])
    for (const list of [null, 'x', {}, { data: {} }, { data: 'x' }]) expect(read(list)).toEqual([])
  })

  it('comes from Anthropic with names and dates', () => {
    const list = {
      data: [
        { id: 'c', type: 'model', display_name: 'C', created_at: '2025-01-01T00:00:00Z', max_tokens: 9 },
        { id: 7 },
      ],
    }
    const models = anthropicMessages.upstream.decodeModels?.(list)
    expect(models).toEqual([{ id: 'c', title: 'C', created: 1735689600, maxOutput: 9 }])
  })
})

describe('a model in a list for clients', () => {
  const full = { id: 'p/m', owner: 'p', title: 'M', created: 1735689600, context: 9000, maxOutput: 800 }

  it('says what is known of it', () => {
    expect(openaiChat.client.encodeModel(full)).toEqual({
      id: 'p/m',
      object: 'model',
      created: 1735689600,
      owned_by: 'p',
      name: 'M',
      context_length: 9000,
      max_completion_tokens: 800,
    })
    expect(anthropicMessages.client.encodeModel(full)).toEqual({
      id: 'p/m',
      type: 'model',
      display_name: 'M',
      created_at: '2025-01-01T00:00:00Z',
      max_input_tokens: 9000,
      max_tokens: 800,
    })
  })

  it('says nothing that is not known', () => {
    const bare = { id: 'm', owner: 'p' }
    expect(openaiChat.client.encodeModel(bare)).toEqual({ id: 'm', object: 'model', created: 0, owned_by: 'p' })
    expect(anthropicMessages.client.encodeModel(bare)).toEqual({
      id: 'm',
      type: 'model',
      display_name: 'm',
      created_at: '1970-01-01T00:00:00Z',
    })
    expect(anthropicMessages.client.encodeModel({ ...bare, created: 1e300 }).created_at).toBe('1970-01-01T00:00:00Z')
  })
})
