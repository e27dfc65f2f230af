import type { Path } from './path.ts'

/**
 * How a message speaks of a value: enough to recognise it, never a secret. Only what stands in the file itself is
 * shown (a value from the environment by the name of its variable), short, not where keys belong, and not when it looks
 * like a key that has gone astray.
 *
 * @param raw the value as it was written, before anything was put in from the environment
 */
export function describe(path: Path, raw: unknown): string {
  if (raw === undefined) return 'nothing'
  if (raw === '') return 'an empty string'
  if (Array.isArray(raw)) return raw.length === 0 ? 'an empty list' : 'a list'
  if (raw instanceof Date) return 'a date'
  if (typeof raw === 'object') return 'a table'
  if (typeof raw !== 'string') return String(raw)
  if (/^\$\{\w+\}$/.test(raw)) return JSON.stringify(raw)
  if (isSecret(path) || raw.length > 80 || /[A-Za-z0-9]{16}/.test(raw)) return 'a string'
  return JSON.stringify(raw)
}

const secretKeys: readonly unknown[] = [
  'api_keys',
  'keys',
  'named_keys',
  'operator_keys',
  'headers',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  // Of a package, where anything may stand.
  'options',
]

/** Whether a key of somebody may stand here. */
function isSecret(path: Path): boolean {
  return path.some((part) => secretKeys.includes(part))
}
