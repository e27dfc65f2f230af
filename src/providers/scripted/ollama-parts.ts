import type { Json, JsonObject } from '../../tokens/index.ts'
import { logprobs } from './openai-chat-parts.ts'
import { argumentsText, type Counts, created, type ErrorFacts } from './scene.ts'
import type { ToolStep } from './script.ts'

/** The small shapes that streamed and whole answers of Ollama have in common. */

const finishWords: Record<string, string> = {
  stop_sequence: 'stop',
  tool_calls: 'stop',
  refusal: 'stop',
  content_filter: 'stop',
  paused: 'stop',
  pause: 'stop',
  context_full: 'length',
}

export function finishWord(finish: string): string {
  return finishWords[finish] ?? finish
}

/** Each line is written a little later than the one before it, with the nanoseconds that the server shows. */
export function timeOf(line: number): string {
  return `${new Date((created + line) * 1000).toISOString().slice(0, -1)}456789Z`
}

/** A count of zero is left out, as by the server. */
export function countFields(counts: Counts | undefined): JsonObject {
  return {
    total_duration: 900_000_000,
    load_duration: 100_000_000,
    ...(counts && counts.input > 0 && { prompt_eval_count: counts.input }),
    prompt_eval_duration: 200_000_000,
    ...(counts && counts.output > 0 && { eval_count: counts.output }),
    eval_duration: 500_000_000,
  }
}

/** A call as JSON text, since a script may ask for arguments that are none. */
export function callText(tool: ToolStep, id: string, index: number): string {
  const text = argumentsText(tool)
  const args = tool.custom ? JSON.stringify({ input: text }) : text === '' ? '{}' : text
  const inner = `{"index":${index},"name":${JSON.stringify(tool.tool)},"arguments":${args}}`
  return `{"id":${JSON.stringify(id)},"function":${inner}}`
}

export function logprobsOf(pieces: string[], alternatives: number): Json[] {
  return logprobs(pieces, alternatives).content as Json[]
}

const errorWords: Record<number, string> = {
  400: 'invalid request',
  401: 'unauthorized',
  404: 'model not found, try pulling it first',
  429: 'too many requests',
  503: 'server busy, please try again. maximum pending requests exceeded',
}

export function ollamaError({ status, message }: ErrorFacts): JsonObject {
  return { error: message ?? errorWords[status] ?? 'model runner has unexpectedly stopped' }
}
