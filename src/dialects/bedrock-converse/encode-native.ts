import { type Effort, isJsonObject, type JsonObject, type ReasoningOptions } from '../../tokens/index.ts'
import { effortOf } from '../effort.ts'
import type { Encoding } from './encoding.ts'

/** The least that Claude takes as a budget. */
const leastBudget = 1024

const budgets = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 63_999,
} as const satisfies Record<Exclude<Effort, 'none'>, number>

export interface NativeFields {
  /** Goes into `additionalModelRequestFields`. */
  fields: JsonObject
  /** Thinking is asked for, which rules out some sampling. */
  thinks: boolean
}

/**
 * What the API has no field for, in the words of the model: how much to think, and how many words to choose from. The
 * trait `nativeFields` says which words those are.
 */
export function encodeNative(encoding: Encoding, messages: readonly JsonObject[]): NativeFields {
  const { reasoning, sampling } = encoding.request
  const { nativeFields } = encoding.target.traits
  const thinking = reasoning ? thinkingOf(encoding, reasoning, messages) : {}
  const thinks =
    nativeFields === 'anthropic' && isJsonObject(thinking.thinking) && thinking.thinking.type !== 'disabled'
  const { topK } = sampling
  if (topK === undefined) return { fields: thinking, thinks }
  if (nativeFields === 'nova') return { fields: { ...thinking, inferenceConfig: { topK } }, thinks }
  if (nativeFields === 'anthropic' && !thinks && encoding.target.traits.sampling !== false) {
    return { fields: { ...thinking, top_k: topK }, thinks }
  }
  encoding.dropped('top_k', 'the model does not take it')
  return { fields: thinking, thinks }
}

function thinkingOf(encoding: Encoding, options: ReasoningOptions, messages: readonly JsonObject[]): JsonObject {
  switch (encoding.target.traits.nativeFields) {
    case 'anthropic':
      return claudeThinking(encoding, options, messages)
    case 'nova': {
      const effort = stepOf(encoding, options)
      if (effort === undefined) return {}
      if (effort === 'none') return { reasoningConfig: { type: 'disabled' } }
      return { reasoningConfig: { type: 'enabled', maxReasoningEffort: threeSteps(effort) } }
    }
    case 'openai': {
      const effort = stepOf(encoding, options)
      return effort === undefined ? {} : { reasoning_effort: threeSteps(effort) }
    }
    default:
      encoding.dropped('reasoning', 'how much to think cannot be said to this model')
      return {}
  }
}

/** The model is told a step, not a number. */
function stepOf(encoding: Encoding, { effort, budget }: ReasoningOptions): Effort | undefined {
  if (effort !== undefined || budget === undefined) return effort
  const step = effortOf(budget)
  encoding.changed('reasoning', `a budget of ${budget} tokens is sent as the effort ${step}`)
  return step
}

function threeSteps(effort: Effort): string {
  if (effort === 'medium') return effort
  return effort === 'none' || effort === 'minimal' || effort === 'low' ? 'low' : 'high'
}

function claudeThinking(encoding: Encoding, options: ReasoningOptions, messages: readonly JsonObject[]): JsonObject {
  const { effort, budget } = options
  if (effort === 'none' || budget === 0) return { thinking: { type: 'disabled' } }
  if (effort === undefined && budget === undefined && !options.adaptive) return {}
  const impossible = obstacle(encoding, messages)
  if (impossible !== undefined) {
    encoding.dropped('reasoning', impossible)
    return {}
  }
  if (encoding.target.traits.thinking === 'budget') return withBudget(encoding, options)
  const step = stepOf(encoding, options)
  return {
    thinking: { type: 'adaptive', display: options.visible === false ? 'omitted' : 'summarized' },
    ...(step !== undefined && { output_config: { effort: step === 'minimal' ? 'low' : step } }),
  }
}

function withBudget(encoding: Encoding, { effort, budget: asked }: ReasoningOptions): JsonObject {
  const { request, target } = encoding
  const limit = Math.min(
    request.maxOutput ?? Number.POSITIVE_INFINITY,
    target.traits.maxOutput ?? Number.POSITIVE_INFINITY,
  )
  if (limit <= leastBudget) {
    encoding.dropped('reasoning', `an answer of at most ${limit} tokens leaves no room to think`)
    return {}
  }
  const wanted = asked ?? budgets[effort === undefined || effort === 'none' ? 'medium' : effort]
  let budget = Math.max(leastBudget, wanted)
  if (budget >= limit) budget = Math.max(leastBudget, Math.floor(limit / 2))
  if (asked !== undefined && budget !== wanted) {
    encoding.changed('reasoning', `the budget of ${wanted} tokens is sent as ${budget}`)
  }
  return { thinking: { type: 'enabled', budget_tokens: budget } }
}

/** Why the model would refuse to think here. */
function obstacle(encoding: Encoding, messages: readonly JsonObject[]): string | undefined {
  const { toolChoice } = encoding.request
  const forced = toolChoice?.mode === 'required' || toolChoice?.mode === 'one'
  if (forced || (toolChoice?.mode === 'subset' && toolChoice.required)) {
    return 'the model does not think when a tool call is demanded'
  }
  if (messages.at(-1)?.role === 'assistant') {
    return 'the model does not think when the beginning of the answer is given'
  }
  return inForeignLoop(messages)
    ? 'the model thinks on behind tool results only where it thought before the calls, and another model made them'
    : undefined
}

/** The conversation ends with results of tools, and no thinking stands anywhere before their calls. */
function inForeignLoop(messages: readonly JsonObject[]): boolean {
  let calls = false
  for (const { role, content } of messages.toReversed()) {
    const has = (field: string): boolean => (content as JsonObject[]).some((block) => block[field] !== undefined)
    if (role === 'user' && !has('toolResult')) break
    if (role !== 'assistant') continue
    calls = calls || has('toolUse')
    if (has('reasoningContent')) return false
  }
  return calls && messages.at(-1)?.role === 'user'
}
