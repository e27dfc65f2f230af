import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Refusal } from './refusal.ts'

const levels: Json[] = ['low', 'medium', 'high', 'max']

/** The server reads into fixed types: what does not fit is refused, what it does not know is passed over. */
export function ollamaRefusal(body: JsonObject, messages: JsonObject[]): Refusal | undefined {
  const { think, format, options } = body
  if (think !== undefined && typeof think !== 'boolean' && !levels.includes(think)) {
    return { param: 'think', message: 'invalid think value: must be a boolean, "high", "medium", "low" or "max"' }
  }
  if (format !== undefined && format !== '' && format !== 'json' && !isJsonObject(format)) {
    return { param: 'format', message: 'invalid format: expected "json" or a JSON schema' }
  }
  if (options !== undefined && !isJsonObject(options)) return mismatch('options', 'map[string]interface {}')
  if (isJsonObject(options) && options.stop !== undefined && !Array.isArray(options.stop)) {
    return { param: 'options.stop', message: 'option "stop" must be of type array' }
  }
  for (const [index, message] of messages.entries()) {
    const found = messageRefusal(message, `messages[${index}]`)
    if (found) return found
  }
  return imagesRefusal(body, 'images')
}

function messageRefusal(message: JsonObject, at: string): Refusal | undefined {
  const { role, content } = message
  if (!['system', 'user', 'assistant', 'tool'].includes(String(role))) {
    return { param: `${at}.role`, message: 'invalid role' }
  }
  if (content !== undefined && content !== null && typeof content !== 'string')
    return mismatch(`${at}.content`, 'string')
  for (const call of Array.isArray(message.tool_calls) ? message.tool_calls : []) {
    const inner = isJsonObject(call) ? call.function : undefined
    if (!isJsonObject(inner) || !isJsonObject(inner.arguments)) {
      return mismatch(`${at}.tool_calls.function.arguments`, 'api.ToolCallFunctionArguments')
    }
  }
  return imagesRefusal(message, `${at}.images`)
}

function imagesRefusal({ images }: JsonObject, at: string): Refusal | undefined {
  if (images === undefined) return undefined
  if (!Array.isArray(images)) return mismatch(at, '[]api.ImageData')
  const bad = images.find((image) => typeof image !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(image))
  return bad === undefined ? undefined : { param: at, message: 'illegal base64 data at input byte 4' }
}

function mismatch(at: string, type: string): Refusal {
  return { param: at, message: `json: cannot unmarshal into Go struct field ChatRequest.${at} of type ${type}` }
}
