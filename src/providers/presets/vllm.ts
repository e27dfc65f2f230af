import type { Preset } from '../provider.ts'

/** https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html */
export const vllm: Preset = {
  name: 'vllm',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1:8000/v1',
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: [],
  vendor: 'vllm',
  patterns: [],
  traits: { reasoningField: 'reasoning', takes: ['top_k', 'parallel_tool_calls'] },
}
