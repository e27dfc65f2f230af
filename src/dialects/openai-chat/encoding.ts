import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest } from '../../tokens/index.ts'
import { callId, hash } from '../call-id.ts'
import type { Target, Warning } from '../dialect.ts'
import { dialectName } from './wire.ts'

/** One request on its way to the wire: whom it is for, and what was lost so far. */
export class Encoding {
  readonly request: ChatRequest
  readonly target: Target
  /** The client speaks this dialect too: what it wrote on purpose goes on as it is. */
  readonly own: boolean
  /** The fields that only OpenAI's own servers know may be sent. */
  readonly extras: boolean
  readonly warnings: Warning[] = []
  foreignOpaque = 0
  /** Custom tools that are offered as functions. */
  readonly customTools = new Set<string>()
  /** From the name on the wire to the client's, where the two differ. */
  readonly toolNames = new Map<string, string>()

  constructor(request: ChatRequest, target: Target) {
    this.request = request
    this.target = target
    this.own = request.extra.dialect === dialectName
    this.extras = this.own || target.traits.openaiExtras === true
  }

  dropped(field: string, reason: string): void {
    this.warnings.push({ field, action: 'dropped', reason })
  }

  changed(field: string, reason: string): void {
    this.warnings.push({ field, action: 'changed', reason })
  }

  /** A legal name for a tool, the same one every time; the way back is remembered. Names of this dialect stay. */
  toolName(name: string): string {
    if (this.own || /^[\w-]{1,64}$/.test(name)) return name
    const wire = `${name.replace(/[^\w-]/g, '_').slice(0, 48)}_${hash(name).slice(0, 8)}`
    this.toolNames.set(wire, name)
    return wire
  }

  /** An id that this dialect brought is the provider's own and goes back as it was: some want odd ones back. */
  callId(id: string): string {
    return callId(id, { max: 40, allowed: this.own ? /^[\s\S]+$/ : /^[A-Za-z0-9_-]+$/ })
  }
}

export function unsupported(param: string, problem: string): never {
  throw new SluiceError('unsupported', `cannot send the request to an OpenAI-compatible provider: ${problem}`, {
    param,
  })
}
