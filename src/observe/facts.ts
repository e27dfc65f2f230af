import type { RequestRecord } from './record.ts'

export type Fact = string | number | boolean | readonly string[] | undefined
export type Facts = Record<string, Fact>

/**
 * The facts a log line may carry. Nothing else is ever written, so that no key and no prompt can slip into a log by
 * way of a fact that somebody added in passing. A new fact is added here, on purpose.
 */
const listed: ReadonlySet<string> = new Set(
  [
    'id method path client client_key dialect provider model target targets stream untouched attempt attempts',
    'status code reason because then outcome failed finish warnings phase retry upstreamId upstream_request_id',
    'ms first_ms total_ms timeout_ms pauses pausedMs bytes events deltas messages tools',
    'input output reasoning cacheRead cacheWrite input_tokens output_tokens cache_read_tokens estimated',
    'cost cost_unit billed',
    'url host port source providers models signal streams version',
  ].flatMap((line) => line.split(' ')),
)

/** Names of models and the like come from outside: a line must stay a line. */
const longest = 200
/** Of a list. */
const mostItems = 50

/** The facts that are listed. The names of others, without their values, stand under `hidden`. */
export function listedFacts(facts: Facts | undefined): Facts {
  const kept: Facts = {}
  if (!facts) return kept
  const hidden: string[] = []
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue
    if (!listed.has(name)) hidden.push(name)
    else kept[name] = tidied(value)
  }
  if (hidden.length > 0) kept.hidden = hidden.join(',').slice(0, longest)
  return kept
}

/** A record as facts, in the order in which they are read. */
export function recordFacts(record: RequestRecord): Facts {
  return listedFacts({
    id: record.id,
    method: record.method,
    path: record.path,
    client: record.client,
    client_key: record.key,
    provider: record.provider,
    model: record.model,
    stream: record.stream,
    input_tokens: record.inputTokens,
    output_tokens: record.outputTokens,
    cache_read_tokens: record.cacheReadTokens,
    cost: record.cost,
    cost_unit: record.costUnit,
    deltas: record.deltas,
    finish: record.finish,
    first_ms: round(record.firstMs),
    total_ms: round(record.totalMs),
    status: record.status,
    outcome: record.outcome,
    code: record.code,
    reason: record.reason,
    failed: record.failed,
    billed: record.billed,
    upstream_request_id: record.upstreamRequestId,
  })
}

function tidied(value: Exclude<Fact, undefined>): Fact {
  if (typeof value === 'string') return tidy(value)
  return typeof value === 'object' ? value.slice(0, mostItems).map(tidy) : value
}

function tidy(text: string): string {
  return text.slice(0, longest).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')
}

function round(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10
}
