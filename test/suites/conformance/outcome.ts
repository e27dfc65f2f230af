import { isDeepStrictEqual } from 'node:util'
import type { Warning } from '../../../src/dialects/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import type { Outcome } from './feature.ts'

export function grade(found: unknown, want: unknown, warnings: readonly Warning[], told = false): Outcome {
  const words = [...new Set(warnings.map(({ field, action }) => `${field};${action}`))].sort()
  if (!isDeepStrictEqual(found, want)) return { grade: 'partial', told: words, found: JSON.stringify(found) }
  if (told ? words.length > 0 : words.length === 0) return { grade: 'full', told: [] }
  return { grade: 'partial', told: words, ...(told && { found: 'nothing was told' }) }
}

export function refused(error: unknown): Outcome {
  const { param } = unsupported(error)
  return { grade: 'refused', told: param === undefined ? [] : [param] }
}

/** `side` has no words for it, so that there is nothing to carry. */
export function unsayable(side: 'client' | 'provider', found: unknown): Outcome {
  return { grade: 'n/a', told: [], mute: side, found: JSON.stringify(found) }
}

/** Anything but a clear refusal is a fault. */
export function unsupported(error: unknown): SluiceError {
  if (SluiceError.is(error) && error.code === 'unsupported') return error
  throw error
}
