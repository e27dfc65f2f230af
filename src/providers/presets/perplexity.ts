import type { Preset } from '../provider.ts'

/** https://docs.perplexity.ai/api-reference. It searches by itself and knows no tools of others. */
export const perplexity: Preset = {
  name: 'perplexity',
  dialect: 'openai-chat',
  baseUrl: 'https://api.perplexity.ai',
  rooted: true,
  authHeader: 'authorization',
  keyEnv: ['PERPLEXITY_API_KEY'],
  baseUrlEnv: ['PERPLEXITY_BASE_URL'],
  forwards: [],
  vendor: 'perplexity',
  patterns: ['sonar*'],
  normalise: true,
  traits: {
    drops: ['seed', 'logit_bias', 'logprobs', 'top_logprobs', 'user'],
    takes: ['top_k'],
    maxStops: 0,
    oneChoice: true,
    tools: false,
    systemFirst: true,
    alternate: true,
    outputs: ['json_schema'],
    efforts: { minimal: 'minimal', low: 'low', medium: 'medium', high: 'high' },
  },
  modelTraits: [{ models: 'sonar-reasoning*', traits: { thinkTags: ['think'] } }],
}
