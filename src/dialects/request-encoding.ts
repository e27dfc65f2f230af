import { SluiceError } from '../errors/index.ts'
import type { ChatRequest, HostedPart, JsonObject, ToolCall } from '../tokens/index.ts'
import { argumentsObject } from './arguments-object.ts'
import { type CallIdRule, hash } from './call-id.ts'
import { wrapInput } from './custom-input.ts'
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
  readonly #dialect: string
  readonly #warnings: Warning[] = []
  /** From the name on the wire to the client's, where the two differ. */
  readonly #toolNames = new Map<string, string>()

  constructor(request: ChatRequest, target: Target, dialect: string) {
    this.request = request
    this.target = target
    this.#dialect = dialect
    this.own = request.extra.dialect === dialect
  }

  dropped(field: string, reason: string): void {
    this.#warnings.push({ field, action: 'dropped', reason })
  }

  /** Fields that the API has no place for, of which those that are set are dropped. */
  lacks(reason: string, fields: Readonly<Record<string, unknown>>): void {
    for (const [field, value] of Object.entries(fields)) {
      if (value !== undefined && value !== false) this.dropped(field, reason)
    }
  }

  changed(field: string, reason: string): void {
    this.#warnings.push({ field, action: 'changed', reason })
  }

  /** A block that only one dialect knows goes as it is where that is this one, and stays behind otherwise. */
  hosted(part: HostedPart, at: string): JsonObject | undefined {
    return part.dialect === this.#dialect ? part.block : this.foreign(part, at)
  }

  foreign({ block, dialect }: HostedPart, at: string): undefined {
    this.dropped(at, `a block of type ${String(block.type)} that only ${dialect} knows`)
  }

  /** The arguments of a call, for an API that takes an object. */
  argumentsOf({ kind, arguments: json }: ToolCall, at: string): JsonObject {
    const { value, whole } = argumentsObject(kind === 'custom' ? wrapInput(json) : json)
    if (!whole) this.changed(`${at}.arguments`, 'the arguments are no JSON object; they are sent as the text `__raw`')
    return value
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

/** @throws SluiceError `unsupported`, always */
export function refuse(param: string, problem: string): never {
  throw new SluiceError('unsupported', `cannot send the request to this model: \`${param}\` ${problem}`, { param })
}
