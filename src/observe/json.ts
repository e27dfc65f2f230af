import { createRequire } from 'node:module'
import type { Logger, pino as Pino } from 'pino'
import { recordFacts } from './facts.ts'
import type { LogDestination, Sink } from './log.ts'

/**
 * One JSON object per line, by pino. Without a destination pino writes to standard error from a buffer of its own,
 * which it empties when the process ends, so that a slow reader of the log does not hold up a stream. The
 * price: the last lines of a process may change places, never get lost.
 */
export function jsonSink(destination: LogDestination | undefined): Sink {
  let logger: Logger | undefined
  const line: Sink['line'] = (level, message, facts) => {
    try {
      logger ??= open(destination)
    } catch {
      // What could not be loaded now (no file handles left, say) may be loaded for the next line.
      return
    }
    logger[level](facts, message)
  }
  return { request: (record) => line('info', 'request', recordFacts(record)), line }
}

function open(destination: LogDestination | undefined): Logger {
  // Required for the first line and not imported above: it takes a tenth of a start to load, and people's terminals
  // never need it.
  const { pino } = createRequire(import.meta.url)('pino') as { pino: typeof Pino }
  return pino(
    {
      level: 'debug',
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ dest: 2, sync: false }),
  )
}
