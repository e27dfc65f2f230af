import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Language } from './ask.ts'
import { converseRefusal } from './bedrock-converse-strict.ts'
import { geminiRefusal } from './gemini-strict.ts'
import { ollamaRefusal } from './ollama-strict.ts'
import { responsesRefusal } from './openai-responses-strict.ts'
import type { Refusal } from './refusal.ts'

/**
 * What the vendor would answer 400 to and a lenient server would not: rules on fields and on the order of tool calls and
 * their results, as published by the vendors. Undefined: nothing was found.
 */
export function refusal(body: unknown, language: Language, operation: 'chat' | 'count'): Refusal | undefined {
  if (!isJsonObject(body)) return undefined
  const messages = Array.isArray(body.messages) ? body.messages.filter(isJsonObject) : []
  // Its rules depend on whether it streams, and are looked at before.
  if (language === 'straico') return undefined
  if (language === 'openai-responses') return responsesRefusal(body)
  if (language === 'gemini') return geminiRefusal(body, operation)
  if (language === 'ollama') return ollamaRefusal(body, messages)
  if (language === 'bedrock-converse') return converseRefusal(body, messages)
  return language === 'openai-chat' ? chatRefusal(body, messages) : messagesRefusal(body, messages, operation)
}

const chatFields = new Set(
  `model messages stream stream_options max_completion_tokens max_tokens temperature top_p presence_penalty
  frequency_penalty n stop seed logit_bias logprobs top_logprobs tools tool_choice parallel_tool_calls response_format
  reasoning_effort verbosity modalities audio prediction web_search_options metadata store service_tier
  prompt_cache_key prompt_cache_options prompt_cache_retention safety_identifier user moderation functions
  function_call`.split(/\s+/),
)

const messagesFields = new Set(
  `model max_tokens messages system stream stop_sequences temperature top_p top_k tools tool_choice thinking
  output_config metadata service_tier speed cache_control container inference_geo diagnostics user_profile_id
  workspace_id context_management mcp_servers fallbacks task_budget thread`.split(/\s+/),
)

function chatRefusal(body: JsonObject, messages: JsonObject[]): Refusal | undefined {
  const unknown = Object.keys(body).find((key) => !chatFields.has(key))
  if (unknown) return { param: unknown, message: `Unknown parameter: '${unknown}'.` }
  if (body.parallel_tool_calls !== undefined && !hasEntries(body.tools)) {
    return {
      param: 'parallel_tool_calls',
      message: "'parallel_tool_calls' is only allowed when 'tools' are specified.",
    }
  }
  if (body.top_logprobs !== undefined && body.logprobs !== true) {
    return { param: 'top_logprobs', message: "'top_logprobs' needs 'logprobs' to be true." }
  }
  let open: string[] = []
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}]`
    if (message.role === 'tool') {
      const id = String(message.tool_call_id)
      if (!open.includes(id))
        return { param, message: `A message of role 'tool' answers no tool call before it: ${id}` }
      open = open.filter((one) => one !== id)
      continue
    }
    if (open.length > 0) return { param, message: `These tool calls have no answer: ${open.join(', ')}` }
    if (message.role === 'assistant') {
      open = objects(message.tool_calls).map((call) => String(call.id))
      const long = open.find((id) => id.length > 64)
      if (long) return { param: `${param}.tool_calls`, message: `A tool call's id is longer than 64: ${long}` }
      if (!message.content && !message.refusal && !message.audio && open.length === 0 && !message.function_call) {
        return { param: `${param}.content`, message: 'An assistant message needs content or tool calls.' }
      }
    }
  }
  if (open.length > 0) return { param: 'messages', message: `These tool calls have no answer: ${open.join(', ')}` }
  return undefined
}

function messagesRefusal(body: JsonObject, messages: JsonObject[], operation: string): Refusal | undefined {
  const unknown = Object.keys(body).find((key) => !messagesFields.has(key))
  if (unknown) return { param: unknown, message: `${unknown}: Extra inputs are not permitted` }
  if (operation === 'count' && (body.max_tokens !== undefined || body.stream !== undefined)) {
    return { param: 'max_tokens', message: 'max_tokens, stream: Extra inputs are not permitted' }
  }
  const names = objects(body.tools).map((tool) => String(tool.name))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) return { param: 'tools', message: `tools: Tool names must be unique: ${twice}` }
  let open: string[] = []
  for (const [index, message] of messages.entries()) {
    const param = `messages.${index}`
    const blocks = objects(message.content)
    const found = blockRefusal(blocks, param) ?? (message.content === '' ? emptyText(param) : undefined)
    if (found) return found
    const answered = blocks.filter((block) => block.type === 'tool_result').map((block) => String(block.tool_use_id))
    const missing = open.filter((id) => !answered.includes(id))
    if (missing.length > 0) {
      return {
        param,
        message: `${param}: \`tool_use\` ids without \`tool_result\` blocks right after: ${missing.join(', ')}`,
      }
    }
    const stray = answered.find((id) => !open.includes(id))
    if (stray) return { param, message: `${param}: unexpected \`tool_use_id\` in \`tool_result\` blocks: ${stray}` }
    open = blocks.filter((block) => block.type === 'tool_use').map((block) => String(block.id))
  }
  if (open.length > 0) return { param: 'messages', message: `\`tool_use\` ids without an answer: ${open.join(', ')}` }
  return undefined
}

function blockRefusal(blocks: JsonObject[], param: string): Refusal | undefined {
  let texts = 0
  for (const block of blocks) {
    if (block.type === 'text' && block.text === '') return emptyText(param)
    if (block.type === 'text') texts++
    if (block.type === 'tool_result' && texts > 0) {
      return { param, message: `${param}: \`tool_result\` blocks must come before text` }
    }
    if (block.type === 'tool_use' && (!isJsonObject(block.input) || !/^[a-zA-Z0-9_-]+$/.test(String(block.id)))) {
      return { param, message: `${param}: a \`tool_use\` block needs a legal id and an object as input` }
    }
    if (block.type === 'thinking' && typeof block.signature !== 'string') {
      return { param, message: `${param}: thinking.signature: Field required` }
    }
  }
  return undefined
}

function emptyText(param: string): Refusal {
  return { param, message: `${param}: text content blocks must be non-empty` }
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function hasEntries(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0
}
