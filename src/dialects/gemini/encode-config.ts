import type { Effort, JsonObject, ReasoningOptions } from '../../tokens/index.ts'
import { effortOf } from '../effort.ts'
import type { Encoding } from './encoding.ts'

/** The most stop sequences that the API takes. */
const mostStops = 5

/** The field `generationConfig`; undefined when there is nothing to say. */
export function encodeConfig(encoding: Encoding): JsonObject | undefined {
  const { request } = encoding
  const { sampling } = request
  const config: JsonObject = {}
  const takesSampling = encoding.target.traits.sampling !== false
  for (const [field, value, name] of [
    ['temperature', sampling.temperature, 'temperature'],
    ['topP', sampling.topP, 'top_p'],
    ['topK', sampling.topK, 'top_k'],
  ] as const) {
    if (value === undefined) continue
    if (takesSampling) config[field] = value
    else encoding.dropped(name, 'the model takes no sampling parameters')
  }
  if (sampling.seed !== undefined) config.seed = sampling.seed
  if (sampling.presencePenalty !== undefined) config.presencePenalty = sampling.presencePenalty
  if (sampling.frequencyPenalty !== undefined) config.frequencyPenalty = sampling.frequencyPenalty
  if (sampling.logitBias !== undefined) encoding.dropped('logit_bias', 'the Gemini API has no such field')
  if (sampling.logprobs) {
    config.responseLogprobs = true
    if (sampling.topLogprobs !== undefined) config.logprobs = sampling.topLogprobs
  }
  if (request.choices !== undefined) config.candidateCount = request.choices
  const maxOutput = ceiling(encoding)
  if (maxOutput !== undefined) config.maxOutputTokens = maxOutput
  Object.assign(config, stopSequences(encoding), responseFormat(encoding), thinkingConfig(encoding))
  return Object.keys(config).length > 0 ? config : undefined
}

function ceiling(encoding: Encoding): number | undefined {
  const { request, target, own } = encoding
  const most = target.traits.maxOutput
  if (request.maxOutput === undefined || own || most === undefined || request.maxOutput <= most) {
    return request.maxOutput
  }
  encoding.changed('max_tokens', `the model's largest answer is ${most} tokens`)
  return most
}

function stopSequences(encoding: Encoding): JsonObject {
  const stop = encoding.request.stop?.filter((text) => text !== '')
  if (!stop || stop.length === 0) return {}
  if (stop.length > mostStops && !encoding.own) {
    encoding.dropped('stop', `the Gemini API takes ${mostStops} stop sequences; those behind are left out`)
    return { stopSequences: stop.slice(0, mostStops) }
  }
  return { stopSequences: stop }
}

function responseFormat(encoding: Encoding): JsonObject {
  const { output, extra } = encoding.request
  if (!output) return {}
  const type = { responseMimeType: 'application/json' }
  const own = encoding.own && (extra.fields.generationConfig as JsonObject | undefined)?.responseSchema !== undefined
  return output.type === 'json' || own ? type : { ...type, responseJsonSchema: output.schema }
}

const budgets = {
  none: 0,
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
} as const satisfies Record<Effort, number>

const levels = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
} as const satisfies Record<Effort, string>

/**
 * How much to think, in the form that the model takes. Both at once are refused. A budget is the usual form, since
 * models that know levels take it, too.
 */
function thinkingConfig(encoding: Encoding): JsonObject {
  const { request, target, own } = encoding
  const { reasoning } = request
  if (!reasoning) return {}
  // A client of the same dialect knows which form its model takes, unless the model's data says otherwise.
  const form = target.traits.thinking ?? (own && reasoning.effort !== undefined ? 'level' : 'budget')
  const amount = form === 'level' ? level(encoding, reasoning) : budget(encoding, reasoning)
  const off = reasoning.effort === 'none' || reasoning.budget === 0
  const visible = reasoning.visible ?? (own || off ? undefined : true)
  const config = { ...amount, ...(visible !== undefined && { includeThoughts: visible }) }
  return Object.keys(config).length > 0 ? { thinkingConfig: config } : {}
}

function level(encoding: Encoding, { effort, budget: tokens }: ReasoningOptions): JsonObject {
  const step = effort ?? (tokens === undefined ? undefined : effortOf(tokens))
  if (step === undefined) return {}
  if (effort === undefined) encoding.changed('reasoning', `a budget of ${tokens} tokens is sent as a level`)
  else if (step === 'none') encoding.changed('reasoning', 'the model cannot be kept from thinking; it thinks least')
  return { thinkingLevel: levels[step] }
}

function budget(encoding: Encoding, { effort, budget: tokens, adaptive }: ReasoningOptions): JsonObject {
  const wanted = tokens ?? (effort === undefined ? (adaptive ? -1 : undefined) : budgets[effort])
  if (wanted === undefined) return {}
  const range = encoding.target.traits.thinkingRange
  if (wanted === -1 || !range) return { thinkingBudget: wanted }
  const fits = Math.min(Math.max(wanted, range[0]), range[1])
  if (fits !== wanted && tokens !== undefined) {
    encoding.changed('reasoning', `the budget of ${wanted} tokens is sent as ${fits}`)
  } else if (fits !== wanted && wanted === 0) {
    encoding.changed('reasoning', 'the model cannot be kept from thinking; it thinks least')
  }
  return { thinkingBudget: fits }
}
