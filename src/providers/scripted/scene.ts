import type { SseMessage } from '../../sse/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { Ask } from './ask.ts'
import { prompt } from './ask.ts'
import { estimateTokens } from './estimate.ts'
import type { Item } from './item.ts'
import type { Step, ToolStep, Turn } from './script.ts'
import type { Wrapping } from './wrapping.ts'

/** One request and the script that answers it. */
export interface Scene {
  turn: Turn
  ask: Ask
  /** An id made from the request's number and, where there are several, from the place in the answer. */
  newId(prefix: string, at?: number): string
  /** The scenes of the other models that were asked. */
  others?: Scene[]
}

/** What an error says on the wire. */
export interface ErrorFacts {
  status: number
  type?: string
  code?: string
  message?: string
  param?: string
}

/** A wire language, as the stand-in speaks it. */
export interface Voice {
  /** The answer as a stream, made step by step while it is played. */
  stream(scene: Scene): Iterable<Item>
  whole(scene: Scene): JsonObject
  error(facts: ErrorFacts, requestId: string): JsonObject
  /** Headers that say what kind of an error it is. */
  errorHeaders?(facts: ErrorFacts): Record<string, string>
  /** An error in the middle of a stream. */
  errorEvent(facts: Omit<ErrorFacts, 'status'>, requestId: string): SseMessage
  /** How the events of one stream are written. Default: as server-sent events. */
  wrapping?(ask: Ask): Wrapping
  /** Of a whole answer. Default 200. */
  status?(scene: Scene): number
  /** What a server that counts coins charges for the answer. */
  cost?(scene: Scene): number
  /** A sign of life. */
  readonly ping: Item
  /** The response header that carries the request's id. */
  readonly requestIdHeader: string
}

/** Fixed, so that the same script always gives the same bytes. Seconds since 1970. */
export const created = 1_790_000_000

export function modelOf(scene: Scene): string {
  return scene.turn.model ?? scene.ask.model
}

/** The calls of a step, if it makes any. */
export function calls(step: Step): ToolStep[] {
  if ('tool' in step) return [step]
  return 'parallel' in step ? step.parallel : []
}

export function argumentsText(step: ToolStep): string {
  return typeof step.arguments === 'string' ? step.arguments : step.arguments ? JSON.stringify(step.arguments) : ''
}

/** `{{prompt}}`, `{{images}}`, `{{tool_result}}` and `{{model}}` in a text stand for what the request said. */
export function fill(text: string, ask: Ask): string {
  if (!text.includes('{{')) return text
  return text.replace(/\{\{(prompt|images|tool_result|model)\}\}/g, (_, name: string) => {
    if (name === 'prompt') return prompt(ask)
    if (name === 'model') return ask.model
    if (name === 'tool_result') return ask.toolResult ?? ''
    return ask.images.length === 0 ? 'no image' : ask.images.join(', ')
  })
}

/** The text of a `repeat` step's delta number `i`. */
export function repeated(text: string, i: number): string {
  return text.includes('{{i}}') ? text.replaceAll('{{i}}', String(i)) : text
}

/** Why the answer ends, in canonical words: what the script says, else what its content calls for. */
export function finishOf(turn: Turn): string | false {
  if (turn.finish !== undefined) return turn.finish
  const steps = turn.steps ?? []
  if (steps.some((step) => calls(step).length > 0)) return 'tool_calls'
  if (turn.stopSequence !== undefined) return 'stop_sequence'
  return steps.some((step) => 'refusal' in step) ? 'refusal' : 'stop'
}

export interface Counts {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  reasoning: number
}

/** Counts what is played, for a usage that the script does not spell out. */
export class Tally {
  #text = 0
  #reasoning = 0

  text(text: string): void {
    this.#text += text.length
  }

  reasoning(text: string): void {
    this.#reasoning += text.length
  }

  /** Undefined: the script wants no usage to be sent. */
  usage(scene: Scene): Counts | undefined {
    const said = scene.turn.usage
    if (said === false) return undefined
    const reasoning = said?.reasoning ?? estimateTokens(this.#reasoning)
    return {
      input: said?.input ?? scene.ask.inputTokens,
      output: said?.output ?? reasoning + estimateTokens(this.#text),
      cacheRead: said?.cacheRead ?? 0,
      cacheWrite: said?.cacheWrite ?? 0,
      reasoning,
    }
  }
}
