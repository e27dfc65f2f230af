import type { JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { setValue } from '../splice.ts'

/** The client's own body with another model; the rest as it was written. Usage comes without being asked for. */
export function adoptRequest(text: string, body: JsonObject, target: Target): { text: string; usageAdded: boolean } {
  const named = body.model === target.model ? text : setValue(text, 'model', JSON.stringify(target.model))
  return { text: named, usageAdded: false }
}
