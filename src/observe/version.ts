import { readFileSync } from 'node:fs'

/** The version of this package. */
export function version(): string {
  // The same two steps up from `src/observe` and from `dist/observe`.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
