import type { Preset } from '../provider.ts'

/** https://console.groq.com/docs/openai */
export const groq: Preset = {
  name: 'groq',
  dialect: 'openai-chat',
  baseUrl: 'https://api.groq.com/openai/v1',
  basePath: '/openai/v1',
  authHeader: 'authorization',
  keyEnv: ['GROQ_API_KEY'],
  baseUrlEnv: ['GROQ_BASE_URL'],
  forwards: [],
  vendor: 'groq',
  patterns: [],
  traits: {
    maxTokensField: 'max_completion_tokens',
    drops: ['logprobs', 'top_logprobs', 'logit_bias'],
    oneChoice: true,
    messageNames: false,
    takes: ['parallel_tool_calls', 'service_tier'],
  },
  modelTraits: [
    { models: '*gpt-oss*', traits: { efforts: { low: 'low', medium: 'medium', high: 'high' } } },
    // These write their reasoning into the text unless they are told not to.
    {
      models: '*qwen3*',
      traits: { efforts: { none: 'none', medium: 'default' }, defaults: { reasoning_format: 'parsed' } },
    },
    { models: '*deepseek-r1*', traits: { reasoningRequest: [], defaults: { reasoning_format: 'parsed' } } },
  ],
}
