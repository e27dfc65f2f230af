import { Command } from 'commander'
import pc from 'picocolors'
import { CommandError } from './failure.ts'
import { operatorAt, operatorKeyHelp } from './operator.ts'
import { call, usualUrl } from './remote.ts'
import { table } from './table.ts'

type Colors = ReturnType<typeof pc.createColors>

interface StatusFlags {
  url?: string
  key?: string
  json?: boolean
}

/** What `GET /admin/v1/targets` tells. */
export interface Status {
  version?: string
  uptime_s: number
  draining: boolean
  running: number
  waiting: number
  buffered_bytes: number
  limits: { streams: number; queue: number; per_key?: number }
  config: { source: string; read_at: string; refused?: { at: string; reason: string } }
  targets: {
    target: string
    state: string
    until?: string
    running: number
    requests: number
    failed_requests: number
    first_ms?: number
    last_error?: string
  }[]
  providers: {
    provider: string
    keys: { index: number; state: string; until?: string; because?: string; uses: number }[]
  }[]
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Show how a running sluice, its targets and keys do.')
    .option('--url <address>', `the running sluice to ask (default: ${usualUrl})`)
    .option('--key <key>', operatorKeyHelp)
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Where there are client keys only an operator may ask: see \`operator_keys\` under
[access]. That of the configuration is shown to a sluice on this machine only.
Keys of providers are told by their place in the configuration, never shown.

Examples:
  sluice status
  sluice status --url http://127.0.0.1:8080 --json
  watch sluice status`,
    )
    .action(status)
}

async function status({ url, key, json = false }: StatusFlags): Promise<void> {
  const remote = await operatorAt(url ?? usualUrl, key)
  const response = await call(remote, '/admin/v1/targets')
  const told = (await response.json().catch(() => undefined)) as Status | undefined
  if (!Array.isArray(told?.targets) || told.config === undefined) {
    throw new CommandError(
      `cannot read the answer of ${remote.url}: it is no status; is that a sluice of this version?`,
    )
  }
  const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported)
  const text = json ? JSON.stringify(told, null, 2) : statusLines(told, remote.url, colors).join('\n')
  process.stdout.write(`${text}\n`)
}

/** The status for people, line by line. */
export function statusLines(told: Status, url: string, colors: Colors): string[] {
  const { version = '', uptime_s: uptime, draining, config } = told
  const stopping = draining ? colors.yellow(', is stopping and takes nothing new') : ''
  return [
    `${colors.bold('sluice')} ${version} at ${url}, up for ${span(uptime)}${stopping}`,
    `  configuration  ${config.source}, read ${moment(config.read_at)}`,
    ...refusedLines(config, colors),
    `  requests       ${requests(told)}`,
    ...(told.buffered_bytes > 0
      ? [`  slow clients   ${(told.buffered_bytes / 1024 ** 2).toFixed(1)} MiB wait for them`]
      : []),
    '',
    ...targetLines(told, colors),
    ...keyLines(told, colors),
  ]
}

function refusedLines({ refused }: Status['config'], colors: Colors): string[] {
  if (!refused) return []
  const [first = '', ...rest] = refused.reason.split('\n')
  return [`  not taken      ${moment(refused.at)}: ${first}`, ...rest.map((line) => `                 ${line}`)].map(
    (line) => colors.red(line),
  )
}

function requests({ running, waiting, limits }: Status): string {
  const key = limits.per_key === undefined ? '' : `; ${limits.per_key} for each client key`
  return `${running} being answered, ${waiting} waiting (room for ${limits.streams} and ${limits.queue}${key})`
}

function targetLines({ targets }: Status, colors: Colors): string[] {
  if (targets.length === 0) return ['No target has been asked yet.']
  const headings = ['target', 'state', 'running', 'requests', 'failed', 'first content', 'last error']
  const rows = targets.map((one) => [
    one.target,
    stateOf(one),
    String(one.running),
    String(one.requests),
    String(one.failed_requests),
    one.first_ms === undefined ? '' : `${one.first_ms} ms`,
    one.last_error ?? '',
  ])
  return coloured(table(headings, rows), [...targets.map((one) => one.state)], colors)
}

/** Only where there is something to be said of keys. */
function keyLines({ providers }: Status, colors: Colors): string[] {
  const keys = providers.flatMap(({ provider, keys }) => keys.map((key) => ({ provider, ...key })))
  if (keys.every(({ state }) => state === 'ready')) return []
  const headings = ['provider', 'key', 'state', 'uses', 'because']
  const rows = keys.map((one) => [
    one.provider,
    String(one.index + 1),
    stateOf(one),
    String(one.uses),
    one.because ?? '',
  ])
  return ['', ...coloured(table(headings, rows), [...keys.map(({ state }) => state)], colors)]
}

const words: Record<string, string> = { closed: 'ok', open: 'resting', 'half-open': 'on trial', benched: 'resting' }

function stateOf({ state, until }: { state: string; until?: string }): string {
  const word = words[state] ?? state
  return until === undefined || state === 'half-open' ? word : `${word} until ${moment(until)}`
}

/** A line each, in the colour of its state; the widths of columns were counted without. */
function coloured(text: string, states: readonly string[], colors: Colors): string[] {
  const [heading = '', ...lines] = text.split('\n')
  const paint = (line: string, state: string | undefined): string => {
    if (state === 'open' || state === 'benched') return colors.red(line)
    return state === 'half-open' || state === 'cooling' ? colors.yellow(line) : line
  }
  return [colors.dim(heading), ...lines.map((line, i) => paint(line, states[i]))]
}

/** Of today the time will do. */
function moment(iso: string): string {
  const at = new Date(iso)
  const time = at.toTimeString().slice(0, 8)
  return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString('sv-SE')} ${time}`
}

function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}
