import type { CacheMarker, ChatRequest, JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { dialect, toolNameRule } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialect)
  }

  toolName(name: string): string {
    return this.legalName(name, toolNameRule)
  }
}

/** The mark as a field, to be spread into a block. Only two times to live exist here; longer ones become the longer. */
export function cacheControl(cache: CacheMarker | undefined): JsonObject {
  if (!cache) return {}
  const ttl = cache.ttl === undefined || cache.ttl === '5m' ? cache.ttl : '1h'
  return { cache_control: { type: 'ephemeral', ...(ttl && { ttl }) } }
}
