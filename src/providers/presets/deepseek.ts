import type { Preset } from '../provider.ts'

/** https://api-docs.deepseek.com. Its thinking has to come back with the calls that it led to. */
export const deepseek: Preset = {
  name: 'deepseek',
  dialect: 'openai-chat',
  baseUrl: 'https://api.deepseek.com/v1',
  authHeader: 'authorization',
  keyEnv: ['DEEPSEEK_API_KEY'],
  baseUrlEnv: ['DEEPSEEK_BASE_URL'],
  forwards: [],
  vendor: 'deepseek',
  patterns: ['deepseek-*'],
  traits: {
    drops: ['seed', 'logit_bias', 'user'],
    maxStops: 16,
    oneChoice: true,
    parts: false,
    outputs: ['json_object'],
    reasoningField: 'reasoning_content',
    reasoningRequired: true,
    reasoningRequest: ['thinking', 'reasoning_effort'],
    efforts: { high: 'high', max: 'max' },
  },
}
