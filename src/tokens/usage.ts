/**
 * What a request cost in tokens. Every field is a number or unknown (absent); unknown is never zero. Counts are
 * cumulative for the whole message: a later value replaces an earlier one, field by field.
 */
export interface Usage {
  /** The whole prompt: fresh, read from cache and written to cache together. */
  input?: number
  cacheRead?: number
  cacheWrite?: number
  /** The parts of `cacheWrite` by time to live, where the vendor says them. */
  cacheWrite5m?: number
  cacheWrite1h?: number
  /** The whole answer, reasoning included. */
  output?: number
  reasoning?: number
  inputAudio?: number
  outputAudio?: number
  acceptedPrediction?: number
  rejectedPrediction?: number
  /** Uses of tools on the vendor's side, by the vendor's name for them, e.g. `web_search_requests`. */
  serverTools?: Record<string, number>
  /** The tier that served the request, in the vendor's word. */
  tier?: string
  /** What the vendor charges for all of it, where it says so. Amounts of different units do not add up. */
  cost?: { amount: number; unit: string }
  /** Counted by sluice itself, not reported by the vendor. */
  estimated?: boolean
}

/** `later` over `earlier`, field by field; fields that `later` does not know stay. */
export function mergeUsage(earlier: Usage | undefined, later: Usage): Usage {
  const merged: Record<string, unknown> = { ...earlier }
  for (const [key, value] of Object.entries(later)) if (value !== undefined) merged[key] = value
  // A reported number takes the mark of an estimate away.
  if (earlier?.estimated && !later.estimated) delete merged.estimated
  return merged as Usage
}
