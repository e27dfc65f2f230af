import type { SluiceError } from '../errors/index.ts'

/** Takes one item. Called synchronously, any number of times, in order. */
export type Emit<T> = (item: T) => void

/**
 * The one shape between bytes and bytes. A stage is synchronous: what comes out of an item has been emitted when
 * `push` returns, so that one read of the upstream runs through a whole row of stages in one turn, with no promise,
 * timer or queue in between. A stage serves one stream and may keep state.
 *
 * `end` and `fail` close the stage: exactly one of them is called, once, and nothing is pushed afterwards.
 */
export interface Stage<In, Out> {
  push(item: In, emit: Emit<Out>): void
  /** The input is complete: emit what is still held back. */
  end?(emit: Emit<Out>): void
  /** The input broke: emit what the output needs to end honestly. The error is passed down the row after it. */
  fail?(error: SluiceError, emit: Emit<Out>): void
}
