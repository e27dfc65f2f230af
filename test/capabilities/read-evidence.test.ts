import { describe, expect, it } from 'vitest'
import { type AskedFor, readEvidence } from '../../src/capabilities/index.ts'

const streamed: AskedFor = { stream: true, streamOptions: true, tools: false, prefill: false }
const whole: AskedFor = { stream: false, streamOptions: false, tools: false, prefill: false }
const openai = (message: string, param: string | null = null) =>
  JSON.stringify({ error: { message, type: 'invalid_request_error', param, code: null } })

describe('a refusal of the way in which a model was asked', () => {
  it.each<[string, number, string, AskedFor, string]>([
    ['names streaming', 400, openai('Streaming is not supported for this model'), streamed, 'stream'],
    ['names the field', 422, openai('Unsupported parameter', 'stream'), streamed, 'stream'],
    [
      'is a list of what a validator found',
      422,
      '{"detail":[{"loc":["body","stream"],"msg":"not permitted"}]}',
      streamed,
      'stream',
    ],
    ['is one string', 405, '{"detail":"stream mode is disabled"}', streamed, 'stream'],
    ['is plain text', 501, 'streaming not implemented', streamed, 'stream'],
    ['is a web page', 415, '<html><style>x</style><h1>Streaming unavailable</h1></html>', streamed, 'stream'],
    [
      'names the method of an API that streams by its path',
      404,
      openai('streamGenerateContent is not supported'),
      streamed,
      'stream',
    ],
    ['names stream_options', 400, openai("Unknown field 'stream_options'"), streamed, 'stream_options'],
    [
      'names the wish for usage',
      422,
      '{"detail":[{"loc":["body","stream_options","include_usage"],"msg":"extra"}]}',
      streamed,
      'stream_options',
    ],
    [
      'names tools as well, which were on offer',
      400,
      openai('Tools are not supported in streaming mode'),
      { ...streamed, tools: true },
      'tool_stream',
    ],
    ['names tools, which were not on offer', 400, openai('Streaming works without tools only'), streamed, 'stream'],
    [
      'names streaming, and a model that is called after streams',
      400,
      openai('streamer-7b cannot do streaming'),
      { ...streamed, model: 'streamer-7b' },
      'stream',
    ],
    ['wants nothing but streams', 400, openai('This model only supports stream: true'), whole, 'whole'],
    [
      'is of a beginning of the answer',
      400,
      openai('Prefill is not supported by this model'),
      { ...whole, prefill: true },
      'prefill',
    ],
  ])('is known when it %s', (_, status, text, asked, cannot) => {
    expect(readEvidence(status, text, asked)).toMatchObject({
      cannot,
      said: expect.stringContaining(`status ${status}`),
    })
  })

  it.each<[string, number, string, AskedFor]>([
    ['is about the key', 401, openai('streaming is not in your plan'), streamed],
    ['is about a limit', 429, openai('too many streams'), streamed],
    ['is a failure', 500, openai('stream failed'), streamed],
    ['names nothing', 400, openai('bad request'), streamed],
    ['has no words', 405, '', streamed],
    ['means another server', 400, openai('the upstream failed'), streamed],
    ['names stream_options that were not sent', 400, openai('model not found'), { ...streamed, streamOptions: false }],
    [
      'repeats the request',
      422,
      '{"detail":[{"loc":["body","seed"],"msg":"no","input":{"stream":true,"stream_options":{}}}]}',
      streamed,
    ],
    ['repeats the request elsewhere', 400, '{"error":{"message":"bad seed"},"request":{"stream":true}}', streamed],
  ])('is none when it %s', (_, status, text, asked) => {
    expect(readEvidence(status, text, asked)).toBe(undefined)
  })

  it('is read in a moment, however large or deep it is', () => {
    const deep = `${'{"error":'.repeat(5000)}"stream"${'}'.repeat(5000)}`
    expect(readEvidence(400, deep, streamed)).toBe(undefined)
    expect(readEvidence(400, `{"error":"${'a'.repeat(1e6)} stream"}`, streamed)).toBe(undefined)
    expect(readEvidence(400, '<'.repeat(200_000), streamed)).toBe(undefined)
  })

  it.each<[string, string]>([
    [
      '{"error":{"message":"Streaming is not supported.","type":"invalid_request_error","param":"stream","code":null}}',
      'Streaming is not supported. (type invalid_request_error, param stream)',
    ],
    ['{"detail":[{"loc":["body","stream"],"msg":"not permitted"}]}', 'not permitted (loc body.stream)'],
    ['{"error":"no streams","message":"no  streams\\n","code":"E7"}', 'no streams (code E7)'],
    ['{"title":"Bad","detail":"No streams here"}', 'Bad; No streams here'],
    ['{"param":"stream"}', 'param stream'],
    ['"streaming is off"', 'streaming is off'],
    ['<html><h1>No</h1>\n<p>streams</p>', 'No streams'],
    [
      `{"message":"stream ${'y'.repeat(90)}","type":"a_long_name_of_a_type","code":"c"}`,
      `stream ${'y'.repeat(90)} (code c)`,
    ],
    [`{"message":"stream ${'y'.repeat(200)}","code":"c"}`, `stream ${'y'.repeat(113)}…`],
  ])('is quoted so that a person can read it: %s', (text, said) => {
    expect(readEvidence(400, text, streamed)?.said).toBe(`status 400: ${said}`)
  })

  it('quotes no more than a few words', () => {
    const { said } = readEvidence(400, openai(`stream ${'long '.repeat(500)}`), streamed) ?? { said: '' }
    expect(said.length).toBeLessThan(140)
  })
})

it('the name of a model says nothing of streams', () => {
  const text = openai('The model `streamer-7b` does not exist')
  expect(readEvidence(404, text, { ...streamed, model: 'streamer-7b' })).toBe(undefined)
  expect(readEvidence(404, text, { ...whole, model: 'streamer-7b' })).toBe(undefined)
  // Whoever is called by a letter is in every word.
  expect(readEvidence(400, openai('no streaming'), { ...streamed, model: 'm' })?.cannot).toBe('stream')
})
