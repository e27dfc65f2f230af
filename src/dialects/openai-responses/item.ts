import type { Emit } from '../../flow/index.ts'
import type { JsonObject, StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions } from '../dialect.ts'
import type { DeltaShape } from './delta-shape.ts'

/** One item of an answer while it is open. Every method may be called twice, or not at all. */
export interface Item {
  /** It is a call of one of the client's tools. */
  readonly call?: boolean
  /** Knows the usual delta of the part that the last delta was for. */
  readonly shape?: DeltaShape | undefined
  start(emit: Emit<StreamToken>): void
  /** The usual delta of the part that the last delta was for. */
  delta(piece: string, emit: Emit<StreamToken>): void
  /** An event about the item; false when it is unknown. */
  read(event: JsonObject, emit: Emit<StreamToken>): boolean
  /** The item as it is in the end: what was not told of it yet is told now. */
  finish(item: JsonObject, emit: Emit<StreamToken>): void
  /** Closes what is open. */
  end(emit: Emit<StreamToken>): void
}

export interface ItemOptions extends DecodeOptions {
  /** Gives the index of a new block. */
  nextBlock: () => number
}
