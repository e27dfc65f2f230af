import type { Preset } from '../provider.ts'

/** https://lmstudio.ai/docs/developer/openai-compat. Later deltas of a call repeat empty names. */
export const lmstudio: Preset = {
  name: 'lmstudio',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1:1234/v1',
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: [],
  vendor: 'lmstudio',
  patterns: [],
  normalise: true,
  traits: { oneChoice: true, outputs: ['json_schema'], takes: ['top_k'] },
}
