import { SluiceError } from '../../errors/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { ReplyFacts } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { decodeFinish } from './finish.ts'
import { lineOf } from './read-line.ts'
import { decodeUsage } from './usage.ts'

/** What a whole answer says of itself. @throws SluiceError for an error in its place, and for what is no answer */
export function observeReply(body: JsonObject): ReplyFacts {
  const { text, thinking, calls, unknown } = lineOf(body)
  if (unknown) {
    throw new SluiceError('upstream_protocol', 'cannot read the answer: it has neither `message` nor `response`')
  }
  return {
    model: filled(body.model),
    finish: decodeFinish(body.done_reason, calls.length > 0).reason,
    usage: decodeUsage(body),
    parts: (text === '' ? 0 : 1) + (thinking === '' ? 0 : 1) + calls.length,
  }
}
