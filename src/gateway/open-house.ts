import { ClientKeys } from '../access/index.ts'
import { StreamingCapabilityCache } from '../capabilities/index.ts'
import { type Config, routingTable } from '../config/index.ts'
import type { Clock } from '../flow/index.ts'
import type { Log } from '../observe/index.ts'
import { MemoryBudget } from '../pipeline/index.ts'
import { Health } from '../resilience/index.ts'
import type { Store } from '../storage/index.ts'
import type { Transport } from '../transport/index.ts'
import { Chains } from './chains.ts'
import { profilesOf } from './client-profile.ts'
import { corsHeaders } from './cors.ts'
import { CountMemory } from './count-memory.ts'
import type { House } from './house.ts'
import { ReasoningMemory, reasoningIn } from './reasoning-memory.ts'
import { StoredResponses } from './responses/stored-responses.ts'

export interface HouseParts {
  config: Config
  transport: Transport
  log: Log
  clock: Clock
  store: Store
}

/**
 * The house of a configuration. What was learned under the one before it, and still holds, goes on in the new house: of
 * providers that are the same, of models, of conversations.
 */
export function openHouse(parts: HouseParts, former?: { config: Config; house: House }): House {
  const { config, transport, log, clock, store } = parts
  const { server, streaming, access } = config
  const old = former?.house
  const was = former?.config.streaming
  const responses = old?.responses ?? new StoredResponses({ store, log, clock, maxHistory: server.maxBodyBytes })
  responses.maxHistory = server.maxBodyBytes
  return {
    transport,
    clock,
    log,
    table: routingTable(config),
    tags: config.routing.tags,
    chains: new Chains(config.transformers),
    limits: { maxBodyBytes: server.maxBodyBytes, bodyTimeoutMs: server.bodyTimeoutMs },
    streaming,
    capabilities:
      old && was?.detectionTtlMs === streaming.detectionTtlMs
        ? old.capabilities
        : new StreamingCapabilityCache({ ttlMs: streaming.detectionTtlMs, store }),
    health: former ? former.house.health.successor(former.config.providers, config.providers) : new Health(),
    clientKeys: new ClientKeys(access.keys, access.named, access.operatorKeys),
    memory:
      old?.memory ?? new ReasoningMemory(remembered, () => clock.now(), store.lasts ? reasoningIn(store) : undefined),
    responses,
    // Under another configuration the same question may go elsewhere.
    counted: new CountMemory(() => clock.now()),
    buffers:
      old && was?.bufferBudgetBytes === streaming.bufferBudgetBytes
        ? old.buffers
        : new MemoryBudget({ limit: streaming.bufferBudgetBytes }),
    profiles: profilesOf(config.clients),
    headersFor: (exchange) => corsHeaders(exchange, server.corsOrigins),
  }
}

// A tool loop takes minutes; an hour leaves room for a person who thinks in between.
const remembered = { keepMs: 3_600_000, characters: 16 * 1024 * 1024 }
