import { SluiceError } from '../../errors/index.ts'
import type { Emit, Stage } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import { isJsonObject, type JsonObject, mergeUsage, type StreamToken, type Usage } from '../../tokens/index.ts'
import type { EncodeOptions, Warning } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { CandidateEncoder } from './candidate-encoder.ts'
import { errorBody } from './error.ts'
import { encodeUsage } from './usage.ts'
import { dialect } from './wire.ts'

/**
 * Tokens to chunks: one for each part, and a last one that says why each candidate ended and what it all cost. An error
 * is the last chunk in its place. Clients read the lines with an expression that stops at U+2028 and U+2029, so those
 * never stand in a chunk as they are.
 */
export class GeminiEncoder implements Stage<StreamToken, SseMessage> {
  readonly #options: EncodeOptions
  readonly #visible: boolean
  readonly #candidates = new Map<number, CandidateEncoder>()
  readonly #warned = new Set<string>()
  #id: string
  #model: string
  /** What stands behind the candidates of every chunk. */
  #tail: string | undefined
  #usage: Usage | undefined
  /** Fields of the last chunk that only this dialect knows. */
  #fields: JsonObject = {}
  #emit: Emit<SseMessage> = () => {}
  #wrote = false
  #over = false

  constructor(options: EncodeOptions) {
    this.#options = options
    this.#visible = options.kept?.includeThoughts === true
    this.#id = options.requestId
    this.#model = options.model
  }

  push(token: StreamToken, emit: Emit<SseMessage>): void {
    if (this.#over) return
    this.#emit = emit
    switch (token.type) {
      case 'message-start':
        if (token.id) this.#id = token.id
        if (token.model) this.#model = token.model
        return
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return
      case 'metadata':
        if (token.dialect !== dialect) return
        if (token.choice === undefined) Object.assign(this.#fields, token.fields)
        else this.#candidate(token.choice).facts(token.fields)
        return
      case 'raw':
        return
      case 'error':
        this.fail(token.error, emit)
        return
      default:
        this.#candidate(token.choice).push(token)
    }
  }

  end(emit: Emit<SseMessage>): void {
    if (this.#over) return
    const candidates = [...this.#candidates.values()]
    if (candidates.length === 0 || candidates.some((one) => !one.finished)) {
      this.fail(new SluiceError('upstream_truncated', 'the answer ended before it was finished'), emit)
      return
    }
    this.#over = true
    const { usageMetadata, ...fields } = this.#fields
    const usage = { ...(this.#usage && encodeUsage(this.#usage)), ...(isJsonObject(usageMetadata) && usageMetadata) }
    // A prompt that was refused has no candidates.
    const feedback = isJsonObject(fields.promptFeedback) && filled(fields.promptFeedback.blockReason) !== undefined
    const last = {
      ...(!(feedback && !this.#wrote) && { candidates: candidates.map((one) => one.last()) }),
      ...(Object.keys(usage).length > 0 && { usageMetadata: usage }),
      modelVersion: this.#model,
      ...fields,
      responseId: this.#id,
    }
    this.#send(JSON.stringify(last), emit)
  }

  fail(error: SluiceError, emit: Emit<SseMessage>): void {
    if (this.#over) return
    this.#over = true
    this.#send(JSON.stringify(errorBody(error).body), emit)
  }

  #candidate(index: number): CandidateEncoder {
    let candidate = this.#candidates.get(index)
    if (!candidate) {
      candidate = new CandidateEncoder(index, {
        requestId: this.#options.requestId,
        visible: this.#visible,
        write: (part, more) => this.#chunk(index, part, more),
        warn: (field, action, reason) => this.#warn(field, action, reason),
      })
      this.#candidates.set(index, candidate)
    }
    return candidate
  }

  #chunk(index: number, part: string, more: string): void {
    this.#wrote = true
    this.#tail ??= `],"modelVersion":${JSON.stringify(this.#model)},"responseId":${JSON.stringify(this.#id)}}`
    const candidate = `{"content":{"role":"model","parts":[${part}]},"index":${index}${more}}`
    this.#send(`{"candidates":[${candidate}${this.#tail}`, this.#emit)
  }

  #send(json: string, emit: Emit<SseMessage>): void {
    emit({ data: /[\u2028\u2029]/.test(json) ? json.replace(/[\u2028\u2029]/g, escaped) : json, json: true })
  }

  #warn(field: string, action: Warning['action'], reason: string): void {
    if (this.#warned.has(field)) return
    this.#warned.add(field)
    this.#options.onWarning?.({ field, action, reason })
  }
}

function escaped(char: string): string {
  return char === '\u2028' ? '\\u2028' : '\\u2029'
}
