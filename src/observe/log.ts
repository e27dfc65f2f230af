import type { Facts } from './facts.ts'
import type { RequestRecord } from './record.ts'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export const logFormats = ['auto', 'pretty', 'json'] as const

export type LogLevel = (typeof logLevels)[number]

export interface LogConfig {
  /** The least that is written. */
  level: LogLevel
  /** `pretty` for people, `json` for machines; `auto`: pretty on a terminal. */
  format: (typeof logFormats)[number]
}

/** What the gateway tells. A call returns at once and never throws. */
export interface Log {
  /** One finished request: one line at level `info`. */
  request(record: RequestRecord): void
  /** One step of a request, at level `debug`. Ask `debug` first where facts cost something to find out. */
  step(id: string, step: string, facts?: Facts): void
  info(message: string, facts?: Facts): void
  warn(message: string, facts?: Facts): void
  error(message: string, facts?: Facts): void
  /** Whether steps are written. */
  readonly debug: boolean
}

/** Takes whole lines. The default writes to standard error. */
export interface LogDestination {
  write(line: string): void
  /** A terminal gets colours, and by default the pretty format. */
  readonly isTTY?: boolean
}

/** Where lines end up: one sink per format. */
export interface Sink {
  request(record: RequestRecord): void
  line(level: Exclude<LogLevel, 'silent'>, message: string, facts: Facts): void
}

const ignore = (): void => {}

/** Writes nothing. */
export const silentLog: Log = {
  request: ignore,
  step: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  debug: false,
}
