/** Requests of this dialect: from a client, for an upstream, and what becomes of one that goes elsewhere. */
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { findValue, setValue } from '../splice.ts'

export { decodeRequest, keep } from './decode-request.ts'
export { encodeRequest } from './encode-request.ts'
export { leave } from './leave.ts'

/**
 * The model stands in the address, and usage is part of every stream, so the body stays as it was written. Only a
 * question for its size may name the model once more, and there it has to agree.
 */
export function adoptRequest(text: string, body: JsonObject, target: Target): { text: string; usageAdded: boolean } {
  const model = JSON.stringify(target.model.includes('/') ? target.model : `models/${target.model}`)
  for (const key of ['generateContentRequest', 'generate_content_request']) {
    const span = isJsonObject(body[key]) ? findValue(text, key) : undefined
    if (!span) continue
    const inside = setValue(text.slice(span.start, span.end), 'model', model)
    return { text: text.slice(0, span.start) + inside + text.slice(span.end), usageAdded: false }
  }
  return { text: body.model === undefined ? text : setValue(text, 'model', model), usageAdded: false }
}
