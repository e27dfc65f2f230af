import { isLoopbackHost } from '../access/index.ts'
import { type Config, type ConfigFlags, type ConfigOptions, loadRouting, readConfig } from '../config/index.ts'
import { Gateway } from '../gateway/index.ts'
import { createLog, type Log } from '../observe/index.ts'
import type { Provider } from '../providers/index.ts'
import { openStore } from '../storage/index.ts'
import { openTransport, type PackageSource } from '../transport/index.ts'
import { listen } from './listen.ts'

export interface SluiceOptions {
  /**
   * The configuration: an object in the shape of the file, or the path of a file. With none the usual places and then
   * the environment are looked at.
   */
  config?: string | ConfigOptions
  /** Above the configuration. */
  host?: string
  /** Above the configuration; 0 takes any free port. */
  port?: number
  /** Above the configuration: the folder for state, or `:memory:`. */
  state?: string
  /** Above the configuration. */
  logLevel?: ConfigFlags['logLevel']
  logFormat?: ConfigFlags['logFormat']
  /** Default: `process.env`. */
  env?: Record<string, string | undefined>
  /** Default: as the configuration says. */
  log?: Log
}

/** A gateway that listens. */
export interface Sluice {
  /** Where clients point their base URL: `http://127.0.0.1:4114`, without a path. */
  readonly url: string
  readonly port: number
  readonly config: Config
  readonly log: Log
  /** Takes no new requests, lets running streams end within `[server] drain_timeout`, then closes. */
  drain(): Promise<void>
  /** Closes now: running streams end with an error. */
  close(): Promise<void>
}

/**
 * Reads the configuration, opens the gateway and listens. Nothing here waits for an upstream.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const sluice = await createSluice({ port: 0 })
 * const answer = await fetch(`${sluice.url}/v1/chat/completions`, { method: 'POST', body })
 */
export async function createSluice(options: SluiceOptions = {}): Promise<Sluice> {
  const env = options.env ?? process.env
  const { config: given, host: wantedHost, port, state, logLevel, logFormat } = options
  const written = readConfig({
    ...(typeof given === 'string' ? { file: given } : { options: given }),
    env,
    flags: { host: wantedHost, port, state, logLevel, logFormat },
  })
  const read = await loadRouting(written)
  const log = options.log ?? createLog(read.log)
  const store = openStore({ ...read.storage, onTrouble: (message) => log.warn(message) })
  const scripted = read.providers.length === 0 ? await startBuiltin() : undefined
  const config = scripted ? { ...read, providers: scripted.providers } : read
  const transport = openTransport({
    client: config.transport.client,
    connectTimeoutMs: config.streaming.connectTimeoutMs,
    env,
    packages: packagesOf(config.providers),
  })
  const gateway = new Gateway({ config, transport, log, store })
  const { host } = config.server
  const listening = await listen(gateway, config.server).catch(async (error: unknown) => {
    await scripted?.close()
    await store.close()
    throw error
  })

  let draining: Promise<void> | undefined
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      gateway.stop()
      await listening.close()
      await transport.close()
      await scripted?.close()
      await store.close()
    })()
    return closing
  }
  return {
    url: `http://${urlHost(host)}:${listening.port}`,
    port: listening.port,
    config,
    log,
    drain() {
      draining ??= (async () => {
        // Still listening: who asks meanwhile, a load balancer above all, is told that nothing new is taken.
        await gateway.drain(config.server.drainTimeoutMs)
        await listening.flushed(lastBytesMs)
        await close()
      })()
      return draining
    },
    close,
  }
}

function packagesOf(providers: readonly Provider[]): Map<string, PackageSource> {
  return new Map(providers.flatMap((one) => (one.package ? [[one.name, one.package] as const] : [])))
}

/** How long a client may take to read what is left of its answer when everything else is over. */
const lastBytesMs = 10_000

/** Addresses that mean "everywhere" cannot be called; loopback can. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') && !isLoopbackHost(host) ? `[${host}]` : host === '::1' ? '[::1]' : host
}

/** The scripted provider, for a machine on which nothing is configured. */
async function startBuiltin(): Promise<{ providers: Provider[]; close(): Promise<void> }> {
  const { startScripted } = await import('../providers/scripted/index.ts')
  const server = await startScripted({ host: '127.0.0.1', port: 0, ids: 'random' })
  const provider: Provider = {
    name: 'scripted',
    dialect: 'openai-chat',
    baseUrl: `${server.url}/v1`,
    apiKeys: [],
    auth: 'provider',
    authHeader: 'authorization',
    headers: {},
    // A script can be asked for by header as well as by the model's name.
    forwards: ['x-sluice-script'],
    vendor: 'scripted',
    models: undefined,
    patterns: [],
    normalise: false,
    traits: {},
    modelTraits: [],
  }
  return { providers: [provider], close: () => server.close() }
}
