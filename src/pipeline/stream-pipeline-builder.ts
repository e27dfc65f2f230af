import type { Dialect, UpstreamDialect } from '../dialects/index.ts'
import type { Clock } from '../flow/index.ts'
import type { StreamToken } from '../tokens/index.ts'
import { BackpressureController } from './backpressure.ts'
import { StreamMetrics } from './stream-metrics.ts'
import {
  type Batch,
  type Chunk,
  emptyPlan,
  type FromOptions,
  type PipelinePlan,
  StreamingPipeline,
  type ToOptions,
} from './streaming-pipeline.ts'
import type { AsyncStreamTransformer, MakeTransformer } from './transformer.ts'

/**
 * Joins the parts of a pipeline. Each call gives another builder and leaves the one it was called on as it was, so that
 * one beginning can have many ends. Transformers stand in the order in which they are added.
 *
 * Without `from` tokens go in, without `to` tokens come out.
 *
 * @example
 * const pipeline = new StreamPipelineBuilder()
 *   .from(openaiChat)
 *   .addTransformer(() => new ContentFilter({ patterns: ['secret'] }))
 *   .to(anthropicMessages)
 *   .enableMetrics()
 *   .build()
 */
export class StreamPipelineBuilder<C extends Chunk = readonly StreamToken[], B extends Batch = readonly StreamToken[]> {
  readonly #plan: PipelinePlan

  constructor(plan: PipelinePlan = emptyPlan) {
    this.#plan = plan
  }

  /** The source is the answer of an API, as bytes. */
  from(dialect: UpstreamDialect, options: FromOptions = {}): StreamPipelineBuilder<Uint8Array, B> {
    return this.#with({ from: { dialect, options } })
  }

  /** One more transformer at the end of the row; `make` is called for each stream. */
  addTransformer(make: MakeTransformer): StreamPipelineBuilder<C, B> {
    return this.#with({ steps: [...this.#plan.steps, { kind: 'sync', make }] })
  }

  /** The same for one that has to wait. The stream waits with it, see `AsyncStreamTransformer`. */
  addAsyncTransformer(make: () => AsyncStreamTransformer): StreamPipelineBuilder<C, B> {
    return this.#with({ steps: [...this.#plan.steps, { kind: 'async', make }] })
  }

  /** The output is the stream of an API, as text. A function is asked anew for each stream. */
  to(dialect: Dialect, options: ToOptions | (() => ToOptions) = {}): StreamPipelineBuilder<C, string> {
    return this.#with({ to: { dialect, options } })
  }

  /**
   * `processStream` reads its source ahead, as far as a controller has room; one is made for each stream, and its
   * `stats` tell how it goes. Without it nothing is read before it is asked for.
   */
  withBackpressure(
    make: () => BackpressureController = () => new BackpressureController(),
  ): StreamPipelineBuilder<C, B> {
    return this.#with({ backpressure: make })
  }

  /** Measures all streams. Those that are over are added up in `metrics`, or in ones of the pipeline's own. */
  enableMetrics(metrics: StreamMetrics = new StreamMetrics()): StreamPipelineBuilder<C, B> {
    return this.#with({ metrics })
  }

  /** Where the time comes from that asynchronous transformers may take: for tests. */
  withClock(clock: Clock): StreamPipelineBuilder<C, B> {
    return this.#with({ clock })
  }

  build(): StreamingPipeline<C, B> {
    return new StreamingPipeline(this.#plan)
  }

  #with<C2 extends Chunk, B2 extends Batch>(change: Partial<PipelinePlan>): StreamPipelineBuilder<C2, B2> {
    return new StreamPipelineBuilder<C2, B2>({ ...this.#plan, ...change })
  }
}
