/**
 * Anthropic's Messages API, spoken by Anthropic, by Bedrock's and Vertex's fronts for it, and by many compatible
 * servers; and the API of Claude Code.
 */
import type { JsonObject } from '../../tokens/index.ts'
import type { Dialect } from '../dialect.ts'
import { sseFraming } from '../stream-framing.ts'
import { decodeError, encodeError } from './error.ts'
import { decodeModels, encodeModel, encodeModels } from './models.ts'
import { observeReply } from './observe-reply.ts'
import { decodeReply, encodeReply } from './reply.ts'
import { adoptRequest, decodeRequest, encodeRequest, leave } from './request.ts'
import { heartbeat, MessagesDecoder, MessagesEncoder, MessagesObserver } from './stream.ts'
import { dialect, version } from './wire.ts'

export const anthropicMessages: Dialect = {
  name: dialect,
  client: {
    decodeRequest,
    leave,
    encodeStream: (options) => new MessagesEncoder(options),
    encodeReply,
    encodeError,
    encodeModels,
    encodeModel,
    encodeCount: (tokens) => ({ input_tokens: tokens }),
    requestIdHeader: 'request-id',
    rebuildsHistory: false,
    // Thinking that a provider of another API did not sign. As it is, the conversation would be refused.
    foreignState: /"signature"\s*:\s*""/,
    framing: () => sseFraming(heartbeat),
  },
  upstream: {
    signsReasoning: true,
    prefills: ({ traits }) => traits.prefill !== false,
    headers: { 'anthropic-version': version },
    framings: ['sse', 'aws-event-stream'],
    endpoint(baseUrl, operation) {
      const base = baseUrl.replace(/\/+$/, '')
      return `${base.endsWith('/v1') ? base : `${base}/v1`}${paths[operation]}`
    },
    encodeRequest,
    adoptRequest,
    // The operation decides what such a body holds, and a body that is taken over as it is does not tell.
    adapts: ({ traits }) => traits.bodyVersion !== undefined,
    decodeModels,
    decodeStream: (options) => new MessagesDecoder(options),
    decodeReply,
    decodeError,
    observeReply,
    observeStream: (options) => new MessagesObserver(options),
    decodeCount: (body: JsonObject) => (typeof body.input_tokens === 'number' ? body.input_tokens : undefined),
  },
}

// A page of models holds 20 unless it is asked for more.
const paths = { chat: '/messages', count: '/messages/count_tokens', models: '/models?limit=1000' } as const
