import type { JsonObject } from '../../tokens/index.ts'

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
