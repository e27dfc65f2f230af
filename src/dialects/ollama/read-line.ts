import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type JsonObject, type LogProb } from '../../tokens/index.ts'
import { filled, parse } from '../lenient.ts'
import { isError, streamError } from './error.ts'

/** One line of a stream, or a whole answer, which reads the same; in the form of either path. */
export interface Line {
  text: string
  thinking: string
  logprobs: LogProb[] | undefined
  calls: JsonObject[]
  done: boolean
  /** What belongs to no form that is known here. */
  unknown: boolean
  body: JsonObject
}

/** @throws SluiceError for an error line, and for what is no JSON object */
export function readLine(data: string): Line {
  const body = parse(data)
  if (!isJsonObject(body)) throw notObject(data)
  return lineOf(body)
}

/** @throws SluiceError for an error in the place of an answer */
export function lineOf(body: JsonObject): Line {
  if (isError(body)) throw streamError(body)
  const message = isJsonObject(body.message) ? body.message : body
  const text = message === body ? body.response : message.content
  const calls = message.tool_calls
  const { logprobs } = body
  return {
    text: filled(text) ?? '',
    thinking: filled(message.thinking) ?? '',
    logprobs: Array.isArray(logprobs) && logprobs.length > 0 ? (logprobs as unknown as LogProb[]) : undefined,
    calls: Array.isArray(calls) ? calls.filter(isJsonObject) : [],
    done: body.done === true,
    unknown: message === body && typeof text !== 'string' && body.done === undefined,
    body,
  }
}

function notObject(data: string): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot read the stream: a line holds no JSON object, it begins with ${JSON.stringify(data.slice(0, 60))}`,
  )
}
