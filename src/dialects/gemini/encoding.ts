import type { ChatRequest, Opaque } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { dialect, functionNameRule } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialect)
  }

  functionName(name: string): string {
    return this.legalName(name, functionNameRule)
  }

  /** The state that this vendor made and can read, as it stands on the wire. What others made is counted. */
  signature(states: readonly Opaque[] | undefined): string | undefined {
    let found: string | undefined
    for (const { vendor, family, kind, value } of states ?? []) {
      const known = vendor === undefined ? this.own : vendor === this.target.vendor && family === this.target.family
      if (known && kind === 'signature') found = value
      else this.foreignOpaque++
    }
    return found
  }
}
