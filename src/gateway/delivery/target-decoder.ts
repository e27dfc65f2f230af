import {
  type DecodeOptions,
  type StreamDecoder,
  type Target,
  textMark,
  type UpstreamDialect,
} from '../../dialects/index.ts'
import type { Emit, Stage } from '../../flow/index.ts'
import { join } from '../../flow/index.ts'
import {
  StopSequences,
  type StreamTransformer,
  ThinkExtraction,
  ToolCallExtraction,
  type ToolCallExtractionOptions,
  TransformerStage,
} from '../../pipeline/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import type { JsonObject, StreamToken } from '../../tokens/index.ts'

/** What has to be known of a request to read its answer. */
export interface AnswerOptions extends DecodeOptions {
  /** Calls stand in the text. */
  calls?: ToolCallExtractionOptions
  /** What the configuration puts in the way of the tokens. */
  transformers?: readonly StreamTransformer[]
}

type TokenStage = Stage<StreamToken, StreamToken>

/** The decoder for an answer of the target, with what its traits call for behind it. */
export function decoderFor({ traits }: Target, { upstream }: UpstreamDialect, options: AnswerOptions): StreamDecoder {
  const decoder = upstream.decodeStream(options)
  const readers = readersFor(options)
  const stage = stageFor(traits, options, readers)
  return stage ? new StagedDecoder(decoder, stage, readers) : decoder
}

/** The same of an answer that came whole. @throws SluiceError for an error inside a 200 */
export function replyTokens(
  { traits }: Target,
  { upstream }: UpstreamDialect,
  body: JsonObject,
  options: AnswerOptions,
): StreamToken[] {
  const tokens = upstream.decodeReply(body, options)
  const stage = stageFor(traits, options, readersFor(options))
  if (!stage) return tokens
  const out: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    out.push(token)
  }
  for (const token of tokens) stage.push(token, emit)
  stage.end?.(emit)
  return out
}

/** What reads along for more than the tokens that it gives. */
interface Readers {
  extraction: ToolCallExtraction | undefined
  cut: StopSequences | undefined
  transformers: readonly StreamTransformer[]
}

function readersFor({ stops = [], choices = 1, calls, transformers = [] }: AnswerOptions): Readers {
  return {
    extraction: calls && new ToolCallExtraction(calls),
    cut: stops.length > 0 ? new StopSequences({ sequences: stops, choices }) : undefined,
    transformers,
  }
}

/** Stops are looked for in what is said, so reasoning and calls have to be told from it before. */
function stageFor(
  { thinkTags: tags = [], thinkOpened: opened, reasoningRequired }: Target['traits'],
  { vendor, family }: AnswerOptions,
  { extraction, cut, transformers }: Readers,
): TokenStage | undefined {
  const stages: TokenStage[] = []
  if (tags.length > 0) stages.push(new TransformerStage(new ThinkExtraction({ tags, ...(opened && { opened }) })))
  if (extraction) stages.push(new TransformerStage(extraction))
  if (cut) stages.push(new TransformerStage(cut))
  if (reasoningRequired) stages.push(new KeptReasoning(vendor, family))
  for (const one of transformers) stages.push(new TransformerStage(one))
  const [first, ...others] = stages
  return first && others.reduce((row, next) => join(row, next), first)
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
  readonly #readers: Readers
  #ended = false
  #emit: Emit<StreamToken> = () => {}

  constructor(decoder: StreamDecoder, stage: TokenStage, readers: Readers) {
    this.#decoder = decoder
    this.#stage = stage
    this.#readers = readers
  }

  /** An answer that was cut is whole for its client: behind it comes usage at most, and that is not waited for long. */
  get finished(): boolean {
    const { cut, transformers } = this.#readers
    return this.#decoder.finished || cut?.done === true || transformers.some(({ done }) => done === true)
  }

  get done(): boolean {
    return this.#decoder.done
  }

  get holding(): boolean {
    return this.#readers.extraction?.holding === true
  }

  push(event: SseEvent, emit: Emit<StreamToken>): void {
    this.#emit = emit
    this.#decoder.push(event, this.#token)
    // Behind the end marker nobody asks any more, and a stage may still hold something.
    if (this.#decoder.done) this.#endStage(emit)
  }

  end(emit: Emit<StreamToken>): void {
    this.#emit = emit
    this.#decoder.end?.(this.#token)
    this.#endStage(emit)
  }

  #endStage(emit: Emit<StreamToken>): void {
    if (this.#ended) return
    this.#ended = true
    this.#stage.end?.(emit)
  }

  readonly #token = (token: StreamToken): void => this.#stage.push(token, this.#emit)
}
