import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { silentMinute } from './silent-minute.ts'
import { type ClientName, clientNames, openStraico } from './straico-house.ts'

const text = 'Grüße aus dem Stall: 世界 ist klein, 👩‍👩‍👧‍👦 aber oho.'
const script: Script = { steps: [{ text }], usage: { input: 9, output: 12 }, straico: { price: 0.25 } }
const finishes: Record<'stop' | 'length' | 'content_filter', Record<ClientName, string>> = {
  stop: { chat: 'stop', responses: 'completed', messages: 'end_turn', gemini: 'STOP' },
  length: { chat: 'length', responses: 'max_output_tokens', messages: 'max_tokens', gemini: 'MAX_TOKENS' },
  content_filter: { chat: 'content_filter', responses: 'content_filter', messages: 'refusal', gemini: 'SAFETY' },
}

describe.each(clientNames)('an SDK that streams (%s) from Straico', (name) => {
  it('gets the text word by word, and how it ended and what it took', async () => {
    const house = await openStraico({ script })
    const { clients, scripted, sent, recorded } = house
    const heard = await clients[name].stream({ system: 'Be kind.' })
    expect(house.head.get('x-sluice-stream')).toBe('simulated')
    expect(heard).toMatchObject({ text, finish: finishes.stop[name] })
    expect(heard.pieces.length).toBeGreaterThan(8)
    expect(heard.pieces).toContain('👩‍👩‍👧‍👦 ')
    expect(JSON.stringify(heard.usage)).toMatch(/:9\b.*:12\b/)
    const { messages, model, ...rest } = sent()
    expect({ messages, model }).toEqual({
      model: 'vendor/model',
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
      ],
    })
    expect(Object.keys(rest)).toEqual(name === 'messages' ? ['max_tokens'] : [])
    const [asked] = scripted.requests
    expect([asked?.path, asked?.headers.authorization]).toEqual(['/v2/chat/completions', 'Bearer coins-key'])
    expect((await recorded(1))[0]).toMatchObject({
      stream: 'simulated',
      inputTokens: 9,
      outputTokens: 12,
      cost: 0.25,
      costUnit: 'coins',
      outcome: 'ok',
    })
    expect(scripted.bill.completions).toBe(1)
  })

  it('gets reasoning as such', async () => {
    const thinking: Script = { steps: [{ reasoning: 'Let me think.', field: 'reasoning' }, { text }] }
    const { clients, scripted } = await openStraico({ script: thinking })
    const more = name === 'gemini' ? { thinkingConfig: { includeThoughts: true } } : {}
    expect(await clients[name].stream({ more })).toMatchObject({ reasoning: 'Let me think.', text })
    expect(scripted.bill.completions).toBe(1)
  })

  it.each<[unknown, keyof typeof finishes]>([
    ['STOP', 'stop'],
    ['end_turn', 'stop'],
    ['COMPLETE', 'stop'],
    [false, 'stop'],
    ['something new', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['max_tokens', 'length'],
    ['length', 'length'],
    ['SAFETY', 'content_filter'],
    ['content_filtered', 'content_filter'],
  ])('is told %s in its own word', async (finish, meaning) => {
    const { clients } = await openStraico({ script: { ...script, finish: finish as string | false } })
    const heard = await clients[name].stream()
    const unknown = finish === 'something new' && name === 'gemini' ? 'OTHER' : finishes[meaning][name]
    expect(heard).toMatchObject({ text, finish: unknown })
  })

  it('gets a text that came in parts, and nothing where there was nothing', async () => {
    for (const [content, wanted] of [
      ['parts', text],
      ['null', ''],
    ] as const) {
      const { clients, scripted } = await openStraico({ script: { ...script, straico: { content, status: 200 } } })
      expect(await clients[name].stream()).toMatchObject({ text: wanted, finish: finishes.stop[name] })
      expect(scripted.bill.completions).toBe(1)
    }
  })

  it('is not told counts that nobody made, where its language can do without', async () => {
    const { clients, recorded } = await openStraico({ script: { ...script, usage: false } })
    const { usage } = await clients[name].stream()
    if (name === 'chat' || name === 'gemini') expect(usage).toBeUndefined()
    else expect(JSON.stringify(usage)).toMatch(/"output_tokens":1\d\b/)
    const [record] = await recorded(1)
    expect(record).toMatchObject({ cost: 0.25, costUnit: 'coins' })
    expect(record).not.toHaveProperty('inputTokens')
  })

  it.each([false, true])('has its answer cut at a stop sequence, a streaming Straico or not: %s', async (streams) => {
    if (name === 'responses') return
    const { clients, scripted, sent } = await openStraico({ script })
    if (streams) scripted.setStreaming({ habit: 'streams', asked: 'accept' })
    const heard = await clients[name].stream({ stop: ['ist klein', 'oho'] })
    const word = { chat: 'stop', messages: 'stop_sequence ist klein', gemini: 'STOP' }[name]
    expect(heard).toMatchObject({ text: 'Grüße aus dem Stall: 世界 ', finish: word })
    if (!streams) expect(JSON.stringify(heard.usage)).toMatch(/:9\b.*:12\b/)
    expect(sent()).not.toHaveProperty('stop')
    expect(scripted.bill.completions).toBe(1)
  })

  it('that leaves while it waits has the call cancelled, which may have been billed', async () => {
    const { clients, scripted, recorded } = await openStraico({ script })
    const gate = scripted.hold()
    const leaving = new AbortController()
    const asked = clients[name].stream({ signal: leaving.signal }).then(
      () => 'answered',
      () => 'left',
    )
    await gate.held(1)
    leaving.abort()
    expect(await asked).toBe('left')
    await scripted.aborted(0)
    expect((await recorded(1))[0]).toMatchObject({ outcome: 'aborted', billed: 'maybe' })
    expect(scripted.count()).toBe(1)
  })

  it('gets a stream of its own as soon as Straico gives one, with no field that asks for it', async () => {
    const house = await openStraico({ script })
    const { clients, scripted, sent } = house
    scripted.setStreaming({ habit: 'streams', asked: 'accept' })
    expect(await clients[name].stream()).toMatchObject({ text, finish: finishes.stop[name] })
    expect(house.head.get('x-sluice-stream')).toBe('native')
    expect(sent()).not.toHaveProperty('stream')
    expect(scripted.bill.completions).toBe(1)
  })

  it('gets a stream of its own where the field has to ask for it, once that was probed', async () => {
    const house = await openStraico({ script })
    const { clients, scripted, sent, sluice } = house
    scripted.setStreaming({ habit: 'streams', asked: 'field' })
    await clients[name].stream()
    expect(house.head.get('x-sluice-stream')).toBe('simulated')
    const probed = await fetch(`${sluice.url}/admin/v1/probe`, {
      method: 'POST',
      body: JSON.stringify({ models: ['straico/vendor/model'] }),
    })
    const { data } = (await probed.json()) as { data: JsonObject[] }
    expect(data).toMatchObject([{ requests: 2, usage: { cost: { unit: 'coins' } } }])
    expect(await clients[name].stream()).toMatchObject({ text, finish: finishes.stop[name] })
    expect([house.head.get('x-sluice-stream'), sent().stream]).toEqual(['native', true])
    expect(scripted.bill.completions).toBe(4)
  })

  it('hears nothing of a minute of silence but signs of life, and gets the answer behind it', async () => {
    const silent = silentMinute(name)
    const prompt = silentMinute(name, 0)
    const heard = await silent.client.stream()
    expect(heard).toMatchObject({ text: 'Hello you.', finish: finishes.stop[name] })
    expect({ ...heard, usage: {} }).toEqual({ ...(await prompt.client.stream()), usage: {} })
    // At ten seconds the head and a first sign of life, then one every fifteen.
    expect(silent.lifeSigns()).toBeGreaterThanOrEqual(name === 'gemini' ? 1 : 4)
    expect([silent.asked(), silent.timers()]).toEqual([1, 0])
  })

  it('is told of a failure that comes behind a minute of silence', async () => {
    const { client, asked } = silentMinute(name, 60_000, {
      status: 402,
      text: '{"error":"Not enough coins.","success":false}',
    })
    await expect(client.stream()).rejects.toThrow(/Not enough coins/)
    expect(asked()).toBe(1)
  })
})
