import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/errors/index.ts'
import { type ChatReply, fold, type ReplyPart } from '../../../src/tokens/index.ts'
import { chunk, tokensOf } from '../../fixtures/openai-chat/read.ts'

const done = '[DONE]'
const stop = chunk({}, { finish_reason: 'stop' })
const calls = (...entries: object[]) => chunk({ tool_calls: entries })
const fn = (name: string, text: unknown) => ({ function: { name, arguments: text } })
const args = (text: unknown) => ({ function: { arguments: text } })

/** The answer in short: `reasoning:`, `text:`, `name(arguments)`, and how it ended. */
function short(payloads: Array<string | object>): string[] {
  const reply: ChatReply = fold(tokensOf(payloads))
  return reply.choices.flatMap(({ parts, finish }) => [...parts.map(part), finish.reason])
}

function part(one: ReplyPart): string {
  if (one.type === 'tool-call') return `${one.name}(${one.arguments})`
  if (one.type === 'text') return `${one.refusal ? 'refusal' : 'text'}:${one.text}`
  return one.type === 'reasoning' ? `reasoning:${one.text}` : one.type
}

const whole = { id: 'a', ...fn('f', '{"x":1}') }

it('likelihoods that come with a call and not with a text are kept', () => {
  const likely = [{ token: '{', logprob: -0.1 }]
  const entry = { index: 0, id: 'a', ...fn('f', '{}') }
  const reply = fold(tokensOf([chunk({ tool_calls: [entry] }, { logprobs: { content: likely } }), stop, done]))
  expect(reply.choices[0]!.parts).toMatchObject([{ type: 'text', text: '', logprobs: likely }, { type: 'tool-call' }])
})

it('the text of a custom tool that had to be offered as a function arrives as it is written', () => {
  const pieces = ['{"in', 'put": "*** Be', 'gin\\', 'nPatch', '"}']
  const entries = pieces.map((text, i) =>
    calls({ index: 0, ...(i === 0 ? { id: 'a', ...fn('patch', text) } : args(text)) }),
  )
  const tokens = tokensOf([...entries, done], { customTools: new Set(['patch']) })
  expect(tokens.flatMap((token) => (token.type === 'tool-call-delta' ? [token.arguments] : []))).toEqual([
    '*** Be',
    'gin',
    '\nPatch',
  ])
  expect(tokens).toContainEqual(expect.objectContaining({ type: 'tool-call-start', kind: 'custom' }))
})

it.each(['constructor', 'toString', '__proto__'])('the finish reason %s is one that is not known', (word) => {
  expect(short([chunk({ content: 'a' }), chunk({}, { finish_reason: word }), done])).toEqual(['text:a', 'unknown'])
})

it('a server that says the name with every one of many fragments costs no more than its fragments', () => {
  const many = 20_000
  const fragments = Array.from({ length: many }, (_, i) =>
    calls({ index: 0, ...fn('f', i === 0 ? '[{"a":{}}' : ',{"a":{}}') }),
  )
  const started = performance.now()
  const [call] = short([
    calls({ index: 0, id: 'a', ...fn('f', '{"list":') }),
    ...fragments,
    calls({ index: 0, ...args(']}') }),
    done,
  ])
  expect(JSON.parse(call!.slice(2, -1)).list).toHaveLength(many)
  // Looking at all of it again with each fragment takes several times as long.
  expect(performance.now() - started).toBeLessThan(5000)
})

describe('a server with an accent is understood', () => {
  it.each<[string, Array<string | object>, string[]]>([
    [
      'calls without any number',
      [calls({ id: 'a', ...fn('f', '{"x"') }), calls(args(':1}')), calls({ id: 'b', ...fn('g', '{}') }), done],
      ['f({"x":1})', 'g({})', 'tool_calls'],
    ],
    [
      'every call has the number 0',
      [calls({ index: 0, id: 'a', ...fn('f', '{}') }), calls({ index: 0, id: 'b', ...fn('g', '{}') }), done],
      ['f({})', 'g({})', 'tool_calls'],
    ],
    [
      'number 0 and no ids',
      [calls({ index: 0, ...fn('f', '{}') }), calls({ index: 0, ...fn('f', '{"y":2}') }), done],
      ['f({})', 'f({"y":2})', 'tool_calls'],
    ],
    [
      'several whole calls in one delta',
      [calls(whole, { id: 'b', ...fn('g', '{}') }, { id: 'c', ...fn('f', '{}') }), done],
      ['f({"x":1})', 'g({})', 'f({})', 'tool_calls'],
    ],
    [
      'numbers that begin at 1 and skip',
      [calls({ index: 1, id: 'a', ...fn('f', '{}') }), calls({ index: 4, id: 'b', ...fn('g', '{}') }), done],
      ['f({})', 'g({})', 'tool_calls'],
    ],
    [
      'an empty id and name on later deltas',
      [
        calls({ index: 0, id: 'a', ...fn('f', '') }),
        calls({ index: 0, id: '', function: { name: '', arguments: '{}' } }),
        calls({ index: 0, id: null, function: { name: null, arguments: null } }),
        done,
      ],
      ['f({})', 'tool_calls'],
    ],
    [
      'the id and the name on every delta',
      [calls({ index: 0, id: 'a', ...fn('f', '{"x"') }), calls({ index: 0, id: 'a', ...fn('f', ':1}') }), done],
      ['f({"x":1})', 'tool_calls'],
    ],
    [
      'the same id for two calls',
      [calls({ index: 0, id: 'a', ...fn('f', '{}') }), calls({ index: 1, id: 'a', ...fn('g', '{}') }), done],
      ['f({})', 'g({})', 'tool_calls'],
    ],
    [
      'a name that comes later',
      [calls({ index: 0, id: 'a', ...args('{"x"') }), calls({ index: 0, ...fn('f', ':1}') }), done],
      ['f({"x":1})', 'tool_calls'],
    ],
    ['arguments as an object', [calls({ ...whole, ...fn('f', { x: [1] }) }), done], ['f({"x":[1]})', 'tool_calls']],
    ['no arguments at all', [calls({ index: 0, id: 'a', function: { name: 'f' } }), done], ['f({})', 'tool_calls']],
    [
      'the arguments once more at the end',
      [
        calls({ index: 0, ...whole }),
        calls({ index: 1, id: 'b', ...fn('g', '{}') }),
        calls({ index: 0, ...args('{"x":1}') }),
        done,
      ],
      ['f({"x":1})', 'g({})', 'tool_calls'],
    ],
    [
      'white space behind the arguments of a call that is over',
      [
        calls({ index: 0, ...whole }),
        calls({ index: 1, id: 'b', ...fn('g', '{}') }),
        calls({ index: 0, ...args(' \n') }),
        done,
      ],
      ['f({"x":1})', 'g({})', 'tool_calls'],
    ],
    [
      'a quote and a brace inside the arguments of a call that goes on behind another',
      [
        calls({ index: 0, id: 'a', ...fn('f', '{"x":"\\"}') }),
        calls({ index: 1, id: 'b', ...fn('g', '{}') }),
        calls({ index: 0, ...args('"}') }),
        done,
      ],
      ['f({"x":"\\"}"})', 'g({})', 'tool_calls'],
    ],
    ['tool_calls as an object', [chunk({ tool_calls: whole }), done], ['f({"x":1})', 'tool_calls']],
    [
      'an entry that says nothing',
      [calls({ index: 0, ...args('') }), chunk({ content: 'a' }), done],
      ['text:a', 'stop'],
    ],
    [
      'the call of before tools',
      [
        chunk({ function_call: { name: 'f', arguments: '{"x"' } }),
        chunk({ function_call: { arguments: ':1}' } }),
        chunk({}, { finish_reason: 'function_call' }),
        done,
      ],
      ['f({"x":1})', 'tool_calls'],
    ],
    [
      'everything in one delta',
      [chunk({ tool_calls: [whole], content: 'b', reasoning: 'a' }, { finish_reason: 'stop' }), done],
      ['reasoning:a', 'text:b', 'f({"x":1})', 'tool_calls'],
    ],
    [
      'reasoning between texts',
      [
        chunk({ reasoning_content: 'a' }),
        chunk({ content: 'b' }),
        chunk({ reasoning_text: 'c' }),
        chunk({ content: 'd' }),
        done,
      ],
      ['reasoning:a', 'text:b', 'reasoning:c', 'text:d', 'stop'],
    ],
    ['no finish reason before the end marker', [chunk({ content: 'a' }), done], ['text:a', 'stop']],
    ['no end marker behind the finish reason', [chunk({ content: 'a' }), stop], ['text:a', 'stop']],
    [
      'a finish reason on every chunk',
      [chunk({ content: 'a' }, { finish_reason: 'stop' }), chunk({ content: 'b' }, { finish_reason: 'stop' }), done],
      ['text:ab', 'stop'],
    ],
    [
      'an empty finish reason',
      [chunk({ content: 'a' }, { finish_reason: '' }), chunk({}, { finish_reason: 'length' }), done],
      ['text:a', 'length'],
    ],
    [
      'content behind the finish reason',
      [chunk({ content: 'a' }), stop, chunk({ content: 'b' }), done],
      ['text:ab', 'stop'],
    ],
    [
      'two finish reasons, tool_calls then stop',
      [calls({ index: 0, ...whole }), chunk({}, { finish_reason: 'tool_calls' }), stop, done],
      ['f({"x":1})', 'tool_calls'],
    ],
    [
      'two finish reasons, stop then length',
      [chunk({ content: 'a' }), stop, chunk({}, { finish_reason: 'length' }), done],
      ['text:a', 'length'],
    ],
    ['stop although a tool was called', [calls({ index: 0, ...whole }), stop, done], ['f({"x":1})', 'tool_calls']],
    [
      'tool_calls without a call',
      [chunk({ content: 'a' }), chunk({}, { finish_reason: 'tool_calls' }), done],
      ['text:a', 'stop'],
    ],
    [
      'length in the middle of a call',
      [calls({ index: 0, id: 'a', ...fn('f', '{"x"') }), chunk({}, { finish_reason: 'length' }), done],
      ['f({"x")', 'length'],
    ],
    [
      'an unknown finish reason',
      [chunk({ content: 'a' }), chunk({}, { finish_reason: 'tired' }), done],
      ['text:a', 'unknown'],
    ],
    [
      'words of other servers',
      [chunk({ content: 'a' }), chunk({}, { finish_reason: 'eos' }), done],
      ['text:a', 'stop'],
    ],
    [
      'choices missing, null or empty',
      [
        { id: 'x', model: 'm' },
        { id: 'x', model: 'm', choices: null },
        { choices: [] },
        chunk({ content: 'a' }),
        stop,
        done,
      ],
      ['text:a', 'stop'],
    ],
    [
      'delta missing or null',
      [chunk(null), chunk({ content: 'a' }), chunk(null, { finish_reason: 'stop' }), done],
      ['text:a', 'stop'],
    ],
    [
      'a message instead of a delta',
      [
        {
          ...chunk(null, {
            message: { role: 'assistant', content: 'a', tool_calls: [whole] },
            finish_reason: 'tool_calls',
          }),
        },
        done,
      ],
      ['text:a', 'f({"x":1})', 'tool_calls'],
    ],
    [
      'a message beside each delta',
      [
        chunk({ content: 'a' }, { message: { content: 'a' } }),
        chunk({ content: 'b' }, { message: { content: 'ab' } }),
        stop,
      ],
      ['text:ab', 'stop'],
    ],
    [
      'an empty role, a null content',
      [chunk({ role: '', content: null }), chunk({ role: 'assistant', content: 'a' }), stop, done],
      ['text:a', 'stop'],
    ],
    [
      'refusal as false or empty',
      [chunk({ refusal: false, content: 'a' }), chunk({ refusal: '' }), stop, done],
      ['text:a', 'stop'],
    ],
    [
      'a stop sequence that matched',
      [chunk({ content: 'a' }), chunk({}, { finish_reason: 'stop', stop_reason: '##' }), done],
      ['text:a', 'stop_sequence'],
    ],
    ['data behind the end marker', [chunk({ content: 'a' }), stop, done, 'garbage'], ['text:a', 'stop']],
    ['an answer without any content', [stop, done], ['stop']],
    ['an event of no known kind', ['{"type":"keepalive"}', chunk({ content: 'a' }), stop, done], ['text:a', 'stop']],
  ])('%s', (_, payloads, expected) => {
    expect(short(payloads)).toEqual(expected)
  })

  it('gives every call an id of its own', () => {
    const reply = fold(
      tokensOf([calls({ id: 'a', ...fn('f', '{}') }, { index: 1, id: 'a', ...fn('g', '{}') }, fn('h', '{}')), done]),
    )
    const ids = reply.choices[0]!.parts.map((one) => (one.type === 'tool-call' ? one.id : ''))
    expect(ids[0]).toBe('a')
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,40}$/)
  })

  it.each<[string, object[], object]>([
    [
      'in x_groq',
      [
        chunk({ content: 'a' }),
        chunk({}, { finish_reason: 'stop' }, { x_groq: { usage: { prompt_tokens: 3, completion_tokens: 1 } } }),
      ],
      { input: 3, output: 1 },
    ],
    [
      'inside the choice',
      [
        chunk(
          { content: 'a' },
          { finish_reason: 'stop', usage: { prompt_tokens: 3, completion_tokens: 1, cached_tokens: 2 } },
        ),
      ],
      { input: 3, output: 1 },
    ],
    [
      'on every chunk, growing',
      [
        chunk({ content: 'a' }, {}, { usage: { prompt_tokens: 3, completion_tokens: 1 } }),
        chunk({ content: 'b' }, { finish_reason: 'stop' }, { usage: { prompt_tokens: 3, completion_tokens: 2 } }),
      ],
      { input: 3, output: 2 },
    ],
    [
      'null at the end',
      [
        chunk({ content: 'a' }, { finish_reason: 'stop' }, { usage: { prompt_tokens: 3, completion_tokens: null } }),
        chunk({}, {}, { usage: null }),
      ],
      { input: 3 },
    ],
  ])('usage %s', (_, payloads, usage) => {
    expect(fold(tokensOf([...payloads, done])).usage).toEqual(usage)
  })

  const thought = (reasoning_tokens: number) => ({ completion_tokens_details: { reasoning_tokens } })
  it.each<[string, object, object]>([
    [
      'more reasoning than answer',
      { prompt_tokens: 10, completion_tokens: 2, ...thought(30) },
      { input: 10, output: 32, reasoning: 30 },
    ],
    [
      'a total in which the reasoning comes on top',
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 35, ...thought(5) },
      { input: 10, output: 25, reasoning: 5 },
    ],
    [
      'a total of which the reasoning is a part',
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30, ...thought(5) },
      { input: 10, output: 20, reasoning: 5 },
    ],
    [
      'an answer that is all reasoning',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, ...thought(5) },
      { input: 10, output: 5, reasoning: 5 },
    ],
    [
      'more from the cache than the prompt',
      { prompt_tokens: 4, completion_tokens: 2, prompt_cache_hit_tokens: 20 },
      { input: 24, output: 2, cacheRead: 20 },
    ],
    [
      'a prompt that came whole from the cache',
      { prompt_tokens: 20, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 20 } },
      { input: 20, output: 2, cacheRead: 20 },
    ],
  ])('counts with %s', (_, counts, usage) => {
    const payloads = [chunk({ content: 'a' }, { finish_reason: 'stop' }, { usage: counts }), done]
    expect(fold(tokensOf(payloads)).usage).toEqual(usage)
  })
})

describe('a broken stream never looks finished', () => {
  it.each<[string, Array<string | object>, string]>([
    ['cut before the finish', [chunk({ content: 'a' })], 'upstream_truncated'],
    ['empty', [], 'upstream_truncated'],
    ['empty but for the end marker', [done], 'upstream_truncated'],
    ['usage and the end marker alone', [{ choices: [], usage: { prompt_tokens: 1 } }, done], 'upstream_truncated'],
    ['cut inside a call', [calls({ index: 0, id: 'a', ...fn('f', '{"x"') })], 'upstream_truncated'],
    ['not JSON', [chunk({ content: 'a' }), '{"choices":[{"ind', done], 'upstream_protocol'],
    ['a JSON value that is no object', ['42', done], 'upstream_protocol'],
    ['a call without a name', [calls({ index: 0, id: 'a', ...args('{}') }), done], 'upstream_protocol'],
    [
      'error as an object',
      [chunk({ content: 'a' }), { error: { message: 'slow down', type: 'rate_limit_error' } }],
      'upstream_rate_limit',
    ],
    ['content of a wrong type', [chunk({ content: 'a' }), chunk({ content: { a: 1 } })], 'upstream_protocol'],
    ['calls of a wrong type', [chunk({ content: 'a' }), chunk({ tool_calls: 'f()' })], 'upstream_protocol'],
    ['error as a text', [{ error: 'the model is overloaded' }], 'upstream_overloaded'],
    ['error with a number', [{ error: { code: 529, message: 'x' } }], 'upstream_overloaded'],
    ['error with a number as text', [{ error: { code: '404', message: 'x' } }], 'upstream_not_found'],
    [
      'error as object',
      [{ object: 'error', message: 'bad', type: 'BadRequestError', code: 400 }],
      'upstream_invalid_request',
    ],
    ['error by its type', [{ type: 'error', message: 'timed out' }], 'upstream_timeout'],
    ['a detail', [{ detail: 'nope' }], 'upstream_server'],
    ['a bare message', [{ message: 'context length exceeded' }], 'upstream_context_length'],
    ['an array of errors', ['[{"error":{"code":503,"message":"x"}}]'], 'upstream_overloaded'],
    ['error inside x_groq', [{ x_groq: { error: 'internal' }, choices: [] }], 'upstream_server'],
    [
      'error beside choices',
      [chunk({ content: '' }, { finish_reason: 'error' }, { error: { code: 502, message: 'x' } })],
      'upstream_server',
    ],
    [
      'a finish word that means failure',
      [chunk({}, { finish_reason: 'insufficient_system_resource' })],
      'upstream_overloaded',
    ],
  ])('%s', (_, payloads, code) => {
    const tokens = tokensOf(payloads)
    const last = tokens.at(-1)!
    expect(last.type === 'error' && last.error.code).toBe(code)
    expect(tokens.filter((token) => token.type === 'error' || token.type === 'finish')).toHaveLength(1)
    expect(() => fold(tokens)).toThrow(SluiceError)
  })
})

describe('custom tools that were offered as functions', () => {
  it('come out as the text that the client waits for, under the name that it knows', () => {
    const payloads = [
      calls({ index: 0, id: 'a', ...fn('pa_tch', '{"input":"ra') }),
      calls({ index: 0, ...args('w\\n"}') }),
      done,
    ]
    const options = { customTools: new Set(['pa.tch']), toolNames: new Map([['pa_tch', 'pa.tch']]) }
    expect(fold(tokensOf(payloads, options)).choices[0]!.parts).toEqual([
      { type: 'tool-call', id: 'a', name: 'pa.tch', kind: 'custom', arguments: 'raw\n' },
    ])
  })
})

describe('pages that are listed beside an answer', () => {
  const annotation = { type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A', start_index: 0 } }
  const lists = {
    citations: ['https://a.example', 'https://b.example', '[1] a book'],
    search_results: [{ url: 'https://b.example', title: 'B' }],
  }

  it.each([
    ['beside the text', [chunk({ content: 'said', annotations: [annotation] }, {}, lists), stop, done]],
    ['behind the finish', [chunk({ content: 'said', annotations: [annotation] }), { ...stop, ...lists }, done]],
  ])('are sources of its text, each once, and what is no page is none: %s', (_, payloads) => {
    expect(fold(tokensOf(payloads)).choices[0]!.parts).toEqual([
      {
        type: 'text',
        text: 'said',
        citations: [
          { dialect: 'openai-chat', citation: annotation },
          { dialect: 'web-page', citation: { url: 'https://b.example', title: 'B' } },
        ],
      },
    ])
  })
})
