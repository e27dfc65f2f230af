/**
 * What models can do: lessons that the requests themselves teach, how a refusal is read as one, and the cache that keeps
 * them. Nothing here calls a provider.
 */
export { type Capability, capabilities, type Lesson, type LessonEntry, type ModelLessons } from './capability.ts'
export type { Led } from './leader.ts'
export { ProviderLessons } from './provider-lessons.ts'
export { type AskedFor, type Evidence, readEvidence } from './read-evidence.ts'
export {
  type ProviderAddress,
  StreamingCapabilityCache,
  type StreamingCapabilityCacheOptions,
} from './streaming-capability-cache.ts'
