import type { Preset } from '../provider.ts'

/**
 * https://straico.com/platform-changelog. It passes on the models of others, answers whole and is paid
 * in coins. Of Chat Completions it takes six fields and texts, and how an answer ended it says in the words of whoever
 * made the model. Should it begin to stream one day, that is found out.
 */
export const straico: Preset = {
  name: 'straico',
  dialect: 'openai-chat',
  baseUrl: 'https://api.straico.com',
  basePath: '/v2',
  authHeader: 'authorization',
  keyEnv: ['STRAICO_API_KEY'],
  baseUrlEnv: ['STRAICO_BASE_URL'],
  forwards: [],
  uploads: { prompt: '/v1/prompt/completion', upload: '/v0/file/upload' },
  vendor: 'straico',
  patterns: [],
  normalise: true,
  traits: {
    streams: false,
    fields: ['model', 'messages', 'temperature', 'max_tokens', 'smart_llm_selector', 'replace_failed_models'],
    modelChoice: 'smart_llm_selector',
    temperature: { min: 0, max: 2 },
    localStops: true,
    oneChoice: true,
    tools: false,
    messageNames: false,
    parts: false,
    nullContent: false,
    outputs: [],
    reasoningRequest: [],
    cost: { at: 'price.total', unit: 'coins' },
  },
}
