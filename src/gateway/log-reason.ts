import type { ErrorCode, SluiceError } from '../errors/index.ts'

// Errors that sluice words itself, about connections and clocks. The words of a vendor may echo a prompt or a key.
const ownWords: ReadonlySet<ErrorCode> = new Set([
  'connect_timeout',
  'upstream_unreachable',
  'upstream_truncated',
  'stream_interrupted',
  'not_supported',
  'first_token_timeout',
  'idle_timeout',
  'stall_timeout',
  'total_timeout',
  'draining',
  'body_timeout',
  'body_too_large',
  'event_too_large',
])

/** What an operator may be told of an error beyond its code: addresses, but nothing that anybody wrote. */
export function logReason(error: SluiceError): string | undefined {
  const { cause } = error
  // A fault of this house: where it happened, without the message, which may quote what was being read.
  if (error.code === 'internal') return frames(cause instanceof Error ? cause : error)
  if (!ownWords.has(error.code)) return undefined
  // What is told in other words need not be told twice.
  const more = cause instanceof Error && cause.message !== '' && !error.message.includes(cause.message)
  return more ? `${error.message}: ${cause.message}` : error.message
}

function frames(error: Error): string {
  const lines = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return lines
    .map((line) => line.trim())
    .slice(0, 3)
    .join(' ')
}
