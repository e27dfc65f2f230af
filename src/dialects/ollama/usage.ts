import type { JsonObject, Usage } from '../../tokens/index.ts'
import type { WireLine } from './wire.ts'

/** The two counts. The server leaves a zero out, so a missing count is unknown; thinking is part of the answer's. */
export function decodeUsage(line: JsonObject): Usage | undefined {
  const input = count(line.prompt_eval_count)
  const output = count(line.eval_count)
  if (input === undefined && output === undefined) return undefined
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) }
}

export function encodeUsage(usage: Usage | undefined): Pick<WireLine, 'prompt_eval_count' | 'eval_count'> {
  return {
    ...(usage?.input !== undefined && { prompt_eval_count: usage.input }),
    ...(usage?.output !== undefined && { eval_count: usage.output }),
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
