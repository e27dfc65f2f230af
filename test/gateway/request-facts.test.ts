import { describe, expect, it } from 'vitest'
import { type ClientDialectName, clientDialects, type Dialect } from '../../src/dialects/index.ts'
import { type FactsOptions, factsOf, parseBody } from '../../src/gateway/index.ts'
import type { RoutingTable } from '../../src/routing/index.ts'

const encoder = new TextEncoder()

function facts(
  dialect: ClientDialectName,
  json: object,
  headers: Record<string, string> = {},
  options: FactsOptions = {},
) {
  const body = parseBody(encoder.encode(JSON.stringify(json)))
  const { client, ...rest } = clientDialects[dialect] as Dialect
  const watched = { decoded: 0 }
  // A dialect that says how often it was asked to decode.
  const counting: Dialect = {
    ...rest,
    client: Object.create(client, {
      decodeRequest: {
        value: (...args: Parameters<typeof client.decodeRequest>) => {
          watched.decoded++
          return client.decodeRequest(...args)
        },
      },
    }) as Dialect['client'],
  }
  return Object.assign(factsOf(counting, body, headers, options), { watched })
}

const chat = (rest: object = {}) => ({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], ...rest })
const messages = (rest: object = {}) => ({ max_tokens: 4096, ...chat(rest) })
const pixel = 'iVBORw0KGgo='

describe('what a request is', () => {
  it.each<[string, ClientDialectName, object, object]>([
    [
      'plain, in Chat Completions',
      'openai-chat',
      chat(),
      { thinking: false, tools: 0, webSearch: false, images: false, files: false, structuredOutput: false },
    ],
    ['thinking by effort', 'openai-chat', chat({ reasoning_effort: 'low' }), { thinking: true }],
    ['thinking switched off', 'openai-chat', chat({ reasoning_effort: 'none' }), { thinking: false }],
    [
      'thinking by budget',
      'anthropic-messages',
      messages({ thinking: { type: 'enabled', budget_tokens: 2048 } }),
      { thinking: true },
    ],
    [
      'thinking as much as it likes',
      'anthropic-messages',
      messages({ thinking: { type: 'adaptive' } }),
      { thinking: true },
    ],
    ['no thinking', 'anthropic-messages', messages({ thinking: { type: 'disabled' } }), { thinking: false }],
    [
      'tools',
      'openai-chat',
      chat({
        tools: ['a', 'web_search'].map((name) => ({
          type: 'function',
          function: { name, parameters: { type: 'object' } },
        })),
      }),
      { tools: 2, webSearch: false },
    ],
    [
      'a search of Anthropic',
      'anthropic-messages',
      messages({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
      { webSearch: true, tools: 1 },
    ],
    [
      'a search of OpenAI',
      'openai-responses',
      { model: 'm', input: 'Hi', tools: [{ type: 'web_search' }] },
      { webSearch: true },
    ],
    ['one in Chat Completions', 'openai-chat', chat({ web_search_options: {} }), { webSearch: true }],
    [
      'a search of Google',
      'gemini',
      { contents: [{ parts: [{ text: 'Hi' }] }], tools: [{ googleSearch: {} }] },
      { webSearch: true },
    ],
    [
      'an image',
      'openai-chat',
      chat({
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }] },
        ],
      }),
      { images: true, files: false },
    ],
    [
      'an image that a tool gave',
      'anthropic-messages',
      messages({
        messages: [
          { role: 'user', content: 'Look' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'see', input: {} }] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 't',
                content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }],
              },
            ],
          },
        ],
      }),
      { images: true },
    ],
    [
      'a file',
      'anthropic-messages',
      messages({
        messages: [
          {
            role: 'user',
            content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pixel } }],
          },
        ],
      }),
      { files: true, images: false },
    ],
    [
      'JSON for an answer',
      'openai-chat',
      chat({ response_format: { type: 'json_object' } }),
      { structuredOutput: true },
    ],
  ])('%s', (_, dialect, json, wanted) => {
    const asked = dialect === 'gemini' ? { model: 'g', stream: true } : undefined
    const found = facts(dialect, json, {}, asked && { asked })
    for (const [fact, value] of Object.entries(wanted)) {
      expect([fact, found[fact as 'tools']()]).toEqual([fact, value])
    }
    expect(found.watched.decoded).toBe(1)
  })

  it('what is at hand costs no decoding', () => {
    const found = facts(
      'openai-chat',
      chat({ stream: true, metadata: { tier: 'gold' } }),
      { 'user-agent': 'codex', 'session-id': 's', 'x-team': 'blue' },
      { clientKey: 'ci' },
    )
    expect(found).toMatchObject({
      model: 'm',
      stream: true,
      userAgent: 'codex',
      clientKey: 'ci',
      metadata: { tier: 'gold' },
    })
    expect([found.header('x-team'), found.session(), found.subagentTag()]).toEqual(['blue', 's', undefined])
    expect(found.watched.decoded).toBe(0)
  })

  it('a header is one that was sent', () => {
    expect(facts('openai-chat', chat()).header('constructor')).toBeUndefined()
  })

  it('the path stands above the body, and some dialects stream unless they are told not to', () => {
    const contents = [{ parts: [{ text: 'Hi' }] }]
    expect(facts('gemini', { contents }, {}, { asked: { model: 'g', stream: true } })).toMatchObject({
      model: 'g',
      stream: true,
    })
    expect(facts('ollama', chat())).toMatchObject({ stream: true })
    expect(facts('openai-chat', chat())).toMatchObject({ stream: false })
    expect(facts('openai-chat', { messages: [] })).toMatchObject({ model: '' })
  })

  it('of a body that cannot be decoded is what can be said without', () => {
    const odd = facts('openai-chat', chat({ messages: [{ role: 'novel', content: 'x'.repeat(4000) }] }))
    expect(odd.images()).toBe(false)
    expect(odd.tools()).toBe(0)
    expect(odd.inputTokens()).toBeGreaterThan(900)
    expect(odd.session()).toBeUndefined()
    expect(odd.watched.decoded).toBe(1)
  })
})

describe('the size of a prompt', () => {
  const table = (over: number): RoutingTable => ({
    providers: [],
    aliases: [],
    rules: [{ when: { inputTokensOver: over }, to: 'x' }],
  })
  // Here four characters are two tokens.
  const text = 'a b c d '.repeat(500)
  const prompt = () => facts('openai-chat', chat({ messages: [{ role: 'user', content: text }] }))
  const rough = prompt().inputTokens()

  it('is guessed, more closely where that may matter, and counted where the guess cannot decide', async () => {
    const far = prompt()
    expect(far.settle(table(rough * 5))).toBeUndefined()
    expect(far.settle(table(Math.floor(rough / 5)))).toBeUndefined()
    expect(far.inputTokens()).toBe(rough)
    const nearer = prompt()
    expect(nearer.settle(table(rough * 3.9))).toBeUndefined()
    expect(nearer.inputTokens()).not.toBe(rough)
    expect(nearer.inputCounted).toBe(false)
    const near = prompt()
    const counting = near.settle(table(nearer.inputTokens() + 100))
    expect(counting).toBeInstanceOf(Promise)
    await counting
    expect(near.inputCounted).toBe(true)
    expect(near.inputTokens()).toBeGreaterThan(2000)
    expect(near.settle(table(nearer.inputTokens() + 100))).toBeUndefined()
    expect(near.watched.decoded).toBe(1)
  })

  it('is not looked at where nothing turns on it', () => {
    const found = facts('openai-chat', chat())
    expect(found.settle({ providers: [], aliases: [], rules: [{ when: { images: true }, to: 'x' }] })).toBeUndefined()
    expect(found.watched.decoded).toBe(0)
  })
})

describe('a tag that names the model', () => {
  const tag = '<sluice-model>fast</sluice-model>\n'
  const system = [
    { type: 'text', text: 'You are an agent.' },
    { type: 'text', text: `${tag}Be brief.` },
  ]
  const turn = {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Mind: this' },
          { type: 'text', text: `${tag}Go` },
        ],
      },
    ],
  }

  it.each<[string, object, FactsOptions['tags'], string | undefined]>([
    ['in any part of the instructions', { system }, undefined, 'fast'],
    ['in the first turn only where that may be', turn, undefined, undefined],
    ['in any part of the first turn', turn, 'user', 'fast'],
    [
      'not in a later turn',
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'user', content: `${tag}Go` },
        ],
      },
      'user',
      undefined,
    ],
    ['not in the middle', { system: `Begin with ${tag}` }, 'user', undefined],
    ['nowhere', { system, ...turn }, 'off', undefined],
  ])('%s', (_, rest, tags, wanted) => {
    const found = facts('anthropic-messages', messages(rest), {}, tags && { tags })
    expect(found.subagentTag()).toBe(wanted)
    if (wanted) expect(found.modelTag()?.written).toBe(tag)
  })

  it.each<[string, object]>([
    ['no model', { model: undefined }],
    ['an empty one', { model: '' }],
    ['null for one', { model: null }],
  ])('counts where the request has %s', (_, rest) => {
    const found = facts('anthropic-messages', messages({ system, ...rest }))
    expect([found.model, found.subagentTag()]).toEqual(['', 'fast'])
  })

  it('costs a search of the text where there is none', () => {
    const found = facts('anthropic-messages', messages({ system: 'Be brief.' }))
    expect(found.subagentTag()).toBeUndefined()
    expect(found.watched.decoded).toBe(0)
  })
})

describe('a session', () => {
  const first = { messages: [{ role: 'user', content: 'Write a poem' }] }
  const later = {
    messages: [...first.messages, { role: 'assistant', content: 'Roses' }, { role: 'user', content: 'More' }],
  }

  it.each<[string, object, Record<string, string>, string]>([
    ['of Claude Code', {}, { 'x-claude-code-session-id': 'u-1' }, 'u-1'],
    ['of Claude Code, in its metadata', { metadata: { user_id: '{"device_id":"d","session_id":"u-2"}' } }, {}, 'u-2'],
    ['of older ones', { metadata: { user_id: 'user_1_account__session_u-3' } }, {}, 'u-3'],
    ['of Codex', {}, { 'session-id': 'u-4' }, 'u-4'],
    ['that is ours', {}, { 'x-sluice-session': 'u-5', 'session-id': 'other' }, 'u-5'],
  ])('%s', (_, rest, headers, wanted) => {
    expect(facts('anthropic-messages', messages(rest), headers).session()).toBe(wanted)
  })

  it('of the key for the cache', () => {
    expect(facts('openai-chat', chat({ prompt_cache_key: 'k' })).session()).toBe('k')
  })

  it('is not looked for long', () => {
    const user_id = `${'_session_'.repeat(200_000)}\n`
    expect(facts('anthropic-messages', messages({ metadata: { user_id } })).session()).toMatch(/^(_session_)+/)
  })

  it('is its first turn where nobody names it', () => {
    const one = facts('openai-chat', chat(first)).session()
    expect(one).toMatch(/^turn \d+$/)
    expect(facts('anthropic-messages', messages(later)).session()).toBe(one)
    expect(facts('openai-chat', chat()).session()).not.toBe(one)
    // A user is not a session.
    expect(facts('anthropic-messages', messages({ ...first, metadata: { user_id: 'somebody' } })).session()).toBe(one)
  })
})
