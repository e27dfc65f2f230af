import { SluiceError } from '../../errors/index.ts'
import { type ChatReply, Folder, type StreamToken } from '../../tokens/index.ts'
import { newProgress, type Progress } from './relay.ts'
import type { TokenTarget } from './waiting-relay.ts'

/** Tokens that become one whole answer. */
export class FoldedTarget implements TokenTarget {
  readonly progress: Progress = newProgress()
  readonly #folder = new Folder()
  readonly #events: { onReply: (reply: ChatReply) => void; onFailure: (error: SluiceError) => void }

  constructor(events: { onReply: (reply: ChatReply) => void; onFailure: (error: SluiceError) => void }) {
    this.#events = events
  }

  token(token: StreamToken): void {
    try {
      this.#folder.push(token)
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }

  complete(): void {
    if (this.progress.over) return
    try {
      const reply = this.#folder.reply()
      this.progress.over = true
      this.#events.onReply(reply)
    } catch (error) {
      this.progress.over = false
      this.fail(SluiceError.from(error))
    }
  }

  /** Nothing leaves before the end. */
  flush(): void {}

  fail(error: SluiceError): void {
    if (this.progress.over) return
    this.progress.over = true
    this.progress.error = error
    this.#events.onFailure(error)
  }
}
