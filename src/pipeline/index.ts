/**
 * Tokens to tokens: transformers, the row that runs them, back-pressure and measurements of a stream. It knows the
 * canonical model and nothing of HTTP servers, providers or configuration. Public as `sluice/pipeline`; runs in any
 * JavaScript runtime.
 */
export {
  fail,
  type MakeTransformer,
  pass,
  replace,
  type StreamTransformer,
  skip,
  TransformerStage,
  type TransformResult,
} from './transformer.ts'
