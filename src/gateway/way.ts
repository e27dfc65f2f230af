import type { Led, ProviderLessons } from '../capabilities/index.ts'
import type { StreamingConfig, StreamingPolicy } from '../config/index.ts'
import type { Target, Traits } from '../dialects/index.ts'
import { SluiceError, StreamingError } from '../errors/index.ts'
import { matchesGlob, type Provider } from '../providers/index.ts'
import type { Exchange } from './exchange.ts'

/** In which way a provider is asked for its answer. */
export interface Way {
  /** For a stream; else for an answer in one piece. */
  stream: boolean
  /** What was learned of the model, to lay over what is known of it. */
  traits?: Traits
}

/** What the client wants, as far as it bears on the way. */
export interface Wish {
  stream: boolean
  tools: boolean
  /** Nothing may stand in for a stream. */
  nativeOnly: boolean
  /** The provider has just refused to stream. */
  streamRefused: boolean
}

/** What the configuration says of streaming for this model: the last rule that says it, else the general setting. */
export function policyOf(streaming: StreamingConfig, provider: Provider, model: string): StreamingConfig {
  let policy = streaming
  const name = `${provider.name}/${model}`
  for (const rule of streaming.rules) if (matchesGlob(rule.match, name)) policy = { ...policy, ...rule }
  return policy
}

/**
 * The way in which the model is asked: what the configuration forces, else what was learned, else what the preset knows,
 * else for a stream where one is wanted.
 *
 * @throws StreamingError `not_supported` where a simulated stream would be needed and may not be
 */
export function chooseWay(
  lessons: ProviderLessons,
  provider: Provider,
  { model, traits }: Target,
  wish: Wish,
  policy: StreamingPolicy,
): Way {
  // To ask what is known may be to use up the turn in which it is found out anew: only what is about to be tried is asked.
  const streamOnly = () => traits.streamOnly === true || lessons.can(model, 'whole') === false
  const asStream = (): Way => ({
    stream: true,
    traits: lessons.can(model, 'stream_options') === false ? { streamUsage: false } : {},
  })
  if (!wish.stream) return streamOnly() ? asStream() : { stream: false }
  const named = `${provider.name}/${model}`
  if (policy.force === 'never') {
    if (streamOnly()) throw notSupported(named, 'it only streams, and the configuration says `force = "never"`')
    return simulated(named, 'the configuration says `force = "never"`', wish, policy)
  }
  if (wish.streamRefused) return simulated(named, 'it refuses to stream', wish, policy)
  if (policy.force === 'always') return asStream()
  const can = lessons.can(model, 'stream') ?? traits.streams
  if (can === false) {
    return streamOnly() ? asStream() : simulated(named, 'it answers in one piece only', wish, policy)
  }
  if (wish.tools && lessons.can(model, 'tool_stream') === false && !streamOnly()) {
    return simulated(named, 'it does not stream where tools are offered', wish, policy)
  }
  return asStream()
}

function simulated(named: string, why: string, wish: Wish, policy: StreamingPolicy): Way {
  checkSimulation(named, why, wish, policy)
  return { stream: false }
}

/** @throws StreamingError `not_supported` where nothing may stand in for a stream */
export function checkSimulation(
  named: string,
  why: string,
  { nativeOnly }: Pick<Wish, 'nativeOnly'>,
  { fallback }: StreamingPolicy,
): void {
  if (nativeOnly) throw notSupported(named, `${why}, and the request carries \`x-sluice-require: native-stream\``)
  if (!fallback) throw notSupported(named, `${why}, and \`fallback\` is switched off`)
}

export function notSupported(named: string, why: string): StreamingError {
  return new StreamingError(
    'not_supported',
    `cannot stream from ${named}: ${why}; ask without \`stream\`, choose another model, or change that setting`,
    { param: 'stream' },
  )
}

/**
 * Whether the caller waits, leads or just goes on: only where a stream is wanted of a provider of which nothing is known,
 * neither by its preset nor from an earlier request.
 */
export function followLeader(
  lessons: ProviderLessons,
  provider: Provider,
  wantsStream: boolean,
): Led | Promise<void> | undefined {
  if (!wantsStream || provider.kind !== undefined || !lessons.blank) return undefined
  return lessons.leader.follow()
}

/** Whether the client takes nothing in place of a stream. @throws SluiceError `invalid_request` for another demand */
export function demandsNative({ headers }: Exchange): boolean {
  const demand = headers['x-sluice-require']
  if (demand === undefined) return false
  if (demand.trim().toLowerCase() === 'native-stream') return true
  throw new SluiceError(
    'invalid_request',
    `cannot meet what x-sluice-require asks for: found "${demand.slice(0, 100)}"; there is only native-stream`,
    { param: 'x-sluice-require' },
  )
}
