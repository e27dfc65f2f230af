import type { Preset } from '../provider.ts'

/** https://platform.openai.com/docs/api-reference */
export const openai: Preset = {
  name: 'openai',
  dialect: 'openai-chat',
  baseUrl: 'https://api.openai.com/v1',
  authHeader: 'authorization',
  keyEnv: ['OPENAI_API_KEY'],
  baseUrlEnv: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
  forwards: ['openai-organization', 'openai-project', 'openai-beta', 'x-client-request-id'],
  vendor: 'openai',
  patterns: ['gpt-*', 'chatgpt-*', 'o1*', 'o3*', 'o4*'],
  traits: { maxTokensField: 'max_completion_tokens', openaiExtras: true },
}
