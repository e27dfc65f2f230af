import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest } from '../../tokens/index.ts'
import { callId, hash } from '../call-id.ts'
import type { ExtraField } from '../chat-traits.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { dialectName } from './wire.ts'

/** A request on its way to an upstream of this dialect. */
export class Encoding extends RequestEncoding {
  /** The fields that only OpenAI's own servers know may be sent. */
  readonly extras: boolean
  /** Ids that say the place of their call in the conversation. Made when the first one is asked for. */
  #numbered: ReadonlyMap<string, string> | undefined

  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialectName)
    this.extras = (this.own && target.traits.fields === undefined) || target.traits.openaiExtras === true
  }

  /** Whether a field that only some servers know may be sent. `top_k` is not even OpenAI's. */
  takes(field: ExtraField): boolean {
    const { takes, openaiExtras } = this.target.traits
    return this.own || (field !== 'top_k' && openaiExtras === true) || takes?.includes(field) === true
  }

  /** Names of this dialect stay. */
  toolName(name: string): string {
    return this.own ? name : this.legalName(name, { max: 64, allowed: /^[\w-]+$/ })
  }

  /** An id that this dialect brought is the provider's own and goes back as it was: some want odd ones back. */
  callId(id: string): string {
    switch (this.target.traits.callIdForm) {
      case 'nine':
        return /^[A-Za-z0-9]{9}$/.test(id) ? id : hash(id).slice(0, 9)
      case 'numbered':
        this.#numbered ??= this.#number()
        return this.#numbered.get(id) ?? id
    }
    return callId(id, { max: 40, allowed: this.own ? /^[\s\S]+$/ : /^[A-Za-z0-9_-]+$/ })
  }

  /** Servers that count the calls of a conversation want their own ids back, and no others. */
  #number(): ReadonlyMap<string, string> {
    const ids = new Map<string, string>()
    const calls = this.request.messages.flatMap((message) =>
      message.role === 'assistant' ? message.parts.filter((part) => part.type === 'tool-call') : [],
    )
    for (const [n, { id, name }] of calls.entries()) {
      ids.set(id, /^functions\.[\w-]+:\d+$/.test(id) ? id : `functions.${this.toolName(name)}:${n}`)
    }
    return ids
  }
}

export function unsupported(param: string, problem: string): never {
  throw new SluiceError('unsupported', `cannot send the request to an OpenAI-compatible provider: ${problem}`, {
    param,
  })
}
