import type { Preset } from '../provider.ts'

/**
 * https://openrouter.ai/docs/api-reference. Reasoning comes twice in each delta, and a failure inside the stream is a
 * chunk with a finish reason of its own.
 */
export const openrouter: Preset = {
  name: 'openrouter',
  dialect: 'openai-chat',
  baseUrl: 'https://openrouter.ai/api/v1',
  basePath: '/api/v1',
  authHeader: 'authorization',
  keyEnv: ['OPENROUTER_API_KEY'],
  baseUrlEnv: ['OPENROUTER_BASE_URL'],
  forwards: ['http-referer', 'x-title'],
  vendor: 'openrouter',
  patterns: [],
  normalise: true,
  traits: {
    cost: { at: 'usage.cost', unit: 'USD' },
    cacheField: 'cache_control',
    reasoningField: 'reasoning',
    reasoningRequest: ['reasoning'],
    takes: ['top_k', 'parallel_tool_calls', 'strict', 'verbosity'],
  },
}
