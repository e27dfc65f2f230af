/**
 * What of the AI SDK's specification is used here, in the words that its versions 2 to 4 share (the types of
 * `@ai-sdk/provider`). The types are written here, since the package is not there unless somebody installs it.
 */
export interface LanguageModel {
  readonly specificationVersion: string
  /** The addresses that the vendor reads itself, by media type. */
  readonly supportedUrls?: PromiseLike<Record<string, RegExp[]>> | Record<string, RegExp[]>
  doGenerate(options: CallOptions): PromiseLike<GenerateResult>
  doStream(options: CallOptions): PromiseLike<StreamResult>
}

export interface CallOptions {
  prompt: PromptMessage[]
  headers?: Record<string, string>
  abortSignal?: AbortSignal
  reasoning?: string
  [option: string]: unknown
}

export interface PromptMessage {
  role: string
  content: string | PromptPart[]
}

export interface PromptPart {
  type: string
  mediaType?: string
  data?: unknown
  [field: string]: unknown
}

export interface StreamResult {
  stream: ReadableStream<StreamPart>
  response?: { headers?: Record<string, string> }
}

export interface StreamPart {
  type: string
  warnings?: CallWarning[]
  [field: string]: unknown
}

export interface GenerateResult {
  content: unknown[]
  warnings?: CallWarning[]
  response?: { headers?: Record<string, string>; [field: string]: unknown }
  [field: string]: unknown
}

/** Something that the package could not do. Its versions name it in different fields. */
export interface CallWarning {
  type: string
  feature?: string
  setting?: string
  [field: string]: unknown
}
