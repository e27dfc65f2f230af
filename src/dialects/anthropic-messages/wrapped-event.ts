import type { SluiceError } from '../../errors/index.ts'
import type { AwsEvent } from '../../framing/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { isJsonObject } from '../../tokens/index.ts'
import { parse } from '../lenient.ts'
import { decodeError } from './error.ts'

/** The name of a message of AWS's event stream that holds an event of this dialect. */
export const wrapped = 'chunk'

const decoder = new TextDecoder()

/**
 * What stands in such a message: the event as base64 in `bytes`
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PayloadPart.html). Undefined where there is none.
 * It costs a parse and a copy for each event, which nobody can save who has to read base64.
 */
export function unwrap(event: SseEvent): SseEvent | undefined {
  const payload = parse(event.data)
  if (!isJsonObject(payload) || typeof payload.bytes !== 'string') return undefined
  try {
    const binary = atob(payload.bytes)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    return { ...event, event: 'message', data: decoder.decode(bytes) }
  } catch {
    return undefined
  }
}

/** The names of what can go wrong in such a stream, as the status of an answer that says the same. */
const statuses: ReadonlyMap<string | undefined, number> = new Map([
  ['validationException', 400],
  ['accessDeniedException', 403],
  ['modelTimeoutException', 408],
  ['throttlingException', 429],
  ['serviceUnavailableException', 503],
])

/** The error that a message says which is no event. */
export function wrappedError(event: SseEvent | AwsEvent): SluiceError | undefined {
  if (!('kind' in event) || event.kind === 'event') return undefined
  return decodeError(statuses.get(event.event) ?? 500, event.data)
}
