import type { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { decodeError as decodeAny, encodeErrorBody, errorFrom } from '../openai-error.ts'
import { dialectName } from './wire.ts'

export { encodeError } from '../openai-error.ts'

/** An error answer of a provider; the body may be anything. */
export function decodeError(status: number, text: string): SluiceError {
  return decodeAny(status, text, dialectName)
}

/** Whether an event of a stream is an error, in one of the two forms in which it is seen. */
export function isError(event: JsonObject): boolean {
  if (event.type === 'error' || event.type === 'response.error') return true
  // A tool that runs at the vendor may fail, and the answer goes on.
  return Boolean(event.error) && !String(event.type).startsWith('response.')
}

/** The error inside an event of which `isError` is true: documented flat, and seen in an object of its own. */
export function eventError(event: JsonObject): SluiceError {
  if (event.error) return errorFrom({ error: event.error }, dialectName)
  const { type: _, sequence_number: _number, ...flat } = event
  return errorFrom({ error: flat }, dialectName)
}

/** The error of a response that failed. */
export function failedError(response: JsonObject): SluiceError {
  const error = isJsonObject(response.error) ? response.error : {}
  const said = response.status === 'cancelled' ? 'the answer was cancelled' : 'the provider failed without a reason'
  return errorFrom({ error: { ...error, message: error.message ?? said } }, dialectName)
}

/** The `error` of a response that failed. Without a code that clients know they would not try again. */
export function failure(error: SluiceError): JsonObject {
  const { code, type, message } = encodeErrorBody(error).error
  const again = error.kind === 'server' || error.kind === 'bad_gateway' || error.kind === 'timeout'
  const upstream = error.upstream?.dialect === dialectName ? error.upstream.code : undefined
  return { code: upstream ?? (again ? 'server_error' : (code ?? type)), message }
}
