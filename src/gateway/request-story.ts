import type { Log, RequestRecord } from '../observe/index.ts'
import type { BackpressureStats } from '../pipeline/index.ts'
import { warningsHeader } from './headers.ts'
import type { Plan } from './plan.ts'

/** What `debug` tells of a request beside its one line: what was decided. */
export function tellPlan(log: Log, id: string, client: string, planned: Plan): void {
  log.step(id, 'decoded', { client, stream: planned.stream })
  log.step(id, 'routed', {
    provider: planned.provider.name,
    model: planned.target.model,
    dialect: planned.upstream.name,
    untouched: planned.untouched,
    warnings: warningsHeader(planned.warnings),
  })
}

/** And how it ended. */
export function tellEnd(log: Log, record: RequestRecord, held: BackpressureStats | undefined): void {
  const { id, inputTokens, outputTokens, cacheReadTokens, cost, costUnit, finish, upstreamRequestId, outcome, code } =
    record
  if (inputTokens !== undefined || outputTokens !== undefined || cost !== undefined) {
    const counts = { input: inputTokens, output: outputTokens, cacheRead: cacheReadTokens }
    log.step(id, 'usage', { ...counts, cost, cost_unit: costUnit })
  }
  const waits = held && { pauses: held.pauses, pausedMs: Math.round(held.pausedMs) }
  log.step(id, 'end', { finish, upstreamId: upstreamRequestId, outcome, code, ...waits })
}
