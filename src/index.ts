/**
 * The front door: a gateway in one call, and the few types a first program needs. The parts stand behind names of
 * their own: `sluice/sse`, `sluice/tokens`, `sluice/dialects`.
 */
export type { Config, ConfigOptions } from './config/index.ts'
export { type ErrorCode, type ErrorKind, errorCodes, SluiceError } from './errors/index.ts'
export type { Log, RequestRecord } from './observe/index.ts'
export { defineTransformer, type OwnTransformer, type WaitingTransformer } from './pipeline/index.ts'
export { createSluice, type Sluice, type SluiceOptions } from './server/index.ts'
