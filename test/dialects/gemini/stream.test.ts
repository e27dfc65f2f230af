import { describe, expect, it } from 'vitest'
import { fold, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { chunksOf, client, home, partsOf, tokensOf, upstream } from './wire.ts'

const chunk = (parts: JsonObject[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, ...more }],
})
const end = { finishReason: 'STOP' }

it('a call without an id gets one of its own', () => {
  const call = { functionCall: { name: 'f', args: {} } }
  const { choices } = fold(tokensOf([chunk([call, call], end)]))
  const ids = choices[0]!.parts.map((part) => (part.type === 'tool-call' ? part.id : ''))
  expect(new Set(ids).size).toBe(2)
  for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{9,40}$/)
})

it('tools come back under the client’s names, and those of free text as text', () => {
  const call = (name: string, args: JsonObject): JsonObject => ({ functionCall: { id: name, name, args } })
  const options = { ...home, toolNames: new Map([['f_1', 'f.1']]), customTools: new Set(['patch']) }
  const { choices } = fold(tokensOf([chunk([call('f_1', { a: 1 }), call('patch', { input: 'a\n"b"' })], end)], options))
  expect(choices[0]!.parts).toMatchObject([
    { name: 'f.1', kind: 'function', arguments: '{"a":1}' },
    { name: 'patch', kind: 'custom', arguments: 'a\n"b"' },
  ])
})

it('an index that would make a list of millions makes none, and the rest is kept', () => {
  const args = [
    { jsonPath: '$.a[4000000000]', stringValue: 'x' },
    { jsonPath: '$.b', numberValue: 1 },
    { jsonPath: '$.__proto__.c', boolValue: true },
    { jsonPath: 'nonsense', stringValue: 'y' },
  ]
  const parts = [{ functionCall: { name: 'f', partialArgs: args, willContinue: true } }]
  const { choices } = fold(tokensOf([chunk(parts), chunk([], end)]))
  const [call] = choices[0]!.parts
  expect(call?.type === 'tool-call' && call.arguments).toBe('{"a":[],"b":1,"__proto__":{"c":true}}')
})

it('more than one candidate is whole only when each of them is', () => {
  const decoder = upstream.decodeStream({ ...home, choices: 2 })
  const push = (body: JsonObject): void =>
    decoder.push({ event: 'message', data: JSON.stringify(body), id: '', end: 0 }, () => {})
  push(chunk([{ text: 'a' }], end))
  expect(decoder.finished).toBe(false)
  push(chunk([{ text: 'b' }], { ...end, index: 1 }))
  expect(decoder.finished).toBe(true)
})

describe('a client', () => {
  const at = { choice: 0, index: 0 }
  const start: StreamToken = { type: 'message-start', id: 'r', model: 'm' }
  const call = (json: string, reason: 'tool_calls' | 'length'): StreamToken[] => [
    start,
    { type: 'tool-call-start', ...at, id: 'a', name: 'f', kind: 'function' },
    { type: 'tool-call-delta', ...at, arguments: json },
    { type: 'tool-call-end', ...at },
    { type: 'finish', choice: 0, reason },
  ]

  it('is told of a call whose arguments cannot be read, and gets no part of it', () => {
    const chunks = chunksOf(call('{"a": ', 'tool_calls'))
    expect(chunks).toHaveLength(1)
    expect(chunks[0]).toMatchObject({
      candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: expect.stringContaining('f') }],
    })
    expect(chunksOf(call('{"a": ', 'length'))[0]).toMatchObject({ candidates: [{ finishReason: 'MAX_TOKENS' }] })
  })

  it('gets numbers in arguments as they were written', () => {
    const data: string[] = []
    const encoder = client.encodeStream({ requestId: 'r', model: 'm', created: 0, includeUsage: true })
    for (const token of call('{"id":12345678901234567890,\n"x":1.0}', 'tool_calls')) {
      encoder.push(token, (message) => data.push(message.data))
    }
    expect(data.join('')).not.toContain('\n')
    for (const token of call('{"id":12345678901234567890}', 'tool_calls')) {
      client
        .encodeStream({ requestId: 'r', model: 'm', created: 0, includeUsage: true })
        .push(token, (message) => data.push(message.data))
    }
    const whole = chunkData(call('{"id":12345678901234567890}', 'tool_calls'))
    expect(whole).toContain('12345678901234567890')
  })

  it('sees no thoughts unless it asks, and their state all the same', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at },
      { type: 'reasoning-delta', ...at, text: 'secret' },
      { type: 'opaque', ...at, vendor: 'anthropic', family: 'claude', kind: 'signature', value: 'sig' },
      { type: 'reasoning-end', ...at },
      { type: 'finish', choice: 0, reason: 'stop' },
    ]
    const hidden = chunksOf(tokens, { kept: {} })
    expect(JSON.stringify(hidden)).not.toContain('secret')
    expect(partsOf(hidden.at(-1)!)).toMatchObject([{ text: '', thoughtSignature: expect.stringMatching(/^c2xjMS/) }])
    expect(JSON.stringify(chunksOf(tokens))).toContain('secret')
  })

  it('is told of a prompt that was refused as the vendor tells it', () => {
    const refused = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } }
    expect(chunksOf(tokensOf([refused]))).toMatchObject([{ promptFeedback: { blockReason: 'SAFETY' } }])
    expect(chunksOf(tokensOf([refused]))[0]).not.toHaveProperty('candidates')
  })

  it('gets nothing more behind the end', () => {
    const encoder = client.encodeStream({ requestId: 'r', model: 'm', created: 0, includeUsage: true })
    let count = 0
    const emit = (): void => {
      count++
    }
    for (const token of call('{}', 'tool_calls')) encoder.push(token, emit)
    encoder.end?.(emit)
    const before = count
    encoder.end?.(emit)
    encoder.fail?.(new Error('late') as never, emit)
    encoder.push({ type: 'text-delta', ...at, text: 'late' }, emit)
    expect(count).toBe(before)
  })
})

function chunkData(tokens: StreamToken[]): string {
  let data = ''
  const encoder = client.encodeStream({ requestId: 'r', model: 'm', created: 0, includeUsage: true })
  for (const token of tokens) {
    encoder.push(token, (message) => {
      data += message.data
    })
  }
  return data
}
