import type { ClientSide, Warning } from '../dialects/index.ts'
import type { StreamKind } from '../observe/index.ts'
import type { Failed } from '../resilience/index.ts'
import { headersBack, headerText, readUpstreamId, warningsHeader } from './headers.ts'
import type { Plan } from './plan.ts'

/** The headers of an answer that say what happened, as far as it is known when they leave. */
export function answerHeaders({
  id,
  client,
  upstream,
  plan,
  kind,
  warnings,
  failed = [],
  attempts = 1,
}: {
  id: string
  client: ClientSide
  /** Those that the provider sent. */
  upstream: Record<string, string>
  plan: Plan | undefined
  kind: StreamKind
  warnings: readonly Warning[]
  /** The attempts that came to nothing, and how many there were in all. */
  failed?: readonly Failed[]
  attempts?: number
}): Record<string, string> {
  const headers = headersBack(upstream)
  // A provider that is a package has some of its own.
  const theirs = headers['x-sluice-warnings']
  headers[client.requestIdHeader] = readUpstreamId(headers) ?? id
  headers['x-sluice-request-id'] = id
  if (plan) {
    headers['x-sluice-provider'] = plan.provider.name
    headers['x-sluice-model'] = headerText(plan.target.model)
    headers['x-sluice-attempts'] =
      failed.length === 0 ? String(attempts) : headerText([String(attempts), ...failed.map(trail)].join(', '))
  }
  if (plan?.stream) headers['x-sluice-stream'] = kind
  const told = warningsHeader(warnings)
  if (told !== undefined) headers['x-sluice-warnings'] = theirs ? `${told}, ${theirs}` : told
  return headers
}

function trail({ target, status, code }: Failed): string {
  return `${target};${status ?? code}`
}
