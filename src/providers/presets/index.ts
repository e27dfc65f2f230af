import type { Preset } from '../provider.ts'
import { anthropic } from './anthropic.ts'
import { azure } from './azure.ts'
import { bedrock } from './bedrock.ts'
import { bedrockAnthropic } from './bedrock-anthropic.ts'
import { cerebras } from './cerebras.ts'
import { cohere } from './cohere.ts'
import { copilot } from './copilot.ts'
import { deepseek } from './deepseek.ts'
import { fireworks } from './fireworks.ts'
import { gemini } from './gemini.ts'
import { glm } from './glm.ts'
import { groq } from './groq.ts'
import { llamacpp } from './llamacpp.ts'
import { lmstudio } from './lmstudio.ts'
import { mistral } from './mistral.ts'
import { moonshot } from './moonshot.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import { perplexity } from './perplexity.ts'
import { qwen } from './qwen.ts'
import { straico } from './straico.ts'
import { together } from './together.ts'
import { vertex } from './vertex.ts'
import { vertexAnthropic } from './vertex-anthropic.ts'
import { vllm } from './vllm.ts'
import { xai } from './xai.ts'

/**
 * Every vendor that is known without configuration, in the order in which bare model names are offered to them: makers
 * of models before those who serve the models of others.
 */
export const presets = {
  openai,
  anthropic,
  gemini,
  deepseek,
  mistral,
  xai,
  moonshot,
  qwen,
  glm,
  cohere,
  perplexity,
  azure,
  bedrock,
  'bedrock-anthropic': bedrockAnthropic,
  vertex,
  'vertex-anthropic': vertexAnthropic,
  openrouter,
  straico,
  groq,
  together,
  fireworks,
  cerebras,
  copilot,
  vllm,
  llamacpp,
  lmstudio,
  ollama,
} as const satisfies Record<string, Preset>
