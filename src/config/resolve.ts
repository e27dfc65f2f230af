import { listAliases } from './alias-list.ts'
import { listClients } from './client-list.ts'
import type { AccessConfig, Config, NamedKey, StreamingConfig, StreamingRule } from './config.ts'
import { defaults } from './defaults.ts'
import { checkHost, checkOrigins } from './listening.ts'
import type { Path } from './path.ts'
import { listProviders } from './provider-list.ts'
import { resolveRouting } from './routing.ts'
import type { ConfigOptions } from './schema.ts'
import { resolveStorage } from './state-path.ts'
import { listTransformers } from './transformer-list.ts'
import { largestBytes, longestMs, toBytes, toMs } from './units.ts'
import { good, type Written } from './written.ts'

type Defaults = typeof defaults

/**
 * What was written as what will be done: units read, defaults filled in, names followed to where they lead.
 *
 * @throws SluiceError `config_invalid` with all that is in `written.problems` by then
 */
export function resolveConfig(written: Written): Config {
  const server = resolveServer(written)
  const streaming = resolveStreaming(written)
  checkOrigins(written)
  checkHost(server.host, written)
  const list = listProviders(written, server)
  const aliases = listAliases(written, list)
  const routing = resolveRouting(written, list, aliases)
  const transformers = listTransformers(written)
  const clients = listClients(written)
  written.problems.check()
  const { notes } = written.problems

  const origin = list.fromEnvironment ? (list.providers.length > 0 ? 'environment' : 'built-in') : undefined
  return {
    server,
    access: resolveAccess(written),
    limits: resolveLimits(written),
    streaming,
    transport: { client: setting(written, 'transport', 'client') },
    storage: resolveStorage(written),
    providers: list.providers,
    aliases,
    routing,
    transformers,
    clients,
    log: { level: setting(written, 'log', 'level'), format: setting(written, 'log', 'format') },
    marks: list.marks,
    ...(notes.length > 0 && { notes }),
    source: [written.from, origin].filter((one) => one !== undefined).join(' + '),
  }
}

function resolveAccess(written: Written): AccessConfig {
  const named = good<NamedKey[]>(written, ['access', 'named_keys']) ?? []
  const { operatorKey } = written.flags
  const operatorKeys = [
    ...setting(written, 'access', 'operator_keys'),
    ...(operatorKey === undefined ? [] : [operatorKey]),
  ]
  return {
    keys: [...setting(written, 'access', 'keys'), ...named.map(({ key }) => key), ...operatorKeys],
    named: named.map((one) => ({ ...one })),
    operatorKeys,
  }
}

function resolveServer(written: Written): Config['server'] {
  return {
    // Addresses are pasted in the form of a URL's, and a socket wants them bare.
    host: setting(written, 'server', 'host').replace(/^\[(.*)\]$/, '$1'),
    port: setting(written, 'server', 'port'),
    maxBodyBytes: bytes(written, 'server', 'max_body'),
    bodyTimeoutMs: ms(written, 'server', 'body_timeout'),
    corsOrigins: [...setting(written, 'server', 'cors_origins')],
    drainTimeoutMs: ms(written, 'server', 'drain_timeout', 0),
    watch: setting(written, 'server', 'watch'),
  }
}

function resolveLimits(written: Written): Config['limits'] {
  const perKey = good<number>(written, ['limits', 'per_key'])
  return {
    streams: setting(written, 'limits', 'streams'),
    queue: setting(written, 'limits', 'queue'),
    queueTimeoutMs: ms(written, 'limits', 'queue_timeout'),
    ...(perKey !== undefined && { perKey }),
  }
}

function resolveStreaming(written: Written): StreamingConfig {
  return {
    force: setting(written, 'streaming', 'force'),
    fallback: setting(written, 'streaming', 'fallback'),
    simulateRate: setting(written, 'streaming', 'simulate_rate'),
    afterContent: setting(written, 'streaming', 'after_content'),
    leastRate: setting(written, 'streaming', 'least_rate'),
    maxRetries: setting(written, 'streaming', 'max_retries'),
    detectionTtlMs: ms(written, 'streaming', 'detection_ttl'),
    rules: listRules(written),
    heartbeatMs: ms(written, 'streaming', 'heartbeat'),
    statusCeilingMs: ms(written, 'streaming', 'status_ceiling'),
    connectTimeoutMs: ms(written, 'streaming', 'connect_timeout'),
    firstTokenTimeoutMs: ms(written, 'streaming', 'first_token_timeout'),
    hedgeAfterMs: ms(written, 'streaming', 'hedge_after', 0),
    idleTimeoutMs: ms(written, 'streaming', 'idle_timeout'),
    stallTimeoutMs: ms(written, 'streaming', 'stall_timeout'),
    totalTimeoutMs: ms(written, 'streaming', 'total_timeout'),
    finishGraceMs: ms(written, 'streaming', 'finish_grace'),
    maxEventBytes: bytes(written, 'streaming', 'max_event'),
    bufferBudgetBytes: bytes(written, 'streaming', 'buffer_budget', Number.POSITIVE_INFINITY),
  }
}

const timeouts = ['first_token_timeout', 'idle_timeout', 'stall_timeout', 'total_timeout'] as const
const timeoutFields = {
  first_token_timeout: 'firstTokenTimeoutMs',
  idle_timeout: 'idleTimeoutMs',
  stall_timeout: 'stallTimeoutMs',
  total_timeout: 'totalTimeoutMs',
} as const

function listRules(written: Written): StreamingRule[] {
  const rules = good<NonNullable<NonNullable<ConfigOptions['streaming']>['models']>>(written, ['streaming', 'models'])
  return (rules ?? []).map((rule, i) => {
    const { match, force, fallback, simulate_rate: simulateRate, after_content: afterContent } = rule
    const out: StreamingRule = {
      match,
      ...(force !== undefined && { force }),
      ...(fallback !== undefined && { fallback }),
      ...(simulateRate !== undefined && { simulateRate }),
      ...(afterContent !== undefined && { afterContent }),
      ...(rule.least_rate !== undefined && { leastRate: rule.least_rate }),
    }
    for (const name of timeouts) {
      const value = rule[name]
      if (value !== undefined) out[timeoutFields[name]] = checkedMs(written, ['streaming', 'models', i, name], value)
    }
    const { hedge_after: hedge } = rule
    if (hedge !== undefined) out.hedgeAfterMs = checkedMs(written, ['streaming', 'models', i, 'hedge_after'], hedge, 0)
    return out
  })
}

function setting<T extends keyof Defaults, K extends keyof Defaults[T] & string>(
  written: Written,
  table: T,
  key: K,
): Defaults[T][K] {
  return good<Defaults[T][K]>(written, [table, key]) ?? defaults[table][key]
}

function ms<T extends 'server' | 'limits' | 'streaming'>(
  written: Written,
  table: T,
  key: keyof Defaults[T] & string,
  least = 1,
) {
  return checkedMs(written, [table, key], setting(written, table, key) as string | number, least)
}

function checkedMs(written: Written, path: Path, given: string | number, least = 1): number {
  const value = toMs(given)
  if (value < least) written.problems.add(path, 'found no time at all; write at least "1ms"')
  if (value > longestMs) written.problems.add(path, 'found more than a timer can wait; write at most "576h"')
  return value
}

function bytes<T extends 'server' | 'streaming'>(
  written: Written,
  table: T,
  key: keyof Defaults[T] & string,
  most = largestBytes,
) {
  const value = toBytes(setting(written, table, key) as string | number)
  if (value < 1) written.problems.add([table, key], 'found no room at all; write at least "1B"')
  if (value > most)
    written.problems.add([table, key], 'found more than fits into memory as one text; write at most "500MiB"')
  return value
}
