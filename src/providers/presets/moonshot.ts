import type { Preset } from '../provider.ts'

/** https://platform.moonshot.ai/docs/api/chat. The usage stands inside the choice of the last chunk. */
export const moonshot: Preset = {
  name: 'moonshot',
  dialect: 'openai-chat',
  baseUrl: 'https://api.moonshot.ai/v1',
  authHeader: 'authorization',
  keyEnv: ['MOONSHOT_API_KEY'],
  baseUrlEnv: ['MOONSHOT_BASE_URL'],
  forwards: [],
  vendor: 'moonshot',
  patterns: ['kimi-*', 'moonshot-*'],
  normalise: true,
  traits: {
    drops: ['logit_bias', 'logprobs', 'top_logprobs'],
    temperature: { max: 1 },
    callIdForm: 'numbered',
    toolChoice: { required: false },
    prefillMark: 'partial',
    outputs: ['json_object'],
  },
  modelTraits: [
    {
      models: 'kimi-*',
      traits: {
        sampling: false,
        reasoningField: 'reasoning_content',
        reasoningRequired: true,
        reasoningRequest: ['thinking'],
      },
    },
    // From the third generation on they always think, and only how much can be said.
    {
      models: 'kimi-k3*',
      traits: { reasoningRequest: ['reasoning_effort'], efforts: { low: 'low', high: 'high', max: 'max' } },
    },
  ],
}
