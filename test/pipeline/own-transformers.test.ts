import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { collect } from '../../src/flow/index.ts'
import {
  type ChainedTransformer,
  guarded,
  type OwnTransformer,
  pass,
  StreamPipelineBuilder,
  type StreamTransformer,
  type TransformContext,
  TransformerStage,
  type WaitingTransformer,
} from '../../src/pipeline/index.ts'
import { type ChatRequest, grammar, type StreamToken } from '../../src/tokens/index.ts'
import { arbitraryTokens } from '../properties/arbitrary-tokens.ts'
import { at, delta, finish, saying, start } from './streams.ts'

const context: TransformContext = {
  provider: 'p',
  model: 'm',
  client: 'openai-chat',
  dialect: 'openai-chat',
  stream: true,
  choices: 1,
  warn: () => {},
}
const tokens = saying('one ', 'two')
const usage: StreamToken = { type: 'usage', usage: { output: 2 } }

type Ways = 'stage' | 'row' | 'waiting'
const ways: Ways[] = ['stage', 'row', 'waiting']

/** As it stands in a house: what comes out of plain JavaScript, behind its guard. */
function open(made: object, onError: 'fail' | 'skip' = 'fail'): ChainedTransformer {
  const own: OwnTransformer = { name: 'mine', tokens: () => made as StreamTransformer, onError }
  return guarded(own).tokens!(context)!
}

async function run(way: Ways, made: Partial<StreamTransformer>, given = tokens, onError?: 'fail' | 'skip') {
  if (way === 'stage') return collect(new TransformerStage(open(made, onError) as StreamTransformer), given)
  const out: StreamToken[] = []
  let builder = new StreamPipelineBuilder()
  if (way === 'row') builder = builder.addTransformer(() => open(made, onError) as StreamTransformer)
  else builder = builder.addAsyncTransformer(() => open({ ...made, async: true }, onError) as WaitingTransformer)
  const opened = builder.build().open({ onOutput: (later) => out.push(...later) })
  out.push(...opened.processChunk(given))
  out.push(...opened.end())
  await expect.poll(() => opened.over, { interval: 1 }).toBe(true)
  if (opened.error) out.push({ type: 'error', error: opened.error })
  return out.filter((token, i) => token.type !== 'error' || out.findIndex(({ type }) => type === 'error') === i)
}

const said = (out: readonly StreamToken[]): string =>
  out.map((one) => (one.type === 'text-delta' ? one.text : '')).join('')

function errorOf(out: readonly StreamToken[]): SluiceError | undefined {
  const last = out.at(-1)
  return last?.type === 'error' ? last.error : undefined
}

const onText = (
  make: (token: Extract<StreamToken, { type: 'text-delta' }>) => unknown,
): Partial<StreamTransformer> => ({
  transform: ((token: StreamToken) => (token.type === 'text-delta' ? make(token) : pass)) as never,
})
const instead = (...given: unknown[]) => ({ action: 'replace', tokens: given })

describe.each(ways)('what one gives that is no answer, in a %s', (way) => {
  it.each<[string, Partial<StreamTransformer>, RegExp]>([
    ['a token of no type', onText(() => instead({ type: 'nonsense' })), /no token of type "nonsense"/],
    ['no token at all', onText(() => instead(null)), /missing is no token|null is no token/],
    ['a number for a text', onText((token) => instead({ ...token, text: 5 })), /`text` is 5/],
    ['a text in a block that was never begun', onText((token) => instead({ ...token, index: 77 })), /0\/77 was never/],
    ['a block twice', onText(() => instead({ type: 'text-start', ...at })), /block 0\/0 was used before/],
    ['a place that is none', onText(() => instead({ type: 'text-start', choice: 0, index: -1 })), /`index` is -1/],
    [
      'what JSON cannot say',
      onText((token) => instead({ ...token, logprobs: [{ token: 1n }] })),
      /`\[0\].token` is a bigint/,
    ],
    ['no list', onText(() => ({ action: 'replace' })), /`replace` without a list/],
    [
      'an action that there is none of',
      onText(() => ({ action: 'fail' })),
      /the action "fail"; let it give pass, skip, replace or error/,
    ],
    ['nothing', onText(() => undefined), /it gave no result; let it give pass, skip, replace or error$/],
    [
      'a result that throws',
      onText(() => ({
        get action() {
          throw new Error('no way')
        },
      })),
      /"mine" failed: no way/,
    ],
    [
      'what it throws that has no words',
      onText(() => {
        throw Object.create(null)
      }),
      /"mine" failed: it threw something/,
    ],
    [
      'half a list',
      onText((token) => instead(token, { type: 'text-end', ...at }, { ...token, text: null })),
      /`text` is null/,
    ],
  ])('breaks the stream with its name, or goes on as it was: %s', async (_, made, words) => {
    const broken = await run(way, made)
    expect(errorOf(broken)?.message).toMatch(words)
    expect(errorOf(broken)?.message).toContain('"mine"')
    expect(broken.filter(({ type }) => type === 'error')).toHaveLength(1)
    expect(['internal', 'token_grammar']).toContain(errorOf(broken)?.code)
    expect(await run(way, made, tokens, 'skip')).toEqual(tokens)
  })

  it.each<[string, unknown, RegExp]>([
    ['without one', { action: 'error' }, /"mine" failed: it gave `error` and did not say which/],
    ['that is a text', { action: 'error', error: 'no more' }, /"mine" failed: no more/],
    [
      'of somebody else',
      { action: 'error', error: new SluiceError('upstream_overloaded', 'busy') },
      /"mine" failed: busy/,
    ],
    ['among tokens', instead(delta('a'), { type: 'error', error: 'no more' }), /"mine" failed: no more/],
  ])('ends it with an error %s', async (_, result, words) => {
    const made = onText(() => result)
    for (const onError of ['fail', 'skip'] as const) {
      const error = errorOf(await run(way, made, tokens, onError))
      expect(error).toMatchObject({ code: 'internal', status: 500 })
      expect(error?.message).toMatch(words)
    }
  })

  it('stays an answer without its finish only where the one that came in had none', async () => {
    const dropping: Partial<StreamTransformer> = {
      transform: (token) => (token.type === 'finish' ? { action: 'skip' } : pass),
    }
    for (const onError of ['fail', 'skip'] as const) {
      const error = errorOf(await run(way, dropping, tokens, onError))
      expect(error).toMatchObject({ code: 'token_grammar', message: expect.stringMatching(/"mine".*without a finish/) })
    }
    const cut = tokens.slice(0, -1)
    expect(await run(way, dropping, cut)).toEqual(cut)
  })

  it('is refused by it for good, however faults are passed over', async () => {
    const refusing = onText(() => {
      throw new SluiceError('content_refused', 'not that')
    })
    expect(errorOf(await run(way, refusing, tokens, 'skip'))).toMatchObject({ code: 'content_refused' })
  })

  it('is not passed over where it cannot go on as it was, since something before it is gone', async () => {
    let calls = 0
    const losing: Partial<StreamTransformer> = {
      transform: (token) => {
        if (++calls > 2) throw new Error('no way')
        return token.type === 'text-start' ? { action: 'skip' } : pass
      },
    }
    const error = errorOf(await run(way, losing, tokens, 'skip'))
    expect(error).toMatchObject({ code: 'token_grammar', message: expect.stringContaining('"mine"') })
  })
})

describe.each(ways)('an end that fails, in a %s', (way) => {
  const failing = (flush: () => unknown) => ({ transform: () => pass, flush: flush as never })

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no way')
      },
      /"mine" failed: no way/,
    ],
    ['gives no list', () => 'abc', /its flush gave no list of tokens/],
    ['gives what is no token', () => [usage, 5], /a token that is none: 5 is no token/],
    ['gives text behind the end', () => [delta('more')], /block 0\/0 has ended/],
  ])('says so in the place of the finish, and not behind it: %s', async (_, flush, words) => {
    const given = [...tokens, usage]
    const out = await run(way, failing(flush), given)
    expect(errorOf(out)?.message).toMatch(words)
    expect(out.map(({ type }) => type)).not.toContain('finish')
    expect(said(out)).toBe('one two')
    expect(await run(way, failing(flush), given, 'skip')).toEqual(given)
  })

  it('that does not fail gives all in order', async () => {
    const more: StreamToken[] = [
      start,
      { type: 'text-start', choice: 0, index: 0 },
      { type: 'text-start', choice: 1, index: 0 },
      { type: 'text-end', choice: 0, index: 0 },
      finish('stop', 0),
      usage,
      delta('still', undefined, { choice: 1, index: 0 }),
      { type: 'text-end', choice: 1, index: 0 },
      finish('stop', 1),
    ]
    expect(
      await run(
        way,
        failing(() => [usage]),
        more,
      ),
    ).toEqual([...more, usage])
  })

  it('does not hide what broke the stream before it', async () => {
    const broken: StreamToken[] = [
      ...tokens.slice(0, 3),
      { type: 'error', error: new SluiceError('upstream_server', 'x') },
    ]
    const thrown = await run(
      way,
      failing(() => {
        throw new Error('no way')
      }),
      broken,
    )
    expect(errorOf(thrown)).toMatchObject({ code: 'upstream_server' })
    const swallowing = { transform: () => ({ action: 'skip' }) as const }
    expect(errorOf(await run(way, swallowing, broken))).toMatchObject({ code: 'upstream_server' })
  })
})

it('an answer that one says is complete does not wait for the provider, and nothing is said behind its finish', () => {
  let done = false
  const cutting = {
    get done() {
      return done
    },
    transform(token: StreamToken) {
      if (done) return { action: 'skip' }
      if (token.type !== 'text-delta') return pass
      done = true
      return instead({ type: 'text-end', ...at }, finish('stop_sequence'))
    },
    flush() {
      throw new Error('no way')
    },
  }
  const stage = new TransformerStage(open(cutting) as StreamTransformer)
  const out: StreamToken[] = []
  const emit = (token: StreamToken): void => void out.push(token)
  for (const token of tokens.slice(0, 3)) stage.push(token, emit)
  expect(out.map(({ type }) => type)).toEqual(['message-start', 'text-start', 'text-end', 'finish'])
  stage.end(emit)
  expect(out).toHaveLength(4)
})

it('a promise that nobody waits for does not end the process when it fails', async () => {
  const out = await run('stage', {
    transform: (async () => {
      throw new Error('later')
    }) as never,
  })
  expect(errorOf(out)?.message).toMatch(/it gave a promise; let it say `async: true`$/)
  await new Promise((resolve) => setTimeout(resolve, 5))
})

it('a token that took too long goes on as it was, and what is made of it later comes to nothing', async () => {
  let late = (_: unknown): void => {}
  const own = open(
    {
      async: true,
      timeoutMs: 20,
      transform(token: StreamToken) {
        if (token.type === 'text-start') {
          return new Promise((resolve) => {
            late = resolve
          })
        }
        late(instead({ type: 'text-start', choice: 0, index: 5 }))
        return Promise.resolve(pass)
      },
    },
    'skip',
  ) as WaitingTransformer
  const out: StreamToken[] = []
  const opened = new StreamPipelineBuilder()
    .addAsyncTransformer(() => own)
    .build()
    .open({ onOutput: (later) => out.push(...later) })
  out.push(...opened.processChunk(tokens), ...opened.end())
  await expect.poll(() => opened.over, { interval: 1 }).toBe(true)
  expect(out).toEqual(tokens)
  expect(opened.error).toBeUndefined()
})

it('whatever one gives, what goes on is an answer, or breaks with its name', () => {
  const rubbish = fc.oneof(
    fc.constant(pass),
    fc.constant({ action: 'skip' }),
    fc.anything(),
    fc
      .array(
        fc.oneof(
          fc.anything(),
          arbitraryTokens().map((all) => all[all.length >> 1]),
        ),
        { maxLength: 4 },
      )
      .map((all) => instead(...all)),
  )
  fc.assert(
    fc.property(
      arbitraryTokens(),
      fc.infiniteStream(rubbish),
      fc.constantFrom('fail', 'skip'),
      (given, results, onError) => {
        const made = open({ transform: () => results.next().value }, onError as 'fail') as StreamTransformer
        const check = grammar()
        const stage = new TransformerStage(made)
        let error: SluiceError | undefined
        const emit = (token: StreamToken): void => {
          if (error) return
          check.push(token, () => {})
          expect(() => JSON.stringify(token)).not.toThrow()
          if (token.type === 'error') error = token.error
        }
        for (const token of given) stage.push(token, emit)
        stage.end(emit)
        if (error) expect(error.message).toContain('"mine"')
        else check.end?.(() => {})
      },
    ),
  )
})

const given: ChatRequest = {
  model: 'm',
  stream: true,
  system: [],
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
  tools: [{ kind: 'function', name: 'f', parameters: { type: 'object' } }],
  sampling: {},
  extra: { dialect: 'openai-chat', fields: {} },
}

const circle: Record<string, unknown> = {}
circle.self = circle

describe('a request that is none is told with the name, or the one before it goes on', () => {
  const call = { type: 'tool-call', id: 'c', name: 'f', kind: 'function', arguments: '{}' }

  it.each<[unknown, string]>([
    [null, 'it is null'],
    [5, 'it is a number'],
    [{}, '`model` is missing'],
    [{ ...given, messages: [null] }, '`messages[0]` is null'],
    [
      { ...given, messages: [...given.messages, { role: 'user' }] },
      '`messages[1].parts` is missing and has to be a list',
    ],
    [{ ...given, messages: [{ role: 'alien', parts: [] }] }, '`messages[0].role` is "alien"'],
    [{ ...given, messages: [{ role: 'user', parts: [call] }] }, '`messages[0].parts[0].type` is "tool-call"'],
    [{ ...given, messages: [{ role: 'assistant', parts: [{ ...call, arguments: {} }] }] }, '.arguments` is an object'],
    [{ ...given, messages: [{ role: 'user', parts: [{ type: 'text' }] }] }, '`messages[0].parts[0].text` is missing'],
    [
      { ...given, messages: [{ role: 'user', parts: [{ type: 'image', source: { kind: 'url' } }] }] },
      '.source.url` is missing',
    ],
    [
      { ...given, messages: [{ role: 'tool', parts: [{ type: 'tool-result', id: 'c', content: 'x' }] }] },
      '.content` is a string',
    ],
    [{ ...given, system: 'Be kind.' }, '`system` is a string and has to be a list'],
    [{ ...given, tools: [{ name: 'f' }] }, '`tools[0].kind` is missing'],
    [{ ...given, tools: undefined }, '`tools` is missing'],
    [{ ...given, sampling: { temperature: Number.NaN } }, '`sampling.temperature` is NaN'],
    [{ ...given, maxOutput: 10n }, '`maxOutput` is a bigint'],
    [{ ...given, metadata: { a: 1 } }, '`metadata.a` is a number'],
    [{ ...given, extra: { dialect: 'openai-chat', fields: circle } }, '`extra.fields.self` leads back to itself'],
    [{ ...given, extra: { dialect: 'd', fields: { a: [1, { b: () => 1 }] } } }, '`extra.fields.a[1].b` is a function'],
    [{ ...given, strange: 1n }, '`strange` is a bigint'],
  ])('%o: %s', async (result, words) => {
    for (const request of [() => result, async () => result]) {
      const own = { name: 'mine', request: request as () => ChatRequest }
      const asked = async () => guarded(own).request!(given, context)
      await expect(asked()).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining(words) })
      await expect(asked()).rejects.toThrow(
        'cannot transform the request: "mine" failed: it gave something that is no request',
      )
      expect(await guarded({ ...own, onError: 'skip' }).request!(given, context)).toBe(given)
    }
  })

  it('but what is one goes on, and the same object twice in it is no circle', async () => {
    const shared = { type: 'string' }
    const changed: ChatRequest = {
      ...given,
      tools: [{ kind: 'function', name: 'g', parameters: { a: shared, b: shared, c: undefined } }],
      messages: [...given.messages, { role: 'assistant', parts: [{ type: 'text', text: '' }] }],
    }
    expect(await guarded({ name: 'mine', request: () => changed }).request!(given, context)).toBe(changed)
  })

  it('and a refusal is one, however faults are passed over, but not what a call of its own has met', async () => {
    const throwing = (error: Error) => ({
      name: 'mine',
      onError: 'skip' as const,
      request: () => {
        throw error
      },
    })
    const refusal = new SluiceError('unsupported', 'not here')
    expect(() => guarded(throwing(refusal)).request!(given, context)).toThrow(refusal)
    const upstream = new SluiceError('upstream_overloaded', 'busy')
    expect(guarded(throwing(upstream)).request!(given, context)).toBe(given)
    const failing = guarded({ ...throwing(upstream), onError: 'fail' })
    expect(() => failing.request!(given, context)).toThrow(
      expect.objectContaining({ code: 'internal', cause: upstream }),
    )
  })
})
