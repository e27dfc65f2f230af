import type { Preset } from '../provider.ts'

/** https://docs.cohere.com/docs/compatibility-api */
export const cohere: Preset = {
  name: 'cohere',
  dialect: 'openai-chat',
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  basePath: '/compatibility/v1',
  authHeader: 'authorization',
  keyEnv: ['COHERE_API_KEY', 'CO_API_KEY'],
  baseUrlEnv: ['COHERE_BASE_URL'],
  forwards: [],
  vendor: 'cohere',
  patterns: ['command-*'],
  traits: {
    drops: ['logit_bias', 'top_logprobs', 'parallel_tool_calls', 'metadata', 'service_tier', 'store', 'user'],
    maxStops: 5,
    oneChoice: true,
    temperature: { max: 1 },
    toolChoice: { named: false },
    efforts: { none: 'none', high: 'high' },
  },
}
