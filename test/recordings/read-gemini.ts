import { type GenerateContentResponse, GoogleGenAI, type Part } from '@google/genai'
import type { Json } from '../../src/tokens/index.ts'
import { PartialArguments } from './partial-arguments.ts'
import { counts, distinct, emptyReading, type Outcome, type Place, type Reading, sum } from './reading.ts'

/** What `@google/genai` reads. Of several answers the first counts. */
export async function readGemini({ url, model, form }: Place): Promise<Outcome> {
  const client = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: url, retryOptions: { attempts: 1 } } })
  const reader = new GeminiReader()
  // Clients that want to see thoughts say so.
  const asked = { model, contents: 'q', config: { thinkingConfig: { includeThoughts: true } } }
  if (form === 'whole') reader.take(await client.models.generateContent(asked))
  else for await (const chunk of await client.models.generateContentStream(asked)) reader.take(chunk)
  return reader.done()
}

type FunctionCall = NonNullable<Part['functionCall']>

class GeminiReader {
  readonly #reading: Reading = emptyReading()
  readonly #sources: Array<string | undefined> = []
  #open: { name: string; args: PartialArguments } | undefined
  #finish: string | undefined
  #usage: NonNullable<GenerateContentResponse['usageMetadata']> | undefined

  take({ candidates, promptFeedback, usageMetadata }: GenerateContentResponse): void {
    const candidate = candidates?.find(({ index = 0 }) => index === 0)
    for (const part of candidate?.content?.parts ?? []) this.#part(part)
    for (const { web } of candidate?.groundingMetadata?.groundingChunks ?? []) this.#sources.push(web?.uri)
    for (const { uri } of candidate?.citationMetadata?.citations ?? []) this.#sources.push(uri)
    this.#finish = candidate?.finishReason ?? (promptFeedback?.blockReason && 'SAFETY') ?? this.#finish
    if (usageMetadata) this.#usage = { ...this.#usage, ...usageMetadata }
  }

  #part(part: Part): void {
    const { text, thought, functionCall } = part
    const reading = this.#reading
    if (functionCall) this.#call(functionCall)
    else if (part.executableCode) reading.hosted.push('executableCode')
    else if (part.codeExecutionResult) reading.hosted.push('codeExecutionResult')
    else if (part.inlineData) reading.media.push(part.inlineData.mimeType?.startsWith('audio') ? 'audio' : 'image')
    else if (thought) reading.reasoning += text ?? ''
    else reading.text += text ?? ''
  }

  /** A call comes whole, or value by value behind a piece that names it. */
  #call({ name, args, partialArgs, willContinue }: FunctionCall): void {
    if (name) {
      this.#close()
      this.#open = { name, args: new PartialArguments(args as Json | undefined) }
    }
    for (const one of partialArgs ?? []) this.#open?.args.take(one)
    if (!willContinue) this.#close()
  }

  #close(): void {
    if (this.#open) this.#reading.calls.push({ name: this.#open.name, arguments: this.#open.args.value })
    this.#open = undefined
  }

  done(): Outcome {
    this.#close()
    if (this.#finish === undefined) return 'fails'
    const reading = this.#reading
    reading.finish = finishes[this.#finish] ?? 'unknown'
    if (reading.finish === 'stop' && reading.calls.length > 0) reading.finish = 'tool_calls'
    reading.sources = distinct(this.#sources)
    reading.usage = this.#usage && countsOf(this.#usage)
    return reading
  }
}

/** A count of zero is left out, so with a total what is missing is nothing. */
function countsOf(usage: NonNullable<GenerateContentResponse['usageMetadata']>): Reading['usage'] {
  const { cachedContentTokenCount: cacheRead, thoughtsTokenCount: reasoning, totalTokenCount: total } = usage
  const input = sum(usage.promptTokenCount, usage.toolUsePromptTokenCount)
  const rest = input !== undefined && total !== undefined ? total - input : undefined
  return counts({ input, output: sum(usage.candidatesTokenCount, reasoning) ?? rest, cacheRead, reasoning })
}

const finishes: Record<string, Reading['finish']> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'malformed_call',
}
