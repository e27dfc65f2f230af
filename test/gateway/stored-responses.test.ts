import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { systemClock } from '../../src/flow/index.ts'
import { page } from '../../src/gateway/responses/response-items.ts'
import { ResponseRecorder } from '../../src/gateway/responses/response-recorder.ts'
import { StoredResponses } from '../../src/gateway/responses/stored-responses.ts'
import { silentLog } from '../../src/observe/index.ts'
import { type Collection, MemoryStore, type Store } from '../../src/storage/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

const user = (text: string): JsonObject => ({ role: 'user', content: text })
const said = (id: string, text: string): JsonObject => ({
  type: 'message',
  id,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
})
const answer = (id: string, output: JsonObject[], status = 'completed'): JsonObject => ({
  id,
  object: 'response',
  status,
  output,
})

/** Every answer in its own time, as that of a store behind a network. */
class LateStore extends MemoryStore {
  override collection(...args: Parameters<Store['collection']>): Collection {
    const inner = super.collection(...args)
    return {
      get: async (key) => inner.get(key),
      list: (prefix) => inner.list(prefix),
      set: (key, value) => inner.set(key, value),
      delete: (key) => inner.delete(key),
    }
  }
}

let reads = 0
/** A store that counts how often it is asked. */
const counting: Store = Object.assign(new MemoryStore(), {
  collection(...args: Parameters<Store['collection']>): Collection {
    const inner = MemoryStore.prototype.collection.apply(counting, args)
    return {
      get: (key) => {
        reads++
        return inner.get(key)
      },
      list: (prefix) => inner.list(prefix),
      set: (key, value) => inner.set(key, value),
      delete: (key) => inner.delete(key),
    }
  },
})

function open({ store = new MemoryStore() as Store, maxHistory = 1e6 } = {}) {
  const responses = new StoredResponses({ store, log: silentLog, clock: systemClock, maxHistory })
  const body = (json: JsonObject) => ({ text: JSON.stringify(json), json })
  return {
    responses,
    /** A turn from its request to its answer, as the gateway goes through it. Returns what the provider is sent. */
    async turn(owner: string, asked: JsonObject, response: JsonObject): Promise<JsonObject> {
      const { text, json } = await responses.expand(owner, body(asked))
      expect(JSON.parse(text)).toEqual(json)
      new ResponseRecorder({ responses, owner, asked }).whole(response)
      return json
    },
    expand: async (owner: string, asked: JsonObject) => (await responses.expand(owner, body(asked))).json,
  }
}

async function refusal(asked: Promise<unknown> | (() => unknown)): Promise<Partial<SluiceError>> {
  try {
    await (typeof asked === 'function' ? asked() : asked)
  } catch (error) {
    if (SluiceError.is(error)) return { code: error.code, status: error.status, param: error.param }
    throw error
  }
  throw new Error('was not refused')
}

describe.each([
  ['memory', () => new MemoryStore()],
  ['a store that takes its time', () => new LateStore()],
])('a conversation kept in %s', (_, make) => {
  it('goes on with all that was said, in order, and without the old instructions', async () => {
    const { turn } = open({ store: make() })
    await turn('a', { input: 'one', instructions: 'be brief' }, answer('resp_1', [said('msg_1', 'eins')]))
    await turn('a', { input: [user('two')], previous_response_id: 'resp_1' }, answer('resp_2', [said('msg_2', 'zwei')]))
    const sent = await turn(
      'a',
      { model: 'm', input: 'three', previous_response_id: 'resp_2', instructions: 'new' },
      answer('resp_3', []),
    )
    const text = (one: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text: one }] })
    expect(sent).toEqual({
      model: 'm',
      instructions: 'new',
      input: [text('one'), said('msg_1', 'eins'), user('two'), said('msg_2', 'zwei'), text('three')],
    })
  })

  it('branches: two requests may go on from one answer', async () => {
    const { turn, expand } = open({ store: make() })
    await turn('a', { input: [user('one')] }, answer('resp_1', [said('msg_1', 'eins')]))
    await turn('a', { input: [user('left')], previous_response_id: 'resp_1' }, answer('resp_2', []))
    const right = await expand('a', { input: [user('right')], previous_response_id: 'resp_1' })
    expect(right.input).toEqual([user('one'), said('msg_1', 'eins'), user('right')])
  })

  it('resolves references to items of answers and to listed items, and says nothing twice', async () => {
    const { turn, expand, responses } = open({ store: make() })
    await turn('a', { input: [user('one')] }, answer('resp_1', [said('msg_1', 'eins')]))
    const [first] = await responses.inputOf('a', 'resp_1')
    const reference = (id: unknown): JsonObject => ({ type: 'item_reference', id: String(id) })
    const asked = { input: [reference(first?.id), reference('msg_1'), user('two')] }
    expect((await expand('a', asked)).input).toEqual([user('one'), said('msg_1', 'eins'), user('two')])
    const both = await expand('a', { input: [reference('msg_1'), user('two')], previous_response_id: 'resp_1' })
    expect(both.input).toEqual([user('one'), said('msg_1', 'eins'), user('two')])
    const twice = { input: [reference(first?.id), reference('msg_1'), reference(first?.id), reference('msg_1')] }
    expect((await expand('a', twice)).input).toEqual([user('one'), said('msg_1', 'eins')])
    // References that were themselves stored lead on.
    await turn('a', asked, answer('resp_2', [said('msg_2', 'zwei')]))
    const third = await expand('a', { input: [user('three')], previous_response_id: 'resp_2' })
    expect(third.input).toEqual([user('one'), said('msg_1', 'eins'), user('two'), said('msg_2', 'zwei'), user('three')])
  })

  it('is open to nobody else, whatever ids they know', async () => {
    const { turn, expand, responses } = open({ store: make() })
    await turn('a', { input: [user('secret')] }, answer('resp_1', [said('msg_1', 'eins')]))
    const gone = { code: 'unknown_response', status: 404 }
    expect(await refusal(responses.response('b', 'resp_1'))).toMatchObject(gone)
    expect(await refusal(responses.delete('b', 'resp_1'))).toMatchObject(gone)
    expect(await refusal(responses.inputOf('b', 'resp_1'))).toMatchObject(gone)
    expect(await refusal(expand('b', { input: 'x', previous_response_id: 'resp_1' }))).toEqual({
      code: 'unknown_previous_response',
      status: 400,
      param: 'previous_response_id',
    })
    for (const id of ['msg_1', 'msg_0_resp_1']) {
      expect(await refusal(expand('b', { input: [{ type: 'item_reference', id }] }))).toEqual({
        ...gone,
        param: 'input',
      })
    }
    expect(await responses.response('a', 'resp_1')).toMatchObject({ id: 'resp_1', store: true })
  })

  it('is gone once it is deleted, from all that followed as well', async () => {
    const { turn, expand, responses } = open({ store: make() })
    await turn('a', { input: 'one' }, answer('resp_1', [said('msg_1', 'eins')]))
    await turn('a', { input: 'two', previous_response_id: 'resp_1' }, answer('resp_2', [said('msg_2', 'zwei')]))
    await responses.delete('a', 'resp_1')
    expect(await refusal(responses.response('a', 'resp_1'))).toMatchObject({ code: 'unknown_response' })
    expect(await refusal(expand('a', { input: 'x', previous_response_id: 'resp_2' }))).toMatchObject({
      code: 'unknown_previous_response',
    })
    expect(await refusal(expand('a', { input: [{ type: 'item_reference', id: 'msg_1' }] }))).toMatchObject({
      code: 'unknown_response',
    })
    expect(await responses.response('a', 'resp_2')).toMatchObject({ id: 'resp_2', previous_response_id: 'resp_1' })
  })

  it('lists what the model was given, the turns before included', async () => {
    const { turn, responses } = open({ store: make() })
    await turn('a', { input: 'one' }, answer('resp_1', [said('msg_1', 'eins')]))
    await turn(
      'a',
      {
        input: [{ type: 'function_call_output', call_id: 'c', output: '{}' }, user('two')],
        previous_response_id: 'resp_1',
      },
      answer('resp_2', []),
    )
    const items = await responses.inputOf('a', 'resp_2')
    expect(items.map(({ type, role }) => role ?? type)).toEqual(['user', 'assistant', 'function_call_output', 'user'])
    expect(new Set(items.map(({ id }) => id)).size).toBe(4)
    expect(items[3]).toMatchObject({ type: 'message', content: [{ type: 'input_text', text: 'two' }] })
    expect((await responses.inputOf('a', 'resp_1')).map(({ id }) => id)).toEqual([items[0]?.id])
  })
})

describe('what a conversation leaves behind', () => {
  it('is no call that was cut short, and no reasoning that led to nothing', async () => {
    const { turn, expand } = open()
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' }
    const cut = { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{"a', status: 'incomplete' }
    const part = { ...said('msg_1', 'ein'), status: 'incomplete' }
    await turn('a', { input: [user('one')] }, answer('resp_1', [part, reasoning, cut], 'incomplete'))
    const sent = await expand('a', { input: [user('two')], previous_response_id: 'resp_1' })
    expect(sent.input).toEqual([user('one'), part, user('two')])
  })

  it('is all of an answer that is whole', async () => {
    const { turn, expand } = open()
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [] }
    await turn('a', { input: [user('one')] }, answer('resp_1', [reasoning]))
    expect((await expand('a', { input: [], previous_response_id: 'resp_1' })).input).toEqual([user('one'), reasoning])
  })
})

describe('a request that cannot be put together', () => {
  const cases: Array<[string, JsonObject, Partial<SluiceError>]> = [
    ['an id that is no text', { previous_response_id: 7 }, { code: 'invalid_request', param: 'previous_response_id' }],
    ['an empty id', { previous_response_id: '' }, { code: 'invalid_request', param: 'previous_response_id' }],
    ['a conversation', { conversation: { id: 'conv_1' } }, { code: 'unsupported', param: 'conversation' }],
    [
      'input that is neither text nor list',
      { previous_response_id: 'resp_1', input: 7 },
      { code: 'invalid_request', param: 'input' },
    ],
  ]
  it.each(cases)('is refused with the name of the field: %s', async (_, asked, wanted) => {
    const { expand, turn } = open()
    await turn('a', { input: 'one' }, answer('resp_1', []))
    expect(await refusal(() => expand('a', { input: 'x', ...asked }))).toMatchObject({ status: 400, ...wanted })
  })

  it.each([{}, { background: false }, { conversation: null, previous_response_id: null }])(
    'is left as it is where nothing is referred to: %j',
    async (asked) => {
      const { responses } = open()
      const body = { text: 'as written', json: { input: 'x', ...asked } }
      expect(responses.expand('a', body)).toBe(body)
    },
  )

  it('is refused when it would be too long, before the whole of it is read', async () => {
    const { turn, expand } = open({ maxHistory: 1000 })
    await turn('a', { input: 'x'.repeat(600) }, answer('resp_1', []))
    await turn('a', { input: 'x'.repeat(600), previous_response_id: 'resp_1' }, answer('resp_2', [])).catch(() => {})
    expect(await refusal(expand('a', { input: 'x', previous_response_id: 'resp_2' }))).toMatchObject({
      code: 'body_too_large',
      status: 413,
    })
  })

  it('costs no more for each turn of a long conversation than for one of a short one', async () => {
    const { responses, turn, expand } = open({ store: counting })
    const long = 400
    for (let i = 0; i < long; i++) {
      const entry = { response: answer(`resp_${i}`, [said(`msg_${i}`, 'x')]), input: '[{"role":"user","content":"y"}]' }
      responses.keep('a', i === 0 ? entry : { ...entry, previous: `resp_${i - 1}` })
    }
    reads = 0
    const sent = await expand('a', { input: 'z', previous_response_id: `resp_${long - 1}` })
    expect(sent.input).toHaveLength(2 * long + 1)
    expect(reads).toBe(long)
    await turn('a', { input: 'z', previous_response_id: `resp_${long - 1}` }, answer('resp_last', []))
  })

  it('reads an answer once, however many of its items are referred to', async () => {
    const { turn, expand } = open({ store: counting })
    const ids = Array.from({ length: 50 }, (_, i) => `msg_many_${i}`)
    await turn(
      'a',
      { input: 'one' },
      answer(
        'resp_many',
        ids.map((id) => said(id, 'x')),
      ),
    )
    reads = 0
    await expand('a', { input: ids.map((id) => ({ type: 'item_reference', id })) })
    expect(reads).toBe(51)
  })

  it('does not go round in circles where ids were used twice', async () => {
    const { turn, expand, responses } = open()
    await turn('a', { input: 'one' }, answer('resp_1', []))
    new ResponseRecorder({
      responses,
      owner: 'a',
      asked: { input: 'two', previous_response_id: 'resp_1' },
    }).whole(answer('resp_1', []))
    expect(await refusal(expand('a', { input: 'x', previous_response_id: 'resp_1' }))).toMatchObject({
      code: 'unknown_previous_response',
    })
  })
})

describe('a page of items', () => {
  const items = Array.from({ length: 7 }, (_, i) => ({ id: `i${i}` }))
  const ids = (query: string) => (page(items, new URLSearchParams(query)).data as JsonObject[]).map(({ id }) => id)

  it('begins with the newest, and the other way round when asked', () => {
    expect(ids('limit=2')).toEqual(['i6', 'i5'])
    expect(ids('limit=2&order=asc&after=i1')).toEqual(['i2', 'i3'])
  })

  it('after page leads through all items, each once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.constantFrom('asc', 'desc'), (limit, order) => {
        const seen: unknown[] = []
        for (let after: unknown; ; ) {
          const query = new URLSearchParams({ limit: String(limit), order, ...(after ? { after: String(after) } : {}) })
          const { data, has_more, last_id } = page(items, query)
          seen.push(...(data as JsonObject[]).map(({ id }) => id))
          after = last_id
          if (!has_more) break
        }
        const all = items.map(({ id }) => id)
        expect(seen).toEqual(order === 'asc' ? all : all.toReversed())
      }),
    )
  })

  it.each(['limit=0', 'limit=101', 'limit=x', 'order=up', 'after=nobody'])('refuses %s', async (query) => {
    expect(await refusal(() => ids(query))).toMatchObject({ code: 'invalid_request', param: query.split('=')[0] })
  })
})
