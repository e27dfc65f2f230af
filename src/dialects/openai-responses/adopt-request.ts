import type { JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { setValue } from '../splice.ts'

/** Usage is part of every answer here, so only the model is changed. */
export function adoptRequest(written: string, body: JsonObject, target: Target): { text: string; usageAdded: boolean } {
  const named = body.model === target.model ? written : setValue(written, 'model', JSON.stringify(target.model))
  return { text: named, usageAdded: false }
}
