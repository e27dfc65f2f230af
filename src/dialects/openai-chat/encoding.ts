import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { dialectName } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  /** The fields that only OpenAI's own servers know may be sent. */
  readonly extras: boolean

  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialectName)
    this.extras = this.own || target.traits.openaiExtras === true
  }

  /** Names of this dialect stay. */
  toolName(name: string): string {
    return this.own ? name : this.legalName(name, { max: 64, allowed: /^[\w-]+$/ })
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
