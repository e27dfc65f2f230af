import type { SluiceError } from '../../errors/index.ts'

/** Whether a provider was not reached at all: then it has taken nothing, and charges for nothing. */
export function isUnsent({ code, cause }: SluiceError): boolean {
  if (code === 'connect_timeout') return true
  if (code !== 'upstream_unreachable') return false
  const reason: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  return reason instanceof Error && 'code' in reason && noWay.has(reason.code)
}

/** What the system says before there is a connection, and never after; the others can come at any time. */
const noWay: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])
