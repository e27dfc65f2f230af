import type { Warning } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest } from '../../tokens/index.ts'
import type { AsyncStreamTransformer, StreamTransformer } from '../transformer.ts'

/** What a transformer may know of the request that it works on. */
export interface TransformContext {
  /** The provider's name in the configuration. */
  readonly provider: string
  /** The model's name at the provider. */
  readonly model: string
  /** The name from `[[models]]` that led there, where one did. */
  readonly alias?: string | undefined
  /** The name of the key that the client has shown, where keys have names. */
  readonly clientKey?: string | undefined
  /** The wire language of the client, and that of the provider. */
  readonly client: string
  readonly dialect: string
  /** The client wants a stream. */
  readonly stream: boolean
  /** How many answers were asked for. */
  readonly choices: number
  /** The largest answer that the model can give, in tokens, where that is known. */
  readonly maxOutput?: number | undefined
  /** Something that the client asked for was left out or changed: it is told, in `x-sluice-warnings`. */
  warn(warning: Warning): void
}

/** A stream transformer of a chain. One that waits says so, and stands in a waiting stage. */
export type ChainedTransformer = StreamTransformer | WaitingTransformer

/** One that waits, and says so. */
export interface WaitingTransformer extends AsyncStreamTransformer {
  readonly async: true
}

/** What becomes of a request: another one, or nothing where it stays as it is. */
export type TransformedRequest = ChatRequest | undefined

/**
 * A transformer as it stands in a chain: a half for requests, a half for answers, or both. One object serves every
 * request, so that whatever belongs to one stream belongs into what `tokens` makes.
 */
export interface Transformer {
  /** What configurations and errors call it: kebab-case. */
  readonly name: string
  /**
   * The request on its way to the provider, in the canonical model. It is not changed, but another one is given; the same
   * one, or none, says that it stays as it is, and then it goes to a provider of the client's dialect to the byte.
   */
  request?(request: ChatRequest, context: TransformContext): TransformedRequest | Promise<TransformedRequest>
  /**
   * Makes the transformer for one answer, streamed or whole: a whole one comes as the tokens of its stream. None: this
   * answer is left alone, and may go to the client to the byte.
   */
  tokens?(context: TransformContext): ChainedTransformer | undefined
}

/** A transformer of one's own. */
export interface OwnTransformer extends Transformer {
  /**
   * What a fault of it does: `fail` breaks the request, `skip` leaves it, or the token, as it was. A token transformer
   * that waits may say otherwise for itself. Default `fail`.
   */
  readonly onError?: 'fail' | 'skip'
  /** The longest that `request` may take, in milliseconds. Default 5000. */
  readonly timeoutMs?: number
}

/** None of its halves for answers waits: the types of their parameters need not be written. */
type PlainTransformer = Omit<OwnTransformer, 'tokens'> & {
  tokens?(context: TransformContext): StreamTransformer | undefined
}

/**
 * A transformer of one's own, checked. The types of its parts come with it; for one that waits, say that `tokens` gives a
 * `WaitingTransformer`.
 *
 * @throws SluiceError `config_invalid` for what is none
 *
 * @example
 * export default defineTransformer({
 *   name: 'polite',
 *   request: (request) => ({ ...request, system: [...request.system, { type: 'text', text: 'Say please.' }] }),
 *   tokens: () => new TextReplacement({ replace: { 'Hand me': 'Please hand me' } }),
 * })
 */
export function defineTransformer(transformer: PlainTransformer): OwnTransformer
export function defineTransformer(transformer: OwnTransformer): OwnTransformer
export function defineTransformer(transformer: OwnTransformer): OwnTransformer {
  const { name, request, tokens, onError } = transformer
  if (typeof name !== 'string' || !kebabCase.test(name)) {
    throw new SluiceError(
      'config_invalid',
      `cannot use a transformer called ${JSON.stringify(name)}: write its name in kebab-case`,
    )
  }
  for (const [half, given] of Object.entries({ request, tokens })) {
    if (given === undefined || typeof given === 'function') continue
    throw new SluiceError(
      'config_invalid',
      `cannot use the transformer "${name}": its \`${half}\` is a ${typeof given}; write a function`,
    )
  }
  if (!request && !tokens) {
    throw new SluiceError(
      'config_invalid',
      `cannot use the transformer "${name}": it does nothing; give it \`request\`, \`tokens\` or both`,
    )
  }
  if (onError !== undefined && onError !== 'fail' && onError !== 'skip') {
    throw new SluiceError(
      'config_invalid',
      `cannot use the transformer "${name}": its \`onError\` is ${JSON.stringify(onError)}; write "fail" or "skip"`,
    )
  }
  return transformer
}

export const kebabCase = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
