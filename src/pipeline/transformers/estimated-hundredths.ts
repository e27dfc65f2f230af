import { estimateText } from '../../tokens/index.ts'

/**
 * The estimated size of a text in hundredths of a token. Whole numbers, so that the sum over a stream is the same
 * however its text is cut into deltas, which a sum of fractions would not be.
 */
export function estimatedHundredths(text: string): number {
  return Math.round(estimateText(text) * 100)
}
