import type { Opaque } from '../tokens/index.ts'

/**
 * The state of vendors that sign nothing and all the same want their reasoning back with the calls that it led to: a
 * signature that says no more than whose text it is. It makes the block survive wherever signed ones do, in the slot of
 * a client's dialect or in the memory for clients without one.
 */
export function textMark(vendor: string, family: string): Opaque {
  return { kind: 'signature', value: mark, vendor, family }
}

/** Whether the text beside it is all there is. */
export function isTextMark({ kind, value }: Opaque): boolean {
  return kind === 'signature' && value === mark
}

const mark = 'text'
