import type { ChatRequest, Sampling } from '../../tokens/index.ts'

/** Fields that every dialect has its own word for, as configurations call them. */
const top = {
  cache: 'cache',
  choices: 'choices',
  max_tokens: 'maxOutput',
  metadata: 'metadata',
  output: 'output',
  parallel_tool_calls: 'parallelToolCalls',
  reasoning: 'reasoning',
  service_tier: 'serviceTier',
  stop: 'stop',
  tool_choice: 'toolChoice',
  user: 'user',
  verbosity: 'verbosity',
} as const satisfies Record<string, keyof ChatRequest>

const sampling = {
  frequency_penalty: 'frequencyPenalty',
  logit_bias: 'logitBias',
  logprobs: 'logprobs',
  presence_penalty: 'presencePenalty',
  seed: 'seed',
  temperature: 'temperature',
  top_k: 'topK',
  top_logprobs: 'topLogprobs',
  top_p: 'topP',
} as const satisfies Record<string, keyof Sampling>

/** The names of fields that mean the same in every dialect. */
export const sharedFields: readonly string[] = [...Object.keys(top), 'tools', ...Object.keys(sampling)].sort()

/** The request without a field; the very same one where it has no such field. */
export function withoutField(request: ChatRequest, name: string): ChatRequest {
  const known = withoutShared(request, name)
  const { fields } = known.extra
  if (!Object.hasOwn(fields, name)) return known
  const { [name]: _, ...others } = fields
  return { ...known, extra: { ...known.extra, fields: others } }
}

function withoutShared(request: ChatRequest, name: string): ChatRequest {
  if (name === 'tools') return request.tools.length === 0 ? request : { ...request, tools: [] }
  if (Object.hasOwn(top, name)) {
    const key = top[name as keyof typeof top]
    if (request[key] === undefined) return request
    const { [key]: _, ...others } = request
    return others as ChatRequest
  }
  if (!Object.hasOwn(sampling, name)) return request
  const key = sampling[name as keyof typeof sampling]
  if (request.sampling[key] === undefined) return request
  const { [key]: _, ...others } = request.sampling
  return { ...request, sampling: others }
}
