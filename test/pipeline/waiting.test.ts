import { describe, expect, it } from 'vitest'
import { openaiChat } from '../../src/dialects/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import {
  type AsyncStreamTransformer,
  type FlowListener,
  fail,
  pass,
  replace,
  StreamPipelineBuilder,
  type StreamTransformer,
  skip,
  type TransformResult,
} from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'
import { chatChunks, chatStream, cutStream, decoded, endings, sse, textOf, utf8, WatchedSource } from './answers.ts'

/** A transformer whose every answer is given by the test. */
class Asked implements AsyncStreamTransformer {
  readonly name = 'asked'
  readonly limit?: number
  readonly timeoutMs?: number
  readonly onError?: 'fail' | 'skip'
  readonly flush?: () => Promise<readonly StreamToken[]>
  readonly tokens: StreamToken[] = []
  readonly signals: AbortSignal[] = []
  #answers: Array<{ resolve: (result: TransformResult) => void; reject: (error: unknown) => void }> = []

  constructor(
    options: Partial<Pick<AsyncStreamTransformer, 'limit' | 'timeoutMs' | 'onError'>> & {
      flush?: () => Promise<readonly StreamToken[]>
    } = {},
  ) {
    Object.assign(this, options)
  }

  transform(token: StreamToken, signal: AbortSignal): Promise<TransformResult> {
    this.tokens.push(token)
    this.signals.push(signal)
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }))
  }

  async answer(result: TransformResult): Promise<void> {
    this.#answers.shift()?.resolve(result)
    await turn()
  }

  async refuse(error: unknown): Promise<void> {
    this.#answers.shift()?.reject(error)
    await turn()
  }
}

class Upper implements StreamTransformer {
  readonly name = 'upper'
  transform(token: StreamToken) {
    return token.type === 'text-delta' ? replace({ ...token, text: token.text.toUpperCase() }) : pass
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0))

function opened(asked: AsyncStreamTransformer, listener: FlowListener<readonly StreamToken[]> = {}) {
  const clock = new FakeClock()
  const late: StreamToken[] = []
  const open = new StreamPipelineBuilder()
    .from(openaiChat)
    .addAsyncTransformer(() => asked)
    .addTransformer(() => new Upper())
    .withClock(clock)
    .build()
    .open({ onOutput: (tokens) => late.push(...tokens), ...listener })
  return { open, late, clock }
}

describe('a transformer that waits', () => {
  it('sees one token at a time, in order, and what is behind it sees them as they come', async () => {
    const asked = new Asked()
    const { open, late, clock } = opened(asked)
    expect(open.processChunk(utf8(chatStream('a', 'b')))).toEqual([])
    const expected = decoded([...chatChunks('a', 'b'), '[DONE]'])
    for (const [i, token] of expected.entries()) {
      expect(asked.tokens).toHaveLength(i + 1)
      expect([asked.tokens[i], open.waiting, open.over]).toEqual([token, true, false])
      await asked.answer(pass)
      expect(late).toHaveLength(i + 1)
    }
    expect([textOf(late), endings(late), open.over, open.waiting]).toEqual(['AB', ['finish'], true, false])
    expect(clock.waiting, 'timers that nobody needs').toBe(0)
  })

  it('holds the end and the error of the stream until it has answered', async () => {
    for (const [how, ending] of [
      ['end', 'upstream_truncated'],
      ['fail', 'internal'],
    ] as const) {
      const asked = new Asked()
      const { open, late } = opened(asked)
      open.processChunk(utf8(cutStream('a')))
      const now = how === 'end' ? open.end() : open.fail(new SluiceError('internal', 'broken'))
      expect([now, open.over]).toEqual([[], false])
      for (let i = 0; i < 3; i++) await asked.answer(pass)
      expect([textOf(late), endings(late), open.over]).toEqual(['A', [ending], true])
    }
  })

  it('wants nothing more of a source that has said an error, while the error waits behind it', async () => {
    const asked = new Asked()
    const { open, late } = opened(asked)
    open.processChunk(utf8(cutStream('a') + sse(['{"error":{"message":"broken"}}'])))
    expect([open.inputOver, open.over]).toEqual([true, false])
    for (let i = 0; i < 3; i++) await asked.answer(pass)
    expect([textOf(late), endings(late)]).toEqual(['A', ['upstream_server']])
  })

  it('may drop, replace and refuse', async () => {
    const asked = new Asked()
    const { open, late } = opened(asked)
    open.processChunk(utf8(cutStream('a', 'b', 'c', 'd')))
    await asked.answer(pass)
    await asked.answer(pass)
    await asked.answer(skip)
    const b = asked.tokens[3] as Extract<StreamToken, { type: 'text-delta' }>
    await asked.answer(replace({ ...b, text: 'x' }, { ...b, text: 'y' }))
    await asked.answer(fail(new SluiceError('internal', 'refused')))
    expect([textOf(late), endings(late), open.over]).toEqual(['XY', ['internal'], true])
    expect(asked.tokens).toHaveLength(5)
  })

  it('is asked at the end for what it holds, and waited for again', async () => {
    let give: (tokens: readonly StreamToken[]) => void = () => {}
    const flush = () => new Promise<readonly StreamToken[]>((resolve) => (give = resolve))
    const asked = new Asked({ flush })
    const { open, late } = opened(asked)
    open.processChunk(utf8(sse(chatChunks('a'))))
    open.end()
    const count = decoded([...chatChunks('a'), '[DONE]']).length
    for (let i = 0; i < count; i++) await asked.answer(i === 2 ? skip : pass)
    expect([open.over, open.waiting]).toEqual([false, true])
    give([asked.tokens[2]!])
    await turn()
    expect([textOf(late), open.over, open.waiting]).toEqual(['A', true, false])
  })
})

describe('while it waits', () => {
  it('the source is paused at the limit and goes on at half of it', async () => {
    const asked = new Asked({ limit: 4 })
    const flow: string[] = []
    const { open } = opened(asked, { onPause: () => flow.push('pause'), onResume: () => flow.push('resume') })
    open.processChunk(utf8(cutStream('a')))
    expect(flow).toEqual([])
    open.processChunk(utf8(sse([chatChunks('b')[1]!])))
    expect(flow).toEqual([])
    open.processChunk(utf8(sse([chatChunks('c')[1]!])))
    expect(flow).toEqual(['pause'])
    open.processChunk(utf8(sse([chatChunks('d')[1]!])))
    await asked.answer(pass)
    await asked.answer(pass)
    expect(flow).toEqual(['pause'])
    await asked.answer(pass)
    expect(flow).toEqual(['pause', 'resume'])
  })

  it('nothing more is read of a source that is pulled, and output goes out as it comes', async () => {
    const asked = new Asked()
    const source = new WatchedSource([cutStream('a', 'b'), cutStream('c')])
    const pipeline = new StreamPipelineBuilder()
      .from(openaiChat)
      .addAsyncTransformer(() => asked)
      .build()
    const seen: StreamToken[] = []
    const reading = (async () => {
      for await (const token of pipeline.processStream(source)) seen.push(token)
    })()
    await turn()
    for (let i = 0; i < 3; i++) {
      await asked.answer(pass)
      expect([seen.length, source.reads]).toEqual([i + 1, 1])
    }
    await asked.answer(pass)
    await turn()
    expect(source.reads).toBeGreaterThan(1)
    while (asked.tokens.length < 5) await turn()
    await asked.answer(pass)
    await reading
    expect([textOf(seen), endings(seen)]).toEqual(['abc', ['upstream_truncated']])
  })

  it('many thousand tokens of one chunk keep their order', async () => {
    const texts = Array.from({ length: 5000 }, (_, i) => `${i} `)
    const pipeline = new StreamPipelineBuilder()
      .from(openaiChat)
      .addAsyncTransformer(() => ({ name: 'quick', transform: async () => pass }))
      .addAsyncTransformer(() => ({ name: 'as quick', transform: async () => pass }))
      .build()
    const tokens: StreamToken[] = []
    for await (const token of pipeline.processStream([chatStream(...texts)])) tokens.push(token)
    expect(textOf(tokens)).toBe(texts.join(''))
  })
})

describe('a transformer that does not answer well', () => {
  it('breaks the stream with what it throws, behind all that came before', async () => {
    const asked = new Asked()
    const { open, late } = opened(asked)
    open.processChunk(utf8(cutStream('a', 'b')))
    for (let i = 0; i < 3; i++) await asked.answer(pass)
    await asked.refuse(new Error('no word from the other side'))
    expect([textOf(late), endings(late), open.error?.message]).toEqual([
      'A',
      ['internal'],
      'no word from the other side',
    ])
  })

  it('lets the token pass under `skip`, after an error as after a timeout', async () => {
    const asked = new Asked({ onError: 'skip', timeoutMs: 100 })
    const { open, late, clock } = opened(asked)
    open.processChunk(utf8(cutStream('a', 'b')))
    await asked.answer(pass)
    await asked.answer(pass)
    await asked.refuse(new Error('down'))
    expect(textOf(late)).toBe('A')
    clock.pass(99)
    await turn()
    expect([textOf(late), asked.signals[3]?.aborted]).toEqual(['A', false])
    clock.pass(1)
    await turn()
    expect([textOf(late), asked.signals[3]?.aborted, clock.waiting]).toEqual(['AB', true, 0])
    await asked.answer(skip)
    expect(textOf(late)).toBe('AB')
  })

  it('breaks the stream when it takes too long, and leaves no timer', async () => {
    const asked = new Asked({ timeoutMs: 100 })
    const { open, late, clock } = opened(asked)
    open.processChunk(utf8(cutStream('a')))
    await asked.answer(pass)
    clock.pass(100)
    await turn()
    expect([endings(late), open.over, clock.waiting]).toEqual([['internal'], true, 0])
    expect(open.error?.message).toContain('`asked` gave no answer within 100 ms')
  })

  it('may throw where it should give a promise', async () => {
    const { open, late } = opened({
      name: 'rash',
      transform: () => {
        throw new Error('at once')
      },
    })
    open.processChunk(utf8(cutStream('a')))
    await turn()
    expect([endings(late), open.error?.message]).toEqual([['internal'], 'at once'])
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, '`asked` gave no result'],
    ['a word', 'pass', '`asked` gave no result'],
    ['an action that there is none of', { action: 'drop' }, '`asked` gave no result'],
    ['no tokens to replace with', { action: 'replace' }, 'not iterable'],
  ])('breaks the stream when it gives %s', async (_, result, message) => {
    const asked = new Asked()
    const { open, late } = opened(asked)
    open.processChunk(utf8(cutStream('a', 'b')))
    for (let i = 0; i < 3; i++) await asked.answer(pass)
    await asked.answer(result as TransformResult)
    expect([textOf(late), endings(late), open.waiting]).toEqual(['A', ['internal'], false])
    expect(open.error?.message).toContain(message)
  })
})

describe('a transformer that answers within the turn', () => {
  const quick = (transform: AsyncStreamTransformer['transform']) =>
    new StreamPipelineBuilder().from(openaiChat).addAsyncTransformer(() => ({ name: 'quick', transform }))

  it.each<[string, AsyncStreamTransformer['transform']]>([
    ['by a promise', async () => pass],
    ['by no promise at all', (() => pass) as never],
  ])('%s doubles nothing', async (_, transform) => {
    const tokens: StreamToken[] = []
    const output = quick(transform)
      .build()
      .processStream([chatStream('a', 'b')])
    for await (const token of output) tokens.push(token)
    expect(tokens).toEqual(decoded([...chatChunks('a', 'b'), '[DONE]']))
  })

  it('and refuses at once, is told of in the words of the other side', async () => {
    const refuses = quick(async () => fail(new SluiceError('content_refused', 'not this one')))
    const output = refuses
      .to(openaiChat)
      .build()
      .processStream([chatStream('a')])
    let text = ''
    for await (const piece of output) text += piece
    expect(text.match(/not this one/g)).toHaveLength(1)
  })
})

describe('a stream that is given up', () => {
  it('takes its question back at once and ends', async () => {
    const asked = new Asked()
    const { open, clock } = opened(asked)
    open.processChunk(utf8(cutStream('a')))
    expect(endings(open.abort(new SluiceError('client_closed', 'gone')))).toEqual(['client_closed'])
    expect([asked.signals[0]?.aborted, clock.waiting, open.over, open.waiting]).toEqual([true, 0, true, false])
    await asked.answer(pass)
    expect(open.end()).toEqual([])
  })

  it('by its signal wakes the reader who waits', async () => {
    const asked = new Asked()
    const pipeline = new StreamPipelineBuilder()
      .from(openaiChat)
      .addAsyncTransformer(() => asked)
      .build()
    const controller = new AbortController()
    const tokens: StreamToken[] = []
    const reading = (async () => {
      for await (const token of pipeline.processStream([cutStream('a')], { signal: controller.signal }))
        tokens.push(token)
    })()
    await turn()
    controller.abort()
    await reading
    expect(endings(tokens)).toEqual(['client_closed'])
    expect(asked.signals[0]?.aborted).toBe(true)
  })

  it('by its signal is not waited for, even when its source has ended', async () => {
    const asked = new Asked()
    const pipeline = new StreamPipelineBuilder()
      .from(openaiChat)
      .addAsyncTransformer(() => asked)
      .build()
    const controller = new AbortController()
    const tokens: StreamToken[] = []
    const reading = (async () => {
      for await (const token of pipeline.processStream([chatStream('a')], controller)) tokens.push(token)
    })()
    await turn()
    await asked.answer(pass)
    controller.abort()
    await reading
    expect([tokens.length, endings(tokens)]).toEqual([2, ['client_closed']])
  })
})
