import { type SluiceError, StreamingError } from '../../errors/index.ts'

/** An upstream that broke off, as a client has to hear of it that has read a part of the answer already. */
export function interrupted(error: SluiceError): SluiceError {
  if (error.code !== 'upstream_truncated' && error.code !== 'upstream_unreachable') return error
  return new StreamingError('stream_interrupted', `${error.message}; send the request again for a whole answer`, {
    cause: error,
    ...(error.details && { details: error.details }),
  })
}
