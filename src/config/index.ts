/**
 * From a file, the environment and flags to one checked `Config`: read, validate, explain. The rooms own the meaning
 * of their options; here they are joined, and every mistake gets its line and a way out.
 */
export { type ConfigChange, changesBetween, keepUnchanged } from './changes.ts'
export type {
  AccessConfig,
  ClientConfig,
  Config,
  LimitsConfig,
  LogConfig,
  RoutingConfig,
  ServerConfig,
  StreamingConfig,
  StreamingPolicy,
  TagPlace,
  TransformerConfig,
  TransformersConfig,
} from './config.ts'
export type { ConfigFlags } from './flags.ts'
export { loadCode } from './load-code.ts'
export { loadRouting } from './load-routing.ts'
export { type Problem, showProblem } from './problems.ts'
export { type ReadOptions, readConfig } from './read.ts'
export { routingTable } from './routing-table.ts'
export { type ConfigOptions, configSchema, editorSchema } from './schema.ts'
export { snakeCase } from './spelling.ts'
