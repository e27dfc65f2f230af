import type { Warning } from '../dialects/index.ts'

/**
 * What a transformer says that it has changed, which may be anything where that is plain JavaScript. What cannot be
 * understood is a fault of the transformer, and told with its name.
 *
 * @throws Error
 */
export function toldChange(given: unknown): Warning {
  const { field, action, reason } = (given ?? {}) as Partial<Record<keyof Warning, unknown>>
  if (typeof field !== 'string' || field === '' || typeof action !== 'string' || action === '') {
    throw new Error(
      "it called `warn` without a field and an action; write `warn({ field: 'seed', action: 'changed' })`",
    )
  }
  return { field, action: action as Warning['action'], ...(typeof reason === 'string' && { reason }) }
}
