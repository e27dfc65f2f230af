import type { Preset } from '../provider.ts'

/** https://docs.z.ai/api-reference/llm/chat-completion */
export const glm: Preset = {
  name: 'glm',
  dialect: 'openai-chat',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  basePath: '/api/paas/v4',
  authHeader: 'authorization',
  keyEnv: ['ZAI_API_KEY', 'ZHIPUAI_API_KEY'],
  baseUrlEnv: ['ZAI_BASE_URL'],
  forwards: [],
  vendor: 'glm',
  patterns: ['glm-*'],
  traits: {
    drops: ['seed', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'top_logprobs'],
    renames: { user: 'user_id' },
    maxStops: 1,
    oneChoice: true,
    temperature: { max: 1 },
    toolChoice: { required: false },
    outputs: ['json_object'],
    reasoningField: 'reasoning_content',
    reasoningRequest: ['thinking'],
  },
}
