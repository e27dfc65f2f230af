/**
 * OpenAI's Chat Completions, the language of most servers and most clients. The official API is written to the letter;
 * what is read may come from any of the many servers that speak it with an accent.
 */
import { writeComment } from '../../sse/index.ts'
import type { Dialect, EndpointCall } from '../dialect.ts'
import { sseFraming } from '../stream-framing.ts'
import { adapts } from './adapts.ts'
import { decodeError, encodeError } from './error.ts'
import { leave } from './leave.ts'
import { decodeModels, encodeModel, encodeModels } from './models.ts'
import { observeReply } from './observe-reply.ts'
import { decodeReply, encodeReply } from './reply.ts'
import { adoptRequest, decodeRequest, encodeRequest } from './request.ts'
import { ChatStreamDecoder, ChatStreamEncoder, ChatStreamObserver } from './stream.ts'
import { dialectName } from './wire.ts'

export const openaiChat: Dialect = {
  name: dialectName,
  client: {
    decodeRequest: (body) => decodeRequest(body),
    leave,
    encodeStream: (options) => new ChatStreamEncoder(options),
    encodeReply,
    encodeError: (error) => encodeError(error),
    encodeModels,
    encodeModel,
    // The API has no counter. Whoever asks all the same gets the answer of the one that has.
    encodeCount: (tokens) => ({ input_tokens: tokens }),
    requestIdHeader: 'x-request-id',
    rebuildsHistory: true,
    framing: () => sseFraming(writeComment('sluice')),
  },
  upstream: {
    prefills: ({ traits }) => traits.prefillMark !== undefined,
    headers: {},
    endpoint,
    encodeRequest: (request, target) => encodeRequest(request, target),
    adoptRequest,
    adapts,
    decodeModels,
    decodeStream: (options) => new ChatStreamDecoder(options),
    decodeReply,
    decodeError,
    observeReply,
    observeStream: (options) => new ChatStreamObserver(options),
  },
}

/**
 * A bare origin gets `/v1`, where nearly every server has this API, unless it is known to be `rooted`; any other address
 * is taken as given.
 */
function endpoint(baseUrl: string, operation: 'chat' | 'count' | 'models', call?: EndpointCall): string {
  const [, base = '', query = ''] = /^([^?]*?)\/*(\?.*)?$/.exec(baseUrl) ?? []
  const root = !call?.rooted && /^[a-z]+:\/\/[^/]+$/i.test(base) ? `${base}/v1` : base
  return `${root}/${operation === 'models' ? 'models' : 'chat/completions'}${query}`
}
