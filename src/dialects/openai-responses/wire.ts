import type { Json, JsonObject } from '../../tokens/index.ts'

/**
 * The shapes of the Responses API, as this dialect writes them. What is read is never trusted to have them.
 *
 * @see https://platform.openai.com/docs/api-reference/responses
 */

/** The dialect's name, in configuration, in `extra` and in tokens that only it understands. */
export const dialectName = 'openai-responses'

/** Whose opaque values stand bare in `encrypted_content`; those of anybody else travel in envelopes. */
export const homeVendor = 'openai'

/** `call_id`. Ids that this dialect brought are the provider's own, whatever they look like. */
export const callIdRule = { max: 64, allowed: /^[A-Za-z0-9_-]+$/ }
export const ownCallIdRule = { max: 64, allowed: /^[\s\S]+$/ }

/** The names of tools. */
export const toolNameRule = { max: 64, allowed: /^[\w-]+$/ }

/** Where reasoning is shown: as a summary, or in full, which open models do. */
export type ReasoningForm = 'summary' | 'content'

/** An event of a stream, as far as it is read. Anything may be missing. */
export interface WireEvent extends JsonObject {
  type: string
}

/** A JSON value when it is a string with something in it. */
export function filled(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The `field` of `object` when it is a string, an empty one included. */
export function text(object: JsonObject, field: string): string | undefined {
  const value = object[field]
  return typeof value === 'string' ? value : undefined
}

/** The value as JSON, undefined when the text is none. */
export function parse(data: string): Json | undefined {
  try {
    return JSON.parse(data) as Json
  } catch {
    return undefined
  }
}

/** `object` without the fields in `known` and without those that are null; undefined when nothing is left. */
export function rest(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  const kept = Object.entries(object).filter(([key, value]) => !known.has(key) && value !== null && value !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

/** The parts of a data URL; undefined for any other address. */
export function splitDataUrl(url: string): { mediaType: string; data: string } | undefined {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  if (comma === -1 || !url.slice(0, comma).endsWith(';base64')) return undefined
  const [mediaType = ''] = url.slice('data:'.length, comma).split(';')
  return { mediaType, data: url.slice(comma + 1) }
}
