import type { Stage } from '../flow/index.ts'
import type { StreamToken } from '../tokens/index.ts'

/** What stands at the head of a pipeline: the chunks of its source to tokens. */
export interface ChunkReader<Chunk> extends Stage<Chunk, StreamToken> {
  /** The answer has all that counts: a source that breaks from here on has lost nothing but the end marker. */
  readonly finished: boolean
  /** What the source still has is of no interest. */
  readonly done: boolean
  end(emit: (token: StreamToken) => void): void
}

/** For pipelines from tokens to tokens. A source of tokens is over when it ends, and says itself when it broke. */
export class TokensReader implements ChunkReader<readonly StreamToken[]> {
  readonly finished = false
  readonly done = false

  push(tokens: readonly StreamToken[], emit: (token: StreamToken) => void): void {
    for (const token of tokens) emit(token)
  }

  end(): void {}
}
