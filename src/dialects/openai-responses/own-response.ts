import { SluiceError } from '../../errors/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import { setValue } from '../splice.ts'
import { decodeError, failure } from './error.ts'
import { settingsFrom } from './kept.ts'
import type { ResponseFacts } from './response-body.ts'

/** A response of which there is nothing yet but the promise of it. */
export function queuedResponse({ id, created, model, kept }: ResponseFacts): JsonObject {
  return {
    ...settingsFrom(kept),
    id,
    object: 'response',
    created_at: created,
    status: 'queued',
    error: null,
    incomplete_details: null,
    model,
    output: [],
    usage: null,
  }
}

/** A response that has failed. */
export function failedResponse(response: JsonObject, error: SluiceError): JsonObject {
  return { ...response, status: 'failed', error: failure(error), incomplete_details: null }
}

/** The same, of an error that has been worded already: a status and the body of its answer. */
export function refusedResponse(response: JsonObject, status: number, text: string): JsonObject {
  const { code, message } = decodeError(status, text)
  // The words of the body are sluice's own by now, so they are chosen anew by what kind of error it is.
  return failedResponse(response, new SluiceError(code, message))
}

/** The data of an event with that number in place of its own, or of none. The rest stays as it was written. */
export function numbered(data: string, number: number): string {
  return setValue(data, 'sequence_number', String(number))
}
