/**
 * The canonical model: the request, the token, the whole answer, and what can be done with them without any input or
 * output. No dialect, vendor or transport is known here.
 */
export { countText, TokenCounter } from './bpe/counter.ts'
export { TokenDecoder, type TokenDecoderOptions } from './bpe/decoder.ts'
export { loadVocabulary, type RankEntry, type Vocabulary, type VocabularyName } from './bpe/vocabulary.ts'
export { countInput } from './count.ts'
export { estimateInput } from './estimate.ts'
export { estimateClosely } from './estimate-closely.ts'
export { estimateText } from './estimate-text.ts'
export type { Finish, FinishReason } from './finish.ts'
export { Folder, fold } from './fold.ts'
export { GrammarCheck, grammar } from './grammar.ts'
export { isJsonObject, type Json, type JsonObject } from './json.ts'
export { merge } from './merge.ts'
export type { Opaque } from './opaque.ts'
export type { ChatReply, Citation, ReplyChoice, ReplyPart } from './reply.ts'
export * from './request.ts'
export { requestFault } from './request-fault.ts'
export * from './token.ts'
export { tokenFault } from './token-fault.ts'
export { unfold } from './unfold.ts'
export { mergeUsage, type Usage } from './usage.ts'
