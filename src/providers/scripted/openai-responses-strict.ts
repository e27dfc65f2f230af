import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Refusal } from './refusal.ts'

const fields = new Set(
  `model input instructions stream stream_options max_output_tokens max_tool_calls reasoning text tools tool_choice
  parallel_tool_calls temperature top_p top_logprobs include store previous_response_id conversation background prompt
  context_management truncation metadata service_tier safety_identifier user prompt_cache_key prompt_cache_retention
  prompt_cache_options moderation access_programs image`.split(/\s+/),
)

/** How the ids of items begin, which the vendor checks. */
const prefixes: Record<string, string> = {
  message: 'msg_',
  function_call: 'fc_',
  custom_tool_call: 'ctc_',
  reasoning: 'rs_',
}

/** The rules on fields, on ids and on the order of calls and their results, as the vendor enforces them. */
export function responsesRefusal(body: JsonObject): Refusal | undefined {
  const unknown = Object.keys(body).find((key) => !fields.has(key))
  if (unknown) return { param: unknown, message: `Unknown parameter: '${unknown}'.` }
  if (typeof body.max_output_tokens === 'number' && body.max_output_tokens < 16) {
    return { param: 'max_output_tokens', message: 'Expected a value >= 16.' }
  }
  for (const [index, tool] of objects(body.tools).entries()) {
    if ((tool.type === 'function' || tool.type === 'custom') && !/^[\w-]{1,64}$/.test(String(tool.name))) {
      return { param: `tools[${index}].name`, message: `Expected a string that matches '^[a-zA-Z0-9_-]+$'.` }
    }
  }
  const open = new Set<string>()
  const stored = body.previous_response_id !== undefined || body.conversation !== undefined
  for (const [index, item] of objects(body.input).entries()) {
    const param = `input[${index}]`
    const refused = itemRefusal(item, param)
    if (refused) return refused
    const id = String(item.call_id)
    if (/^(function|custom_tool)_call$/.test(String(item.type))) open.add(id)
    if (/^(function|custom_tool)_call_output$/.test(String(item.type)) && !open.delete(id) && !stored) {
      return { param: 'input', message: `No tool call found for function call output with call_id ${id}.` }
    }
  }
  if (open.size === 0) return undefined
  return { param: 'input', message: `No tool output found for function call ${[...open].join(', ')}.` }
}

function itemRefusal(item: JsonObject, param: string): Refusal | undefined {
  const type = typeof item.type === 'string' ? item.type : 'message'
  const prefix = prefixes[type]
  if (prefix && typeof item.id === 'string' && !item.id.startsWith(prefix)) {
    return { param: `${param}.id`, message: `Expected an ID that begins with '${prefix.slice(0, -1)}'.` }
  }
  if (typeof item.call_id === 'string' && item.call_id.length > 64) {
    return { param: `${param}.call_id`, message: 'Expected a string with maximum length 64.' }
  }
  if (type === 'reasoning' && !Array.isArray(item.summary)) {
    return { param: `${param}.summary`, message: `Missing required parameter: '${param}.summary'.` }
  }
  if (type !== 'message') return undefined
  const said = item.role === 'assistant' ? /^(output_text|refusal)$/ : /^input_(text|image|file)$/
  const wrong = objects(item.content).find((part) => !said.test(String(part.type)))
  if (!wrong) return undefined
  return { param: `${param}.content`, message: `Invalid value: '${String(wrong.type)}'.` }
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
