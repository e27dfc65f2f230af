import type { StreamDecoder, StreamFraming } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { Stage } from '../../flow/index.ts'
import { TokenReader } from '../../pipeline/index.ts'
import type { Delivered } from '../../resume/index.ts'
import type { EventParser, SseMessage } from '../../sse/index.ts'
import { isContent, mergeUsage, type StreamToken } from '../../tokens/index.ts'
import { interrupted } from './interrupted.ts'
import { holdLimit, newProgress, type Progress, type Relay, type StreamRelayOptions } from './relay.ts'

export interface TranslatedOptions extends StreamRelayOptions {
  parser: EventParser
  decoder: StreamDecoder
  encoder: Stage<StreamToken, SseMessage>
  /** How the client gets its events. */
  framing: StreamFraming
  /** Is shown every token on its way to the client. */
  followed: { push(token: StreamToken): void } | undefined
  /** Takes note of what the client is given, where somebody else may go on with it. */
  delivered?: Delivered | undefined
  /** Makes the tokens the rest of an answer that was begun by another one. */
  stitch?: Stage<StreamToken, StreamToken> | undefined
  /** The first event is on its way to the client: nobody else can begin anew. */
  onSeen?: () => void
  /** The stream has broken after its content. True: somebody else goes on, and nothing is said of it here. */
  onInterrupted?: ((error: SluiceError) => boolean) | undefined
}

/**
 * A stream through the canonical model: bytes, events, tokens, events, bytes, in one turn for each read and with one
 * write at its end. Tokens before the first content are held, so that a failure can still be told with its true status.
 */
export class TranslatedRelay implements Relay {
  readonly progress: Progress = newProgress()
  readonly #options: TranslatedOptions
  readonly #reader: TokenReader
  #held: StreamToken[] | undefined = []
  #heldBytes = 0
  #out = ''
  #seen: boolean

  constructor(options: TranslatedOptions) {
    this.#options = options
    this.#seen = options.stitch !== undefined
    this.#reader = new TokenReader(options.parser, options.decoder)
  }

  data(chunk: Uint8Array): void {
    if (this.progress.over) return
    if (this.#held) this.#heldBytes += chunk.length
    try {
      this.#reader.push(chunk, this.#token)
      this.progress.finished = this.#options.decoder.finished
      if (this.#options.decoder.holding) this.#holdOn()
      if (this.#options.decoder.done) this.#close()
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }

  flush(): void {
    if (this.#out === '') return
    const out = this.#out
    this.#out = ''
    if (!this.#seen) {
      this.#seen = true
      this.#options.onSeen?.()
    }
    this.#options.answer.write(out)
  }

  end(): void {
    if (this.progress.over) return
    try {
      this.#reader.end(this.#token)
      this.#close()
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }

  fail(fault: SluiceError): void {
    if (this.progress.over) return
    this.progress.over = true
    // Content may be nothing to this client, such as reasoning that it did not ask to see.
    if (this.#held || (!this.#seen && this.#out === '')) {
      this.progress.error = fault
      this.#options.onFailure(fault)
      return
    }
    const error = interrupted(fault)
    this.progress.error = error
    this.flush()
    const { answer, decoder, encoder, onInterrupted } = this.#options
    // Behind the finish there is nothing to go on with, whether or not it has been passed on yet.
    if (!this.progress.finished && !decoder.finished && onInterrupted?.(error)) return
    answer.fail(error, {}, () => {
      encoder.fail?.(error, this.#message)
      const events = this.#out
      this.#out = ''
      return events
    })
  }

  /** A token that did not come from an event: of an answer that came whole. */
  token(token: StreamToken): void {
    try {
      this.#token(token)
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }

  /** There are no more of them. */
  complete(): void {
    try {
      this.#close()
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }

  /** What is held is content, too: the stream has begun, and the provider is not silent. */
  #holdOn(): void {
    if (this.progress.over) return
    this.progress.deltas++
    this.#release()
  }

  #close(): void {
    if (this.progress.over) return
    this.#release()
    this.#options.encoder.end?.(this.#message)
    this.progress.over = true
    this.flush()
    this.#options.answer.end()
  }

  readonly #token = (token: StreamToken): void => {
    if (this.progress.over) return
    if (token.type === 'error') {
      this.fail(token.error)
      return
    }
    const { stitch } = this.#options
    if (stitch) stitch.push(token, this.#stitched)
    else this.#stitched(token)
  }

  readonly #stitched = (token: StreamToken): void => {
    this.#note(token)
    this.#options.followed?.push(token)
    if (!this.#held) {
      this.#give(token)
      return
    }
    this.#held.push(token)
    if (isContent(token) || this.#held.length >= holdLimit.events || this.#heldBytes >= holdLimit.bytes) this.#release()
  }

  #give(token: StreamToken): void {
    this.#options.delivered?.push(token)
    this.#options.encoder.push(token, this.#message)
  }

  readonly #message = (message: SseMessage): void => {
    this.#out += this.#options.framing.write(message)
  }

  #release(): void {
    const held = this.#held
    if (!held) return
    this.#held = undefined
    this.progress.committed = true
    this.#options.onContent()
    for (const token of held) this.#give(token)
  }

  #note(token: StreamToken): void {
    const { progress } = this
    switch (token.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta':
      case 'hosted-call-delta':
      case 'media-delta':
        progress.deltas++
        return
      case 'usage':
        progress.usage = mergeUsage(progress.usage, token.usage)
        return
      case 'finish':
        progress.finish = token.reason
        return
      case 'message-start':
        progress.model = token.model
        return
    }
  }
}
