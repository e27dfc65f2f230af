import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { Lane, plainDelta } from '../../../src/dialects/openai-chat/plain-delta.ts'
import { chunk, event, maker, tokensOf } from '../../fixtures/openai-chat/read.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\\"', '\u2028', '\ud800', '","a":"', 'text'),
)
const kinds = ['content', 'reasoning_content', 'refusal', 'arguments'] as const
const delta = fc.record({
  kind: fc.constantFrom(...kinds),
  text,
  choice: fc.constantFrom(0, 0, 0, 1),
  obfuscation: text,
})

function wire({
  kind,
  text,
  choice,
  obfuscation,
}: {
  kind: string
  text: string
  choice: number
  obfuscation: string
}): object {
  const call = { index: 0, function: { arguments: text } }
  const inner = kind === 'arguments' ? { tool_calls: [call] } : { [kind]: text }
  return { ...chunk(inner, { index: choice, logprobs: null }, { system_fingerprint: 'fp' }), obfuscation }
}

const opening = [0, 1].map((choice) =>
  chunk({ tool_calls: [{ index: 0, id: `call_${choice}`, function: { name: 'f' } }] }, { index: choice }),
)

describe('deltas that are cut out of the event without parsing it', () => {
  it('give the same tokens as parsed ones, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(delta, { minLength: 2, maxLength: 30 }), (deltas) => {
        const chunks = [...opening, ...deltas.map(wire)].map((one) => JSON.stringify(one))
        // Another indentation each time: no two events begin alike, so that every one is parsed.
        const spread = [...opening, ...deltas.map(wire)].map((one, i) => JSON.stringify(one, null, (i % 9) + 1))
        expect(tokensOf([...chunks, '[DONE]'])).toEqual(tokensOf([...spread, '[DONE]']))
      }),
      { numRuns: 300 },
    )
  })

  it.each(['text', 'reasoning', 'arguments'] as const)('are found for %s after one lesson', (kind) => {
    const lane = new Lane(kind)
    const key = kind === 'text' ? 'content' : kind === 'reasoning' ? 'reasoning_content' : 'arguments'
    const data = (said: string) => JSON.stringify(wire({ kind: key, text: said, choice: 1, obfuscation: 'xy' }))
    expect(lane.match(data('one'))).toBeUndefined()
    lane.learn(data('one'), plainDelta(JSON.parse(data('one')))!)
    expect(lane.match(data('tw"o\n'))).toBe('tw"o\n')
    expect(lane.choice).toBe(1)
  })

  it.each<[string, object]>([
    ['a finish reason', chunk({ content: 'x' }, { finish_reason: 'stop' })],
    ['log-probabilities', chunk({ content: 'x' }, { logprobs: { content: [{ token: 'x', logprob: 0 }] } })],
    ['usage', chunk({ content: 'x' }, {}, { usage: { prompt_tokens: 1 } })],
    ['an error', chunk({ content: 'x' }, {}, { error: { message: 'x' } })],
    ['reasoning beside it', chunk({ content: 'x', reasoning: 'y' })],
    ['a field nobody knows', chunk({ content: 'x', mood: 'good' })],
    [
      'the beginning of a call',
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }] }),
    ],
    ['two choices', { choices: [...opening, ...opening] }],
  ])('are not taken for plain with %s', (_, one) => {
    expect(plainDelta(one)).toBeUndefined()
  })

  it('stop being learned when every event differs, so that learning does not cost more than parsing', () => {
    const lane = new Lane('text')
    const data = (i: number) => JSON.stringify(chunk({ content: `w${i}` }, {}, { id: `id-${i}` }))
    for (let i = 0; i < 20; i++)
      if (lane.match(data(i)) === undefined) lane.learn(data(i), plainDelta(JSON.parse(data(i)))!)
    expect(lane.match(data(19).replace('w19', 'other'))).toBeUndefined()
  })
})

describe('a stream that is forwarded as it is', () => {
  const see = (payloads: Array<string | object>, dropUsage = false) => {
    const observer = openaiChat.upstream.observeStream({ dropUsage })
    const shown = payloads.map((one) => observer.see(event(typeof one === 'string' ? one : JSON.stringify(one))))
    return { observer, shown }
  }
  const role = chunk({ role: 'assistant', content: '' })
  const stop = chunk({}, { finish_reason: 'stop' })
  const usage = { id: 'x', model: 'gpt-x', choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } }

  it('is read along with: content, model, finish, usage, end', () => {
    const { observer, shown } = see([
      role,
      chunk({ content: 'a' }),
      chunk({ content: 'b' }),
      chunk({ content: 'c' }),
      stop,
      usage,
      '[DONE]',
    ])
    expect(shown).toEqual([true, true, true, true, true, true, true])
    const { content, finished, done, finish, model, deltas } = observer
    expect({ content, finished, done, finish, model, deltas }).toEqual({
      content: true,
      finished: true,
      done: true,
      finish: 'stop',
      model: 'gpt-x',
      deltas: 3,
    })
    expect(observer.usage).toEqual({ input: 7, output: 2 })
    expect(observer.complete()).toEqual([])
  })

  it('is not committed by a role alone, and is not finished while a choice goes on', () => {
    const { observer } = see([role, chunk({ role: 'assistant', content: '' }, { index: 1 })])
    expect(observer.content).toBe(false)
    observer.see(event(JSON.stringify(stop)))
    expect([observer.content, observer.finished, observer.done]).toEqual([true, false, false])
    observer.see(event(JSON.stringify(chunk({}, { index: 1, finish_reason: 'length' }))))
    expect(observer.finished).toBe(true)
    expect(observer.complete()).toEqual([{ data: '[DONE]' }])
  })

  it('loses only the usage chunk that the client did not ask for', () => {
    const onFinish = chunk({}, { finish_reason: 'stop' }, { usage: { prompt_tokens: 7 } })
    const filters = { choices: [], prompt_filter_results: [] }
    expect(see([filters, chunk({ content: 'a' }), onFinish, usage, '[DONE]'], true).shown).toEqual([
      true,
      true,
      true,
      false,
      true,
    ])
  })

  it('loses a finish that is said again, and no content that comes with one', () => {
    const last = (content: string) => chunk({ content }, { finish_reason: 'stop' })
    expect(see([last('a'), last('b'), stop, last('c'), '[DONE]']).shown).toEqual([true, true, false, true, true])
  })

  it('names a call as the reason even when the server says stop', () => {
    const call = chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] })
    expect(see([call, stop]).observer.finish).toBe('tool_calls')
  })

  it.each([
    [{ error: { message: 'x', code: 429 } }, 'upstream_rate_limit'],
    [chunk({}, { finish_reason: 'error' }), 'upstream_server'],
    ['<html>', 'upstream_protocol'],
  ])('holds an error back: %j', (payload, code) => {
    const { observer, shown } = see([chunk({ content: 'a' }), payload])
    expect(shown).toEqual([true, false])
    expect(observer.error?.code).toBe(code)
    const said = observer.fail(observer.error!).map((one) => one.data)
    expect(JSON.parse(said[0]!).error.message).toBe(observer.error!.message)
    expect(said[1]).toBe('[DONE]')
  })

  it('is the maker of no tokens', () => {
    expect(openaiChat.upstream.decodeStream(maker).finished).toBe(false)
  })
})
