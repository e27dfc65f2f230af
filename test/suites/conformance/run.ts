import type { Feature, Form, Outcome } from './feature.ts'
import { runError } from './run-error.ts'
import { runLoop } from './run-loop.ts'
import { runPrefix } from './run-prefix.ts'
import { runReply } from './run-reply.ts'
import { runRequest } from './run-request.ts'

/** In how many ways a feature comes: a refusal is the same for both, and only a stream can be disturbed. */
export function formsOf(feature: Feature): Form[] {
  if (feature.leg === 'request' || feature.leg === 'error' || feature.leg === 'prefix') return ['streamed']
  return feature.leg === 'reply' && feature.disturbed ? ['streamed'] : ['streamed', 'whole']
}

/** One feature between a client and a provider, through the codecs that the gateway runs. */
export function run(feature: Feature, client: string, upstream: string, form: Form): Outcome {
  try {
    return runLeg(feature, client, upstream, form)
  } catch (error) {
    return { grade: 'broken', told: [], found: String(error) }
  }
}

function runLeg(feature: Feature, client: string, upstream: string, form: Form): Outcome {
  switch (feature.leg) {
    case 'request':
      return runRequest(feature, client, upstream, form)
    case 'reply':
      return runReply(feature, client, upstream, form)
    case 'loop':
      return runLoop(feature, client, upstream, form)
    case 'prefix':
      return runPrefix(feature, client, upstream, form)
    case 'error':
      return runError(feature, client, upstream)
  }
}
