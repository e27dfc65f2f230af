import type { RequestFacts } from './facts.ts'
import type { RoutingTable } from './table.ts'

/** The name that a request asks for, and where it says so. */
export interface Wanted {
  name: string
  by: 'tag' | 'header' | 'model' | 'key'
}

/** The header in which a client names a model without a change of its body. */
export const modelHeader = 'x-sluice-model'

/**
 * A tag in the prompt stands above the header, the header above the body, and the body above what the client's key says
 * for requests that name no model.
 */
export function wantedName(facts: RequestFacts, { keyDefaults }: RoutingTable): Wanted {
  const tag = facts.subagentTag()
  if (tag !== undefined) return { name: tag, by: 'tag' }
  const header = facts.header(modelHeader)?.trim()
  if (header) return { name: header, by: 'header' }
  const { model, clientKey } = facts
  if (model === '' && clientKey !== undefined && keyDefaults && Object.hasOwn(keyDefaults, clientKey)) {
    return { name: keyDefaults[clientKey] ?? '', by: 'key' }
  }
  return { name: model, by: 'model' }
}
