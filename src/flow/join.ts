import type { SluiceError } from '../errors/index.ts'
import type { Emit, Stage } from './stage.ts'

/**
 * Two stages as one. `end` and `fail` run down the row: the first stage empties itself into the second, then the
 * second ends.
 *
 * The inner emit is made once per pair and reads `out` from the closure: a fresh closure per item would cost an
 * allocation per token.
 */
export function join<A, B, C>(first: Stage<A, B>, second: Stage<B, C>): Stage<A, C> {
  let out: Emit<C> = ignore
  const between: Emit<B> = (item) => second.push(item, out)
  return {
    push(item, emit) {
      out = emit
      first.push(item, between)
    },
    end(emit) {
      out = emit
      first.end?.(between)
      second.end?.(emit)
    },
    fail(error: SluiceError, emit) {
      out = emit
      first.fail?.(error, between)
      second.fail?.(error, emit)
    },
  }
}

function ignore(): void {}
