import type { ClientKeys } from '../access/index.ts'
import type { StreamingCapabilityCache } from '../capabilities/index.ts'
import type { StreamingConfig } from '../config/index.ts'
import type { Clock } from '../flow/index.ts'
import type { Log } from '../observe/index.ts'
import type { MemoryBudget } from '../pipeline/index.ts'
import type { Health } from '../resilience/index.ts'
import type { RoutingTable } from '../routing/index.ts'
import type { Transport } from '../transport/index.ts'
import type { Chains } from './chains.ts'
import type { ClientProfile } from './client-profile.ts'
import type { CountMemory } from './count-memory.ts'
import type { Exchange } from './exchange.ts'
import type { ReasoningMemory } from './reasoning-memory.ts'
import type { StoredResponses } from './responses/stored-responses.ts'

/** What every request of a gateway shares. */
export interface House {
  transport: Transport
  clock: Clock
  log: Log
  table: RoutingTable
  /** Where a tag may name the model. */
  tags: 'off' | 'system' | 'user'
  /** What changes requests and answers. */
  chains: Chains
  limits: { maxBodyBytes: number; bodyTimeoutMs: number }
  streaming: StreamingConfig
  /** What models were found to be able to do. */
  capabilities: StreamingCapabilityCache
  /** How targets and keys do. */
  health: Health
  memory: ReasoningMemory
  /** What providers have counted. */
  counted: CountMemory
  responses: StoredResponses
  /** What is held for clients that read more slowly than their providers write. */
  buffers: MemoryBudget
  /** The keys that open this house, none of which may leave it. */
  clientKeys: ClientKeys
  /** What is known of clients, in the order in which it is looked at. */
  profiles: readonly ClientProfile[]
  /** Headers for every answer, e.g. those of CORS. */
  headersFor(exchange: Exchange): Record<string, string>
}
