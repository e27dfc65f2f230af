import { createRequire } from 'node:module'
import type { pino as Pino } from 'pino'
import { recordFacts } from './facts.ts'
import type { LogDestination, Sink } from './log.ts'

/**
 * One JSON object per line, by pino. Without a destination pino writes to standard error from a buffer of its own,
 * which it empties when the process ends, so that a slow reader of the log does not hold up a stream. The
 * price: the last lines of a process may change places, never get lost.
 */
export function jsonSink(destination: LogDestination | undefined): Sink {
  // Required here and not imported above: it takes a tenth of a start to load, and people's terminals never need it.
  const { pino } = createRequire(import.meta.url)('pino') as { pino: typeof Pino }
  const out = destination ?? pino.destination({ dest: 2, sync: false })
  const logger = pino(
    {
      level: 'debug',
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  )
  return {
    request: (record) => logger.info(recordFacts(record), 'request'),
    line: (level, message, facts) => logger[level](facts, message),
  }
}
