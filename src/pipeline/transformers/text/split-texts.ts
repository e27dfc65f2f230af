import type { StreamToken, TextDelta, TextEnd, TextStart } from '../../../tokens/index.ts'
import { pass, replace, skip, type TransformResult } from '../../transformer.ts'
import { BlockMap } from './block-map.ts'
import { BlockNumbers } from './block-numbers.ts'
import { Pieces } from './pieces.ts'

/** A text block on its way to become others, which it writes into its pieces. */
export interface SplitText {
  /** Deltas go on as they are: nothing can be found any more, and nothing has moved. */
  readonly passes?: boolean
  readonly pieces: Pieces
  push(delta: TextDelta): void
  end(token: TextEnd): void
  /** The stream breaks: all that is held. */
  flush(): void
}

/** The text blocks of a stream that become others, and the numbers of all blocks behind them. */
export class SplitTexts<Text extends SplitText> {
  readonly #numbers = new BlockNumbers()
  readonly #texts = new BlockMap<Text>()

  pieces(start: TextStart): Pieces {
    return new Pieces(start, this.#numbers)
  }

  /** A start goes on when there is something behind it. */
  open(start: TextStart, text: Text): TransformResult {
    this.#texts.set(start, text)
    return skip
  }

  /** Those that are open. */
  values(): Iterable<Text> {
    return this.#texts.values()
  }

  /** Every token but the start of a text that was opened. */
  transform(token: StreamToken): TransformResult {
    switch (token.type) {
      case 'message-start':
      case 'metadata':
      case 'usage':
      case 'finish':
      case 'raw':
        return pass
      case 'error':
        return given([...this.flush(), token], token)
      case 'text-delta': {
        const text = this.#texts.get(token)
        if (!text) return this.#renumber(token)
        if (text.passes) return pass
        text.push(token)
        return given(text.pieces.take(), token)
      }
      case 'text-end': {
        const text = this.#texts.get(token)
        if (!text) return this.#renumber(token)
        this.#texts.delete(token)
        text.end(token)
        return given(text.pieces.take(), token)
      }
      case 'opaque':
      case 'citation': {
        const text = this.#texts.get(token)
        if (!text) return this.#renumber(token)
        text.pieces.attach(token)
        return given(text.pieces.take(), token)
      }
      default:
        return this.#renumber(token)
    }
  }

  flush(): readonly StreamToken[] {
    const tokens = [...this.#texts.values()].flatMap((text) => {
      text.flush()
      return text.pieces.take()
    })
    this.#texts.clear()
    return tokens
  }

  #renumber(token: Extract<StreamToken, { index: number }>): TransformResult {
    const index = this.#numbers.of(token)
    return index === token.index ? pass : replace({ ...token, index })
  }
}

/** `tokens` as a result; one that came and goes on alone passes. */
function given(tokens: readonly StreamToken[], token: StreamToken): TransformResult {
  if (tokens.length === 0) return skip
  return tokens.length === 1 && tokens[0] === token ? pass : { action: 'replace', tokens }
}
