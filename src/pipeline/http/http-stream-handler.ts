import type { StreamDecoder, UpstreamDialect } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import { Interruptible } from '../interruptible.ts'
import type { PipelineOutput } from '../pipeline-output.ts'
import { emptyPlan, type FromOptions, StreamingPipeline } from '../streaming-pipeline.ts'
import { isWholeData } from '../whole-data.ts'
import { type AnyAnswer, openAnswer } from './body-source.ts'
import { decompressed } from './decompress.ts'
import { EventReader } from './event-reader.ts'
import { RefusalReader } from './refusal-reader.ts'

export interface HttpStreamOptions extends FromOptions {
  /** The language of the API that answers. */
  dialect: UpstreamDialect
}

/** What is to be told of an answer. After exactly one of `onEnd` and `onError` nothing is. */
export interface HttpStreamCallbacks {
  /** The events as they stand in the body: all those of a chunk before its tokens. None in a body of one JSON text. */
  onEvent?(event: SseEvent): void
  onToken?(token: StreamToken): void
  onEnd?(): void
  onError?(error: SluiceError): void
}

/**
 * HTTP answers of a model API to events and tokens: a `Response` of fetch, the answer of undici's `request`, an
 * `IncomingMessage` of Node, or a bare body as web stream, Node stream or async iterable.
 *
 * How the events stand in the body (SSE, a JSON text a line, a JSON array, AWS's event stream, or no stream but one
 * JSON text) is told by its first bytes and, where these leave it open, by its content type. A body under a
 * `content-encoding` is decompressed as it comes, except that of a `Response`, since fetch has done it. An error status
 * becomes a `SluiceError` in the words of the dialect.
 *
 * @example
 * const handler = new HttpStreamHandler({ dialect: openaiChat })
 * for await (const token of handler.intoStream(await fetch(url, request))) {
 *   if (token.type === 'text-delta') show(token.text)
 *   if (token.type === 'error') throw token.error
 * }
 */
export class HttpStreamHandler {
  readonly #options: HttpStreamOptions
  readonly #pipeline: StreamingPipeline
  #byHand: StreamDecoder | undefined

  constructor(options: HttpStreamOptions) {
    this.#options = options
    const { dialect, ...from } = options
    this.#pipeline = new StreamingPipeline({ ...emptyPlan, from: { dialect, options: from } })
  }

  /**
   * The tokens of an answer, as async iterator, in batches or as web stream. A stream that breaks ends with an `error`
   * token.
   *
   * @throws SluiceError `invalid_request` for what is no answer
   */
  intoStream(
    answer: AnyAnswer,
    options: { signal?: AbortSignal | undefined } = {},
  ): PipelineOutput<Uint8Array, readonly StreamToken[], StreamToken> {
    return this.#pipeline.processStream(answer, options)
  }

  /**
   * The events of an answer, undecoded. A body of one JSON text is one event.
   *
   * @throws SluiceError while it is read: of an error status, of the framing, `upstream_truncated` when the body breaks
   * off, `client_closed` when the signal aborts
   */
  async *events(answer: AnyAnswer, { signal }: { signal?: AbortSignal | undefined } = {}): AsyncGenerator<SseEvent> {
    const { head, body } = openAnswer(answer)
    const source = new Interruptible(decompressed(body, head.contentEncoding))
    const interrupt = (): void => source.interrupt()
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted) interrupt()
    try {
      const { framing = 'auto', maxEventBytes = 64 * 1024 * 1024, dialect } = this.#options
      const refusal = head.status >= 300 ? new RefusalReader(dialect.upstream, head.status) : undefined
      const reader = new EventReader({ framing, maxEventBytes, contentType: head.contentType })
      let events: SseEvent[] = []
      const emit = (event: SseEvent): void => {
        events.push(event)
      }
      for (;;) {
        const chunk = await source.read().catch((error) => {
          if (refusal) return undefined
          throw SluiceError.from(error, 'upstream_truncated')
        })
        if (signal?.aborted) throw aborted(signal)
        if (refusal) {
          if (chunk !== undefined) refusal.push(chunk)
          if (chunk === undefined || refusal.done) refusal.end(refuse)
          continue
        }
        try {
          if (chunk !== undefined) reader.push(chunk, emit)
          else if (reader.whole !== undefined) emit({ event: 'message', data: reader.whole, id: '', end: 0 })
          else reader.end((event) => isWholeData(event.data) && emit(event))
        } finally {
          // Those before the one that cannot be read.
          yield* events
        }
        if (chunk === undefined) return
        events = []
      }
    } finally {
      signal?.removeEventListener('abort', interrupt)
      source.cancel()
    }
  }

  /**
   * The tokens of one event that was read in another way. The events of a stream are given in order, and `parseEnd`
   * closes it; behind its end marker the next stream begins.
   */
  parseTokenFromEvent(event: SseMessage): StreamToken[] {
    const { dialect, framing: _, maxEventBytes: __, ...decode } = this.#options
    if (!this.#byHand || this.#byHand.done) {
      this.#byHand = dialect.upstream.decodeStream({ vendor: 'unknown', family: 'unknown', ...decode })
    }
    const tokens: StreamToken[] = []
    const whole = { event: event.event ?? 'message', data: event.data, id: event.id ?? '', end: 0 }
    this.#byHand.push(whole, (token) => tokens.push(token))
    return tokens
  }

  /** The events that were given by hand have come to their end: what was still held, or the error of a cut stream. */
  parseEnd(): StreamToken[] {
    const tokens: StreamToken[] = []
    this.#byHand?.end?.((token) => tokens.push(token))
    this.#byHand = undefined
    return tokens
  }

  /**
   * Reads an answer to its end and tells what it brings. Resolves after `onEnd` or `onError`; rejects only with what a
   * callback has thrown, which also closes the answer.
   */
  async read(answer: AnyAnswer, callbacks: HttpStreamCallbacks & { signal?: AbortSignal | undefined }): Promise<void> {
    let thrown: { error: unknown } | undefined
    const onEvent =
      callbacks.onEvent &&
      ((event: SseEvent): void => {
        if (thrown) return
        try {
          callbacks.onEvent?.(event)
        } catch (error) {
          // The stream is not to take it for a fault of its own.
          thrown = { error }
        }
      })
    const output = this.#pipeline.processStream(answer, { signal: callbacks.signal, onEvent })
    for await (const batch of output.batches()) {
      if (thrown) throw thrown.error
      for (const token of batch) if (token.type !== 'error') callbacks.onToken?.(token)
    }
    if (thrown) throw thrown.error
    if (output.error) callbacks.onError?.(output.error)
    else callbacks.onEnd?.()
  }
}

function refuse(token: StreamToken): never {
  throw token.type === 'error' ? token.error : new SluiceError('internal', 'cannot read the answer: it was refused')
}

function aborted(signal: AbortSignal): SluiceError {
  return new SluiceError('client_closed', 'the stream was given up: its signal aborted', { cause: signal.reason })
}
