import type { Preset } from '../provider.ts'
import { anthropic } from './anthropic.ts'

/**
 * https://docs.anthropic.com/en/api/claude-on-vertex-ai: Claude at Google Cloud, in Anthropic's own language. The model
 * stands in the path, and in its place in the body a version.
 */
export const vertexAnthropic: Preset = {
  name: 'vertex-anthropic',
  dialect: 'anthropic-messages',
  baseUrl: 'https://{location}-aiplatform.googleapis.com',
  projectPath: '/v1/projects/{project}/locations/{location}/publishers/anthropic/models',
  paths: { chat: '/{model}:rawPredict', stream: '/{model}:streamRawPredict', count: '/count-tokens:rawPredict' },
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: ['anthropic-beta', 'anthropic-version'],
  // What Anthropic signs is taken wherever its models run.
  vendor: 'anthropic',
  patterns: [],
  traits: { bodyVersion: 'vertex-2023-10-16' },
  // The models are the same as at their maker's; their date stands behind an `@`.
  modelTraits: anthropic.modelTraits!.flatMap(({ models, traits }) =>
    atDate(models).map((one) => ({ models: one, traits })),
  ),
}

/** `claude-3-haiku-*` is `claude-3-haiku@20240307` here, and `claude-sonnet-4-2*` is `claude-sonnet-4@20250514`. */
function atDate(models: string): string[] {
  const dated = /^(.*)-(?:2\*|\*)$/.exec(models)?.[1]
  return dated === undefined ? [models] : [models, `${dated}@*`]
}
