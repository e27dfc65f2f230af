import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ReplyFacts } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { eventError, failedError } from './error.ts'
import { decodeFinish, isCall } from './finish.ts'
import { decodeUsage } from './usage.ts'

/** What a whole answer says of itself. @throws SluiceError for an error inside a 200, and for what is no answer at all */
export function observeReply(body: JsonObject): ReplyFacts {
  const output = outputOf(body)
  const status = filled(body.status) ?? 'completed'
  const calls = output.some(isCall)
  // One that runs in the background is no answer yet, and none that failed either.
  const running = status === 'queued' || status === 'in_progress'
  return {
    model: filled(body.model),
    finish: running ? undefined : decodeFinish(body, status, calls).reason,
    usage: isJsonObject(body.usage) ? decodeUsage(body.usage) : undefined,
    parts: output.length,
  }
}

/** The items of a whole answer. @throws SluiceError where there is no list of them, and for an error in its place */
export function outputOf(body: JsonObject): Json[] {
  if (body.status === 'failed' || body.status === 'cancelled') throw failedError(body)
  if (body.error) throw eventError(body)
  if (Array.isArray(body.output)) return body.output
  throw new SluiceError('upstream_protocol', 'cannot read the answer: it has no list `output`')
}
