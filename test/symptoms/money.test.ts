import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/tokens/index.ts'
import { begin, type Language, languages, middle, overloaded, played } from './answers.ts'
import { hear, streamRequest, wholeRequest } from './clients.ts'
import { messageStart, response, sse } from './events.ts'
import { type House, openHouse } from './house.ts'

/** The one record of the log. */
async function record({ records }: House) {
  await expect.poll(() => records.length).toBe(1)
  return records[0]!
}

const counts = ['inputTokens', 'outputTokens', 'cacheReadTokens']

describe.each(languages)('a client of %s', (client) => {
  it.each(languages)(
    'a stream that was left counts as nothing: unknown is not zero, and what came counts, %s',
    async (upstream) => {
      const house = await openHouse((reply) => begin(reply, middle(upstream)))
      const controller = new AbortController()
      const { path, body } = streamRequest(client, upstream)
      const answer = await fetch(house.sluice.url + path, {
        method: 'POST',
        body: JSON.stringify(body),
        signal: controller.signal,
      })
      let text = ''
      for await (const piece of answer.body!) {
        text += Buffer.from(piece).toString()
        if (text.includes('two')) break
      }
      controller.abort()
      const found = await record(house)
      expect(found).toMatchObject({ outcome: 'aborted', deltas: 2 })
      for (const name of counts) expect(found[name as keyof typeof found], name).not.toBe(0)
      // Nobody but Anthropic says the input first; what it says of the output there is no count of what came.
      expect(found.inputTokens).toBe(upstream === 'anthropic-messages' ? 3 : undefined)
    },
  )

  it('the input of an answer that broke off is forgotten: it was said first, and is known', async () => {
    const { texts } = played('anthropic-messages', 'one ', 'two')
    const start = messageStart({ input_tokens: 30, cache_read_input_tokens: 12, output_tokens: 1 })
    const opening = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    const house = await openHouse(sse(start, opening) + texts.join('') + overloaded['anthropic-messages'])
    expect(await hear(house, client, 'anthropic-messages')).toMatchObject({ text: 'one two', error: {} })
    expect(await record(house)).toMatchObject({ outcome: 'error', inputTokens: 42, cacheReadTokens: 12, deltas: 2 })
  })

  it('an answer that was cut at its longest counts as nothing: its last event has the counts', async () => {
    const { start, texts } = played('openai-responses', 'one ', 'two')
    const cut = response('incomplete', [], { incomplete_details: { reason: 'max_output_tokens' } })
    const house = await openHouse(start + texts.join('') + sse({ type: 'response.incomplete', response: cut }))
    expect(await hear(house, client, 'openai-responses')).toEqual({ text: 'one two', args: '', opened: true })
    const found = await record(house)
    expect(found).toMatchObject({ outcome: 'ok', finish: 'length', inputTokens: 9, outputTokens: 4 })
    const { path, body } = wholeRequest(client, 'openai-responses')
    expect((await house.post(path, body)).text).toMatch(/\b9\b.*\b4\b/s)
  })

  it('a failed answer counts as nothing: what its last event counts is known', async () => {
    const failed = response('failed', [], { error: { code: 'server_error', message: 'oh' } })
    const house = await openHouse(
      middle('openai-responses') + sse({ type: 'response.failed', response: failed, sequence_number: 9 }),
    )
    expect(await hear(house, client, 'openai-responses')).toMatchObject({ text: 'one two', error: {} })
    expect(await record(house)).toMatchObject({ outcome: 'error', inputTokens: 9, outputTokens: 4 })
  })
})

const rules = 'Long rules. '.repeat(10)
const tools = (['b', 'a'] as const).map((name) => ({
  name,
  description: 'd',
  input_schema: { type: 'object' as const, properties: { z: { type: 'string' }, a: { type: 'string' } } },
}))
const history = [
  { role: 'user' as const, content: 'one' },
  {
    role: 'assistant' as const,
    content: [{ type: 'tool_use' as const, id: 'toolu_1', name: 'a', input: { z: 1, a: 2 } }],
  },
  { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 'toolu_1', content: 'found' }] },
  { role: 'assistant' as const, content: 'So it is.' },
  { role: 'user' as const, content: 'two' },
]

describe('the prompt costs its full price each turn', () => {
  const mark = { type: 'ephemeral' as const }

  it.each([
    ['anthropic-messages', 'cache_control'],
    ['openai', 'prompt_cache_breakpoint'],
  ] as const)('the marks of an Anthropic client come through, to %s', async (upstream, field) => {
    const house = await openHouse((reply) => void reply.writeHead(400).end('{}'))
    const system = [{ type: 'text' as const, text: rules, cache_control: mark }]
    const asking = house.anthropic.messages.create({
      model: `${upstream}/m`,
      max_tokens: 9,
      system,
      messages: history,
    })
    await expect(asking).rejects.toThrow()
    expect(JSON.stringify(house.asked[0]?.body)).toMatch(new RegExp(`"${rules}"[^{]*"${field}":{`))
  })

  it('the marks of a chat client come through to Anthropic', async () => {
    const house = await openHouse((reply) => void reply.writeHead(400).end('{}'))
    const content = [{ type: 'text', text: rules, cache_control: mark }]
    const asking = house.post('/v1/chat/completions', {
      model: 'anthropic-messages/m',
      messages: [
        { role: 'system', content },
        { role: 'user', content: 'one' },
      ],
    })
    expect((await asking).status).toBe(400)
    expect(house.asked[0]?.body.system).toEqual(content)
  })

  it.each<[Language, string]>([
    ['openai-chat', 'messages'],
    ['openai-responses', 'input'],
    ['anthropic-messages', 'messages'],
    ['gemini', 'contents'],
  ])('and what was sent before is sent to the byte, to %s', async (upstream, field) => {
    const house = await openHouse((reply) => void reply.writeHead(400).end('{}'))
    for (const turns of [1, 3, 5]) {
      const asking = house.anthropic.messages.create({
        model: `${upstream}/m`,
        max_tokens: 9,
        system: rules,
        tools,
        messages: history.slice(0, turns),
      })
      await expect(asking).rejects.toThrow()
    }
    const sent = house.asked.map(({ body }) => {
      const { [field]: turns, ...rest } = body
      return { rest: JSON.stringify(rest), turns: (turns as JsonObject[]).map((turn) => JSON.stringify(turn)) }
    })
    for (const [at, { rest, turns }] of sent.entries()) {
      expect(rest).toBe(sent[0]!.rest)
      expect(turns.slice(0, sent[at - 1]?.turns.length ?? 0)).toEqual(sent[at - 1]?.turns ?? [])
    }
    expect(sent.map(({ turns }) => turns.length > 0)).toEqual([true, true, true])
  })
})
