/** Requests of this dialect: from a client, for an upstream, and what becomes of one that goes elsewhere. */
import type { JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { setValue } from '../splice.ts'

export { decodeRequest } from './decode-request.ts'
export { encodeRequest } from './encode-request.ts'
export { leave } from './leave.ts'

/** Usage is part of every stream here, so only the model is changed. */
export function adoptRequest(text: string, _body: JsonObject, target: Target): { text: string; usageAdded: boolean } {
  return { text: setValue(text, 'model', JSON.stringify(target.model)), usageAdded: false }
}
