import type { StreamFraming } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Stage } from '../flow/index.ts'
import type { SseMessage } from '../sse/index.ts'
import { isDelta, type StreamToken } from '../tokens/index.ts'
import type { Link } from './row.ts'

/** The end of a row: collects what one turn has made. */
export interface Sink<Batch> extends Link {
  /** The output has its one end or its one error. */
  readonly over: boolean
  readonly error: SluiceError | undefined
  /** Not even the error could be said in the output: who reads it must be told in another way. */
  readonly fault: SluiceError | undefined
  /** How many deltas have come so far. */
  readonly deltas: number
  /** What has come since the last time. */
  take(): Batch
  /** Whether there is anything to take. */
  readonly filled: boolean
}

/** Tokens as they are. A broken stream ends with its error token. */
export class TokenSink implements Sink<StreamToken[]> {
  readonly done = false
  over = false
  error: SluiceError | undefined
  readonly fault = undefined
  deltas = 0
  #tokens: StreamToken[] = []

  get filled(): boolean {
    return this.#tokens.length > 0
  }

  push(token: StreamToken): void {
    if (this.over) return
    if (token.type === 'error') {
      this.fail(token.error)
      return
    }
    if (isDelta(token)) this.deltas++
    this.#tokens.push(token)
  }

  end(): void {
    this.over = true
  }

  fail(error: SluiceError): void {
    if (this.over) return
    this.over = true
    this.error = error
    this.#tokens.push({ type: 'error', error })
  }

  take(): StreamToken[] {
    const tokens = this.#tokens
    // An empty one is given away as well: it must not fill later in the hands of who took it.
    this.#tokens = []
    return tokens
  }
}

/** Tokens as the wire text of a dialect, one piece for each turn. A broken stream ends in the dialect's own form. */
export class TextSink implements Sink<string> {
  readonly done = false
  over = false
  error: SluiceError | undefined
  fault: SluiceError | undefined
  deltas = 0
  readonly #encoder: Stage<StreamToken, SseMessage>
  readonly #framing: StreamFraming
  #text = ''

  constructor(encoder: Stage<StreamToken, SseMessage>, framing: StreamFraming) {
    this.#encoder = encoder
    this.#framing = framing
  }

  get filled(): boolean {
    return this.#text !== ''
  }

  push(token: StreamToken): void {
    if (this.over) return
    if (isDelta(token)) {
      this.deltas++
    } else if (token.type === 'error') {
      this.fail(token.error)
      return
    }
    try {
      this.#encoder.push(token, this.#message)
    } catch (thrown) {
      this.fail(SluiceError.from(thrown))
    }
  }

  end(): void {
    if (this.over) return
    try {
      this.#encoder.end?.(this.#message)
      this.#text += this.#framing.close()
      this.over = true
    } catch (thrown) {
      this.fail(SluiceError.from(thrown))
    }
  }

  fail(error: SluiceError): void {
    if (this.over) return
    this.over = true
    this.error = error
    try {
      this.#encoder.fail?.(error, this.#message)
      this.#text += this.#framing.close()
    } catch (fault) {
      this.fault = SluiceError.from(fault)
    }
  }

  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  readonly #message = (message: SseMessage): void => {
    this.#text += this.#framing.write(message)
  }
}
