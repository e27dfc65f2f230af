import { describe, expect, it } from 'vitest'
import type { ScriptFile } from '../../../src/providers/scripted/index.ts'
import { ask, languages, paths, post, start, textOf } from './raw-client.ts'

const file: ScriptFile = {
  scripts: { hi: { steps: [{ text: 'hi of the file' }] }, text: { steps: [{ text: 'text of the file' }] } },
}
const user = (content: unknown) => [{ role: 'user', content }]
const inline = JSON.stringify({ sluice_script: { steps: [{ text: 'inline' }] } })

describe.each(languages)('which script answers %s', (language) => {
  const run = async (options: Parameters<typeof start>[0], fields: object, headers: Record<string, string> = {}) => {
    const server = await start(options)
    const answer = await post(server.url + paths[language], ask(fields), headers)
    return {
      ...answer,
      said: answer.status === 200 ? textOf(answer.text) : answer.text,
      script: server.requests[0]?.script,
    }
  }

  it.each<[string, object, object, Record<string, string>, string]>([
    [
      'the only one, whatever is asked',
      { script: { steps: [{ text: 'only' }] } },
      { model: 'echo', messages: user(inline) },
      { 'x-sluice-script': 'hi' },
      'only',
    ],
    [
      'the one in the header before the prompt',
      { scripts: file },
      { messages: user(inline) },
      { 'x-sluice-script': 'hi' },
      'hi of the file',
    ],
    ['one written into the header', {}, {}, { 'x-sluice-script': '{"steps":[{"text":"head"}]}' }, 'head'],
    [
      'the one in the prompt before the model',
      { scripts: file },
      { model: 'hi', messages: user(inline) },
      {},
      'inline',
    ],
    [
      'the one in a text part of the prompt',
      {},
      {
        messages: user([
          { type: 'text', text: inline },
          { type: 'text', text: 'a reminder' },
        ]),
      },
      {},
      'inline',
    ],
    ['a name in the prompt', { scripts: file }, { messages: user('{"sluice_script": "hi"}') }, {}, 'hi of the file'],
    ['the one the model is named after', { scripts: file }, { model: 'hi' }, {}, 'hi of the file'],
    [
      'the one behind the last slash of the model',
      { scripts: file },
      { model: 'scripted/some/hi' },
      {},
      'hi of the file',
    ],
    ['that of the file before a built-in one', { scripts: file }, { model: 'text' }, {}, 'text of the file'],
    ['a built-in one', { scripts: file }, { model: 'echo' }, {}, 'Hi there'],
    ['the default of the file', { scripts: { ...file, default: 'hi' } }, { model: 'gpt-9' }, {}, 'hi of the file'],
  ])('is %s', async (_, options, fields, headers, expected) => {
    expect((await run(options, fields, headers)).said).toBe(expected)
  })

  it('an unknown name or a wrong script is a 400 that says what there is', async () => {
    const unknown = await run({ scripts: file }, {}, { 'x-sluice-script': 'nope' })
    expect(unknown).toMatchObject({
      status: 400,
      said: expect.stringContaining('there is no script \\"nope\\"; there are hi, text'),
    })
    const wrong = await run({}, { messages: user('{"sluice_script": {"steps": [{"txt": "a"}]}}') })
    expect(wrong).toMatchObject({
      status: 400,
      said: expect.stringContaining('`steps[0]` is no step: found \\"txt\\"'),
    })
  })

  it('no name of an object every program has is a script', async () => {
    expect(await run({}, { model: 'constructor' })).toMatchObject({ status: 200, script: 'default' })
  })

  it('a conversation moves on from turn to turn, also when the prompt stands before tool results', async () => {
    const script = {
      turns: [{ steps: [{ tool: 'f', arguments: {} }] }, { steps: [{ text: 'two' }] }],
      headers: { 'x-all': '1' },
    }
    const first = user(JSON.stringify({ sluice_script: script }))
    const second =
      language === 'openai-chat'
        ? [
            ...first,
            {
              role: 'assistant',
              tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
            },
            { role: 'tool', tool_call_id: 'c', content: 'r' },
          ]
        : [
            ...first,
            { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'r' }] },
          ]
    expect((await run({}, { messages: first })).text).toMatch(/tool_use|tool_calls/)
    const end = [
      ...second,
      { role: 'assistant', content: 'two' },
      ...first,
      { role: 'assistant', content: 'x' },
      ...first,
    ]
    for (const messages of [second, end]) {
      expect(await run({}, { messages })).toMatchObject({ said: 'two', headers: { 'x-all': '1' } })
    }
  })

  it.each([
    ['no JSON', 'nope', /no JSON object/],
    ['no messages', JSON.stringify({ model: 'm', max_tokens: 1 }), /messages/],
    ['no model', JSON.stringify({ messages: user('x'), max_tokens: 1 }), /model/],
  ])('a body with %s is a 400 in the dialect', async (_, body, message) => {
    const server = await start()
    const answer = await post(server.url + paths[language], body)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
    })
  })
})

describe('routes', () => {
  it.each([
    ['POST', '/chat/completions', 200],
    ['POST', '/messages?beta=true', 200],
    ['GET', '/models', 200],
    ['GET', '/v1/models/scripted%2Ftext', 200],
    ['GET', '/', 200],
    ['POST', '/v1/embeddings', 404],
    ['GET', '/v1/messages', 405],
  ])('%s %s gives %i', async (method, path, status) => {
    const server = await start()
    const body = method === 'POST' ? { body: JSON.stringify(ask({ stream: false })) } : {}
    expect((await fetch(server.url + path, { method, ...body })).status).toBe(status)
  })

  it('an unknown path answers in the dialect of the caller', async () => {
    const { url } = await start()
    const of = async (headers: Record<string, string>) => (await fetch(`${url}/v1/nope`, { headers })).json()
    expect(await of({})).toMatchObject({ error: { code: 'model_not_found' } })
    expect(await of({ 'anthropic-version': '2023-06-01' })).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error' },
    })
  })
})
