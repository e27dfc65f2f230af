import type { Stage } from './stage.ts'

/** Runs all items through a stage, ends it, and returns what came out. For whole inputs and for tests. */
export function collect<In, Out>(stage: Stage<In, Out>, items: Iterable<In>): Out[] {
  const out: Out[] = []
  const emit = (item: Out): void => {
    out.push(item)
  }
  for (const item of items) stage.push(item, emit)
  stage.end?.(emit)
  return out
}
