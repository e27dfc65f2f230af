import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/**
 * Sources of an answer. Here they are said of the answer as a whole, each time anew: a list of pages, and which parts of
 * the text rest on which of them, in bytes.
 */

/** The pages out of grounding or citation metadata, each as one citation, in the words that other APIs have for pages. */
export function citationsOf({ groundingMetadata, citationMetadata }: JsonObject): JsonObject[] {
  const found = new Map<string, JsonObject>()
  const add = (source: JsonObject | undefined): void => {
    const { uri, title } = source ?? {}
    if (typeof uri !== 'string' || uri === '' || found.has(uri)) return
    found.set(uri, { url: uri, ...(typeof title === 'string' && { title }) })
  }
  for (const chunk of list(groundingMetadata, 'groundingChunks')) {
    add([chunk.web, chunk.retrievedContext, chunk.maps].find(isJsonObject))
  }
  for (const source of [...list(citationMetadata, 'citationSources'), ...list(citationMetadata, 'citations')]) {
    add(source)
  }
  return [...found.values()]
}

function list(metadata: Json | undefined, key: string): JsonObject[] {
  const value = isJsonObject(metadata) ? metadata[key] : undefined
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** A citation of another dialect as a page; undefined for one that points at none. */
export function pageOf(citation: JsonObject): JsonObject | undefined {
  const inside = isJsonObject(citation.url_citation) ? citation.url_citation : citation
  const { url, title } = inside
  if (typeof url !== 'string' || url === '') return undefined
  return { web: { uri: url, title: typeof title === 'string' && title !== '' ? title : url } }
}
