import {
  type DecodeOptions,
  type StreamDecoder,
  type Target,
  textMark,
  type UpstreamDialect,
} from '../dialects/index.ts'
import type { Emit, Stage } from '../flow/index.ts'
import { join } from '../flow/index.ts'
import { ThinkExtraction, TransformerStage } from '../pipeline/index.ts'
import type { SseEvent } from '../sse/index.ts'
import type { JsonObject, StreamToken } from '../tokens/index.ts'

type TokenStage = Stage<StreamToken, StreamToken>

/** The decoder for an answer of the target, with what its traits call for behind it. */
export function decoderFor({ traits }: Target, { upstream }: UpstreamDialect, options: DecodeOptions): StreamDecoder {
  const decoder = upstream.decodeStream(options)
  const stage = stageFor(traits, options)
  return stage ? new StagedDecoder(decoder, stage) : decoder
}

/** The same of an answer that came whole. @throws SluiceError for an error inside a 200 */
export function replyTokens(
  { traits }: Target,
  { upstream }: UpstreamDialect,
  body: JsonObject,
  options: DecodeOptions,
): StreamToken[] {
  const tokens = upstream.decodeReply(body, options)
  const stage = stageFor(traits, options)
  if (!stage) return tokens
  const out: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    out.push(token)
  }
  for (const token of tokens) stage.push(token, emit)
  stage.end?.(emit)
  return out
}

function stageFor(
  { thinkTags: tags = [], thinkOpened: opened, reasoningRequired }: Target['traits'],
  { vendor, family }: DecodeOptions,
): TokenStage | undefined {
  const extraction =
    tags.length > 0 ? new TransformerStage(new ThinkExtraction({ tags, ...(opened && { opened }) })) : undefined
  const keeping = reasoningRequired ? new KeptReasoning(vendor, family) : undefined
  return extraction && keeping ? join(extraction, keeping) : (extraction ?? keeping)
}

/** Marks reasoning that is wanted back, where the vendor gives it no state of its own. */
class KeptReasoning implements TokenStage {
  readonly #vendor: string
  readonly #family: string
  /** Blocks that have state already. */
  readonly #marked = new Set<string>()

  constructor(vendor: string, family: string) {
    this.#vendor = vendor
    this.#family = family
  }

  push(token: StreamToken, emit: Emit<StreamToken>): void {
    if (token.type === 'opaque') this.#marked.add(`${token.choice}/${token.index}`)
    else if (token.type === 'reasoning-end' && !this.#marked.has(`${token.choice}/${token.index}`)) {
      const { choice, index } = token
      emit({ type: 'opaque', choice, index, ...textMark(this.#vendor, this.#family) })
    }
    emit(token)
  }
}

/**
 * A decoder with a stage behind it. The inner emit is made once and reads its target from a field, since a closure for
 * each event would be one for each token.
 */
class StagedDecoder implements StreamDecoder {
  readonly #decoder: StreamDecoder
  readonly #stage: TokenStage
  #emit: Emit<StreamToken> = () => {}

  constructor(decoder: StreamDecoder, stage: TokenStage) {
    this.#decoder = decoder
    this.#stage = stage
  }

  get finished(): boolean {
    return this.#decoder.finished
  }

  get done(): boolean {
    return this.#decoder.done
  }

  push(event: SseEvent, emit: Emit<StreamToken>): void {
    this.#emit = emit
    this.#decoder.push(event, this.#token)
  }

  end(emit: Emit<StreamToken>): void {
    this.#emit = emit
    this.#decoder.end?.(this.#token)
    this.#stage.end?.(emit)
  }

  readonly #token = (token: StreamToken): void => this.#stage.push(token, this.#emit)
}
