import type { Json, JsonObject } from '../tokens/index.ts'

/** Reading what others wrote and nobody promised: what is not as it should be is as if it were not there. */

/** The value as JSON, undefined when the text is none. */
export function parse(data: string): Json | undefined {
  try {
    return JSON.parse(data) as Json
  } catch {
    return undefined
  }
}

/** The `field` of `object` when it is a string, an empty one included. */
export function text(object: JsonObject, field: string): string | undefined {
  const value = object[field]
  return typeof value === 'string' ? value : undefined
}

/** A JSON value when it is a string with something in it. Many servers send `""` for what is not there. */
export function filled(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `object` without the fields in `known` and without those that are null; undefined when nothing is left. */
export function rest(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let kept: Array<[string, Json]> | undefined
  for (const [key, value] of Object.entries(object)) {
    if (known.has(key) || value === null || value === undefined) continue
    kept ??= []
    kept.push([key, value])
  }
  // An assignment to `__proto__` would be no field but another prototype.
  return kept && Object.fromEntries(kept)
}

/** The parts of a data URL; undefined for any other address. */
export function splitDataUrl(url: string): { mediaType: string; data: string } | undefined {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  if (comma === -1 || !url.slice(0, comma).endsWith(';base64')) return undefined
  const [mediaType = ''] = url.slice('data:'.length, comma).split(';')
  return { mediaType, data: url.slice(comma + 1) }
}
