import { SluiceError } from '../../../src/errors/index.ts'
import type { ErrorFeature, Feature, LoopFeature } from './feature.ts'
import { hostedReplies, hostedRequests } from './hosted-features.ts'
import { mediaReplies } from './media-features.ts'
import { prefixFeatures } from './prefix-features.ts'
import { replyFeatures } from './reply-features.ts'
import { requestFeatures } from './request-features.ts'
import { settingFeatures } from './setting-features.ts'

const loops: LoopFeature[] = [
  { leg: 'loop', group: 'Reasoning', name: 'signed reasoning over a tool loop', kind: 'signature', on: 'reasoning' },
  {
    leg: 'loop',
    group: 'Reasoning',
    name: 'signed reasoning that shows no text over a tool loop',
    kind: 'signature',
    on: 'reasoning',
    veiled: true,
  },
  { leg: 'loop', group: 'Reasoning', name: 'redacted reasoning over a tool loop', kind: 'redacted', on: 'reasoning' },
  { leg: 'loop', group: 'Reasoning', name: 'encrypted reasoning over a tool loop', kind: 'encrypted', on: 'reasoning' },
  { leg: 'loop', group: 'Reasoning', name: 'the signature of a call over a tool loop', kind: 'signature', on: 'call' },
  {
    leg: 'loop',
    group: 'Reasoning',
    name: 'state that stays behind when another vendor goes on',
    kind: 'signature',
    on: 'reasoning',
    elsewhere: true,
  },
]

/** Clients that keep the fields of their language for state, and hand back all that they got. */
const handedBack = loops
  .filter(({ veiled, elsewhere }) => !veiled && !elsewhere)
  .map((loop): LoopFeature => ({ ...loop, name: `${loop.name}, handed back by the client`, handedBack: true }))

const failures: Array<[error: SluiceError, name: string, want?: string]> = [
  [new SluiceError('upstream_invalid_request', 'the field is wrong'), 'the request is wrong'],
  [
    new SluiceError('upstream_context_length', 'prompt is too long: 9 tokens > 8 maximum context length'),
    'the prompt is too long',
  ],
  [new SluiceError('upstream_content_policy', 'flagged by the content policy'), 'the content is against a policy'],
  [new SluiceError('invalid_key', 'incorrect API key'), 'the gateway’s own key is refused', 'bad_gateway'],
  [new SluiceError('upstream_billing', 'insufficient quota, check your billing'), 'no credit is left'],
  [new SluiceError('upstream_not_found', 'the model does not exist'), 'the model is unknown'],
  [new SluiceError('upstream_too_large', 'request too large'), 'the body is too large'],
  [new SluiceError('upstream_rate_limit', 'rate limit reached'), 'too many requests'],
  [new SluiceError('upstream_server', 'internal error', { status: 500 }), 'the provider fails'],
  [new SluiceError('upstream_overloaded', 'overloaded'), 'the provider is overloaded'],
  [new SluiceError('upstream_timeout', 'timed out'), 'the provider gives up waiting'],
]

const errors = failures.map(
  ([error, name, want]): ErrorFeature => ({
    leg: 'error',
    group: 'When something goes wrong',
    name,
    error,
    place: 'before',
    ...(want && { want }),
  }),
)

const lateErrors = failures.map(
  ([error, name, want]): ErrorFeature => ({
    leg: 'error',
    group: 'When something goes wrong',
    name: `in the middle of the answer: ${name}`,
    error,
    place: 'behind',
    ...(want && { want }),
  }),
)

/** In the order of the page. */
export const features: Feature[] = [
  ...requestFeatures,
  ...hostedRequests,
  ...replyFeatures,
  ...hostedReplies,
  ...settingFeatures,
  ...mediaReplies,
  ...prefixFeatures,
  ...loops,
  ...handedBack,
  ...errors,
  ...lateErrors,
]
