import { describe, expect, it } from 'vitest'
import type { Warning } from '../../src/dialects/index.ts'
import {
  Chain,
  cacheMarkers,
  clampMaxTokens,
  cleanToolSchemas,
  dropFields,
  reasoningEffort,
  renameFields,
  systemText,
  type TransformContext,
  type Transformer,
} from '../../src/pipeline/index.ts'
import type { ChatRequest } from '../../src/tokens/index.ts'

const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  stream: true,
  system: [{ type: 'text', text: 'Be kind.' }],
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  sampling: {},
  extra: { dialect: 'openai-chat', fields: {} },
  ...more,
})

function run(transformer: Transformer, given: ChatRequest, more: Partial<TransformContext> = {}) {
  const warnings: Warning[] = []
  const context: TransformContext = {
    provider: 'p',
    model: 'm',
    client: 'openai-chat',
    dialect: 'openai-chat',
    stream: true,
    choices: 1,
    warn: (warning) => warnings.push(warning),
    ...more,
  }
  const before = JSON.stringify(given)
  const after = new Chain([transformer]).transform(given, context) as ChatRequest
  expect(JSON.stringify(given)).toBe(before)
  return { after, warned: warnings.map(({ field, action }) => `${field} ${action}`) }
}

/** Nothing to do is told by giving back the very same request: the client's own text then goes on. */
function leaves(transformer: Transformer, given: ChatRequest, more: Partial<TransformContext> = {}): void {
  const { after, warned } = run(transformer, given, more)
  expect(after).toBe(given)
  expect(warned).toEqual([])
}

const tool = (name: string, parameters?: ChatRequest['extra']['fields']) =>
  ({ kind: 'function', name, ...(parameters && { parameters }) }) as const

describe('clamp-max-tokens', () => {
  it('lowers what is too high, to the number or to what the model can give', () => {
    expect(run(clampMaxTokens({ most: 10 }), request({ maxOutput: 11 })).after.maxOutput).toBe(10)
    const { after, warned } = run(clampMaxTokens(), request({ maxOutput: 64_000 }), { maxOutput: 8192 })
    expect(after.maxOutput).toBe(8192)
    expect(warned).toEqual(['max_tokens changed'])
    expect(run(clampMaxTokens({ most: 10, missing: true }), request()).after.maxOutput).toBe(10)
  })

  it('leaves everything else', () => {
    leaves(clampMaxTokens({ most: 10 }), request({ maxOutput: 10 }))
    leaves(clampMaxTokens({ most: 10 }), request())
    leaves(clampMaxTokens({ missing: true }), request({ maxOutput: 1e6 }))
    expect(() => clampMaxTokens({ most: 0 })).toThrow('write a number from 1')
  })
})

describe('system-text', () => {
  const texts = ({ system }: ChatRequest) => system.map(({ text }) => text)

  it('stands before and behind, once', () => {
    const both = systemText({ before: 'A', after: 'Z' })
    const { after } = run(both, request())
    expect(texts(after)).toEqual(['A', 'Be kind.', 'Z'])
    leaves(both, after)
    expect(texts(run(both, request({ system: [] })).after)).toEqual(['A', 'Z'])
  })

  it('goes to the first turn of the user, and those in the middle stay', () => {
    const head = { role: 'system', parts: [{ type: 'text', text: 'Named.' }] } as const
    const middle = { role: 'system', parts: [{ type: 'text', text: 'Now.' }] } as const
    const assistant = { role: 'assistant', parts: [{ type: 'text', text: 'Well.' }] } as const
    const user = request().messages[0]!
    const given = request({ messages: [head, assistant, user, middle] as unknown as ChatRequest['messages'] })
    const { after } = run(systemText({ toUser: true }), given)
    expect(after.system).toEqual([])
    expect(after.messages).toEqual([
      assistant,
      { role: 'user', parts: [...given.system, ...head.parts, ...user.parts] },
      middle,
    ])
    expect(run(systemText({ toUser: true }), request({ messages: [] })).after.messages).toEqual([
      { role: 'user', parts: given.system },
    ])
    leaves(systemText({ toUser: true }), request({ system: [] }))
    expect(() => systemText()).toThrow('write `before`, `after` or `toUser`')
  })
})

describe('drop-fields', () => {
  it('leaves out what every dialect knows and what only one does, and tells of each', () => {
    const given = request({
      sampling: { temperature: 1, topP: 0.5 },
      user: 'ann',
      tools: [tool('a')],
      extra: { dialect: 'openai-chat', fields: { store: true, kept: 1 } },
    })
    const { after, warned } = run(dropFields({ fields: ['temperature', 'user', 'tools', 'store', 'seed'] }), given)
    expect(after).toEqual({
      ...request(),
      sampling: { topP: 0.5 },
      extra: { dialect: 'openai-chat', fields: { kept: 1 } },
    })
    expect(warned).toEqual(['temperature dropped', 'user dropped', 'tools dropped', 'store dropped'])
  })

  it('leaves requests that have none of them', () => {
    leaves(dropFields({ fields: ['seed', 'tools', 'toString', '__proto__', 'metadata'] }), request())
    expect(() => dropFields({ fields: [] })).toThrow('name at least one')
  })
})

describe('rename-fields', () => {
  it('renames fields, metadata and tools wherever they are named', () => {
    const call = { type: 'tool-call', id: 'c', name: 'Bash', kind: 'function', arguments: '{}' } as const
    const given = request({
      tools: [tool('Bash'), tool('Read')],
      toolChoice: { mode: 'subset', names: ['Bash', 'Read'], required: true },
      messages: [...request().messages, { role: 'assistant', parts: [call] }],
      metadata: { a: '1', b: '2' },
      extra: { dialect: 'openai-chat', fields: { old: 1, taken: 2, other: 3 } },
    })
    const { after } = run(
      renameFields({ fields: { old: 'new', other: 'taken' }, metadata: { a: 'c' }, tools: { Bash: 'shell' } }),
      given,
    )
    expect(after.tools.map(({ name }) => name)).toEqual(['shell', 'Read'])
    expect(after.toolChoice).toEqual({ mode: 'subset', names: ['shell', 'Read'], required: true })
    expect(after.messages[1]?.parts).toEqual([{ ...call, name: 'shell' }])
    expect(after.metadata).toEqual({ c: '1', b: '2' })
    expect(after.extra.fields).toEqual({ new: 1, taken: 2, other: 3 })
  })

  it('leaves requests without such names, and refuses what cannot be renamed', () => {
    leaves(renameFields({ fields: { old: 'new' }, tools: { Bash: 'shell' } }), request({ tools: [tool('Read')] }))
    expect(() => renameFields({ fields: { temperature: 'heat' } })).toThrow('every dialect has its own word')
    expect(() => renameFields({ tools: { a: 'c', b: 'c' } })).toThrow('two names became one')
  })
})

describe('reasoning-effort', () => {
  it('maps steps, leaves the wish out, and says one where there is none', () => {
    const map = reasoningEffort({ map: { max: 'high', minimal: 'off' }, missing: 'low' })
    const { after, warned } = run(map, request({ reasoning: { effort: 'max', visible: true } }))
    expect(after.reasoning).toEqual({ effort: 'high', visible: true })
    expect(warned).toEqual(['reasoning changed'])
    expect(run(map, request({ reasoning: { effort: 'minimal' } })).after).toEqual(request())
    expect(run(map, request()).after.reasoning).toEqual({ effort: 'low' })
    leaves(map, request({ reasoning: { effort: 'medium' } }))
    leaves(map, request({ reasoning: { budget: 4000 } }))
  })

  it.each([
    [{ map: { huge: 'high' } }, 'it is "huge"'],
    [{ map: { max: 'huge' } }, 'it is "huge"'],
    [{ missing: 'off' }, 'it is "off"'],
    [{}, 'write `map` or `missing`'],
  ])('%j is refused', (options, words) => {
    expect(() => reasoningEffort(options)).toThrow(words)
  })
})

describe('clean-tool-schemas', () => {
  it('leaves keywords out of every schema, but not data and properties that are called so', () => {
    const parameters = {
      $schema: 'x',
      type: 'object',
      properties: {
        $comment: { type: 'string', $comment: 'x', default: { $comment: 'data' } },
        list: { type: 'array', items: { type: 'string', examples: ['x'] } },
      },
    }
    const { after } = run(cleanToolSchemas(), request({ tools: [tool('a', parameters), tool('b')] }))
    expect(after.tools).toEqual([
      tool('a', {
        type: 'object',
        properties: {
          $comment: { type: 'string', default: { $comment: 'data' } },
          list: { type: 'array', items: { type: 'string' } },
        },
      }),
      tool('b', { type: 'object', properties: {} }),
    ])
  })

  it('leaves clean ones', () => {
    leaves(cleanToolSchemas(), request({ tools: [tool('a', { type: 'object', properties: {} })] }))
    leaves(cleanToolSchemas(), request({ tools: [tool('a', { anyOf: [{ type: 'object', properties: {} }] })] }))
    leaves(cleanToolSchemas({ keywords: [] }), request())
  })
})

describe('cache-markers', () => {
  const text = (words: string) => ({ type: 'text', text: words }) as const
  const turns = request({
    tools: [tool('a'), tool('b')],
    messages: [
      { role: 'user', parts: [text('one')] },
      { role: 'assistant', parts: [text('two')] },
      { role: 'user', parts: [text('three'), text('')] },
      { role: 'assistant', parts: [text('four')] },
      { role: 'tool', parts: [{ type: 'tool-result', id: 'c', content: [] }] },
      { role: 'user', parts: [text('five')] },
    ],
  })
  const marks = ({ system, tools, messages }: ChatRequest) => ({
    system: system.filter((one) => one.cache).length,
    tools: tools.map((one) => 'cache' in one),
    turns: messages.flatMap(({ parts }, i) => (parts.some((part) => 'cache' in part) ? [i] : [])),
  })

  it('stand behind instructions, tools and the last turns, four at most', () => {
    expect(marks(run(cacheMarkers(), turns).after)).toEqual({ system: 1, tools: [false, true], turns: [2, 5] })
    expect(marks(run(cacheMarkers({ turns: 9, ttl: '1h' }), turns).after).turns).toEqual([2, 5])
    expect(marks(run(cacheMarkers({ system: false, tools: false, turns: 9 }), turns).after).turns).toEqual([0, 2, 5])
    const { after } = run(cacheMarkers({ turns: 0, ttl: '1h' }), turns)
    expect(after.system[0]?.cache).toEqual({ ttl: '1h' })
    expect(() => cacheMarkers({ ttl: '2h' })).toThrow('write one of 5m, 30m, 1h, 12h')
  })

  it("leave a client's own alone, and have nothing to stand behind in an empty request", () => {
    leaves(cacheMarkers(), request({ system: [{ ...text('x'), cache: {} }] }))
    leaves(cacheMarkers(), request({ cache: {} }))
    leaves(cacheMarkers(), request({ system: [], messages: [{ role: 'user', parts: [text('')] }] }))
  })
})
