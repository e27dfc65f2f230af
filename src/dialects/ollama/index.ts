/**
 * Ollama's own API: a JSON object a line, calls in one piece, and settings that its compatible layers do not have. It
 * has no slot for the state of a vendor.
 */
import type { Dialect } from '../dialect.ts'
import { ndjsonFraming } from '../stream-framing.ts'
import { answerAlone } from './answer-alone.ts'
import { endpoint } from './endpoint.ts'
import { decodeError, encodeError } from './error.ts'
import { leave } from './leave.ts'
import { decodeModels, encodeModel, encodeModels } from './models.ts'
import { observeReply } from './observe-reply.ts'
import { decodeReply, encodeReply } from './reply.ts'
import { adoptRequest, decodeRequest, encodeRequest } from './request.ts'
import { OllamaDecoder, OllamaEncoder, OllamaObserver } from './stream.ts'
import { dialectName } from './wire.ts'

export const ollama: Dialect = {
  name: dialectName,
  client: {
    decodeRequest,
    streamsByDefault: true,
    defaultTag: ':latest',
    answerAlone,
    leave,
    encodeStream: (options) => new OllamaEncoder(options),
    encodeReply,
    encodeError: (error) => encodeError(error),
    encodeModels,
    encodeModel,
    // The API has no counter. Whoever asks all the same gets the field in which it says the size of a prompt.
    encodeCount: (tokens) => ({ prompt_eval_count: tokens }),
    requestIdHeader: 'x-request-id',
    rebuildsHistory: true,
    // A blank line would be a sign of life, but clients of this API take every line for JSON.
    framing: () => ndjsonFraming(),
  },
  upstream: {
    headers: { accept: 'application/x-ndjson, application/json' },
    endpoint,
    framings: ['ndjson'],
    encodeRequest: (request, target) => encodeRequest(request, target),
    adoptRequest,
    decodeModels,
    decodeStream: (options) => new OllamaDecoder(options),
    decodeReply,
    decodeError,
    observeReply,
    observeStream: () => new OllamaObserver(),
  },
}
