/**
 * What happened, for those who watch: today the log, one line per request and, on demand, its story step by step.
 * Observers listen and never change what passes. Rooms above report through callbacks and do not know this one.
 */
export { createLog } from './create.ts'
export type { Fact, Facts } from './facts.ts'
export {
  type Log,
  type LogConfig,
  type LogDestination,
  type LogLevel,
  logFormats,
  logLevels,
  silentLog,
} from './log.ts'
export type { RequestRecord, StreamKind } from './record.ts'
export { version } from './version.ts'
