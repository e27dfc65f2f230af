import type { ChatRequest, JsonObject } from '../tokens/index.ts'
import { type CallIdRule, hash } from './call-id.ts'
import type { EncodedRequest, Target, Warning } from './dialect.ts'

/** One request on its way to the wire: whom it is for, and what was lost or renamed so far. */
export class RequestEncoding {
  readonly request: ChatRequest
  readonly target: Target
  /** The client speaks the target's dialect, too: what it wrote on purpose goes on as it is. */
  readonly own: boolean
  foreignOpaque = 0
  /** Custom tools that are offered as functions. */
  readonly customTools = new Set<string>()
  readonly #warnings: Warning[] = []
  /** From the name on the wire to the client's, where the two differ. */
  readonly #toolNames = new Map<string, string>()

  constructor(request: ChatRequest, target: Target, dialect: string) {
    this.request = request
    this.target = target
    this.own = request.extra.dialect === dialect
  }

  dropped(field: string, reason: string): void {
    this.#warnings.push({ field, action: 'dropped', reason })
  }

  changed(field: string, reason: string): void {
    this.#warnings.push({ field, action: 'changed', reason })
  }

  /** A legal name for a tool, the same one every time; the way back is remembered. */
  protected legalName(name: string, rule: CallIdRule): string {
    if (name.length <= rule.max && rule.allowed.test(name)) return name
    const made = `${name.replace(/[^\w-]/g, '_').slice(0, 48)}_${hash(name).slice(0, 8)}`
    // Some APIs have a rule for the first letter, too.
    const wire = rule.allowed.test(made) ? made : `_${made}`
    this.#toolNames.set(wire, name)
    return wire
  }

  /** The body with all that was noted on the way to it. */
  encoded(body: JsonObject, headers: Record<string, string>): EncodedRequest {
    return {
      body,
      headers,
      warnings: this.#warnings,
      foreignOpaque: this.foreignOpaque,
      ...(this.customTools.size > 0 && { customTools: this.customTools }),
      ...(this.#toolNames.size > 0 && { toolNames: this.#toolNames }),
    }
  }
}
