/**
 * Gemini's `generateContent`, spoken by Google's Generative Language API and by Vertex AI; and the API of Google's SDKs
 * and of the Gemini CLI.
 */
import { writeComment } from '../../sse/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { Dialect, EndpointCall } from '../dialect.ts'
import { jsonArrayFraming, sseFraming } from '../stream-framing.ts'
import { decodeError, errorBody } from './error.ts'
import { decodeModels, encodeModel, encodeModels } from './models.ts'
import { observeReply } from './observe-reply.ts'
import { decodeReply, encodeReply } from './reply.ts'
import { adoptRequest, decodeRequest, encodeRequest, keep, leave } from './request.ts'
import { GeminiDecoder, GeminiEncoder, GeminiObserver } from './stream.ts'
import { foreignSlot } from './thought-signature.ts'
import { dialect } from './wire.ts'

export const gemini: Dialect = {
  name: dialect,
  client: {
    decodeRequest,
    keep,
    leave,
    encodeStream: (options) => new GeminiEncoder(options),
    encodeReply,
    encodeError: (error) => errorBody(error),
    encodeModels,
    encodeModel,
    encodeCount: (tokens) => ({ totalTokens: tokens }),
    requestIdHeader: 'x-request-id',
    rebuildsHistory: false,
    foreignState: foreignSlot,
    // A comment has to stand in a block of its own: what shares one with an event takes the event with it.
    framing: (form) => (form === 'array' ? jsonArrayFraming() : sseFraming(writeComment('sluice'))),
  },
  upstream: {
    signsReasoning: true,
    headers: {},
    framings: ['sse', 'json-array'],
    endpoint,
    encodeRequest,
    adoptRequest,
    decodeModels,
    decodeStream: (options) => new GeminiDecoder(options),
    decodeReply,
    decodeError,
    observeReply,
    observeStream: (options) => new GeminiObserver(options),
    decodeCount: (body: JsonObject) => (typeof body.totalTokens === 'number' ? body.totalTokens : undefined),
  },
}

/** A bare origin gets the version that has every field; any other address is taken as given. */
function endpoint(baseUrl: string, operation: 'chat' | 'count' | 'models', call?: EndpointCall): string {
  const [, base = '', query = ''] = /^([^?]*?)\/*(\?.*)?$/.exec(baseUrl) ?? []
  const root = /^[a-z]+:\/\/[^/]+$/i.test(base) && !call?.rooted ? `${base}/v1beta` : base
  const and = query === '' ? '?' : `${query}&`
  if (operation === 'models') return `${root}/models${and}pageSize=1000`
  const path = `${root}/${resource(call?.model ?? '')}`
  if (operation === 'count') return `${path}:countTokens${query}`
  return call?.stream ? `${path}:streamGenerateContent${and}alt=sse` : `${path}:generateContent${query}`
}

/** A model by its bare name, or by the whole name of a resource, as tuned models have one. */
function resource(model: string): string {
  // A segment of dots would lead to another place.
  const segments = model.split('/').map((one) => (/^\.+$/.test(one) ? '_' : encodeURIComponent(one)))
  const path = segments.join('/').replaceAll('%3A', ':').replaceAll('%40', '@')
  return model.includes('/') ? path : `models/${path}`
}
