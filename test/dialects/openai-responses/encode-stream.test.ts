import { describe, expect, it } from 'vitest'
import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { fold, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { checkResponses, responseEvents } from '../../fixtures/check-responses.ts'
import { decode, dialectNames, goldens } from '../../fixtures/goldens.ts'
import { lossesOf, streamOf } from './read.ts'

const start: StreamToken = { type: 'message-start', id: 'chatcmpl-1', model: 'm' }
const at = (index: number) => ({ choice: 0, index })
const text = (index: number, ...pieces: string[]): StreamToken[] => [
  { type: 'text-start', ...at(index) },
  ...pieces.map((piece): StreamToken => ({ type: 'text-delta', ...at(index), text: piece })),
  { type: 'text-end', ...at(index) },
]
const callStart = (index: number, kind: 'function' | 'custom' = 'function'): StreamToken => ({
  type: 'tool-call-start',
  ...at(index),
  id: `call_${index}`,
  name: 'f',
  kind,
})
const fragment = (index: number, piece: string): StreamToken => ({
  type: 'tool-call-delta',
  ...at(index),
  arguments: piece,
})
const callEnd = (index: number): StreamToken => ({ type: 'tool-call-end', ...at(index) })
const finish = (reason: 'stop' | 'length' | 'malformed_call' = 'stop'): StreamToken => ({
  type: 'finish',
  choice: 0,
  reason,
})

const types = (stream: string): string[] => responseEvents(stream).map(({ event }) => event.replace('response.', ''))
const output = (tokens: StreamToken[]): JsonObject[] => checkResponses(streamOf(tokens)).output as JsonObject[]

describe('every recorded stream', () => {
  const all = dialectNames.flatMap((dialect) => goldens(dialect).map(({ name, bytes }) => ({ dialect, name, bytes })))

  it.each(all)('is one without a fault for a client of this dialect: $dialect/$name', ({ dialect, bytes }) => {
    const tokens = decode(dialect, [bytes])
    const response = checkResponses(streamOf(tokens))
    const broken = tokens.some(
      (token) => token.type === 'error' || (token.type === 'finish' && token.reason === 'malformed_call'),
    )
    expect(response.status === 'failed').toBe(broken)
  })
})

describe('a call', () => {
  it('that can be seen to be whole is done at once', () => {
    const stream = types(streamOf([start, callStart(0), fragment(0, '{"a":1}'), callEnd(0)]))
    expect(stream).toContain('output_item.done')
  })

  it('that was cut by the length is not done before that is known, and then says so', () => {
    const cut = [start, callStart(0), fragment(0, '{"a":'), callEnd(0)]
    const before = responseEvents(streamOf(cut)).map(({ event }) => event)
    expect(before).not.toContain('response.output_item.done')
    expect(output([...cut, finish('length')])).toMatchObject([{ arguments: '{"a":', status: 'incomplete' }])
    expect(output([...cut, ...text(1, 'x'), finish()])).toMatchObject([{ status: 'completed' }, {}])
  })

  it('that may be cut waits also when one that is whole ends after it', () => {
    const calls = [start, callStart(0), callStart(1), fragment(0, '{"a":'), fragment(1, '{}'), callEnd(0), callEnd(1)]
    expect(output([...calls, finish('length')])).toMatchObject([{ status: 'incomplete' }, { status: 'completed' }])
  })

  it('that broke off is never done: clients run what is', () => {
    const stream = streamOf([
      start,
      callStart(0),
      fragment(0, '{"a":'),
      { type: 'error', error: new SluiceError('upstream_server', 'broke') },
    ])
    expect(types(stream)).not.toContain('output_item.done')
    expect(checkResponses(stream)).toMatchObject({
      status: 'failed',
      output: [],
      error: { code: 'server_error', message: 'broke' },
    })
  })

  it('without arguments has an empty object', () => {
    expect(output([start, callStart(0), callEnd(0), finish()])).toMatchObject([{ arguments: '{}' }])
    expect(output([start, callStart(0, 'custom'), callEnd(0), finish()])).toMatchObject([
      { type: 'custom_tool_call', input: '' },
    ])
  })

  it('that the provider could not write fails the answer', () => {
    expect(checkResponses(streamOf([start, ...text(0, 'x'), finish('malformed_call')]))).toMatchObject({
      status: 'failed',
    })
  })
})

describe('state', () => {
  const sealed = { vendor: 'google', family: 'gemini', kind: 'signature' as const, value: 'c2ln' }

  it('that hangs on a call stands behind it, and comes back to it', () => {
    const state: StreamToken = { type: 'opaque', ...at(0), ...sealed }
    const items = output([start, callStart(0), fragment(0, '{}'), state, callEnd(0), finish()])
    expect(items).toMatchObject([{ type: 'function_call' }, { type: 'reasoning', summary: [] }])
    const { messages } = openaiResponses.client.decodeRequest({ model: 'm', input: items })
    expect(messages).toMatchObject([{ role: 'assistant', parts: [{ type: 'tool-call', opaque: [sealed] }] }])
    expect(messages[0]!.parts).toHaveLength(1)
  })

  it('of a text stands behind its message', () => {
    const state: StreamToken = { type: 'opaque', ...at(0), ...sealed }
    const [begin, ...rest] = text(0, 'x')
    expect(output([start, begin!, state, ...rest, finish()])).toMatchObject([
      { type: 'message' },
      { type: 'reasoning' },
    ])
  })

  it('of the vendor of this API is bare, as its clients know it', () => {
    const value = JSON.stringify({ type: 'reasoning', id: 'rs_1', encrypted_content: 'gAAAA' })
    const tokens: StreamToken[] = [
      start,
      { type: 'reasoning-start', ...at(0), id: 'rs_1' },
      { type: 'opaque', ...at(0), vendor: 'openai', family: 'gpt', kind: 'encrypted', value },
      { type: 'reasoning-end', ...at(0) },
      finish(),
    ]
    expect(output(tokens)).toEqual([{ id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAAA' }])
  })
})

describe('texts', () => {
  it('in a row are one message, and one behind a call another', () => {
    const items = output([start, ...text(0, 'a'), ...text(1, 'b'), callStart(2), callEnd(2), ...text(3, 'c'), finish()])
    expect(items).toMatchObject([
      { type: 'message', content: [{ text: 'a' }, { text: 'b' }] },
      { type: 'function_call' },
      { type: 'message', content: [{ text: 'c' }] },
    ])
  })

  it('that say of which message they are part are parts of that', () => {
    const named = (index: number, id: string): StreamToken[] => [
      { type: 'text-start', ...at(index), id, meta: { 'openai-responses': { phase: 'commentary' } } },
      { type: 'text-delta', ...at(index), text: 'x' },
      { type: 'text-end', ...at(index) },
    ]
    expect(output([start, ...named(0, 'msg_a'), ...named(1, 'msg_b'), finish()])).toMatchObject([
      { id: 'msg_a', phase: 'commentary' },
      { id: 'msg_b', phase: 'commentary' },
    ])
  })

  it('carry their sources, those of other APIs as far as they point at a page', () => {
    const web = { type: 'web_search_result_location', url: 'https://a.example/', title: 'A', cited_text: 'x' }
    const chat = {
      type: 'url_citation',
      url_citation: { url: 'https://b.example/', title: 'B', start_index: 0, end_index: 1 },
    }
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at(0) },
      { type: 'citation', ...at(0), dialect: 'anthropic-messages', citation: web },
      { type: 'text-delta', ...at(0), text: 'Hi' },
      { type: 'citation', ...at(0), dialect: 'openai-chat', citation: chat },
      { type: 'citation', ...at(0), dialect: 'anthropic-messages', citation: { type: 'char_location' } },
      { type: 'text-end', ...at(0) },
      finish(),
    ]
    const [message] = output(tokens) as Array<{ content: Array<{ annotations: object[] }> }>
    expect(message!.content[0]!.annotations).toEqual([
      { type: 'url_citation', start_index: 0, end_index: 1, title: 'B', url: 'https://b.example/' },
      { type: 'url_citation', start_index: 0, end_index: 2, title: 'A', url: 'https://a.example/' },
    ])
    expect(lossesOf(tokens).map(({ field }) => field)).toContain('citations')
  })

  it('carry their probabilities, with the lists that strict clients take for granted', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at(0) },
      { type: 'text-delta', ...at(0), text: 'Hi', logprobs: [{ token: 'Hi', logprob: -0.1 }] },
      { type: 'text-end', ...at(0) },
      finish(),
    ]
    expect(output(tokens)).toMatchObject([{ content: [{ logprobs: [{ token: 'Hi', top_logprobs: [] }] }] }])
  })
})

describe('the response', () => {
  it('says again what was asked for', () => {
    const settings = { temperature: 0.2, store: true, tools: [{ type: 'function', name: 'f' }] }
    const response = checkResponses(streamOf([start, ...text(0, 'x'), finish()], { kept: { settings } }))
    expect(response).toMatchObject({ id: 'resp_req_1', model: 'm', ...settings })
  })

  it('has an id of its own kind, that of the provider where it has one', () => {
    const named = checkResponses(streamOf([{ ...start, id: 'resp_abc' } as StreamToken, ...text(0, 'x'), finish()]))
    expect(named.id).toBe('resp_abc')
  })

  it('has counts when the provider gives none, which the client is told are guesses', () => {
    const tokens = [start, ...text(0, 'eight ch'), finish()]
    expect(checkResponses(streamOf(tokens, { inputEstimate: 7 }))).toMatchObject({
      usage: { input_tokens: 7, output_tokens: 2, total_tokens: 9 },
    })
    expect(lossesOf(tokens)).toMatchObject([{ field: 'usage', action: 'changed' }])
  })
})

describe('a picture in an answer', () => {
  const item = {
    id: 'ig_1',
    type: 'image_generation_call',
    status: 'completed',
    output_format: 'webp',
    revised_prompt: 'A red dot.',
    result: 'UklGRg==',
  }
  const reply = { id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'm', output: [item] }
  const tokens = (body: object): StreamToken[] => openaiResponses.upstream.decodeReply(body as JsonObject, maker)
  const maker = { vendor: 'openai', family: 'gpt' }

  it('is a picture for clients of every language, with its kind', () => {
    const [part] = fold(tokens(reply)).choices[0]!.parts
    expect(part).toMatchObject({ type: 'media', kind: 'image', mediaType: 'image/webp', data: 'UklGRg==', id: 'ig_1' })
  })

  it('is the same item for a client of this one', () => {
    expect(output(tokens(reply))).toEqual([item])
  })

  it('that came to nothing is the work of a tool, and no picture', () => {
    const { result: _, ...none } = { ...item, status: 'failed' }
    expect(output(tokens({ ...reply, output: [none] }))).toEqual([none])
  })

  it('says its kind where it came from elsewhere and is no PNG', () => {
    const picture = (mediaType: string): StreamToken[] => [
      start,
      { type: 'media-start', ...at(0), kind: 'image', mediaType },
      { type: 'media-delta', ...at(0), data: 'AAAA' },
      { type: 'media-end', ...at(0) },
      finish(),
    ]
    expect(output(picture('image/jpeg'))[0]).toMatchObject({ output_format: 'jpeg', result: 'AAAA' })
    expect(output(picture('image/png'))[0]).not.toHaveProperty('output_format')
  })
})

it('a call that never gets a name is an error, for whoever would have to run it', () => {
  const nameless = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: '', arguments: '{}' }
  const body = { id: 'resp_1', object: 'response', status: 'completed', model: 'm', output: [nameless] }
  expect(() => openaiResponses.upstream.decodeReply(body, { vendor: 'openai', family: 'gpt' })).toThrow('its name')
})
