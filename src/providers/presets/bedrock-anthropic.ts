import type { Preset } from '../provider.ts'
import { anthropic } from './anthropic.ts'

/**
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html: Claude at Amazon, in
 * Anthropic's own language. The model stands in the path, and so does whether a stream is wanted.
 */
export const bedrockAnthropic: Preset = {
  name: 'bedrock-anthropic',
  dialect: 'anthropic-messages',
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  awsKeys: true,
  paths: { chat: '/model/{model}/invoke', stream: '/model/{model}/invoke-with-response-stream' },
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: [],
  // What Anthropic signs is taken wherever its models run.
  vendor: 'anthropic',
  patterns: [],
  traits: { bodyVersion: 'bedrock-2023-05-31', streamInPath: true },
  // The models are the same as at their maker's.
  modelTraits: anthropic.modelTraits!.map(({ models, traits }) => ({ models: `*anthropic.${models}`, traits })),
}
