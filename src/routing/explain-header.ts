import type { Explanation } from './explanation.ts'
import { selectWords, strategyWords, targetWords, wantedWords } from './words.ts'

/** In bytes, which are characters here. */
const most = 1024

/** The three phases in one line that a header can carry: ASCII, at most 1 KiB. */
export function explainHeader(explanation: Explanation): string {
  const targets = explanation.targets.map(targetWords).join(', ')
  const line = [
    `resolve: ${wantedWords(explanation)}`,
    `select: ${selectWords(explanation)}`,
    `rank: ${strategyWords(explanation)}: ${targets}`,
  ].join('; ')
  const ascii = line.replaceAll(/[^\x20-\x7e]/g, '?')
  return ascii.length <= most ? ascii : `${ascii.slice(0, most - 3)}...`
}
