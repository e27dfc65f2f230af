import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ReplyFacts } from '../dialect.ts'
import { text } from '../lenient.ts'
import { decodeErrorEvent } from './error.ts'
import { UsageReader } from './usage.ts'
import { stopReasons } from './wire.ts'

/** What a whole answer says of itself. @throws SluiceError for an error inside a 200, and for what is no answer at all */
export function observeReply(body: JsonObject): ReplyFacts {
  const content = contentOf(body)
  const native = text(body, 'stop_reason')
  const finish = (native === undefined ? undefined : stopReasons.get(native)) ?? 'unknown'
  const ended = finish === 'stop' || finish === 'unknown'
  return {
    model: text(body, 'model'),
    finish: ended && content.some(isCall) ? 'tool_calls' : finish,
    usage: isJsonObject(body.usage) ? new UsageReader().read(body.usage) : undefined,
    parts: content.length,
  }
}

/** The blocks of a whole answer. @throws SluiceError where there is no list of them, and for an error in its place */
export function contentOf(body: JsonObject): Json[] {
  if (body.type === 'error' || (body.content === undefined && isJsonObject(body.error))) throw decodeErrorEvent(body)
  if (Array.isArray(body.content)) return body.content
  throw new SluiceError('upstream_protocol', 'cannot read the answer: it has no list `content`')
}

function isCall(block: Json): boolean {
  return isJsonObject(block) && block.type === 'tool_use'
}
