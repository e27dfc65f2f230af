import { Buffer } from 'node:buffer'
import { SluiceError } from '../../errors/index.ts'
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from '../transport.ts'
import { readOptions } from './call-options.ts'
import type { ModelMaker } from './load.ts'
import type { CallOptions, CallWarning, GenerateResult, LanguageModel, StreamPart } from './model.ts'
import { errorJson, failureOf, refusalIn } from './refusal.ts'
import { warningsText } from './warnings.ts'

export interface ModelCallOptions {
  /** The provider's name, for errors. */
  name: string
  operation: 'stream' | 'generate'
  model: string
  open: Promise<ModelMaker>
  onOver: () => void
}

const lines = new TextEncoder()

/**
 * One call of a model, told as an HTTP answer: a stream is a line of JSON for each part, a whole answer is one JSON
 * text.
 *
 * A package gives its parts through a `ReadableStream`, so there is a promise for each of them. What is ready at once
 * is written at once: the flush waits for the end of the turn of the event loop, which all of one read fits into.
 */
export class ModelCall implements UpstreamCall {
  readonly #options: ModelCallOptions
  readonly #handler: UpstreamHandler
  readonly #abort = new AbortController()
  #reader: ReadableStreamDefaultReader<StreamPart> | undefined
  #headSeen = false
  #over = false
  #paused = false
  #wake: (() => void) | undefined
  #flushing = false

  constructor(options: ModelCallOptions, request: UpstreamRequest, handler: UpstreamHandler) {
    this.#options = options
    this.#handler = handler
    // Nothing that it throws goes past it.
    void this.#run(request)
  }

  abort(): void {
    if (this.#over) return
    this.#settle()
    this.#abort.abort()
    // Some packages do not hand the signal on to what they read.
    this.#reader?.cancel().catch(() => {})
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#wake?.()
    this.#wake = undefined
  }

  async #run({ body, headers }: UpstreamRequest): Promise<void> {
    try {
      const make = await this.#options.open
      if (this.#over) return
      const model = make(this.#options.model)
      const { options, warnings } = await readOptions(String(body), model)
      if (this.#over) return
      const all = { ...options, headers: passedOn(headers), abortSignal: this.#abort.signal }
      if (this.#options.operation === 'stream') await this.#stream(model, all, warnings)
      else await this.#generate(model, all, warnings)
    } catch (error) {
      this.#fail(error)
    }
  }

  async #generate(model: LanguageModel, options: CallOptions, warnings: CallWarning[]): Promise<void> {
    const result: GenerateResult = await model.doGenerate(options)
    if (this.#over) return
    const { content, finishReason, usage, providerMetadata, response = {} } = result
    const { id, modelId, timestamp, headers } = response
    const answer = { content, finishReason, usage, providerMetadata, response: { id, modelId, timestamp } }
    this.#head('application/json', headers, [...warnings, ...(result.warnings ?? [])])
    if (this.#over) return
    this.#handler.onData(lines.encode(JSON.stringify(answer, withBytes)))
    this.#end()
  }

  async #stream(model: LanguageModel, options: CallOptions, warnings: CallWarning[]): Promise<void> {
    const { stream, response } = await model.doStream(options)
    const reader = stream.getReader()
    this.#reader = reader
    if (this.#over) {
      await reader.cancel()
      return
    }
    // The first part says what could not be done, which belongs into the head.
    let { done, value } = await reader.read()
    if (this.#over) return
    const told = value?.type === 'stream-start' ? (value.warnings ?? []) : []
    this.#head('application/x-ndjson', response?.headers, [...warnings, ...told])
    while (!done && !this.#over) {
      if (value) this.#give(value)
      if (this.#paused) await new Promise<void>((resolve) => (this.#wake = resolve))
      if (this.#over) return
      ;({ done, value } = await reader.read())
    }
    this.#end()
  }

  #give(part: StreamPart): void {
    if (this.#over) return
    this.#handler.onData(lines.encode(`${lineOf(part)}\n`))
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      if (!this.#over) this.#handler.onFlush()
    })
  }

  #head(type: string, headers: Record<string, string> = {}, warnings: readonly CallWarning[]): void {
    this.#headSeen = true
    const told = warningsText(warnings)
    const own = { 'content-type': type, ...(told !== undefined && { 'x-sluice-warnings': told }) }
    this.#handler.onHead({ status: 200, headers: { ...ofAnswer(headers), ...own } })
  }

  #end(): void {
    if (this.#over) return
    this.#settle()
    this.#handler.onEnd()
  }

  #fail(thrown: unknown): void {
    if (this.#over) return
    const refusal = this.#headSeen ? undefined : refusalIn(thrown)
    if (!refusal) {
      const error = failureOf(thrown, this.#options.name, this.#headSeen)
      this.#settle()
      this.#abort.abort()
      this.#handler.onError(error)
      return
    }
    const { status, headers, body } = refusal
    this.#handler.onHead({ status, headers: ofAnswer(headers) })
    if (!this.#over) this.#handler.onData(lines.encode(body))
    this.#end()
  }

  #settle(): void {
    this.#over = true
    this.#wake?.()
    this.#wake = undefined
    this.#options.onOver()
  }
}

/** @throws SluiceError `upstream_protocol` for a part that JSON cannot say */
function lineOf(part: StreamPart): string {
  try {
    switch (part.type) {
      case 'file':
      case 'reasoning-file':
        return JSON.stringify(part, withBytes)
      case 'error':
        return JSON.stringify({ type: 'error', error: errorJson(part.error) })
      default:
        return JSON.stringify(part)
    }
  } catch (cause) {
    throw new SluiceError('upstream_protocol', `cannot read the answer: a part of type ${part.type} is no JSON`, {
      cause,
    })
  }
}

/** Bytes as base64, which a package may give in either form. A buffer turns itself into a list before it comes here. */
function withBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const before = this[key]
  return before instanceof Uint8Array ? Buffer.from(before).toString('base64') : value
}

/** Of the headers of a request those that are not about HTTP, which the package speaks for itself. */
function passedOn(headers: Record<string, string>): Record<string, string> {
  const own = (name: string, value: string): boolean =>
    name === 'content-type' || name === 'accept' || (name === 'user-agent' && value === 'sluice')
  return Object.fromEntries(Object.entries(headers).filter(([name, value]) => !own(name, value)))
}

/** Of the headers of an answer those that are not about its body, which has been read. */
function ofAnswer(headers: Record<string, unknown>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (typeof value === 'string' && !aboutBody.has(lower)) kept[lower] = value
  }
  return kept
}

const aboutBody: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
])
