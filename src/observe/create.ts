import { listedFacts } from './facts.ts'
import { jsonSink } from './json.ts'
import { type Log, type LogConfig, type LogDestination, type LogLevel, logLevels, type Sink, silentLog } from './log.ts'
import { prettySink } from './pretty.ts'

/**
 * A log that writes what its level lets through. Only listed facts are ever written: no key, no prompt, no answer.
 *
 * @param destination default: standard error, so that standard output stays free for what a command answers
 */
export function createLog(config: LogConfig, destination?: LogDestination): Log {
  if (config.level === 'silent') return silentLog
  const terminal = (destination ?? process.stderr).isTTY === true
  const pretty = config.format === 'pretty' || (config.format === 'auto' && terminal)
  const sink: Sink = pretty ? prettySink(destination ?? process.stderr, terminal) : jsonSink(destination)
  const writes = (level: LogLevel): boolean => logLevels.indexOf(level) <= logLevels.indexOf(config.level)
  const line = (level: 'error' | 'warn' | 'info'): Log['info'] => {
    if (!writes(level)) return silentLog[level]
    return (message, facts) => sink.line(level, message, listedFacts(facts))
  }
  return {
    request: writes('info') ? (record) => sink.request(record) : silentLog.request,
    step: writes('debug')
      ? (id, step, facts) => sink.line('debug', step, { id, ...listedFacts(facts) })
      : silentLog.step,
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    debug: writes('debug'),
  }
}
