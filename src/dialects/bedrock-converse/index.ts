/** Amazon Bedrock's Converse API, in which Bedrock's models are called. No client speaks it to sluice. */
import type { JsonObject } from '../../tokens/index.ts'
import type { UpstreamDialect } from '../dialect.ts'
import { decodeError } from './error.ts'
import { decodeModels } from './models.ts'
import { decodeReply } from './reply.ts'
import { encodeRequest } from './request.ts'
import { ConverseDecoder } from './stream.ts'
import { dialect } from './wire.ts'

export const bedrockConverse: UpstreamDialect = {
  name: dialect,
  upstream: {
    signsReasoning: true,
    prefills: ({ traits }) => traits.prefill !== false && traits.nativeFields === 'anthropic',
    headers: { accept: 'application/vnd.amazon.eventstream, application/json' },
    framings: ['aws-event-stream'],
    endpoint(baseUrl, operation, call) {
      const base = baseUrl.replace(/\/+$/, '')
      // The list of models is kept by another service, which has an address of its own.
      if (operation === 'models') return `${base.replace('://bedrock-runtime.', '://bedrock.')}/foundation-models`
      const path = operation === 'count' ? 'count-tokens' : call?.stream ? 'converse-stream' : 'converse'
      return `${base}/model/${encodeURIComponent(call?.model ?? '')}/${path}`
    },
    encodeRequest,
    decodeModels,
    decodeStream: (options) => new ConverseDecoder(options),
    decodeReply,
    decodeError,
    decodeCount: (body: JsonObject) => (typeof body.inputTokens === 'number' ? body.inputTokens : undefined),
  },
}
