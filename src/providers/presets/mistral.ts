import type { Preset } from '../provider.ts'

/** https://docs.mistral.ai/api. It answers 422 to fields that it does not know. Its reasoning is a part of the content. */
export const mistral: Preset = {
  name: 'mistral',
  dialect: 'openai-chat',
  baseUrl: 'https://api.mistral.ai/v1',
  authHeader: 'authorization',
  keyEnv: ['MISTRAL_API_KEY'],
  baseUrlEnv: ['MISTRAL_BASE_URL'],
  forwards: [],
  vendor: 'mistral',
  patterns: ['mistral-*', 'magistral-*', 'ministral-*', 'codestral-*', 'devstral-*', 'pixtral-*'],
  normalise: true,
  traits: {
    drops: [
      'logit_bias',
      'logprobs',
      'top_logprobs',
      'user',
      'safety_identifier',
      'service_tier',
      'store',
      'verbosity',
    ],
    renames: { seed: 'random_seed' },
    takes: ['parallel_tool_calls', 'strict', 'metadata'],
    streamUsage: false,
    temperature: { max: 1.5 },
    toolChoice: { required: 'any' },
    callIdForm: 'nine',
    resultNames: true,
    messageNames: false,
    prefillMark: 'prefix',
    efforts: { none: 'none', high: 'high' },
  },
  modelTraits: [{ models: 'magistral-*', traits: { reasoningRequest: ['prompt_mode'] } }],
}
