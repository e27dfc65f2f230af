import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/tokens/index.ts'
import { openHouse } from './house.ts'

/**
 * A conversation that was begun with another vendor carries state that must not reach this one, so the request cannot
 * go on as it was written. Everything else in it has to arrive all the same.
 */
async function sent(path: string, body: JsonObject): Promise<JsonObject> {
  const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
  const response = await fetch(house.sluice.url + path, { method: 'POST', body: JSON.stringify(body) })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-sluice-warnings')).toBeNull()
  await response.text()
  return house.sent()
}

describe('only the foreign state is left out of a request that cannot go on as it was written', () => {
  const schema = { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] }

  it.each([
    ['unsigned thinking', { type: 'thinking', thinking: 'Hm.', signature: '' }],
    ['sealed thinking', { type: 'thinking', thinking: 'Hm.', signature: 'slc1.openai.gpt.s.eA' }],
    ['a sealed block', { type: 'redacted_thinking', data: 'slc1.openai.gpt.e.eA' }],
  ])('anthropic-messages: %s', async (_, state) => {
    const rest: JsonObject = {
      max_tokens: 20_000,
      stream: true,
      system: [
        { type: 'text', text: 'Rules.', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'More rules.' },
      ],
      tools: [
        {
          name: 'look',
          description: 'Look.',
          input_schema: schema,
          cache_control: { type: 'ephemeral' },
          defer_loading: true,
        },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high', task_budget: 7 },
      metadata: { user_id: 'u1' },
      stop_sequences: ['END'],
      service_tier: 'auto',
      container: 'container_1',
      context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
      brand_new: { deep: [1, null, 'x'] },
    }
    const user = {
      role: 'user',
      content: [
        { type: 'text', text: 'Look at this', cache_control: { type: 'ephemeral' } },
        { type: 'image', source: { type: 'file', file_id: 'file_1' } },
        {
          type: 'document',
          source: { type: 'url', url: 'https://example.com/a.pdf' },
          title: 'A',
          citations: { enabled: true },
        },
      ],
    }
    const said = [
      { type: 'text', text: 'Looking.' },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
      { type: 'tool_use', id: 'toolu_A', name: 'look', input: { at: 'a' } },
    ]
    const results = {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_A',
          content: [
            { type: 'text', text: 'A wall' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
          is_error: true,
        },
        { type: 'text', text: 'Go on.' },
      ],
    }
    const body = {
      ...rest,
      model: 'an/claude',
      messages: [user, { role: 'assistant', content: [state, ...said] }, results],
    }
    expect(await sent('/v1/messages', body)).toEqual({
      ...rest,
      model: 'claude',
      messages: [user, { role: 'assistant', content: said }, results],
    })
  })

  it('openai-chat: sealed reasoning', async () => {
    const rest: JsonObject = {
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      tools: [
        { type: 'function', function: { name: 'look', parameters: schema, strict: true } },
        { type: 'custom', custom: { name: 'patch', format: { type: 'text' } } },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'look' } }] },
      },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } },
      max_completion_tokens: 100,
      n: 2,
      seed: 7,
      stop: ['END'],
      temperature: 1.5,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { 50256: -100 },
      presence_penalty: 0.5,
      reasoning_effort: 'low',
      verbosity: 'low',
      metadata: { job: 'x' },
      service_tier: 'flex',
      store: true,
      prompt_cache_key: 'k',
      safety_identifier: 'u1',
      web_search_options: {},
      brand_new: { deep: [1, null, 'x'] },
    }
    const before = [
      { role: 'developer', content: 'Rules.' },
      {
        role: 'user',
        name: 'ada',
        content: [
          { type: 'text', text: 'Look at this' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'high' } },
          { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
          { type: 'file', file: { file_id: 'file_1' } },
        ],
      },
    ]
    const call = { id: 'call_A', type: 'function', function: { name: 'look', arguments: '{"at": 1.0}' } }
    const said = { role: 'assistant', content: 'Looking.', tool_calls: [call] }
    const after = [{ role: 'tool', tool_call_id: 'call_A', content: 'A wall' }]
    const state = {
      type: 'reasoning.encrypted',
      format: 'sluice-v1',
      index: 0,
      data: 'slc1.anthropic.claude.s.eyJpbmRleCI6MCwidGV4dCI6IkhtIiwidmFsdWUiOiJ4In0',
    }
    const body = {
      ...rest,
      model: 'oa/gpt',
      messages: [...before, { ...said, reasoning_content: 'Hm', reasoning_details: [state] }, ...after],
    }
    expect(await sent('/v1/chat/completions', body)).toEqual({
      ...rest,
      model: 'gpt',
      messages: [...before, said, ...after],
    })
  })
})
