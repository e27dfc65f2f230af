import { isLoopbackHost } from '../access/index.ts'
import { type Config, type ConfigFlags, type ConfigOptions, readConfig } from '../config/index.ts'
import { Gateway } from '../gateway/index.ts'
import { createLog, type Log, version } from '../observe/index.ts'
import type { Provider } from '../providers/index.ts'
import { openStore } from '../storage/index.ts'
import { openTransport, type PackageSource, type Transport } from '../transport/index.ts'
import { Builtin } from './builtin.ts'
import { listen } from './listen.ts'
import { CodeLoader, codeFiles, refuseEmpty, refuseUnsafe } from './read-again.ts'
import { Reloader } from './reloader.ts'
import { watchFiles } from './watch-files.ts'

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
  /** Above the configuration: whether its file is read again when it has changed. */
  watch?: boolean
  /** Above the configuration. */
  logLevel?: ConfigFlags['logLevel']
  logFormat?: ConfigFlags['logFormat']
  /** One more operator key beside those of the configuration, for whoever starts it to call `/admin/v1` with. */
  operatorKey?: string
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
  /** The one that holds now. */
  readonly config: Config
  readonly log: Log
  /**
   * Reads the configuration again. What is good in it holds for requests that come from then on, and the log tells what
   * has changed; a mistake in it is told there as well, and changes nothing. Never throws.
   */
  reload(): Promise<void>
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
  const { config: given, host: wantedHost, port, state, watch, logLevel, logFormat, operatorKey } = options
  const builtin = new Builtin()
  const code = new CodeLoader()
  const read = async (file?: string): Promise<Config> => {
    const written = readConfig({
      ...(file !== undefined ? { file } : typeof given === 'string' ? { file: given } : { options: given }),
      env,
      flags: { host: wantedHost, port, state, watch, logLevel, logFormat, operatorKey },
    })
    return code.load(written)
  }
  const furnish = async (found: Config): Promise<Config> =>
    found.providers.length > 0 ? found : { ...found, providers: await builtin.providers() }
  const found = await read()
  let log = options.log ?? createLog(found.log)
  const store = openStore({ ...found.storage, onTrouble: (message) => log.warn(message) })
  // Behind all that may fail without a trace: from here on there is something to close.
  const config = await furnish(found)
  const transports = new Set<Transport>()
  const openFor = ({ transport: { client }, streaming, providers }: Config): Transport => {
    const { connectTimeoutMs } = streaming
    const opened = openTransport({ client, connectTimeoutMs, env, packages: packagesOf(providers) })
    transports.add(opened)
    return opened
  }
  let transport = openFor(config)
  const gateway = new Gateway({ config, transport, log, store, version: version() })
  const { host } = config.server
  const listening = await listen(gateway, config.server).catch(async (error: unknown) => {
    await builtin.close()
    await store.close()
    throw error
  })

  const reloader = new Reloader({
    config,
    log: () => log,
    async read(held) {
      if (held.file !== undefined) refuseEmpty(held.file)
      const found = await read(held.file)
      refuseUnsafe(held, found)
      return furnish(found)
    },
    refuse: (reason) => gateway.keep(reason),
    take(after, before) {
      if (!options.log && !sameLog(before, after)) log = createLog(after.log)
      const former = transport
      if (!sameTransport(before, after)) transport = openFor(after)
      const over = gateway.reconfigure({ config: after, transport, log })
      if (former === transport) return
      // Those who are called by way of it are heard to their end.
      void over.then(() => {
        transports.delete(former)
        return former.close()
      })
    },
    onRead: () => watchAgain(),
  })
  let stopWatching = (): void => {}
  let troubled = false
  const watchAgain = (): void => {
    const { file, server } = reloader.config
    const stop = stopWatching
    stopWatching =
      file === undefined || !server.watch || closing
        ? () => {}
        : watchFiles([file, ...codeFiles(reloader.config), ...code.files], {
            onChange: () => void reloader.reload({ quiet: true }),
            onTrouble({ message }) {
              if (!troubled) log.warn(`changes of the configuration go unseen: ${message}; SIGHUP has it read again`)
              troubled = true
            },
          })
    // Only now, so that nothing that is written meanwhile goes unseen.
    stop()
  }

  let draining: Promise<void> | undefined
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      reloader.stop()
      stopWatching()
      gateway.stop()
      await listening.close()
      await Promise.all([...transports].map((one) => one.close()))
      await builtin.close()
      await store.close()
    })()
    return closing
  }
  watchAgain()
  return {
    url: `http://${urlHost(host)}:${listening.port}`,
    port: listening.port,
    get config() {
      return reloader.config
    },
    get log() {
      return log
    },
    reload: () => reloader.reload(),
    drain() {
      draining ??= (async () => {
        // Still listening: who asks meanwhile, a load balancer above all, is told that nothing new is taken.
        await gateway.drain(reloader.config.server.drainTimeoutMs)
        await listening.flushed(lastBytesMs)
        await close()
      })()
      return draining
    },
    close,
  }
}

function sameLog(before: Config, after: Config): boolean {
  return before.log.level === after.log.level && before.log.format === after.log.format
}

function sameTransport(before: Config, after: Config): boolean {
  if (before.transport.client !== after.transport.client) return false
  if (before.streaming.connectTimeoutMs !== after.streaming.connectTimeoutMs) return false
  // Connections to whoever has left would stay open, idle, for as long as that one allows.
  const addresses = addressesOf(after.providers)
  for (const address of addressesOf(before.providers)) if (!addresses.has(address)) return false
  const [old, fresh] = [packagesOf(before.providers), packagesOf(after.providers)]
  return old.size === fresh.size && [...fresh].every(([name, source]) => old.get(name) === source)
}

/** Whom connections are made to: `https://api.openai.com`. */
function addressesOf(providers: readonly Provider[]): Set<string> {
  return new Set(providers.flatMap(({ baseUrl }) => (URL.canParse(baseUrl) ? [new URL(baseUrl).origin] : [])))
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
