import { nearNames } from '../routing/index.ts'
import type { Path } from './path.ts'

/**
 * Puts environment variables into every string of a value: `${NAME}`. White space around a variable's value is
 * dropped, for the line end that secrets mounted as files tend to have. `$${` stands for a plain `${`.
 *
 * @param report is told of each variable that is missing or no name at all; the string then stays as it was
 * @returns a copy; keys of tables are left alone
 */
export function interpolate(
  value: unknown,
  env: Record<string, string | undefined>,
  report: (path: Path, message: string) => void,
  path: Path = [],
): unknown {
  if (typeof value === 'string') return fill(value, env, (message) => report(path, message))
  if (Array.isArray(value)) return value.map((item, i) => interpolate(item, env, report, [...path, i]))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, interpolate(item, env, report, [...path, key])]),
  )
}

function fill(text: string, env: Record<string, string | undefined>, report: (message: string) => void): string {
  let whole = true
  const filled = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (found, name: string | undefined, close: string) => {
    if (name === undefined) return `\${`
    const problem = close === '' ? `found \${ without its }; close it` : missing(name, env)
    if (problem === undefined) return (env[name] ?? '').trim()
    whole = false
    report(`${problem}, or write $\${ for a plain \${`)
    return found
  })
  return whole ? filled : text
}

function missing(name: string, env: Record<string, string | undefined>): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return `found \${…} without the name of an environment variable; write one, like \${MY_KEY}`
  }
  if (env[name] !== undefined) return undefined
  const near = nearNames(name, Object.keys(env))
  const hint = near.length === 0 ? '' : ` (there is ${near.join(', ')})`
  return `the environment has no ${name}${hint}; set it`
}
