import type { Preset } from '../provider.ts'

/** https://docs.together.ai/reference/chat-completions */
export const together: Preset = {
  name: 'together',
  dialect: 'openai-chat',
  baseUrl: 'https://api.together.xyz/v1',
  authHeader: 'authorization',
  keyEnv: ['TOGETHER_API_KEY'],
  baseUrlEnv: ['TOGETHER_BASE_URL'],
  forwards: [],
  vendor: 'together',
  patterns: [],
  traits: { takes: ['top_k'] },
  modelTraits: [{ models: 'deepseek-ai/DeepSeek-R1*', traits: { thinkTags: ['think'] } }],
}
