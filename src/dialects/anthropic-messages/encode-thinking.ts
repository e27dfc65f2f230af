import type { Effort, JsonObject, ReasoningOptions } from '../../tokens/index.ts'
import { effortOf } from '../effort.ts'
import type { Encoding } from './encoding.ts'

/**
 * The ceiling of an answer when neither the client nor the model's data names one; the field is required. As much as
 * all current models can give, and enough for an agent's long edit.
 */
export const defaultMaxTokens = 32_000

/** The least that the API takes as a budget. */
const leastBudget = 1024

/** Room for the answer beside a budget that the client did not bound. */
const answerRoom = 8192

const budgets = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 63_999,
} as const satisfies Record<Exclude<Effort, 'none'>, number>

export interface Thinking {
  maxTokens: number
  thinking?: JsonObject
  /** Goes into `output_config`. */
  effort?: string
  /** Thinking is asked for, which rules out some sampling. */
  on: boolean
}

/** How much to think, in the form that the model takes, and the ceiling of the answer, which depends on it. */
export function encodeThinking(encoding: Encoding, messages: readonly JsonObject[]): Thinking {
  const { request } = encoding
  const maxTokens = ceiling(encoding)
  const options = request.reasoning
  if (!options) return { maxTokens, on: false }
  const { effort, budget, adaptive } = options
  if (effort === 'none' || budget === 0) return { maxTokens, thinking: { type: 'disabled' }, on: false }
  if (budget === undefined && !adaptive) {
    if (effort === undefined) return { maxTokens, on: false }
    // In this dialect an effort is no wish to think: it steers the answer as well.
    if (encoding.own) return { maxTokens, effort, on: false }
  }

  const asked = chooseForm(encoding, options, maxTokens)
  const forced = request.toolChoice?.mode === 'required' || request.toolChoice?.mode === 'one'
  const must = forced || (request.toolChoice?.mode === 'subset' && request.toolChoice.required)
  const lost = asked.thinking?.type === 'enabled' && inForeignLoop(messages)
  const begun = !encoding.own && messages.at(-1)?.role === 'assistant'
  if (!asked.on || !(must || lost || begun)) return asked
  encoding.dropped(
    'reasoning',
    must
      ? 'this API does not think when a tool call is demanded'
      : begun
        ? 'this API does not think when the beginning of the answer is given'
        : 'this API thinks on behind tool results only where it thought before the calls, and another model made them',
  )
  return { maxTokens, on: false, ...(asked.effort && { effort: asked.effort }) }
}

function ceiling(encoding: Encoding): number {
  const { request, target, own } = encoding
  const most = target.traits.maxOutput
  if (request.maxOutput === undefined) return most ?? defaultMaxTokens
  if (own || most === undefined || request.maxOutput <= most) return request.maxOutput
  encoding.changed('max_tokens', `the model's largest answer is ${most} tokens`)
  return most
}

/** The conversation ends with results of tools, and no thinking stands anywhere before their calls. */
function inForeignLoop(messages: readonly JsonObject[]): boolean {
  let calls = false
  for (const { role, content } of messages.toReversed()) {
    const types = Array.isArray(content) ? content.map((block) => (block as JsonObject).type) : []
    if (role === 'user' && !types.includes('tool_result')) break
    if (role !== 'assistant') continue
    calls = calls || types.includes('tool_use')
    if (types.includes('thinking') || types.includes('redacted_thinking')) return false
  }
  return calls && messages.at(-1)?.role === 'user'
}

function chooseForm(encoding: Encoding, options: ReasoningOptions, maxTokens: number): Thinking {
  const { own, target } = encoding
  // A client of the same dialect knows which form its model takes, unless the model's data says otherwise.
  const form = target.traits.thinking ?? (own && options.budget !== undefined ? 'budget' : 'adaptive')
  return form === 'budget' ? withBudget(encoding, options, maxTokens) : adaptive(encoding, options, maxTokens)
}

function adaptive(encoding: Encoding, options: ReasoningOptions, maxTokens: number): Thinking {
  const effort = options.effort ?? (options.budget === undefined ? undefined : effortOf(options.budget))
  if (options.effort === undefined && effort !== undefined) {
    encoding.changed('reasoning', `a budget of ${options.budget} tokens is sent as the effort ${effort}`)
  }
  return {
    maxTokens,
    thinking: { type: 'adaptive', ...display(encoding, options) },
    ...(effort !== undefined && { effort: effort === 'minimal' ? 'low' : effort }),
    on: true,
  }
}

function withBudget(encoding: Encoding, options: ReasoningOptions, limit: number): Thinking {
  const { request, target } = encoding
  const effort = options.effort === undefined || options.effort === 'none' ? 'medium' : options.effort
  const wanted = options.budget ?? budgets[effort]
  let budget = Math.max(leastBudget, wanted)
  let maxTokens = limit
  if (request.maxOutput === undefined) {
    maxTokens = Math.min(Math.max(limit, budget + answerRoom), target.traits.maxOutput ?? Number.POSITIVE_INFINITY)
  }
  if (budget >= maxTokens) {
    if (maxTokens <= leastBudget) {
      encoding.dropped('reasoning', `an answer of at most ${maxTokens} tokens leaves no room to think`)
      return { maxTokens, on: false }
    }
    budget = Math.max(leastBudget, Math.floor(maxTokens / 2))
  }
  if (options.budget !== undefined && budget !== wanted) {
    encoding.changed('reasoning', `the budget of ${wanted} tokens is sent as ${budget}`)
  }
  return {
    maxTokens,
    thinking: {
      type: 'enabled',
      budget_tokens: budget,
      ...(options.visible === false && { display: 'omitted' }),
      ...(encoding.own && options.visible && { display: 'summarized' }),
    },
    ...(options.budget !== undefined && options.effort !== undefined && { effort: options.effort }),
    on: true,
  }
}

/** Clients of other dialects are shown the reasoning unless they refuse it; newer models keep it back when not asked. */
function display(encoding: Encoding, options: ReasoningOptions): JsonObject {
  if (options.visible === false) return { display: 'omitted' }
  return options.visible || !encoding.own ? { display: 'summarized' } : {}
}

function takenWhileThinking(field: 'temperature' | 'top_p' | 'top_k', value: number): boolean {
  return field === 'temperature' ? value === 1 : field === 'top_p' && value >= 0.95
}

/** Temperature, top_p and top_k, as far as the model takes them. */
export function encodeSampling(encoding: Encoding, thinking: boolean): JsonObject {
  const { sampling } = encoding.request
  const wire: JsonObject = {}
  const { traits } = encoding.target
  for (const [field, value] of [
    ['temperature', sampling.temperature],
    ['top_p', sampling.topP],
    ['top_k', sampling.topK],
  ] as const) {
    if (value === undefined) continue
    if (traits.sampling === false) {
      encoding.dropped(field, 'the model takes no sampling parameters')
    } else if (thinking && !takenWhileThinking(field, value)) {
      encoding.dropped(field, 'the model does not take it while it thinks')
    } else if (field === 'top_p' && traits.sampling === 'one' && wire.temperature !== undefined) {
      encoding.dropped(field, 'the model takes a temperature or this, not both')
    } else if (field === 'temperature' && value > 1) {
      encoding.changed(field, `${value} is over the highest, which is 1`)
      wire[field] = 1
    } else {
      wire[field] = value
    }
  }
  encoding.lacks('the Messages API has no such field', {
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
  })
  return wire
}
