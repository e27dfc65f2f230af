import type { Preset } from '../provider.ts'

/** https://ai.google.dev/api/generate-content */
export const gemini: Preset = {
  name: 'gemini',
  dialect: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com',
  authHeader: 'x-goog-api-key',
  keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseUrlEnv: ['GEMINI_BASE_URL', 'GOOGLE_GEMINI_BASE_URL'],
  forwards: ['x-goog-api-client'],
  vendor: 'google',
  patterns: ['gemini-*', 'gemma-*'],
  modelTraits: [
    // Up to 2.5 thinking is measured in tokens, and each model has borders of its own; from 3 on it has steps, and calls
    // without a signature are refused.
    { models: 'gemini-2.5-pro*', traits: { thinking: 'budget', thinkingRange: [128, 32_768] } },
    { models: 'gemini-2.5-flash*', traits: { thinking: 'budget', thinkingRange: [0, 24_576] } },
    { models: 'gemini-3*', traits: { thinking: 'level', signedCalls: true } },
  ],
}
