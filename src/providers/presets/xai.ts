import type { Preset } from '../provider.ts'

/** https://docs.x.ai/docs/api-reference. The count of an answer leaves its reasoning out. */
export const xai: Preset = {
  name: 'xai',
  dialect: 'openai-chat',
  baseUrl: 'https://api.x.ai/v1',
  authHeader: 'authorization',
  keyEnv: ['XAI_API_KEY'],
  baseUrlEnv: ['XAI_BASE_URL'],
  forwards: [],
  vendor: 'xai',
  patterns: ['grok-*'],
  traits: { takes: ['parallel_tool_calls'] },
  modelTraits: [
    // Models that reason refuse penalties and stop sequences; of the older ones only the mini takes an effort.
    {
      models: 'grok-4*',
      traits: { drops: ['presence_penalty', 'frequency_penalty'], maxStops: 0, reasoningRequest: [] },
    },
    {
      models: 'grok-3-mini*',
      traits: {
        drops: ['presence_penalty', 'frequency_penalty'],
        maxStops: 0,
        efforts: { low: 'low', high: 'high' },
      },
    },
  ],
}
