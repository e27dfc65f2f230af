import { describe, expect, it } from 'vitest'
import { candidate, chunk, done, messageEnd, messageStart, sse, textBlock } from './events.ts'
import { type House, openHouse } from './house.ts'

/** Reasoning that is lost on its way, or that stands where it should not. */

const messages = [{ role: 'user' as const, content: 'Hi' }]

interface Seen {
  text: string
  reasoning: string
}

/** The answer as each SDK reads it, streamed or whole. */
const readers: Record<string, (house: House, model: string, stream: boolean) => Promise<Seen>> = {
  // The helper of this SDK keeps only the last piece of a field that it does not know.
  async 'openai-chat'({ openai }, model, stream) {
    const seen: Seen = { text: '', reasoning: '' }
    const add = (said: { content?: string | null; reasoning_content?: string } = {}): void => {
      seen.text += said.content ?? ''
      seen.reasoning += said.reasoning_content ?? ''
    }
    if (stream)
      for await (const { choices } of await openai.chat.completions.create({ model, messages, stream }))
        add(choices[0]?.delta)
    else add((await openai.chat.completions.create({ model, messages })).choices[0]?.message)
    return seen
  },
  async 'openai-responses'({ openai }, model, stream) {
    const response = stream
      ? await openai.responses.stream({ model, input: 'Hi' }).finalResponse()
      : await openai.responses.create({ model, input: 'Hi' })
    const reasoning = response.output.flatMap((item) =>
      item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])].map(({ text }) => text) : [],
    )
    return { text: response.output_text, reasoning: reasoning.join('') }
  },
  async 'anthropic-messages'({ anthropic }, model, stream) {
    const ask = { model, max_tokens: 100, messages }
    const { content } = stream
      ? await anthropic.messages.stream(ask).finalMessage()
      : await anthropic.messages.create(ask)
    return {
      text: content.map((one) => (one.type === 'text' ? one.text : '')).join(''),
      reasoning: content.map((one) => (one.type === 'thinking' ? one.thinking : '')).join(''),
    }
  },
  async gemini({ google }, model, stream) {
    const ask = { model, contents: 'Hi', config: { thinkingConfig: { includeThoughts: true } } }
    const seen: Seen = { text: '', reasoning: '' }
    const chunks = stream ? await google.models.generateContentStream(ask) : [await google.models.generateContent(ask)]
    for await (const { candidates } of chunks) {
      for (const { text = '', thought } of candidates?.[0]?.content?.parts ?? [])
        seen[thought ? 'reasoning' : 'text'] += text
    }
    return seen
  },
}
const clients = Object.keys(readers)

describe.each(clients)('a client of %s', (client) => {
  const read = readers[client]!

  it('reasoning vanishes from the last event, or is empty there: it is the sum of what was streamed', async () => {
    const body =
      sse(
        chunk({ reasoning_content: 'Let me ' }),
        chunk({ reasoning_content: 'see.' }),
        chunk({ content: 'sa' }),
        chunk({ content: 'id' }),
        chunk({}, 'stop'),
      ) + done
    expect(await read(await openHouse(body, { normalise: true }), 'openai-chat/m', true)).toEqual({
      text: 'said',
      reasoning: 'Let me see.',
    })
  })

  it.each([
    ['before the text', [[{ text: 'hm ', thought: true }], [{ text: 'yes', thought: true }], [{ text: 'said' }]]],
    ['beside the text', [[{ text: 'hm yes', thought: true }, { text: 'said' }]]],
    ['behind the text', [[{ text: 'said' }], [{ text: 'hm yes', thought: true }]]],
  ])('thoughts of Gemini %s are lost in the stream: they are reasoning, whole', async (_, chunks) => {
    const body = sse(...chunks.map((parts) => candidate(parts)), candidate([], { finishReason: 'STOP' }))
    expect(await read(await openHouse(body, { normalise: true }), 'gemini/m', true)).toEqual({
      text: 'said',
      reasoning: 'hm yes',
    })
  })

  const tagged = ['<thi', 'nk>Let me', ' see.</th', 'ink>sa', 'id']

  it.each([true, false])(
    'tags of reasoning stand in the text, in one of stream and whole only (stream: %s): in neither',
    async (stream) => {
      const message = { role: 'assistant', content: tagged.join('') }
      const whole = { ...chunk({}), object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] }
      const body = sse(...tagged.map((content) => chunk({ content })), chunk({}, 'stop')) + done
      const house = await openHouse(
        (reply) =>
          stream
            ? reply.writeHead(200, { 'content-type': 'text/event-stream' }).end(body)
            : reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole)),
        { quirks: { think_tags: ['think'] } },
      )
      expect(await read(house, 'openai-chat/m', stream)).toEqual({ text: 'said', reasoning: 'Let me see.' })
    },
  )

  it('text of a model that reasons in no tags is taken for reasoning: it is text', async () => {
    const body = sse(...tagged.map((content) => chunk({ content })), chunk({}, 'stop')) + done
    expect(await read(await openHouse(body, { normalise: true }), 'openai-chat/m', true)).toEqual({
      text: tagged.join(''),
      reasoning: '',
    })
  })

  it('a ping, or an event that nobody knows, ends the stream or is told as text: it is read over', async () => {
    const odd = [{ type: 'ping' }, { type: 'brand_new', text: 'odd', delta: { text: 'odd' } }]
    const [start, delta, stop] = textBlock(0, 'said')
    const body = sse(messageStart(), ...odd, start!, ...odd, delta!, ...odd, stop!, ...odd, ...messageEnd('end_turn'))
    expect(await read(await openHouse(body), 'anthropic-messages/m', true)).toEqual({ text: 'said', reasoning: '' })
  })
})

it('the item of reasoning has the wrong type and an empty text when it is done: it says what its deltas said', async () => {
  const body =
    sse(
      chunk({ reasoning_content: 'Let me ' }),
      chunk({ reasoning_content: 'see.' }),
      chunk({ content: 'said' }),
      chunk({}, 'stop'),
    ) + done
  const { post } = await openHouse(body)
  const { data } = await post('/v1/responses', { model: 'openai-chat/m', input: 'Hi', stream: true })
  const of = (type: string) => data.filter((one) => one.type === type)
  const items = of('response.output_item.done').map(({ item }) => item)
  expect(items).toMatchObject([{ type: 'reasoning' }, { type: 'message' }])
  expect(JSON.stringify(items[0])).toContain('Let me see.')
  expect(of('response.completed')).toMatchObject([{ response: { output: items } }])
})
