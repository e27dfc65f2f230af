import { tokensSaid } from './conditions.ts'
import type { RequestFacts } from './facts.ts'
import { cutGlob, fitsGlob, type Glob } from './glob.ts'
import type { Situations } from './table.ts'

export const usualThreshold = 60_000
export const usualBackground: readonly string[] = ['claude*haiku*']

/** A kind of request, what answers it, and by what it was known. */
interface Situation {
  /** As the configuration calls it. */
  name: string
  to: string
  because: string
}

const globs = new WeakMap<readonly string[], Glob[]>()

/**
 * The first situation that a request is in and for which there is an answer. Those come first in which another model would
 * fail: it cannot read so much, cannot see, cannot search.
 */
export function situationOf(facts: RequestFacts, situations: Situations): Situation | undefined {
  const { longContext, image, webSearch, background, think } = situations
  if (longContext !== undefined && facts.inputTokens() > (situations.longContextThreshold ?? usualThreshold)) {
    return { name: 'long_context', to: longContext, because: tokensSaid(facts) }
  }
  if (image !== undefined && facts.images()) return { name: 'image', to: image, because: 'images' }
  if (webSearch !== undefined && facts.webSearch()) return { name: 'web_search', to: webSearch, because: 'web search' }
  if (background !== undefined && isBackground(facts.model, situations.backgroundModels ?? usualBackground)) {
    return { name: 'background', to: background, because: 'a model for the background' }
  }
  if (think !== undefined && facts.thinking()) return { name: 'think', to: think, because: 'thinking' }
  return undefined
}

function isBackground(model: string, patterns: readonly string[]): boolean {
  let cut = globs.get(patterns)
  if (!cut) {
    cut = patterns.map(cutGlob)
    globs.set(patterns, cut)
  }
  return cut.some((glob) => fitsGlob(glob, model))
}
