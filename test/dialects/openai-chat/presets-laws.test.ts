import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dialects } from '../../../src/dialects/index.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { defineProvider, type Preset, presets, targetOf } from '../../../src/providers/index.ts'
import { type ChatRequest, efforts, type JsonObject, type Message, type ToolCall } from '../../../src/tokens/index.ts'

const text = fc.constantFrom('hi', 'ä\n', '"', ' ').map((said) => ({ type: 'text' as const, text: said }))
const id = fc.constantFrom('call_1', 'toolu_01', 'abc123XYZ', 'functions.f:0', 'x'.repeat(70), 'odd id')
const call: fc.Arbitrary<ToolCall> = fc.record({
  type: fc.constant('tool-call' as const),
  id,
  name: fc.constantFrom('f', 'g h'),
  kind: fc.constantFrom('function' as const, 'custom' as const),
  arguments: fc.constantFrom('{}', '', '{"a":1}'),
})
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant('user' as const), parts: fc.array(text, { minLength: 1, maxLength: 2 }) }),
  fc.record({ role: fc.constant('system' as const), parts: fc.array(text, { minLength: 1, maxLength: 2 }) }),
  fc.record({
    role: fc.constant('assistant' as const),
    parts: fc.array(
      fc.oneof(
        text,
        call,
        text.map((one) => ({ type: 'reasoning' as const, text: one.text })),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({
    role: fc.constant('tool' as const),
    parts: fc.array(
      fc.record({ type: fc.constant('tool-result' as const), id, content: fc.array(text, { maxLength: 2 }) }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
)
const request: fc.Arbitrary<ChatRequest> = fc
  .record(
    {
      model: fc.constant('m'),
      stream: fc.boolean(),
      system: fc.array(text, { maxLength: 2 }),
      messages: fc.array(message, { minLength: 1, maxLength: 6 }),
      tools: fc.constantFrom<ChatRequest['tools']>(
        [],
        [{ kind: 'function', name: 'f' }],
        [{ kind: 'custom', name: 'g h' }],
      ),
      toolChoice: fc.constantFrom<NonNullable<ChatRequest['toolChoice']>>({ mode: 'auto' }, { mode: 'none' }),
      sampling: fc.constantFrom({}, { temperature: 1.9, seed: 1, topK: 2, logitBias: { 1: 1 } }, { logprobs: true }),
      user: fc.constant('u'),
      reasoning: fc.record({ effort: fc.constantFrom(...efforts) }),
      output: fc.constantFrom({ type: 'json' as const }, { type: 'json-schema' as const, schema: {} }),
      extra: fc.constantFrom('openai-chat', 'anthropic-messages').map((dialect) => ({ dialect, fields: {} })),
    },
    { requiredKeys: ['model', 'stream', 'system', 'messages', 'tools', 'sampling', 'extra'] },
  )
  .map((one) => one as ChatRequest)

const chat = (Object.values(presets) as Preset[]).filter((one) => one.dialect === 'openai-chat')
const models = ['m', 'kimi-k3', 'qwen/qwen3-32b', 'grok-4', 'sonar-reasoning', 'magistral-small']

describe.each(chat.map((preset) => [preset.name, preset] as const))('whatever is asked of %s', (_, preset) => {
  const provider = defineProvider({
    name: preset.name,
    ...(preset.baseUrl === undefined && { base_url: 'https://own.example' }),
  })

  it('goes out in a form that it takes', () => {
    fc.assert(
      fc.property(request, fc.constantFrom(...models), (asked, model) => {
        const target = targetOf(provider, model)
        const before = structuredClone(asked)
        const body = encoded(asked, target)
        if (!body) return
        expect(asked).toEqual(before)
        hold(body, target.traits)
        expect(encoded(asked, target)).toEqual(body)
      }),
      { numRuns: 150 },
    )
  })
})

function encoded(asked: ChatRequest, target: ReturnType<typeof targetOf>): JsonObject | undefined {
  try {
    return openaiChat.upstream.encodeRequest(asked, target).body
  } catch (error) {
    // What cannot be carried over is refused, and nothing else ever happens.
    if (SluiceError.is(error) && error.code === 'unsupported') return undefined
    throw error
  }
}

function hold(body: JsonObject, traits: ReturnType<typeof targetOf>['traits']): void {
  const messages = body.messages as JsonObject[]
  for (const field of traits.drops ?? []) expect(body).not.toHaveProperty([field])
  for (const field of Object.keys(traits.renames ?? {})) expect(body).not.toHaveProperty([field])
  if (traits.streamUsage === false) expect(body).not.toHaveProperty('stream_options')
  if (traits.temperature?.max !== undefined)
    expect(Number(body.temperature ?? 0)).toBeLessThanOrEqual(traits.temperature.max)
  if (traits.systemFirst) expect(messages.slice(1).filter((one) => one.role === 'system')).toEqual([])
  let open: unknown[] = []
  for (const [i, one] of messages.entries()) {
    if (traits.alternate && i > 0) expect(one.role).not.toBe(messages[i - 1]!.role)
    if (traits.parts === false && one.content !== null) expect(typeof one.content).toBe('string')
    if (traits.messageNames === false && one.role !== 'tool') expect(one).not.toHaveProperty('name')
    if (traits.tools === false) expect(one.role).not.toBe('tool')
    if (one.role === 'tool') {
      expect(open).toContain(one.tool_call_id)
      if (traits.resultNames) expect(typeof one.name).toBe('string')
      open.splice(open.indexOf(one.tool_call_id), 1)
      continue
    }
    expect(open).toEqual([])
    const calls = (one.tool_calls ?? []) as Array<{ id: string }>
    open = calls.map((made) => made.id)
    for (const made of calls) {
      if (traits.callIdForm === 'nine') expect(made.id).toMatch(/^[A-Za-z0-9]{9}$/)
      if (traits.callIdForm === 'numbered') expect(made.id).toMatch(/^functions\..+:\d+$/)
    }
    if (traits.reasoningRequired && calls.length > 0) expect(typeof one[traits.reasoningField ?? '']).toBe('string')
  }
  expect(open).toEqual([])
}

it('the presets speak dialects that there are', () => {
  for (const { dialect } of Object.values(presets) as Preset[]) expect(Object.keys(dialects)).toContain(dialect)
})
