import type { DecodeOptions, Dialect, EncodeOptions, UpstreamDialect } from '../dialects/index.ts'
import { type Clock, systemClock } from '../flow/index.ts'
import type { SseEvent } from '../sse/index.ts'
import type { StreamToken } from '../tokens/index.ts'
import type { BackpressureController } from './backpressure.ts'
import { type ChunkReader, TokensReader } from './chunk-reader.ts'
import { AnswerReader } from './http/answer-reader.ts'
import {
  type AnswerHead,
  type AnyAnswer,
  openAnswer,
  openTokens,
  type Pieceful,
  type PieceSource,
} from './http/body-source.ts'
import { decompressed } from './http/decompress.ts'
import type { EventReaderOptions, FramingName } from './http/event-reader.ts'
import { RefusalReader } from './http/refusal-reader.ts'
import { type FlowListener, OpenPipeline, type RowOptions } from './open-pipeline.ts'
import { PipelineOutput } from './pipeline-output.ts'
import { ReadAhead } from './read-ahead.ts'
import { type Sink, TextSink, TokenSink } from './sink.ts'
import { StreamMetrics } from './stream-metrics.ts'
import type { AsyncStreamTransformer, StreamTransformer } from './transformer.ts'

/** What the bytes of a source are. */
export interface FromOptions extends Partial<DecodeOptions> {
  /** Default `auto`: told by the first bytes and the content type. */
  framing?: FramingName
  /** The largest event, and the largest whole answer. Default 64 MiB. */
  maxEventBytes?: number
}

/** What the target needs to know. By default a random id, the model `unknown`, the present time, and usage. */
export type ToOptions = Partial<EncodeOptions>

export interface Step {
  kind: 'sync' | 'async'
  make: () => StreamTransformer | AsyncStreamTransformer
}

/** A whole pipeline as data. */
export interface PipelinePlan {
  from: { dialect: UpstreamDialect; options: FromOptions } | undefined
  steps: readonly Step[]
  to: { dialect: Dialect; options: ToOptions | (() => ToOptions) } | undefined
  backpressure: (() => BackpressureController) | undefined
  metrics: StreamMetrics
  clock: Clock
}

export interface ProcessOptions {
  /** Gives the stream up: the source is closed, and the output ends with the error `client_closed`. */
  signal?: AbortSignal | undefined
  /** Is shown the events of a source of bytes before they are decoded: all those of a chunk before its tokens. */
  onEvent?: ((event: SseEvent) => void) | undefined
}

/** What goes in at once, and what comes out: bytes or tokens, tokens or text. */
export type Chunk = Uint8Array | readonly StreamToken[]
export type Batch = readonly StreamToken[] | string
/** What an iterator over the output gives. */
export type ItemOf<B extends Batch> = B extends string ? string : StreamToken
/** What a pipeline can read from end to end. */
export type SourceOf<C extends Chunk> = C extends Uint8Array
  ? AnyAnswer
  : Pieceful<StreamToken | readonly StreamToken[]>

/**
 * The description of a row of stages, made by `StreamPipelineBuilder`. It does not change, keeps no stream, and can
 * process any number of them, also at the same time.
 *
 * @example
 * const pipeline = new StreamPipelineBuilder().from(openaiChat).addTransformer(() => new StopAtWord('END')).build()
 * for await (const token of pipeline.processStream(await fetch(url))) console.log(token)
 */
export class StreamingPipeline<C extends Chunk = Uint8Array, B extends Batch = readonly StreamToken[]> {
  readonly #plan: PipelinePlan

  /** See `StreamPipelineBuilder`. */
  constructor(plan: PipelinePlan) {
    this.#plan = plan
  }

  /** What all streams of this pipeline that are over have done together. */
  get metrics(): StreamMetrics {
    return this.#plan.metrics
  }

  /**
   * Begins a stream whose chunks are pushed by hand, by `processChunk` of what is returned: no promise stands between a
   * chunk and what comes of it.
   */
  open(listener: FlowListener<B> = {}): OpenPipeline<C, B> {
    return this.#open(noHead, listener, undefined)
  }

  /**
   * A whole source: a `Response` of fetch, the answer of undici or Node, a web stream, an async iterable. An error
   * status becomes the error of the stream, a compressed body is decompressed, and a body that is one JSON text gives
   * the tokens of that answer.
   *
   * @throws SluiceError `invalid_request` for a source that cannot be read
   */
  processStream(source: SourceOf<C>, { signal, onEvent }: ProcessOptions = {}): PipelineOutput<C, B, ItemOf<B>> {
    const { head, body } = this.#source(source)
    const { to, backpressure } = this.#plan
    try {
      const ahead = backpressure ? new ReadAhead(body, backpressure(), weight) : body
      return new PipelineOutput<C, B, ItemOf<B>>(ahead, this.#open(head, {}, onEvent), {
        signal,
        items: (batch) => (to ? [batch] : batch) as unknown as readonly ItemOf<B>[],
      })
    } catch (error) {
      // What makes a transformer has thrown, perhaps: nobody else can close the source any more.
      body.cancel()
      throw error
    }
  }

  #source(source: SourceOf<C>): { head: AnswerHead; body: PieceSource<C> } {
    if (this.#plan.from) {
      const { head, body } = openAnswer(source as AnyAnswer)
      return { head, body: decompressed(body, head.contentEncoding) as PieceSource<C> }
    }
    const body = openTokens(source as Pieceful<StreamToken | readonly StreamToken[]>) as PieceSource<C>
    return { head: noHead, body }
  }

  #open(head: AnswerHead, listener: FlowListener<B>, onEvent: ProcessOptions['onEvent']): OpenPipeline<C, B> {
    const { from, steps, metrics: totals, clock } = this.#plan
    const options: RowOptions<C, B> = {
      ...listener,
      reader: (from ? bytesReader(from, head, onEvent) : new TokensReader()) as unknown as ChunkReader<C>,
      transformers: steps.map(({ kind, make }) => ({ kind, one: make() })) as RowOptions<C, B>['transformers'],
      sink: this.#sink() as unknown as Sink<B>,
      metrics: totals.fork(),
      totals,
      clock,
      sizeOf: from ? byteLength : noBytes,
    }
    return new OpenPipeline(options)
  }

  #sink(): TokenSink | TextSink {
    const { to } = this.#plan
    if (!to) return new TokenSink()
    const given = typeof to.options === 'function' ? to.options() : to.options
    const { client } = to.dialect
    const encoder = client.encodeStream({
      requestId: crypto.randomUUID().replaceAll('-', ''),
      model: 'unknown',
      created: Math.floor(Date.now() / 1000),
      includeUsage: true,
      ...given,
    })
    return new TextSink(encoder, client.framing(given.form))
  }
}

function bytesReader(
  { dialect, options }: { dialect: UpstreamDialect; options: FromOptions },
  head: AnswerHead,
  onEvent: ProcessOptions['onEvent'],
): ChunkReader<Uint8Array> {
  if (head.status >= 300) return new RefusalReader(dialect.upstream, head.status)
  const { framing = 'auto', maxEventBytes = 64 * 1024 * 1024, ...decode } = options
  const events: EventReaderOptions = { framing, maxEventBytes, contentType: head.contentType, onEvent }
  return new AnswerReader(dialect.upstream, { vendor: 'unknown', family: 'unknown', ...decode }, events)
}

const noHead: AnswerHead = { status: 200, contentType: undefined, contentEncoding: undefined }

const byteLength = (chunk: Chunk): number => chunk.length
const noBytes = (): number => 0

/** What a waiting chunk counts for: a token about as much as its object takes. */
function weight(chunk: Chunk): number {
  return chunk instanceof Uint8Array ? chunk.length : chunk.length * 128
}

/** The plan of a pipeline that passes tokens on as they are. */
export const emptyPlan: PipelinePlan = {
  from: undefined,
  steps: [],
  to: undefined,
  backpressure: undefined,
  metrics: StreamMetrics.noop,
  clock: systemClock,
}
