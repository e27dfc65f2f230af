import type { Preset } from '../provider.ts'

/**
 * https://github.com/ollama/ollama/blob/main/docs/api.md. Its own API, since the compatible ones know neither the room
 * for a prompt nor steps of thinking, which only some models have.
 */
export const ollama: Preset = {
  name: 'ollama',
  dialect: 'ollama',
  baseUrl: 'http://127.0.0.1:11434',
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: [],
  vendor: 'ollama',
  patterns: [],
  modelTraits: [{ models: 'gpt-oss*', traits: { think: 'levels' } }],
}
