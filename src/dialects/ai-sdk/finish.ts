import { SluiceError } from '../../errors/index.ts'
import { type Finish, isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { text } from '../lenient.ts'
import { finishReasons, nativeReasons } from './wire.ts'

/**
 * Why an answer ended. In version 2 the reason is one word, in later ones also that of the model.
 *
 * @param streamed a package that has seen no reason says `other` for want of one: then the stream has been cut
 * @returns an error for an answer that did not end but break
 */
export function finishOf(part: JsonObject, called: boolean, streamed: boolean): Finish | SluiceError {
  const { finishReason, providerMetadata } = part
  const unified = (isJsonObject(finishReason) ? text(finishReason, 'unified') : wordOf(finishReason)) ?? 'unknown'
  const native = isJsonObject(finishReason) ? text(finishReason, 'raw') : undefined
  if (unified === 'interrupted') return truncated()
  const reason = nativeReasons.get(native?.toLowerCase() ?? '') ?? finishReasons.get(unified)
  if (reason === undefined && native === undefined) {
    if (unified === 'error') {
      return new SluiceError('upstream_server', 'cannot finish the answer: the provider broke off and did not say why')
    }
    if (streamed && (unified === 'other' || unified === 'unknown')) return truncated()
  }
  const stopSequence = stopSequenceIn(providerMetadata)
  const plain = reason === undefined || reason === 'stop'
  return {
    reason:
      plain && called ? 'tool_calls' : reason === 'stop' && stopSequence ? 'stop_sequence' : (reason ?? 'unknown'),
    native: native ?? unified,
    ...(stopSequence !== undefined && { stopSequence }),
  }
}

function wordOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function truncated(): SluiceError {
  return new SluiceError(
    'upstream_truncated',
    'cannot finish the answer: the stream ended before the reason for its end',
  )
}

/** The text that matched, under the name of whatever package says it. */
function stopSequenceIn(metadata: Json | undefined): string | undefined {
  if (!isJsonObject(metadata)) return undefined
  for (const fields of Object.values(metadata)) {
    const found = isJsonObject(fields) ? text(fields, 'stopSequence') : undefined
    if (found !== undefined && found !== '') return found
  }
  return undefined
}
