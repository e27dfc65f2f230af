/**
 * The life of one request from end to end. It joins dialects, routing, providers and transport, and knows servers only
 * as `Exchange`. Its neighbours: `config` says how, `server` brings the requests.
 */
export type { Chunk, Exchange } from './exchange.ts'
export { Gateway, type GatewayOptions } from './gateway.ts'
export { parseBody, type RequestBody } from './request-body.ts'
export { type FactsOptions, factsOf } from './request-facts.ts'
