import type { SluiceError } from '../errors/index.ts'
import type { RequestRecord, StreamKind } from '../observe/index.ts'
import type { Failed } from '../resilience/index.ts'
import type { Progress } from './delivery/relay.ts'
import type { Exchange } from './exchange.ts'
import { readUpstreamId } from './headers.ts'
import { logReason } from './log-reason.ts'
import type { Plan } from './plan.ts'

/** What is known of a chat request when it is over. Times are milliseconds of one clock. */
export interface Ending {
  id: string
  exchange: Exchange
  client: string
  /** The name of the client's key. */
  key: string | undefined
  plan: Plan | undefined
  stream: StreamKind
  /** That of the provider's answer. */
  headers: Record<string, string>
  status: number
  progress: Progress
  error: SluiceError | undefined
  /** A provider has taken the request without refusing it, and gave no whole answer. */
  maybeBilled: boolean
  /** The attempts that came to nothing. */
  failed: readonly Failed[]
  startedAt: number
  firstAt: number | undefined
  endedAt: number
}

/** The one record of a request. What nobody said stays away; it is never a zero. */
export function requestRecord(ending: Ending): RequestRecord {
  const { id, exchange, client, plan, stream, status, progress, error, startedAt, firstAt } = ending
  const { usage, finish, deltas } = progress
  const reason = error && logReason(error)
  const upstreamRequestId = readUpstreamId(ending.headers)
  return {
    id,
    method: exchange.method,
    path: exchange.path,
    client,
    stream,
    status,
    outcome: error === undefined ? 'ok' : error.code === 'client_closed' ? 'aborted' : 'error',
    totalMs: Math.round(ending.endedAt - startedAt),
    deltas,
    ...(ending.key !== undefined && { key: ending.key }),
    ...(plan && { provider: plan.provider.name, model: plan.target.model }),
    ...(usage?.input !== undefined && { inputTokens: usage.input }),
    ...(usage?.output !== undefined && { outputTokens: usage.output }),
    ...(usage?.cacheRead !== undefined && { cacheReadTokens: usage.cacheRead }),
    ...(usage?.cost && { cost: usage.cost.amount, costUnit: usage.cost.unit }),
    ...(firstAt !== undefined && { firstMs: Math.round(firstAt - startedAt) }),
    ...(finish && { finish }),
    ...(error && { code: error.code }),
    ...(reason !== undefined && { reason }),
    ...(ending.failed.length > 0 && { failed: ending.failed.map(({ target, code }) => `${target} ${code}`) }),
    ...(ending.maybeBilled && { billed: 'maybe' }),
    ...(upstreamRequestId !== undefined && { upstreamRequestId }),
  }
}
