import type { Preset } from '../provider.ts'

/** https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope */
export const qwen: Preset = {
  name: 'qwen',
  dialect: 'openai-chat',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  basePath: '/compatible-mode/v1',
  authHeader: 'authorization',
  keyEnv: ['DASHSCOPE_API_KEY'],
  baseUrlEnv: ['DASHSCOPE_BASE_URL'],
  forwards: [],
  vendor: 'qwen',
  patterns: ['qwen*', 'qwq-*'],
  traits: {
    drops: ['logit_bias', 'user'],
    takes: ['top_k', 'parallel_tool_calls'],
    temperature: { max: 1.99 },
    prefillMark: 'partial',
    outputs: ['json_object'],
    reasoningRequest: ['enable_thinking', 'thinking_budget'],
  },
  modelTraits: [
    { models: 'qwq-*', traits: { streamOnly: true } },
    { models: 'qwen3-*-thinking*', traits: { streamOnly: true } },
  ],
}
