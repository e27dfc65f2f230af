import type { Preset } from '../provider.ts'

/** https://docs.fireworks.ai/api-reference/post-chatcompletions */
export const fireworks: Preset = {
  name: 'fireworks',
  dialect: 'openai-chat',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  basePath: '/inference/v1',
  authHeader: 'authorization',
  keyEnv: ['FIREWORKS_API_KEY'],
  baseUrlEnv: ['FIREWORKS_BASE_URL'],
  forwards: [],
  vendor: 'fireworks',
  patterns: [],
  traits: { takes: ['top_k', 'parallel_tool_calls'] },
  modelTraits: [{ models: '*deepseek-r1*', traits: { thinkTags: ['think'] } }],
}
