import type { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { decodeError as decodeAny, errorFrom } from '../openai-error.ts'
import { dialectName } from './wire.ts'

export { encodeError, encodeErrorBody } from '../openai-error.ts'

/** An error answer of a provider; the body may be anything. */
export function decodeError(status: number, text: string): SluiceError {
  return decodeAny(status, text, dialectName)
}

/** Whether an event of a stream is an error. A chunk with choices is one only when it says so in `error`. */
export function isError(data: JsonObject, event: string): boolean {
  if (data.error || data.success === false) return true
  if (isJsonObject(data.x_groq) && data.x_groq.error) return true
  if (event === 'error' || data.object === 'error' || data.type === 'error') return true
  if (Array.isArray(data.choices) || data.usage || data.object !== undefined) return false
  return typeof data.message === 'string' || data.detail !== undefined || Array.isArray(data.errors)
}

/** The error inside an event of which `isError` is true. */
export function streamError(data: JsonObject): SluiceError {
  if (!data.error && isJsonObject(data.x_groq) && data.x_groq.error)
    return errorFrom({ error: data.x_groq.error }, dialectName)
  return errorFrom(data, dialectName)
}
