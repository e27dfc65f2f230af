import type { SluiceError } from '../../errors/index.ts'
import type { JsonObject, Usage } from '../../tokens/index.ts'
import { failure } from './error.ts'
import { settingsFrom } from './kept.ts'
import { encodeUsage } from './usage.ts'

export interface ResponseFacts {
  id: string
  created: number
  model: string
  kept: JsonObject | undefined
}

/**
 * The object that stands in the first events of a stream and in its last one. It is put together as text: the items in
 * it have been written before, and writing them again would cost as much as all the rest.
 */
export class ResponseBody {
  readonly facts: ResponseFacts
  readonly #settings: JsonObject

  constructor(facts: ResponseFacts) {
    this.facts = facts
    this.#settings = { ...settingsFrom(facts.kept) }
  }

  /** What the provider says of its own settings, which is truer than what was asked for. */
  say(fields: JsonObject): void {
    Object.assign(this.#settings, fields)
  }

  running(): string {
    return this.#write({ status: 'in_progress', error: null, incomplete_details: null }, '[]', null)
  }

  over(ended: {
    status: 'completed' | 'incomplete' | 'failed'
    reason?: string | undefined
    error?: SluiceError | undefined
    /** The items, as JSON texts. */
    output: string[]
    usage: Usage | undefined
  }): string {
    const { status, reason, error, output, usage } = ended
    return this.#write(
      {
        status,
        error: error ? failure(error) : null,
        incomplete_details: reason === undefined ? null : { reason },
      },
      `[${output.join(',')}]`,
      usage ? encodeUsage(usage) : null,
    )
  }

  #write(state: JsonObject, output: string, usage: JsonObject | null): string {
    const { id, created, model } = this.facts
    const head = { id, object: 'response', created_at: created, ...state, model }
    const { id: _, object: _object, status: _status, output: _output, ...settings } = this.#settings
    return `${JSON.stringify(head).slice(0, -1)},"output":${output},${JSON.stringify({ ...settings, usage }).slice(1)}`
  }
}
