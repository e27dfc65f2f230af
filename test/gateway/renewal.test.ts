import { expect, it } from 'vitest'
import { type Collection, MemoryStore, type Store } from '../../src/storage/index.ts'
import { FakeExchange } from './exchange.ts'
import { startGateway } from './house.ts'

/** A store that takes its time. */
function slow(inner: Store): Store {
  return {
    where: 'elsewhere',
    lasts: true,
    collection(name, limits): Collection {
      const kept = inner.collection(name, limits)
      return {
        get: async (key) => kept.get(key),
        list: async (prefix) => kept.list(prefix),
        set: (key, value) => kept.set(key, value),
        delete: (key) => kept.delete(key),
      }
    },
    flush() {},
    close() {},
  }
}

it('an old lesson is renewed by a request that has to wait for what is remembered of its calls', async () => {
  const store = new MemoryStore()
  const lesson = { can: false, evidence: 'refused', since: 1, until: 2 }
  const base_url = 'http://127.0.0.1:9/v1'
  store
    .collection('lessons', { keepMs: 1e9, entries: 10, bytes: 1e6 })
    .set(`house ${base_url}\nmodel\nstream`, JSON.stringify(lesson))
  const providers = [{ name: 'house', dialect: 'anthropic-messages' as const, base_url }]
  const { gateway, transport } = startGateway(() => 'hangs', providers, [], [], undefined, slow(store))
  const ask = async (): Promise<boolean> => {
    const before = transport.asked.length
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'seen' },
    ]
    const body = JSON.stringify({ model: 'house/model', stream: true, messages })
    gateway.handle(new FakeExchange({ method: 'POST', path: '/v1/chat/completions', body }))
    while (transport.asked.length === before) await new Promise((resolve) => setImmediate(resolve))
    return JSON.parse(String(transport.asked[before]?.body)).stream === true
  }
  // The first one finds out anew, and the other goes on as before.
  expect([await ask(), await ask()]).toEqual([true, false])
})
