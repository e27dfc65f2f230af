import type { Preset } from '../provider.ts'
import { gemini } from './gemini.ts'

/**
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference: Gemini at Google Cloud. With an API key
 * alone ("express mode") it is called without a project, with tokens below one. It refuses the ids of calls.
 */
export const vertex: Preset = {
  name: 'vertex',
  dialect: 'gemini',
  baseUrl: 'https://{location}-aiplatform.googleapis.com',
  basePath: '/v1/publishers/google',
  projectPath: '/v1/projects/{project}/locations/{location}/publishers/google',
  authHeader: 'x-goog-api-key',
  keyEnv: ['GOOGLE_VERTEX_API_KEY'],
  baseUrlEnv: ['GOOGLE_VERTEX_BASE_URL'],
  forwards: ['x-goog-api-client'],
  vendor: 'vertex',
  patterns: [],
  traits: { functionIds: false },
  // The models are the same as at their maker's, and so is what they take.
  modelTraits: gemini.modelTraits!,
}
