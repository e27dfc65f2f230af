import { describe, expect, it } from 'vitest'
import { ReasoningMemory } from '../../src/gateway/reasoning-memory.ts'
import { type Collection, MemoryStore } from '../../src/storage/index.ts'
import type { ChatRequest, Message, StreamToken } from '../../src/tokens/index.ts'

type AssistantParts = Extract<Message, { role: 'assistant' }>['parts']

const at = (index: number) => ({ choice: 0, index })
const made = { vendor: 'v', family: 'f' }
const call = (id: string) => ({ type: 'tool-call', id, name: 'look', kind: 'function', arguments: '{}' }) as const

/** Reasoning, a text, reasoning again, two calls: as a vendor that thinks between its steps answers. */
const answer = (id: string, signature: string): StreamToken[] => [
  { type: 'message-start' },
  { type: 'reasoning-start', ...at(0) },
  { type: 'reasoning-delta', ...at(0), text: 'first ' },
  { type: 'reasoning-delta', ...at(0), text: 'thought' },
  { type: 'opaque', ...at(0), kind: 'signature', value: `${signature}-1`, ...made },
  { type: 'reasoning-end', ...at(0) },
  { type: 'text-start', ...at(1) },
  { type: 'text-delta', ...at(1), text: 'Let me see.' },
  { type: 'text-end', ...at(1) },
  { type: 'reasoning-start', ...at(2) },
  { type: 'opaque', ...at(2), kind: 'redacted', value: `${signature}-2`, ...made },
  { type: 'reasoning-end', ...at(2) },
  { type: 'tool-call-start', ...at(3), id, name: 'look', kind: 'function' },
  { type: 'tool-call-end', ...at(3) },
  { type: 'tool-call-start', ...at(4), id: `${id}-b`, name: 'look', kind: 'function' },
  { type: 'tool-call-end', ...at(4) },
  { type: 'finish', choice: 0, reason: 'tool_calls' },
]

function memoryOf(limits: { characters?: number; now?: () => number } = {}, kept?: Collection): ReasoningMemory {
  return new ReasoningMemory({ keepMs: 1000, characters: limits.characters ?? 1000 }, limits.now ?? (() => 0), kept)
}

function follow(memory: ReasoningMemory, owner: string, tokens: StreamToken[]): void {
  const follower = memory.follow(() => owner)
  for (const token of tokens) follower.push(token)
}

function requestOf(message: Message): ChatRequest {
  return {
    model: 'm',
    stream: true,
    system: [],
    messages: [message],
    tools: [],
    sampling: {},
    extra: { dialect: 'd', fields: {} },
  }
}

function restored(memory: ReasoningMemory, owner: string, parts: AssistantParts): AssistantParts {
  const message: Extract<Message, { role: 'assistant' }> = { role: 'assistant', parts: [...parts] }
  expect(memory.restore(() => owner, requestOf(message))).toBeUndefined()
  return message.parts
}

describe('signed reasoning that a client could not carry', () => {
  it('comes back exactly, in its place, when only text and calls return', () => {
    const memory = memoryOf()
    follow(memory, 'a', answer('c1', 's'))
    expect(restored(memory, 'a', [{ type: 'text', text: 'Let me see.' }, call('c1'), call('c1-b')])).toEqual([
      { type: 'reasoning', text: 'first thought', opaque: { kind: 'signature', value: 's-1', ...made } },
      { type: 'text', text: 'Let me see.' },
      { type: 'reasoning', text: '', opaque: { kind: 'redacted', value: 's-2', ...made } },
      call('c1'),
      call('c1-b'),
    ])
  })

  it('takes the place of bare reasoning text that came back', () => {
    const memory = memoryOf()
    follow(memory, 'a', answer('c1', 's'))
    const parts = restored(memory, 'a', [{ type: 'reasoning', text: 'thought' }, call('c1')])
    expect(parts.map((part) => ('opaque' in part ? 'signed' : part.type))).toEqual(['signed', 'signed', 'tool-call'])
  })

  it('leaves a turn alone that carries state of its own', () => {
    const memory = memoryOf()
    follow(memory, 'a', answer('c1', 's'))
    const own: AssistantParts = [
      { type: 'reasoning', text: 'own', opaque: { kind: 'signature', value: 'own' } },
      call('c1'),
    ]
    expect(restored(memory, 'a', own)).toEqual(own)
  })

  it('is not given to another caller who knows the id', () => {
    const memory = memoryOf()
    follow(memory, 'a', answer('c1', 's'))
    expect(restored(memory, 'b', [call('c1')])).toEqual([call('c1')])
  })

  it('is forgotten after its time', () => {
    let now = 0
    const memory = memoryOf({ now: () => now })
    follow(memory, 'a', answer('c1', 's'))
    now = 1000
    expect(restored(memory, 'a', [call('c1')])).toEqual([call('c1')])
    expect(memory.characters).toBe(0)
  })

  it('takes no more room than it was given: the oldest answers leave', () => {
    const memory = memoryOf({ characters: 100 })
    for (let i = 0; i < 50; i++) follow(memory, 'a', answer(`c${i}`, 's'.repeat(10)))
    expect(memory.characters).toBeLessThanOrEqual(100)
    expect(restored(memory, 'a', [call('c49')])).toHaveLength(3)
    expect(restored(memory, 'a', [call('c0')])).toEqual([call('c0')])
  })

  it('passes over an answer that is larger than all the room, and forgets no other for it', () => {
    const memory = memoryOf({ characters: 100 })
    follow(memory, 'a', answer('c1', 's'))
    follow(memory, 'a', answer('c2', 's'.repeat(200)))
    expect(restored(memory, 'a', [call('c1')])).toHaveLength(3)
    expect(restored(memory, 'a', [call('c2')])).toEqual([call('c2')])
  })

  it('counts an answer once when the same ids are used again', () => {
    const memory = memoryOf()
    follow(memory, 'a', answer('c1', 's'))
    const once = memory.characters
    follow(memory, 'a', answer('c1', 't'))
    expect(memory.characters).toBe(once)
  })

  it('does not ask whose it is while there is nothing to keep or to find', () => {
    const memory = memoryOf()
    let asked = 0
    const owner = () => {
      asked++
      return 'a'
    }
    const plain = answer('c1', 's').filter((token) => token.type !== 'opaque')
    const follower = memory.follow(owner)
    for (const token of plain) follower.push(token)
    memory.restore(owner, { messages: [] } as unknown as ChatRequest)
    expect(asked).toBe(0)
  })

  it('counts the ids too, or many small answers would take more room than there is', () => {
    const memory = memoryOf({ characters: 1000 })
    follow(memory, 'a', answer('c'.repeat(600), ''))
    expect(memory.characters).toBe(0)
  })

  it('keeps nothing of answers without calls or without state', () => {
    const memory = memoryOf()
    follow(
      memory,
      'a',
      answer('c1', 's').filter((token) => !token.type.startsWith('tool-call')),
    )
    follow(
      memory,
      'a',
      answer('c1', 's').filter((token) => token.type !== 'opaque'),
    )
    expect(memory.characters).toBe(0)
  })
})

describe('signed reasoning with a store behind the memory', () => {
  const limits = { keepMs: 60_000, entries: 100, bytes: 100_000 }
  const signed = (id: string) => [
    { type: 'reasoning', text: 'first thought', opaque: { kind: 'signature', value: 's-1', ...made } },
    { type: 'reasoning', text: '', opaque: { kind: 'redacted', value: 's-2', ...made } },
    call(id),
  ]

  it('is there after a restart, by each of the calls, and for its owner only', () => {
    const kept = new MemoryStore().collection('reasoning', limits)
    follow(memoryOf({}, kept), 'a', answer('c1', 's'))
    for (const id of ['c1', 'c1-b']) {
      const later = memoryOf({}, kept)
      expect(restored(later, 'b', [call(id)])).toEqual([call(id)])
      expect(restored(later, 'a', [call(id)])).toEqual(signed(id))
      expect(later.characters).toBeGreaterThan(0)
    }
  })

  it('comes once a store that takes its time has answered, and only then', async () => {
    const inner = new MemoryStore().collection('reasoning', limits)
    let asked = 0
    const late: Collection = {
      get: async (key) => {
        asked++
        return inner.get(key)
      },
      list: (prefix) => inner.list(prefix),
      set: (key, value) => inner.set(key, value),
      delete: (key) => inner.delete(key),
    }
    follow(memoryOf({}, late), 'a', answer('c1', 's'))
    const later = memoryOf({}, late)
    const message: Extract<Message, { role: 'assistant' }> = { role: 'assistant', parts: [call('c1')] }
    const waiting = later.restore(() => 'a', requestOf(message))
    expect(waiting).toBeInstanceOf(Promise)
    expect(message.parts).toEqual([call('c1')])
    await waiting
    later.restoreKnown(() => 'a', requestOf(message))
    expect(message.parts).toEqual(signed('c1'))
    // What is in memory by now is not asked for again.
    expect(restored(later, 'a', [call('c1')])).toEqual(signed('c1'))
    expect(asked).toBe(1)
  })

  it('leaves a turn as it is when no store knows its calls, and asks the store for nothing it need not', () => {
    let asked = 0
    let now = 0
    const inner = new MemoryStore().collection('reasoning', limits)
    const counted: Collection = {
      get: (key) => {
        asked++
        return inner.get(key)
      },
      list: (prefix) => inner.list(prefix),
      set: (key, value) => inner.set(key, value),
      delete: (key) => inner.delete(key),
    }
    const memory = memoryOf({ now: () => now }, counted)
    for (let turn = 0; turn < 3; turn++) {
      expect(restored(memory, 'a', [call('x'), call('y')])).toEqual([call('x'), call('y')])
    }
    expect(asked).toBe(2)
    follow(memory, 'a', answer('c1', 's'))
    restored(memory, 'a', [call('c1')])
    restored(memory, 'a', [{ type: 'text', text: 'no call' }])
    restored(memory, 'a', [{ type: 'reasoning', text: 'own', opaque: { kind: 'signature', value: 'own' } }, call('x')])
    expect(asked).toBe(2)
    // Another gateway may have written it meanwhile.
    follow(memoryOf({}, inner), 'a', answer('x', 's'))
    now = 60_000
    expect(restored(memory, 'a', [call('x')])).toEqual(signed('x'))
  })

  it('is written even when it is too large for the memory', () => {
    const kept = new MemoryStore().collection('reasoning', limits)
    follow(memoryOf({ characters: 10 }, kept), 'a', answer('c1', 's'))
    expect(restored(memoryOf({}, kept), 'a', [call('c1')])).toEqual(signed('c1'))
  })
})
