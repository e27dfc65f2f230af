import type { SluiceError } from '../../errors/index.ts'
import type { FinishReason, Usage } from '../../tokens/index.ts'
import type { Answer } from '../answer.ts'

/** What becomes of the body of an upstream's answer. Calls after the terminal one are ignored. */
export interface Relay {
  data(chunk: Uint8Array): void
  /** All of one read has been given: write what came of it, in one go. */
  flush(): void
  /** The body is complete. */
  end(): void
  /** The body will not be completed: the upstream broke, or a timeout struck. */
  fail(error: SluiceError): void
  readonly progress: Progress
}

/** What a relay needs that streams to the client. */
export interface StreamRelayOptions {
  answer: Answer
  maxEventBytes: number
  /** An error before any content: the client has seen nothing of this attempt. */
  onFailure: (error: SluiceError) => void
  /** The first content is on its way to the client. */
  onContent: () => void
}

/** What an outsider may know of a relay: for timeouts, logs and metrics. */
export interface Progress {
  /** Events that carried content. */
  deltas: number
  /** Content has gone, or is about to go, to the client: the attempt can no longer be taken back. */
  committed: boolean
  /** The finish reason is known; only usage and the end marker are missing. */
  finished: boolean
  /** The answer has its end or its error; what the upstream still sends is of no interest. */
  over: boolean
  usage: Usage | undefined
  finish: FinishReason | undefined
  model: string | undefined
  error: SluiceError | undefined
}

export function newProgress(): Progress {
  return {
    deltas: 0,
    committed: false,
    finished: false,
    over: false,
    usage: undefined,
    finish: undefined,
    model: undefined,
    error: undefined,
  }
}

/** How much of a stream's beginning is held until content comes; with more than that it is let through. */
export const holdLimit = { events: 64, bytes: 64 * 1024 }
