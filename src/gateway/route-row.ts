import type { Asked, ClientDialectName } from '../dialects/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { AdminQuestion } from './admin.ts'
import type { StoredQuestion } from './responses/response-answers.ts'

export type Operation = 'chat' | 'count' | 'models' | 'health' | 'ready' | 'front' | 'fixed' | 'stored' | 'admin'

/** What is known of one path. */
export interface Row {
  method: 'GET' | 'POST' | 'PUT'
  /** It takes DELETE, too. */
  deletes?: boolean
  operation: Operation
  dialect?: ClientDialectName
  /** Reads what the path and its query say. */
  ask?: (found: Found) => Asked
  /** The answer of the operation `fixed`. */
  says?: JsonObject
  /** What the operation `stored` is, by the row's own method. */
  stored?: StoredQuestion['action']
  /** What the operation `admin` is. */
  admin?: AdminQuestion
}

export interface Found {
  /** What stands in the place of `{model}` or `{id}`. */
  model: string | undefined
  query: URLSearchParams
}
