import type { Preset } from '../provider.ts'

/** https://inference-docs.cerebras.ai/api-reference/chat-completions */
export const cerebras: Preset = {
  name: 'cerebras',
  dialect: 'openai-chat',
  baseUrl: 'https://api.cerebras.ai/v1',
  authHeader: 'authorization',
  keyEnv: ['CEREBRAS_API_KEY'],
  baseUrlEnv: ['CEREBRAS_BASE_URL'],
  forwards: [],
  vendor: 'cerebras',
  patterns: [],
  traits: {
    maxTokensField: 'max_completion_tokens',
    drops: ['presence_penalty', 'frequency_penalty', 'logit_bias'],
    oneChoice: true,
    takes: ['parallel_tool_calls', 'strict', 'service_tier'],
    reasoningField: 'reasoning',
  },
  modelTraits: [
    { models: 'gpt-oss-*', traits: { efforts: { low: 'low', medium: 'medium', high: 'high' } } },
    { models: 'zai-glm-*', traits: { reasoningRequest: ['disable_reasoning'] } },
    { models: 'qwen-3-*', traits: { reasoningRequest: [] } },
  ],
}
