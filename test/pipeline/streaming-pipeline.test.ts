import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { anthropicMessages, openaiChat } from '../../src/dialects/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { collect } from '../../src/flow/index.ts'
import {
  BackpressureController,
  pass,
  replace,
  StreamPipelineBuilder,
  type StreamTransformer,
  skip,
} from '../../src/pipeline/index.ts'
import { grammar, type StreamToken } from '../../src/tokens/index.ts'
import {
  chatChunks,
  chatStream,
  cutEvery,
  cutStream,
  decoded,
  endings,
  sse,
  textOf,
  utf8,
  WatchedSource,
  wholeReply,
} from './answers.ts'

/** Holds the latest delta back until it knows what comes. */
class Holding implements StreamTransformer {
  readonly name = 'holding'
  #held: StreamToken | undefined
  transform(token: StreamToken) {
    const before = this.flush()
    if (token.type !== 'text-delta') return replace(...before, token)
    this.#held = token
    return before.length === 0 ? skip : replace(...before)
  }
  flush(): StreamToken[] {
    const held = this.#held
    this.#held = undefined
    return held ? [held] : []
  }
}

class Upper implements StreamTransformer {
  readonly name = 'upper'
  transform(token: StreamToken) {
    return token.type === 'text-delta' ? replace({ ...token, text: token.text.toUpperCase() }) : pass
  }
}

/** Ends the answer when it has seen a word. */
class StopAt implements StreamTransformer {
  readonly name = 'stop-at'
  readonly #word: string
  done = false
  constructor(word: string) {
    this.#word = word
  }
  transform(token: StreamToken) {
    if (this.done) return skip
    if (token.type !== 'text-delta' || !token.text.includes(this.#word)) return pass
    this.done = true
    const { choice, index } = token
    return replace({ type: 'text-end', choice, index }, { type: 'finish', choice, reason: 'stop_sequence' })
  }
}

class Faulty implements StreamTransformer {
  readonly name = 'faulty'
  readonly #word: string
  constructor(word: string) {
    this.#word = word
  }
  transform(token: StreamToken) {
    if (token.type === 'text-delta' && token.text.includes(this.#word)) throw new Error('a fault of its own')
    return pass
  }
}

const chat = new StreamPipelineBuilder().from(openaiChat)
const texts = ['Hel', 'lo, ', 'wörld ', '👋', '\n', 'the "end"']
const expected = decoded([...chatChunks(...texts), '[DONE]'])

async function all<Item>(output: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of output) items.push(item)
  return items
}

describe('the tokens of a stream', () => {
  const bytes = utf8(chatStream(...texts))

  it('are the same wherever the bytes are cut', () => {
    for (let size = 1; size <= bytes.length; size++) {
      const open = chat.build().open()
      const tokens = cutEvery(bytes, size).flatMap((piece) => open.processChunk(piece))
      tokens.push(...open.end())
      expect(tokens).toEqual(expected)
      expect(open.over).toBe(true)
    }
  })

  it('come out of every form of a source', async () => {
    const pieces = cutEvery(bytes, 50)
    const stream = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece)
          controller.close()
        },
      })
    const pipeline = chat.build()
    const forms = [
      pieces,
      bytes,
      stream(),
      new Response(stream(), { headers: { 'content-type': 'text/event-stream' } }),
      new WatchedSource(pieces),
      new WatchedSource([chatStream(...texts)]),
      { statusCode: 200, headers: { 'content-type': ['text/event-stream'] }, body: stream() },
    ]
    for (const form of forms) expect(await all(pipeline.processStream(form))).toEqual(expected)
  })

  it('come the same by item, by batch and as a web stream', async () => {
    const pipeline = chat.build()
    const source = () => cutEvery(bytes, 200)
    const batches = await all(pipeline.processStream(source()).batches())
    expect(batches.flat()).toEqual(expected)
    expect(batches.length).toBeLessThanOrEqual(source().length)
    const reader = pipeline.processStream(source()).readable().getReader()
    const streamed: StreamToken[] = []
    for (let one = await reader.read(); !one.done; one = await reader.read()) streamed.push(one.value)
    expect(streamed).toEqual(expected)
  })

  it('keep their order for one who asks again before the last answer has come', async () => {
    const output = chat.build().processStream(cutEvery(bytes, 60))[Symbol.asyncIterator]()
    const asked: Array<Promise<IteratorResult<StreamToken>>> = []
    for (let i = 0; i < expected.length + 2; i++) {
      asked.push(output.next())
      if (i % 3 === 0) await asked.at(-2)
    }
    const results = await Promise.all(asked)
    expect(results.flatMap(({ done, value }) => (done ? [] : [value]))).toEqual(expected)
    expect(results.map(({ done }) => done).slice(-2)).toEqual([true, true])
  })

  it('of a chunk that brings none are an empty list, which stays empty', () => {
    const open = new StreamPipelineBuilder().from(openaiChat).build().open()
    const first = open.processChunk(utf8(': a comment\n\n'))
    open.processChunk(utf8(chatStream('hello')))
    expect(first).toEqual([])
  })

  it('are read once', () => {
    const output = chat.build().processStream([bytes])
    output.batches()
    expect(() => output[Symbol.asyncIterator]()).toThrow(/being read already/)
  })
})

describe('the end of a stream', () => {
  it('that breaks off is one error, behind the text that was held', async () => {
    const pipeline = chat.addTransformer(() => new Holding()).build()
    const bytes = utf8(cutStream('one', 'two'))
    for (let size = 1; size <= bytes.length; size += 7) {
      const tokens = await all(pipeline.processStream(cutEvery(bytes, size)))
      expect([textOf(tokens), endings(tokens)]).toEqual(['onetwo', ['upstream_truncated']])
      expect(tokens.at(-1)?.type).toBe('error')
    }
  })

  it('is the end of what came, at every place where the bytes can stop', () => {
    const bytes = utf8(chatStream('a', 'b'))
    for (let at = 0; at <= bytes.length; at++) {
      const open = chat
        .addTransformer(() => new Holding())
        .build()
        .open()
      const tokens = [...open.processChunk(bytes.subarray(0, at)), ...open.end(), ...open.end()]
      expect(endings(tokens)).toHaveLength(1)
      expect('ab'.startsWith(textOf(tokens))).toBe(true)
      expect(open.error?.code).toBe(endings(tokens)[0] === 'finish' ? undefined : 'upstream_truncated')
    }
  })

  it('is a good one when the line breaks behind the finish reason, and an error before it', async () => {
    const broken = new TypeError('terminated')
    const late = await all(chat.build().processStream(new WatchedSource([sse(chatChunks('a'))], broken)))
    expect(endings(late)).toEqual(['finish'])
    const output = chat.build().processStream(new WatchedSource([cutStream('a')], broken))
    expect(endings(await all(output))).toEqual(['upstream_truncated'])
    expect(output.error?.cause).toBe(broken)
  })

  it('has nothing behind it, whatever the source still sends', () => {
    const open = chat.build().open()
    const tokens = [...open.processChunk(utf8(chatStream('a') + chatStream('b')))]
    tokens.push(
      ...open.processChunk(utf8(chatStream('c'))),
      ...open.end(),
      ...open.fail(new SluiceError('internal', 'x')),
    )
    expect(tokens).toEqual(decoded([...chatChunks('a'), '[DONE]']))
  })

  it('of an error inside the stream is that error and closes the source', async () => {
    const error = JSON.stringify({ error: { message: 'out of order', type: 'server_error' } })
    const source = new WatchedSource([cutStream('a'), sse([error]), cutStream('b')], 'stall')
    const tokens = await all(chat.build().processStream(source))
    expect([textOf(tokens), endings(tokens)]).toEqual(['a', ['upstream_server']])
    expect([source.reads, source.closed]).toEqual([2, 1])
  })
})

describe('a row of transformers', () => {
  it('gives each stream its own, in the order in which they were added', async () => {
    const pipeline = chat
      .addTransformer(() => new Upper())
      .addTransformer(() => new StopAt('STOP'))
      .build()
    for (let i = 0; i < 2; i++) {
      const tokens = await all(pipeline.processStream([utf8(chatStream('go ', 'stop', 'on'))]))
      expect([textOf(tokens), endings(tokens)]).toEqual(['GO ', ['finish']])
    }
  })

  it('leaves a builder as it was', async () => {
    const before = chat.addTransformer(() => new Upper())
    before.addTransformer(() => new StopAt('A'))
    expect(textOf(await all(before.build().processStream([utf8(chatStream('a'))])))).toBe('A')
  })

  it('keeps the grammar, and the text in front of a fault, in whichever place the fault is', () => {
    for (const at of [0, 1, 2]) {
      const steps = [() => new Holding(), () => new Holding()] as Array<() => StreamTransformer>
      steps.splice(at, 0, () => new Faulty('bad'))
      const open = steps
        .reduce((builder, make) => builder.addTransformer(make), chat)
        .build()
        .open()
      const tokens = [...open.processChunk(utf8(chatStream('one', 'two', 'bad', 'three'))), ...open.end()]
      expect([textOf(tokens), endings(tokens)]).toEqual(['onetwo', ['internal']])
      expect(open.error?.message).toContain('a fault of its own')
      expect(() => collect(grammar(), tokens)).not.toThrow()
    }
  })

  it('goes on with the error when the flush has a fault of its own', () => {
    const make = (): StreamTransformer => ({
      name: 'flushless',
      transform: () => pass,
      flush: () => {
        throw new Error('a fault in the flush')
      },
    })
    const pipeline = chat.addTransformer(make).build()
    expect(endings(pipeline.open().processChunk(utf8(chatStream('a'))))).toEqual(['finish', 'internal'])
    const cut = pipeline.open()
    cut.processChunk(utf8(cutStream('a')))
    expect(endings(cut.end())).toEqual(['upstream_truncated'])
  })

  it('works from tokens to tokens', async () => {
    const pipeline = new StreamPipelineBuilder().addTransformer(() => new Upper()).build()
    const upper = expected.map((token) =>
      token.type === 'text-delta' ? { ...token, text: token.text.toUpperCase() } : token,
    )
    expect(await all(pipeline.processStream(expected))).toEqual(upper)
    expect(await all(pipeline.processStream([expected.slice(0, 3), [], expected.slice(3)]))).toEqual(upper)
    const open = pipeline.open()
    expect([...open.processChunk(expected), ...open.end()]).toEqual(upper)
  })
})

describe('the text of another API', () => {
  const options = { requestId: 'r', model: 'm', created: 1, includeUsage: true }
  const pipeline = chat.to(anthropicMessages, options).build()
  const lineEnds = fc.constantFrom('\n\nevent: message_stop\n\n', '\r', '\r\ndata: x\r\n\r\n', '\u2028')

  it('has one end, and comes a piece for each chunk', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), lineEnds), { minLength: 1 }),
        fc.integer({ min: 1, max: 400 }),
        (said, size) => {
          const open = pipeline.open()
          const pieces = cutEvery(utf8(chatStream(...said)), size).map((piece) => open.processChunk(piece))
          pieces.push(open.end())
          const text = pieces.join('')
          expect(text.match(/event: message_stop\n/g)).toHaveLength(1)
          const deltas = [...text.matchAll(/"text_delta","text":("(?:[^"\\]|\\.)*")/g)].map(([, one]) =>
            JSON.parse(one!),
          )
          expect(deltas.join('')).toBe(said.join(''))
          for (const piece of pieces) expect(piece === '' || piece.endsWith('\n\n')).toBe(true)
        },
      ),
    )
  })

  it('says an error in the words of that API, once', async () => {
    const output = pipeline.processStream(new WatchedSource([cutStream('a')]))
    const text = (await all(output)).join('')
    expect(text.match(/event: error\n/g)).toHaveLength(1)
    expect(text).not.toContain('message_stop')
    expect(output.error?.code).toBe('upstream_truncated')
  })

  it('takes a fresh id for each stream', async () => {
    const anonymous = chat.to(openaiChat, () => ({ model: 'x' })).build()
    const ids = await Promise.all(
      [1, 2].map(async () => {
        const data = sse(chatChunks('a').map((one) => one.replace('"id":"chatcmpl-1",', '')))
        return /"id":"([^"]+)"/.exec((await all(anonymous.processStream([data]))).join(''))?.[1]
      }),
    )
    expect(new Set(ids).size).toBe(2)
    expect(ids).not.toContain(undefined)
  })

  it('rejects when not even the error can be said', async () => {
    const mute = {
      ...anthropicMessages,
      client: {
        ...anthropicMessages.client,
        encodeStream: () => ({
          push() {
            throw new Error('no words')
          },
          fail() {
            throw new Error('no words for the error')
          },
        }),
      },
    }
    await expect(
      all(
        chat
          .to(mute)
          .build()
          .processStream([chatStream('a')]),
      ),
    ).rejects.toThrow('no words for the error')
  })
})

describe('a reader who stops', () => {
  const many = Array.from({ length: 50 }, (_, i) => sse([chatChunks(`t${i}`)[i === 0 ? 0 : 1]!]))

  it('closes the source, and no more was read of it than was needed', async () => {
    const source = new WatchedSource(many)
    for await (const token of chat.build().processStream(source)) if (token.type === 'text-delta') break
    expect([source.reads, source.closed]).toEqual([2, 1])
  })

  it('closes it through the web stream, and nothing is read before it is asked for', async () => {
    const source = new WatchedSource(many)
    const stream = chat.build().processStream(source).readable()
    await Promise.resolve()
    expect(source.reads).toBe(0)
    const reader = stream.getReader()
    await reader.read()
    expect(source.reads).toBe(1)
    await reader.cancel()
    expect(source.closed).toBe(1)
  })

  it('is not kept waiting by a source that stands still', async () => {
    const source = new WatchedSource(many.slice(0, 1), 'stall')
    const tokens = chat.build().processStream(source)[Symbol.asyncIterator]()
    await tokens.next()
    const waiting = tokens.next()
    await tokens.return?.()
    expect(await waiting).toEqual({ value: undefined, done: true })
    expect(source.closed).toBe(1)
  })

  it('by a signal gets one error at once, even while the source stands still', async () => {
    const source = new WatchedSource([cutStream('a', 'b')], 'stall')
    const controller = new AbortController()
    const pipeline = chat.addTransformer(() => new Holding()).build()
    const output = pipeline.processStream(source, { signal: controller.signal })
    const reading = all(output)
    await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort(new Error('enough'))
    const tokens = await reading
    expect([textOf(tokens), endings(tokens), source.closed]).toEqual(['ab', ['client_closed'], 1])
    expect(output.error?.cause).toEqual(new Error('enough'))
  })

  it('leaves nothing at a signal that lives on', async () => {
    const { signal } = new AbortController()
    const listeners = { added: 0, removed: 0 }
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners.added++
      add(...given)
    }
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners.removed++
      remove(...given)
    }
    await all(chat.build().processStream([chatStream('a')], { signal }))
    expect(listeners.added).toBe(1)
    expect(listeners.removed).toBeGreaterThan(0)
    for await (const _ of chat.build().processStream([chatStream('a')], { signal })) break
    expect([listeners.added, listeners.removed > 1]).toEqual([2, true])
  })

  it('by a signal that has aborted before reads nothing', async () => {
    const source = new WatchedSource(many)
    const tokens = await all(chat.build().processStream(source, { signal: AbortSignal.abort() }))
    expect([endings(tokens), source.reads]).toEqual([['client_closed'], 0])
  })

  it('because a transformer is done closes the source', async () => {
    const source = new WatchedSource([cutStream('a'), cutStream('STOP'), cutStream('b')], 'stall')
    const tokens = await all(
      chat
        .addTransformer(() => new StopAt('STOP'))
        .build()
        .processStream(source),
    )
    expect([textOf(tokens), endings(tokens), source.reads, source.closed]).toEqual(['a', ['finish'], 2, 1])
  })
})

describe('behind the end marker', () => {
  it('the source is read to its end, so that its connection can serve again', async () => {
    const source = new WatchedSource([chatStream('a'), '\n', '\n'])
    await all(chat.build().processStream(source))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([source.reads, source.closed]).toEqual([4, 0])
  })

  it('a source that goes on and on is closed', async () => {
    const source = new WatchedSource([chatStream('a'), ...Array.from({ length: 500 }, () => '\n')])
    await all(chat.build().processStream(source))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(source.closed).toBe(1)
    expect(source.reads).toBeLessThan(30)
  })
})

describe('reading ahead', () => {
  it('goes as far as the controller has room, loses nothing and closes the controller', async () => {
    const pieces = [...chatChunks('a', 'b', 'c', 'd', 'e', 'f'), '[DONE]'].map((one) => utf8(sse([one])))
    const source = new WatchedSource(pieces)
    const controllers: BackpressureController[] = []
    const pipeline = chat
      .withBackpressure(() => {
        const controller = new BackpressureController({ floor: 400, ceiling: 400 })
        controllers.push(controller)
        return controller
      })
      .build()
    const tokens = pipeline.processStream(source)[Symbol.asyncIterator]()
    expect(source.reads).toBe(0)
    const first = await tokens.next()
    await new Promise((resolve) => setTimeout(resolve, 5))
    const ahead = source.reads
    expect(ahead).toBeGreaterThan(2)
    expect(ahead).toBeLessThan(pieces.length)
    expect(controllers[0]?.stats.queued).toBeLessThanOrEqual(400)
    const rest: StreamToken[] = []
    for (let one = await tokens.next(); !one.done; one = await tokens.next()) rest.push(one.value)
    expect([first.value, ...rest]).toEqual(decoded([...chatChunks('a', 'b', 'c', 'd', 'e', 'f'), '[DONE]']))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(controllers[0]?.stats).toMatchObject({ queued: 0, waiting: 0 })
  })

  it('stops with the reader, in the middle of its wait for room', async () => {
    const source = new WatchedSource(Array.from({ length: 20 }, () => utf8(cutStream('abc'))))
    const pipeline = chat.withBackpressure(() => new BackpressureController({ floor: 10, ceiling: 10 })).build()
    for await (const _ of pipeline.processStream(source)) break
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(source.closed).toBe(1)
    expect(source.reads).toBeLessThan(6)
  })

  it('passes on that the source broke, behind all that came before', async () => {
    const source = new WatchedSource([cutStream('a'), cutStream('b')], new Error('reset'))
    const tokens = await all(chat.withBackpressure().build().processStream(source))
    expect([textOf(tokens), endings(tokens)]).toEqual(['ab', ['upstream_truncated']])
  })
})

describe('a source that uses its memory again for the next piece', () => {
  /** As a Buffer of Node is: its slices are views. */
  class Borrowed extends Uint8Array {
    override slice(from?: number, to?: number): Uint8Array<ArrayBuffer> {
      return this.subarray(from, to) as Uint8Array<ArrayBuffer>
    }
  }

  async function* borrowing(text: string, size: number) {
    const memory = new Borrowed(size)
    for (const piece of cutEvery(utf8(text), size)) {
      memory.set(piece)
      yield memory.subarray(0, piece.length)
    }
  }

  it.each<[string, number, string, string | undefined]>([
    ['a stream', 200, chatStream('a', 'b'), undefined],
    ['a stream behind a byte order mark', 200, `\ufeff${chatStream('a', 'b')}`, undefined],
    ['one JSON text', 200, wholeReply('ab'), undefined],
    ['lines', 200, `${chatChunks('a', 'b').join('\n')}\n`, undefined],
    ['a refusal', 400, '{"error":{"message":"no, not this one"}}', 'no, not this one'],
  ])('is read right: %s', async (_, statusCode, text, message) => {
    for (const size of [1, 2, 7]) {
      const answer = { statusCode, headers: {}, body: borrowing(text, size) }
      const output = chat.build().processStream(answer)
      expect([textOf(await all(output)), output.error?.message]).toEqual([message ? '' : 'ab', message])
    }
  })
})

describe('what cannot be read', () => {
  it.each([[42], ['data: x'], [null], [undefined]])('%s is refused when it is given', (source) => {
    expect(() => chat.build().processStream(source as never)).toThrow(/cannot read the stream: the source is/)
  })

  it.each<[unknown, string]>([
    ['data: x', 'of type string'],
    [{ an: 'object' }, 'of type object'],
    [Promise.resolve(new Response('')), 'a promise, not a stream or an iterable; await it'],
  ])('is called by its name: %s', (source, name) => {
    expect(() => chat.build().processStream(source as never)).toThrow(name)
  })

  it.each<[string, (builder: typeof chat) => typeof chat]>([
    ['a transformer', (builder) => builder.addTransformer(() => refuse())],
    ['the controller', (builder) => builder.withBackpressure(() => refuse())],
  ])('because %s could not be made is closed', (_, broken) => {
    const cancel = vi.fn()
    const source = new ReadableStream<Uint8Array>({ cancel })
    expect(() => broken(chat).build().processStream(source)).toThrow('not made')
    expect(cancel).toHaveBeenCalledOnce()
  })

  it('that is being read already is refused', async () => {
    const response = new Response(chatStream('a'))
    const first = chat.build().processStream(response)
    expect(() => chat.build().processStream(response)).toThrow(/being read already/)
    expect(textOf(await all(first))).toBe('a')
  })

  it('is an error of the stream when it shows only in the middle', async () => {
    const tokens = await all(chat.build().processStream([cutStream('a'), { an: 'object' }] as never))
    expect([textOf(tokens), endings(tokens)]).toEqual(['a', ['invalid_request']])
  })
})

function refuse(): never {
  throw new Error('not made')
}
