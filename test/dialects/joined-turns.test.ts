import { describe, expect, it } from 'vitest'
import { joinedTurns } from '../../src/dialects/joined-turns.ts'
import type { Message } from '../../src/tokens/index.ts'

const said = (text: string): Message => ({ role: 'assistant', parts: [{ type: 'text', text }] })
const called = (id: string, extra?: object): Message => ({
  role: 'assistant',
  parts: [{ type: 'tool-call', id, name: 'f', kind: 'function', arguments: '{}' }],
  ...(extra && { extra: extra as Record<string, string> }),
})
const answered = (id: string): Message => ({
  role: 'tool',
  parts: [{ type: 'tool-result', id, content: [{ type: 'text', text: 'x' }] }],
})

describe('turns of the assistant in a row', () => {
  it('are one from the first call on, so that no result looks missing', () => {
    const found = joinedTurns([said('I'), called('a', { x: '1' }), called('b', { x: '2', y: '3' }), answered('a')])
    expect(found.map(({ role, parts }) => [role, parts.length])).toEqual([
      ['assistant', 1],
      ['assistant', 2],
      ['tool', 1],
    ])
    expect(found[1]).toMatchObject({ extra: { x: '1', y: '3' } })
  })

  it('stay as they are when no call waits, and calls with results between them are two', () => {
    const messages = [said('one'), said('two'), called('a'), answered('a'), called('b'), answered('b')]
    expect(joinedTurns(messages)).toEqual(messages)
  })

  it('are joined in a copy: the request is the client’s', () => {
    const messages = [called('a'), called('b')]
    joinedTurns(messages)
    expect(messages.map(({ parts }) => parts.length)).toEqual([1, 1])
  })
})
