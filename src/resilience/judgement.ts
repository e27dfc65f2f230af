import type { ErrorCode, SluiceError } from '../errors/index.ts'

/**
 * What a failed attempt calls for.
 *
 * - `blame`: whom it counts against: the key (it is refused or has no credit), the target (it failed), or nobody: the
 *   request itself was refused, or the key is only to slow down;
 * - `again`: whether the same request may be sent to the same target once more. Never where an answer had begun, since
 *   that may have been paid for.
 */
export interface Judgement {
  blame: 'key' | 'target' | 'nobody'
  again: boolean
  /** The key has to rest: its provider asks to slow down. */
  cools: boolean
  /** Another target may do better. Not where it is the caller, or this house, that ended it. */
  elsewhere: boolean
}

const target: Judgement = { blame: 'target', again: false, cools: false, elsewhere: true }
const nobody: Judgement = { blame: 'nobody', again: false, cools: false, elsewhere: true }
const key: Judgement = { blame: 'key', again: false, cools: false, elsewhere: true }
const final: Judgement = { blame: 'nobody', again: false, cools: false, elsewhere: false }

const judgements: Partial<Record<ErrorCode, Judgement>> = {
  upstream_auth: key,
  upstream_billing: key,
  upstream_rate_limit: { blame: 'nobody', again: true, cools: true, elsewhere: true },
  upstream_server: { ...target, again: true },
  upstream_overloaded: { ...target, again: true },
  upstream_timeout: { ...target, again: true },
  upstream_unreachable: { ...target, again: true },
  connect_timeout: { ...target, again: true },
  first_token_timeout: target,
  idle_timeout: target,
  stall_timeout: target,
  total_timeout: target,
  too_slow: target,
  upstream_protocol: target,
  upstream_truncated: target,
  // Only where somebody may go on with what has come: then the rest may be asked of the same one.
  stream_interrupted: { ...target, again: true },
  event_too_large: nobody,
  detection_failed: nobody,
  not_supported: nobody,
  // It has been paid for, so nobody else is asked without the caller knowing.
  fallback_failed: { ...target, elsewhere: false },
  upstream_invalid_request: nobody,
  upstream_context_length: nobody,
  upstream_content_policy: nobody,
  upstream_not_found: nobody,
  upstream_too_large: nobody,
  upstream_permission: nobody,
  unsupported: nobody,
}

/**
 * @param begun the provider had begun to answer: what it did may have been paid for, and is not asked of it again
 */
export function judge({ code }: SluiceError, begun: boolean): Judgement {
  const judgement = judgements[code] ?? final
  return begun && judgement.again ? { ...judgement, again: false } : judgement
}
