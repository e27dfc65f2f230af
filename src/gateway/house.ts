import type { ClientKeys } from '../access/index.ts'
import type { Clock } from '../flow/index.ts'
import type { Log } from '../observe/index.ts'
import type { MemoryBudget } from '../pipeline/index.ts'
import type { RoutingTable } from '../routing/index.ts'
import type { Transport } from '../transport/index.ts'
import type { AttemptTimeouts } from './attempt.ts'
import type { Exchange } from './exchange.ts'
import type { ReasoningMemory } from './reasoning-memory.ts'
import type { StoredResponses } from './stored-responses.ts'

/** What every request of a gateway shares. */
export interface House {
  transport: Transport
  clock: Clock
  log: Log
  table: RoutingTable
  limits: { maxBodyBytes: number; bodyTimeoutMs: number }
  streaming: AttemptTimeouts & { heartbeatMs: number; statusCeilingMs: number }
  memory: ReasoningMemory
  responses: StoredResponses
  /** What is held for clients that read more slowly than their providers write. */
  buffers: MemoryBudget
  /** The keys that open this house, none of which may leave it. */
  clientKeys: ClientKeys
  /** Headers for every answer, e.g. those of CORS. */
  headersFor(exchange: Exchange): Record<string, string>
}
