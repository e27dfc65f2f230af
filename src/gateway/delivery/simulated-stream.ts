import type { Clock } from '../../flow/index.ts'
import { wordPieces } from '../../pipeline/index.ts'
import type { ReasoningDelta, StreamToken, TextDelta } from '../../tokens/index.ts'

export interface SimulatedStreamOptions {
  tokens: Iterable<StreamToken>
  /** Where they go. */
  relay: { token(token: StreamToken): void; flush(): void; complete(): void; readonly progress: { over: boolean } }
  clock: Clock
  /** Words a second; 0: as fast as the client takes them. */
  rate: number
  /** The answer is over although its upstream call was so long before. Not called for what ends within `start`. */
  onOver: () => void
}

/**
 * A whole answer as a stream: its texts word by word, on borders that readers see, everything else as it is. Short
 * answers leave at once; of long ones a portion at a time, so that other requests get their turn and a client that
 * reads slowly is waited for.
 */
export class SimulatedStream {
  readonly #options: SimulatedStreamOptions
  readonly #pieces: Iterator<StreamToken>
  #paused = false
  #cancel: (() => void) | undefined
  #over = false
  #started = false

  constructor(options: SimulatedStreamOptions) {
    this.#options = options
    this.#pieces = inPieces(options.tokens)
  }

  /** More is to come, in a later turn. */
  get running(): boolean {
    return !this.#over
  }

  start(): void {
    this.#run()
    this.#started = true
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#goOn()
  }

  /** Nothing more is written. */
  stop(): void {
    this.#over = true
    this.#cancel?.()
  }

  readonly #run = (): void => {
    this.#cancel = undefined
    if (this.#paused) return
    const { relay, rate, onOver } = this.#options
    const most = rate > 0 ? Math.max(1, Math.round((rate * tickMs) / 1000)) : portion
    let words = 0
    while (!this.#over && !relay.progress.over && words < most) {
      const { done, value } = this.#pieces.next()
      if (done) {
        relay.complete()
        break
      }
      if (value.type === 'text-delta' || value.type === 'reasoning-delta') words++
      relay.token(value)
    }
    if (!relay.progress.over) {
      relay.flush()
      this.#goOn()
      return
    }
    this.#over = true
    if (this.#started) onOver()
  }

  #goOn(): void {
    if (this.#over || this.#paused || this.#cancel) return
    const { rate, clock } = this.#options
    if (rate > 0) {
      this.#cancel = clock.after(Math.max(tickMs, 1000 / rate), this.#run)
      return
    }
    const next = setImmediate(this.#run)
    this.#cancel = () => clearImmediate(next)
  }
}

/** How many words leave in one turn. */
const portion = 256
/** The time between two writes, where the words are to come evenly: more than so many a second come together. */
const tickMs = 20

function* inPieces(tokens: Iterable<StreamToken>): Generator<StreamToken> {
  for (const token of tokens) {
    if ((token.type === 'text-delta' && !token.logprobs) || token.type === 'reasoning-delta') yield* words(token)
    else yield token
  }
}

/** A long text is looked at in parts, since finding the borders in some scripts takes its time. */
function* words(token: TextDelta | ReasoningDelta): Generator<StreamToken> {
  const { text } = token
  for (let from = 0; from < text.length; ) {
    const to = border(text, from + partLength)
    for (const piece of wordPieces(text.slice(from, to), longestPiece)) yield { ...token, text: piece }
    from = to
  }
}

const partLength = 4096
/** In UTF-16 code units: scripts without spaces come in pieces of this length. */
const longestPiece = 16
/** No character that a reader sees is longer, but for jokes. */
const longestCharacter = 128

/** The first place from `at` on where no character is cut. */
function border(text: string, at: number): number {
  if (at >= text.length) return text.length
  const start = at - longestCharacter
  const window = text.slice(start, at + longestCharacter)
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  const found = segmenter.segment(window).containing(longestCharacter)
  if (!found || found.index === longestCharacter) return at
  return start + found.index + found.segment.length
}

// Made when it is first needed: most answers are short.
let segmenter: Intl.Segmenter | undefined
