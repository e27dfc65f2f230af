import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { findValue, setValue } from '../splice.ts'

/** The client's own body with another model and, for a stream, the wish for usage; the rest as it was written. */
export function adoptRequest(text: string, body: JsonObject, target: Target): { text: string; usageAdded: boolean } {
  const named = body.model === target.model ? text : setValue(text, 'model', JSON.stringify(target.model))
  const options = isJsonObject(body.stream_options) ? body.stream_options : undefined
  const wanted = body.stream === true && target.traits.streamUsage !== false
  if (!wanted || options?.include_usage === true) return { text: named, usageAdded: false }
  const span = options && findValue(named, 'stream_options')
  const value = span ? setValue(named.slice(span.start, span.end), 'include_usage', 'true') : '{"include_usage":true}'
  return { text: setValue(named, 'stream_options', value), usageAdded: true }
}
