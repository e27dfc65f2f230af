import type { Preset } from '../provider.ts'
import { anthropic } from './anthropic.ts'

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
export const bedrock: Preset = {
  name: 'bedrock',
  dialect: 'bedrock-converse',
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  awsKeys: true,
  authHeader: 'authorization',
  keyEnv: ['AWS_BEARER_TOKEN_BEDROCK'],
  baseUrlEnv: ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME'],
  forwards: [],
  vendor: 'bedrock',
  // Models are called by their maker, behind a place for those that are answered anywhere within it: `us.anthropic.…`.
  patterns: ['anthropic.*', '*.anthropic.*', 'amazon.*', '*.amazon.*', 'meta.*', '*.meta.*', 'arn:aws*:bedrock:*'],
  modelTraits: [
    { models: '*anthropic.claude-*', traits: { nativeFields: 'anthropic', cachePoints: true } },
    { models: '*anthropic.claude-3-*', traits: { cachePoints: false } },
    { models: '*anthropic.claude-3-5-haiku-*', traits: { cachePoints: true } },
    { models: '*anthropic.claude-3-7-*', traits: { cachePoints: true } },
    // The models are the same as at their maker's, and so is what they take.
    ...anthropic.modelTraits!.map(({ models, traits }) => ({ models: `*anthropic.${models}`, traits })),
    { models: '*amazon.nova-2-*', traits: { nativeFields: 'nova' } },
    { models: '*openai.gpt-oss-*', traits: { nativeFields: 'openai' } },
  ],
}
