/**
 * OpenAI's Responses API, the language of Codex and of OpenAI's newer models. What needs a memory on the server's side
 * is not done here: this dialect only offers the pieces that a store of answers is made of.
 */
import { writeComment } from '../../sse/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { Dialect, EndpointCall } from '../dialect.ts'
import { sseFraming } from '../stream-framing.ts'
import { decodeError, encodeError } from './error.ts'
import { encodeModel, encodeModels } from './models.ts'
import { observeReply } from './observe-reply.ts'
import { decodeReply, encodeReply } from './reply.ts'
import { adoptRequest, decodeRequest, encodeRequest, keep, leave } from './request.ts'
import { ResponsesDecoder, ResponsesEncoder, ResponsesObserver } from './stream.ts'
import { dialectName } from './wire.ts'

export { inputItems, itemReferences, responseItems } from './items.ts'
export { failedResponse, numbered, queuedResponse, refusedResponse } from './own-response.ts'

export const openaiResponses: Dialect = {
  name: dialectName,
  client: {
    decodeRequest,
    keep,
    leave,
    encodeStream: (options) => new ResponsesEncoder(options),
    encodeReply,
    encodeError: (error) => encodeError(error),
    encodeModels,
    encodeModel,
    encodeCount: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
    requestIdHeader: 'x-request-id',
    rebuildsHistory: false,
    // Reasoning that no provider of this API has made: it would look for it in vain.
    foreignState: /"id"\s*:\s*"rs_sluice_/,
    framing: () => sseFraming(writeComment('sluice')),
  },
  upstream: {
    signsReasoning: true,
    headers: {},
    endpoint,
    encodeRequest,
    adoptRequest,
    decodeStream: (options) => new ResponsesDecoder(options),
    decodeReply,
    decodeError,
    observeReply,
    observeStream: (options) => new ResponsesObserver(options),
    decodeCount: (body: JsonObject) => (typeof body.input_tokens === 'number' ? body.input_tokens : undefined),
  },
}

/** A bare origin gets `/v1`, where nearly every server has this API; any other address is taken as given. */
function endpoint(baseUrl: string, operation: 'chat' | 'count' | 'models', call?: EndpointCall): string {
  const [, base = '', query = ''] = /^([^?]*?)\/*(\?.*)?$/.exec(baseUrl) ?? []
  const root = !call?.rooted && /^[a-z]+:\/\/[^/]+$/i.test(base) ? `${base}/v1` : base
  return `${root}${paths[operation]}${query}`
}

const paths = { chat: '/responses', count: '/responses/input_tokens', models: '/models' } as const
