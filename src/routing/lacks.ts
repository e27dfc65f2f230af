import { targetOf } from '../providers/index.ts'
import type { LiveFacts, RequestFacts } from './facts.ts'
import type { Candidate } from './resolved.ts'

type Traits = ReturnType<typeof targetOf>['traits']

const known = new WeakMap<Candidate, Traits>()

/**
 * What a target cannot do of what the request needs, in a few words; undefined: nothing that is known of. The request is
 * only looked into where a target is known not to be able to do everything.
 */
export function lacks(candidate: Candidate, facts: RequestFacts, live: LiveFacts): string | undefined {
  const { tools, parts } = traitsOf(candidate)
  if (parts === false && facts.images()) return 'reads no images'
  if (parts === false && facts.files()) return 'reads no files'
  if (tools === false && facts.tools() > 0) return 'knows no tools'
  if (needsStream(facts) && streams(candidate, live) === false) return 'does not stream by itself'
  return undefined
}

/** What makes the prompt too long for a target. Its size is not known to the token, so that it is only asked later. */
export function tooLong(candidate: Candidate, facts: RequestFacts, live: LiveFacts): string | undefined {
  const context = live.context?.(candidate.route) ?? traitsOf(candidate).numCtx
  if (context === undefined || facts.inputTokens() <= context) return undefined
  return `reads ${context} tokens`
}

/** The client takes nothing in place of a provider's own stream. */
function needsStream(facts: RequestFacts): boolean {
  return facts.stream && facts.header('x-sluice-require')?.trim().toLowerCase() === 'native-stream'
}

function streams(candidate: Candidate, live: LiveFacts): boolean | undefined {
  return live.streams(candidate.route) ?? traitsOf(candidate).streams
}

function traitsOf(candidate: Candidate): Traits {
  let traits = known.get(candidate)
  if (!traits) {
    traits = targetOf(candidate.route.provider, candidate.route.model).traits
    known.set(candidate, traits)
  }
  return traits
}
