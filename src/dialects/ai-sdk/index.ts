/**
 * The language-model specification of the AI SDK, in which the packages of its providers are called. Nothing of it goes
 * over a network: a transport hands the options of a call to a package and writes down what that gives back.
 */
import { SluiceError } from '../../errors/index.ts'
import type { UpstreamDialect } from '../dialect.ts'
import { decodeError } from './error.ts'
import { decodeReply } from './reply.ts'
import { encodeRequest } from './request.ts'
import { PartDecoder } from './stream.ts'
import { dialect } from './wire.ts'

export const aiSdk: UpstreamDialect = {
  name: dialect,
  upstream: {
    signsReasoning: true,
    headers: {},
    framings: ['ndjson'],
    endpoint(baseUrl, operation, call) {
      if (operation !== 'chat') {
        throw new SluiceError(
          'upstream_not_found',
          'cannot ask for models or counts: packages of the AI SDK have no such calls; list the models in `models`',
        )
      }
      return `${baseUrl}/${call?.stream ? 'stream' : 'generate'}/${encodeURIComponent(call?.model ?? '')}`
    },
    encodeRequest,
    decodeStream: (options) => new PartDecoder(options),
    decodeReply,
    decodeError,
  },
}
