import type { CacheMarker, ChatRequest, JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { dialect, toolNameRule } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  readonly #documents = new Set<string>()

  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialect)
  }

  toolName(name: string): string {
    return this.legalName(name, toolNameRule)
  }

  /**
   * The mark is a block of its own here, behind what is to be cached, and a model that keeps no cache refuses it. Only two
   * times to live exist; longer ones become the longer.
   */
  cachePoint(cache: CacheMarker | undefined): JsonObject[] {
    if (!cache || !this.target.traits.cachePoints) return []
    const long = cache.ttl !== undefined && cache.ttl !== '5m'
    return [{ cachePoint: { type: 'default', ...(long && { ttl: '1h' }) } }]
  }

  /** The API takes few characters in the name of a document, no two spaces in a row, and no name twice. */
  documentName(wanted: string): string {
    const legal = wanted
      .replace(/[^a-zA-Z0-9 ()[\]-]/g, '-')
      .replace(/\s+/g, ' ')
      .slice(0, 180)
      .trim()
    const base = legal === '' ? 'document' : legal
    let name = base
    for (let i = 2; this.#documents.has(name); i++) name = `${base} (${i})`
    this.#documents.add(name)
    return name
  }
}
