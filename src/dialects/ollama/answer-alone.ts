import type { ChatReply, JsonObject } from '../../tokens/index.ts'
import type { Asked } from '../dialect.ts'
import { isSet } from '../lost-fields.ts'
import { generateForm } from './wire.ts'

/**
 * A request without anything to answer only wants its model loaded, or unloaded where `keep_alive` is 0. A model that
 * is served elsewhere is always there.
 */
export function answerAlone(body: JsonObject, { form }: Asked): ChatReply | undefined {
  const asks = form === generateForm ? ['prompt', 'images', 'suffix'] : ['messages']
  if (asks.some((field) => isSet(body[field]))) return undefined
  const native = body.keep_alive === 0 ? 'unload' : 'load'
  return { choices: [{ choice: 0, parts: [], finish: { reason: 'stop', native } }], metadata: [] }
}
