import { isJsonObject, type JsonObject, type Opaque } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { parse } from '../lenient.ts'

/**
 * What a package hangs on a block (`providerMetadata`) and wants back with it (`providerOptions`): signatures, ids of
 * items, encrypted reasoning, each under a name of the package's own. sluice reads none of it. It travels as one opaque
 * value that also says which kind of block it belongs to, since a client may have given it a block of its own.
 */
export type StateOf = 'text' | 'reasoning' | 'call'

export interface BlockState {
  on: StateOf
  options: JsonObject
}

export function packState(on: StateOf, options: JsonObject): { kind: Opaque['kind']; value: string } {
  return { kind: 'signature', value: JSON.stringify({ on, options }) }
}

/** The state inside a value that the target made; undefined for any other. */
export function readState(opaque: Opaque | undefined, target: Target): BlockState | undefined {
  if (!opaque || !isOurs(opaque, target)) return undefined
  const state = parse(opaque.value)
  return isJsonObject(state) && isJsonObject(state.options)
    ? { on: state.on as StateOf, options: state.options }
    : undefined
}

export function isOurs({ vendor, family }: Opaque, target: Target): boolean {
  return vendor === target.vendor && family === target.family
}

/** Options under the names of packages, later fields over earlier ones. */
export function mergeOptions(earlier: JsonObject | undefined, later: unknown): JsonObject | undefined {
  if (!isJsonObject(later)) return earlier
  const merged: JsonObject = { ...earlier }
  for (const [name, fields] of Object.entries(later)) {
    const before = merged[name]
    merged[name] = isJsonObject(before) && isJsonObject(fields) ? { ...before, ...fields } : fields
  }
  return Object.keys(merged).length > 0 ? merged : undefined
}
