import type { Citation, JsonObject } from '../../tokens/index.ts'
import { filled } from '../lenient.ts'
import { dialectName } from './wire.ts'

/**
 * A citation as an annotation of the answer's text. Those of this dialect stay as they are; of others only what points
 * at a web page has a form here.
 *
 * @param start where the cited block begins in the whole text
 * @param end where it ends
 */
export function toAnnotation({ dialect, citation }: Citation, start: number, end: number): JsonObject | undefined {
  if (dialect === dialectName) return citation
  const url = filled(citation.url)
  if (url === undefined) return undefined
  return {
    type: 'url_citation',
    url_citation: { start_index: start, end_index: end, title: filled(citation.title) ?? url, url },
  }
}
