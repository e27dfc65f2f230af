import { SluiceError } from '../../errors/index.ts'
import { hash } from '../call-id.ts'
import type { Target, Warning } from '../dialect.ts'

/** What is known while one request is encoded. */
export interface Encoding {
  target: Target
  /** The client speaks this dialect too: what it wrote on purpose goes on as it is. */
  own: boolean
  /** The fields that only OpenAI's own servers know may be sent. */
  extras: boolean
  warnings: Warning[]
  foreignOpaque: number
  /** Custom tools that are offered as functions. */
  customTools: Set<string>
  /** From the name on the wire to the client's, where the two differ. */
  toolNames: Map<string, string>
}

export function drop(encoding: Encoding, field: string, reason: string): void {
  encoding.warnings.push({ field, action: 'dropped', reason })
}

/** A legal name for a tool, the same one every time; the way back is remembered. Names of this dialect stay. */
export function toolName(encoding: Encoding, name: string): string {
  if (encoding.own || /^[\w-]{1,64}$/.test(name)) return name
  const wire = `${name.replace(/[^\w-]/g, '_').slice(0, 48)}_${hash(name).slice(0, 8)}`
  encoding.toolNames.set(wire, name)
  return wire
}

export function unsupported(param: string, problem: string): never {
  throw new SluiceError('unsupported', `cannot send the request to an OpenAI-compatible provider: ${problem}`, {
    param,
  })
}
