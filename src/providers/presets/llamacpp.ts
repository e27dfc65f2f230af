import type { Preset } from '../provider.ts'

/** https://github.com/ggml-org/llama.cpp/tree/master/tools/server */
export const llamacpp: Preset = {
  name: 'llamacpp',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1:8080/v1',
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: [],
  vendor: 'llamacpp',
  patterns: [],
  traits: {
    reasoningField: 'reasoning_content',
    takes: ['top_k', 'parallel_tool_calls'],
    oneChoice: true,
  },
}
