import pc from 'picocolors'
import { type Facts, recordFacts } from './facts.ts'
import type { LogDestination, Sink } from './log.ts'
import type { RequestRecord } from './record.ts'

type Colors = ReturnType<typeof pc.createColors>

/** One readable line per request, for a person at a terminal. */
export function prettySink(out: LogDestination, colored: boolean): Sink {
  const colors = pc.createColors(colored && pc.isColorSupported)
  const write = (text: string): void => {
    out.write(`${colors.dim(new Date().toTimeString().slice(0, 8))} ${text}\n`)
  }
  return {
    request: (record) => write(prettyRecord(record, colors)),
    line(level, message, facts) {
      const { id, ...rest } = facts
      const color = { error: colors.red, warn: colors.yellow, info: colors.cyan, debug: colors.dim }[level]
      const about = id === undefined ? '' : ` ${colors.dim(String(id))}`
      write(`${color(level.padEnd(5))}${about} ${message}${prettyFacts(rest, colors)}`)
    },
  }
}

/** `200 ok      openai/gpt-5  openai-chat passthrough  12 -> 340 tokens  first 310 ms  total 4.2 s  req_1` */
function prettyRecord(record: RequestRecord, colors: Colors): string {
  // Through the list and its tidying, like every other line.
  const facts = recordFacts(record)
  const color = { ok: colors.green, error: colors.red, aborted: colors.yellow }[record.outcome]
  const unknown = facts.input_tokens === undefined && facts.output_tokens === undefined
  const parts = [
    // No status when the client left before there was one.
    color(`${facts.status || '---'} ${record.outcome.padEnd(7)}`),
    [facts.provider, facts.model].filter((one) => one !== undefined).join('/') || String(facts.path ?? '-'),
    colors.dim(`${facts.client}${facts.stream === undefined || facts.stream === 'unknown' ? '' : ` ${facts.stream}`}`),
    ...(facts.client_key === undefined ? [] : [colors.dim(`key ${facts.client_key}`)]),
    // A request that got nothing from a provider has no tokens to be unsure about.
    ...(facts.provider === undefined || (unknown && record.firstMs === undefined)
      ? []
      : [`${facts.input_tokens ?? '?'} -> ${facts.output_tokens ?? '?'} tokens`]),
    ...(facts.cost === undefined ? [] : [`${facts.cost} ${facts.cost_unit}`]),
    ...(record.firstMs === undefined ? [] : [`first ${time(record.firstMs)}`]),
    `total ${time(record.totalMs)}`,
    ...(facts.code === undefined ? [] : [color(String(facts.code))]),
    ...(facts.reason === undefined ? [] : [String(facts.reason)]),
    ...(Array.isArray(facts.failed) ? [colors.yellow(`after ${facts.failed.join(', ')}`)] : []),
    colors.dim(String(facts.id)),
  ]
  return parts.join('  ')
}

function prettyFacts(facts: Facts, colors: Colors): string {
  const parts = Object.entries(facts).map(([name, value]) => `${colors.dim(`${name}=`)}${value}`)
  return parts.length === 0 ? '' : `  ${parts.join(' ')}`
}

function time(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
