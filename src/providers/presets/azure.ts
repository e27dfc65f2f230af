import type { Preset } from '../provider.ts'

/**
 * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle: the deployment is the model. The classic
 * form has the deployment in its path and the version in its query: `base_url` with `{model}` and a `query`. The first
 * chunk of a stream has no id and no model.
 */
export const azure: Preset = {
  name: 'azure',
  dialect: 'openai-chat',
  basePath: '/openai/v1',
  authHeader: 'api-key',
  keyEnv: ['AZURE_OPENAI_API_KEY'],
  baseUrlEnv: ['AZURE_OPENAI_BASE_URL', 'AZURE_OPENAI_ENDPOINT'],
  forwards: ['x-client-request-id'],
  vendor: 'azure',
  patterns: [],
  normalise: true,
  traits: { maxTokensField: 'max_completion_tokens', openaiExtras: true },
}
