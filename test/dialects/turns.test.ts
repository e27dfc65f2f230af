import { describe, expect, it } from 'vitest'
import { dialects, type Target, type UpstreamDialectName } from '../../src/dialects/index.ts'
import type { ChatRequest, JsonObject, Message } from '../../src/tokens/index.ts'

const strict = ['anthropic-messages', 'bedrock-converse', 'gemini', 'ai-sdk'] as const
const loose = ['openai-chat', 'ollama'] as const

function encode(dialect: UpstreamDialectName, messages: Message[], traits: Target['traits'] = {}) {
  const request: ChatRequest = {
    model: 'm',
    stream: false,
    system: [],
    messages,
    tools: [{ kind: 'function', name: 'f' }],
    sampling: {},
    extra: { dialect: 'openai-responses', fields: {} },
  }
  const target = { model: 'm', vendor: 'v', family: 'm', traits }
  const { body, warnings } = dialects[dialect].upstream.encodeRequest(request, target)
  const turns = (body.messages ?? body.contents ?? body.prompt) as JsonObject[]
  return { turns: turns.map((turn) => [turn.role, JSON.stringify(turn)] as const), warnings }
}
const user = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] })
const calls = (ids: string[]): Message => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool-call', id, name: 'f', kind: 'function', arguments: '{}' })),
})
const result = (id: string, text: string): Message => ({
  role: 'tool',
  parts: [{ type: 'tool-result', id, content: [{ type: 'text', text }] }],
})
const places = (turns: ReadonlyArray<readonly [unknown, string]>, ...words: string[]): number[] =>
  words.map((word) => turns.findIndex(([, written]) => written.includes(word)))

describe.each(strict)('a conversation on its way to %s', (dialect) => {
  it('has a result that came late in its place, and behind it what was said meanwhile', () => {
    const { turns, warnings } = encode(dialect, [user('Hi'), calls(['a']), user('Well?'), result('a', 'late one')])
    const whole = turns.map(([, written]) => written).join('')
    expect(warnings).toEqual([])
    expect(whole).not.toContain('No result')
    expect(whole.indexOf('late one')).toBeGreaterThan(0)
    expect(whole.indexOf('late one')).toBeLessThan(whole.indexOf('Well?'))
  })

  it('gives each of two calls with one id a result of its own', () => {
    const { turns, warnings } = encode(dialect, [user('Hi'), calls(['a', 'a']), result('a', 'one'), result('a', 'two')])
    expect(warnings).toEqual([])
    const [one, two] = places(turns, '"one"', '"two"')
    expect(one).toBe(2)
    expect(two).toBe(2)
  })

  it('puts no system message between a call and its result, even where the model takes one in the middle', () => {
    const system: Message = { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] }
    const { turns } = encode(dialect, [user('Hi'), calls(['a']), system, result('a', 'x')], { midSystem: true })
    expect(turns.map(([role]) => role)).not.toContain('system')
    expect(turns.at(-1)![1]).toContain('<system>Be brief.</system>')
  })

  it('is written however many results a turn has', () => {
    const ids = Array.from({ length: 150_000 }, (_, index) => `c${index}`)
    const results: Message = { role: 'tool', parts: ids.map((id) => ({ type: 'tool-result', id, content: [] })) }
    const { warnings } = encode(dialect, [user('Hi'), calls(ids), results])
    expect(warnings).toEqual([])
  })
})

describe.each(loose)('a conversation on its way to %s', (dialect) => {
  it('gives each of two calls with one id a result of its own', () => {
    const { turns, warnings } = encode(dialect, [user('Hi'), calls(['a', 'a']), result('a', 'one'), result('a', 'two')])
    expect(warnings).toEqual([])
    expect(turns.map(([role]) => role)).toEqual(['user', 'assistant', 'tool', 'tool'])
    expect(places(turns, '"one"', '"two"')).toEqual([2, 3])
  })

  it('is written however many results a turn has', () => {
    const ids = Array.from({ length: 150_000 }, (_, index) => `c${index}`)
    const results: Message = { role: 'tool', parts: ids.map((id) => ({ type: 'tool-result', id, content: [] })) }
    expect(encode(dialect, [user('Hi'), calls(ids), results]).warnings).toEqual([])
  })
})
