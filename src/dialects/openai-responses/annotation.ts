import { type Citation, isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { filled } from '../lenient.ts'
import { dialectName } from './wire.ts'

/**
 * A citation as an annotation of a text. Those of this dialect stay as they are; of others only what points at a web
 * page has a form here.
 *
 * @param start where the cited text begins
 * @param end where it ends
 */
export function toAnnotation({ dialect, citation }: Citation, start: number, end: number): JsonObject | undefined {
  if (dialect === dialectName) return citation
  const inner = isJsonObject(citation.url_citation) ? citation.url_citation : undefined
  if (inner) return { type: 'url_citation', ...inner }
  const url = filled(citation.url)
  if (url === undefined) return undefined
  return { type: 'url_citation', start_index: start, end_index: end, title: filled(citation.title) ?? url, url }
}

/** Whether a citation says by itself which piece of the text it belongs to. */
export function hasPlace({ dialect, citation }: Citation): boolean {
  return dialect === dialectName || isJsonObject(citation.url_citation)
}
