import type { CacheMarker, ChatRequest, JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { mergeOptions } from './state.ts'
import { dialect, toolNameRule } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialect)
  }

  toolName(name: string): string {
    return this.legalName(name, toolNameRule)
  }

  /**
   * The field `providerOptions` of a part: its state, and the mark behind which the prompt is cached, which every
   * package has its own words for. Without those words (trait `cacheOptions`) there is no mark.
   */
  options(cache?: CacheMarker, state?: JsonObject): JsonObject {
    const providerOptions = mergeOptions(state, cache && this.target.traits.cacheOptions)
    return providerOptions ? { providerOptions } : {}
  }
}
