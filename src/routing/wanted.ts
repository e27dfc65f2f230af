import type { RequestFacts } from './facts.ts'
import type { RoutingTable } from './table.ts'

/** The name that a request asks for, and where it says so. */
export interface Wanted {
  name: string
  by: 'tag' | 'header' | 'model' | 'key'
}

/** The header in which a client names a model without a change of its body. */
export const modelHeader = 'x-sluice-model'

/** A tag in the prompt stands above the header, and the header above the body. */
export function wantedName(facts: RequestFacts): Wanted {
  const tag = facts.subagentTag()
  if (tag !== undefined) return { name: tag, by: 'tag' }
  const header = facts.header(modelHeader)?.trim()
  if (header) return { name: header, by: 'header' }
  return { name: facts.model, by: 'model' }
}

/** What the client's key says for names that nobody knows. */
export function defaultOfKey({ clientKey }: RequestFacts, { keyDefaults }: RoutingTable): Wanted | undefined {
  if (clientKey === undefined || !keyDefaults || !Object.hasOwn(keyDefaults, clientKey)) return undefined
  return { name: keyDefaults[clientKey] ?? '', by: 'key' }
}
