import type { ChatRequest } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { callIdRule, dialectName, ownCallIdRule, toolNameRule } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  /** The fields that only OpenAI's own servers know may be sent. */
  readonly extras: boolean

  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialectName)
    this.extras = this.own || target.traits.openaiExtras === true
  }

  toolName(name: string): string {
    return this.own ? name : this.legalName(name, toolNameRule)
  }

  callId(id: string): string {
    return callId(id, this.own ? ownCallIdRule : callIdRule)
  }
}
