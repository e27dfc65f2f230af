/**
 * Tokens to tokens: transformers, the row that runs them, back-pressure and measurements of a stream. It knows the
 * canonical model and nothing of HTTP servers, providers or configuration. Public as `sluice/pipeline`; runs in any
 * JavaScript runtime.
 */

export {
  type AcquireOptions,
  BackpressureController,
  type BackpressureOptions,
  type BackpressureStats,
} from './backpressure.ts'
export { type BodyKind, bodyKind } from './body-kind.ts'
export { Chain } from './chain/chain.ts'
export { guarded } from './chain/guarded.ts'
export {
  type ChainedTransformer,
  defineTransformer,
  type OwnTransformer,
  type TransformContext,
  type TransformedRequest,
  type Transformer,
  type WaitingTransformer,
} from './chain/transformer.ts'
export { type EventFraming, eventParser } from './event-parser.ts'
export { Histogram, type HistogramSnapshot } from './histogram.ts'
export type { AnyAnswer, Pieceful } from './http/body-source.ts'
export type { FramingName } from './http/event-reader.ts'
export { type HttpStreamCallbacks, HttpStreamHandler, type HttpStreamOptions } from './http/http-stream-handler.ts'
export { MemoryBudget } from './memory-budget.ts'
export { type FlowListener, OpenPipeline } from './open-pipeline.ts'
export { PipelineOutput } from './pipeline-output.ts'
export { type CacheMarkersOptions, cacheMarkers } from './request-transformers/cache-markers.ts'
export { type ClampMaxTokensOptions, clampMaxTokens } from './request-transformers/clamp-max-tokens.ts'
export { type CleanToolSchemasOptions, cleanToolSchemas } from './request-transformers/clean-tool-schemas.ts'
export { type DropFieldsOptions, dropFields } from './request-transformers/drop-fields.ts'
export { type ReasoningEffortOptions, reasoningEffort } from './request-transformers/reasoning-effort.ts'
export { type RenameFieldsOptions, renameFields } from './request-transformers/rename-fields.ts'
export { type SystemTextOptions, systemText } from './request-transformers/system-text.ts'
export { ResumableStream, type ResumableStreamOptions, type Resumption } from './resuming/resumable-stream.ts'
export type { GoesOn, StreamPosition } from './resuming/resume-point.ts'
export { fetchFrom } from './resuming/resume-source.ts'
export { type MetricsSnapshot, StreamMetrics } from './stream-metrics.ts'
export { StreamPipelineBuilder } from './stream-pipeline-builder.ts'
export { type FromOptions, type ProcessOptions, StreamingPipeline, type ToOptions } from './streaming-pipeline.ts'
export { TokenReader } from './token-reader.ts'
export { emulateTools, type ToolEmulation } from './tool-emulation/emulate-tools.ts'
export type { OfferedTool } from './tool-emulation/offered-tool.ts'
export { ToolCallExtraction, type ToolCallExtractionOptions } from './tool-emulation/tool-call-extraction.ts'
export { transformReply } from './transform-reply.ts'
export {
  type AsyncStreamTransformer,
  fail,
  type MakeTransformer,
  pass,
  replace,
  type StreamTransformer,
  skip,
  TransformerStage,
  type TransformResult,
} from './transformer.ts'
export { ContentFilter, type ContentFilterOptions } from './transformers/content-filter.ts'
export { DeltaPacing, type DeltaPacingOptions } from './transformers/delta-pacing.ts'
export { DeltaSmoothing, type DeltaSmoothingOptions } from './transformers/delta-smoothing.ts'
export { FieldRenaming, type FieldRenamingOptions } from './transformers/field-renaming.ts'
export { MaxTokens, type MaxTokensOptions } from './transformers/max-tokens.ts'
export type { PersonalData } from './transformers/personal-data.ts'
export { type OptionRow, shapeWords } from './transformers/read-options.ts'
export { Redaction, type RedactionOptions } from './transformers/redaction.ts'
export { type NamedTransformer, standardTransformers } from './transformers/standard-transformers.ts'
export { StopSequences, type StopSequencesOptions } from './transformers/stop-sequences.ts'
export type { PatternOptions } from './transformers/text/pattern-scan.ts'
export type { Where } from './transformers/text/rewriting.ts'
export { TextReplacement, type TextReplacementOptions } from './transformers/text-replacement.ts'
export { ThinkExtraction, type ThinkExtractionOptions } from './transformers/think-extraction.ts'
export {
  type AccumulatedBlock,
  TokenAccumulator,
  type TokenAccumulatorOptions,
} from './transformers/token-accumulator.ts'
export { ToolCallRepair } from './transformers/tool-call-repair.ts'
export { type ChainOptions, TransformerChain, type TransformerFactory } from './transformers/transformer-chain.ts'
export { UsageEstimation, type UsageEstimationOptions } from './transformers/usage-estimation.ts'
export { wordPieces } from './transformers/word-pieces.ts'
export { isWholeData } from './whole-data.ts'
