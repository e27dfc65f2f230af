import { SluiceError } from '../../errors/index.ts'
import type { CacheMarker, ChatRequest, JsonObject } from '../../tokens/index.ts'
import { hash } from '../call-id.ts'
import type { Target, Warning } from '../dialect.ts'
import { dialect, toolNameRule } from './wire.ts'

/** One request on its way to the wire: whom it is for, and what was lost so far. */
export class Encoding {
  readonly request: ChatRequest
  readonly target: Target
  /** The client speaks this dialect too, so what only this dialect knows can be sent. */
  readonly home: boolean
  readonly warnings: Warning[] = []
  foreignOpaque = 0
  readonly customTools = new Set<string>()
  readonly toolNames = new Map<string, string>()

  constructor(request: ChatRequest, target: Target) {
    this.request = request
    this.target = target
    this.home = request.extra.dialect === dialect
  }

  dropped(field: string, reason: string): void {
    this.warnings.push({ field, action: 'dropped', reason })
  }

  changed(field: string, reason: string): void {
    this.warnings.push({ field, action: 'changed', reason })
  }

  /** A legal name for a tool, the same every time; the way back is remembered. */
  toolName(name: string): string {
    if (name.length > 0 && name.length <= toolNameRule.max && toolNameRule.allowed.test(name)) return name
    const readable = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 48)
    const wire = `${readable}_${hash(name).slice(0, 8)}`
    this.toolNames.set(wire, name)
    return wire
  }
}

export function refuse(param: string, problem: string): never {
  throw new SluiceError('unsupported', `cannot send the request to this model: \`${param}\` ${problem}`, { param })
}

/** The mark as a field, to be spread into a block. Only two times to live exist here; longer ones become the longer. */
export function cacheControl(cache: CacheMarker | undefined): JsonObject {
  if (!cache) return {}
  const ttl = cache.ttl === undefined || cache.ttl === '5m' ? cache.ttl : '1h'
  return { cache_control: { type: 'ephemeral', ...(ttl && { ttl }) } }
}
