import { collect } from '../flow/index.ts'
import { type ChatReply, fold, type StreamToken, unfold } from '../tokens/index.ts'
import { type MakeTransformer, TransformerStage } from './transformer.ts'

/**
 * A whole answer through transformers, by way of the stream that it could have been: the outcome is that of streaming
 * it. The reply that is given stays as it is.
 *
 * @throws the error with which a transformer breaks the stream, as a `SluiceError`
 *
 * @example
 * const clean = transformReply(reply, TransformerChain.fromNames(['think-extraction', 'redaction']))
 */
export function transformReply(reply: ChatReply, transformers: readonly MakeTransformer[]): ChatReply {
  let tokens: Iterable<StreamToken> = unfold(reply)
  for (const make of transformers) tokens = collect(new TransformerStage(make()), tokens)
  return fold(tokens)
}
