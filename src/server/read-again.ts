import { readFileSync, statSync } from 'node:fs'
import { isLoopbackHost } from '../access/index.ts'
import { type Config, loadCode } from '../config/index.ts'
import { SluiceError } from '../errors/index.ts'

/**
 * What would be a good configuration to start with, and is none to go over to while requests come in.
 *
 * @throws SluiceError `config_invalid`
 */
export function refuseUnsafe(held: Config, read: Config): void {
  // The address stays until a restart: without keys everybody who reaches it would be let in.
  if (!isLoopbackHost(held.server.host) && read.access.keys.length === 0) {
    throw new SluiceError(
      'config_invalid',
      `cannot use the configuration: it has no client keys, and sluice listens on ${held.server.host} until it is restarted; leave a key under [access], or restart`,
    )
  }
  if (read.source.endsWith('built-in') && !held.source.endsWith('built-in')) {
    throw new SluiceError(
      'config_invalid',
      'cannot use the configuration: no provider is left in it, and written answers would be given in their place; leave one, or restart',
    )
  }
}

/**
 * A file that has nothing in it is a good configuration to start with; to take the place of another it is none: it is
 * what a file looks like while it is being written.
 *
 * @throws SluiceError `config_invalid`
 */
export function refuseEmpty(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.size !== 0) return
  throw new SluiceError(
    'config_invalid',
    `cannot use the configuration: ${file} is empty; write what shall hold, or a comment where that is nothing`,
  )
}

/** The files of code that a configuration names. */
export function codeFiles({ routing, transformers }: Pick<Config, 'routing' | 'transformers'>): string[] {
  const named = [routing.module, ...transformers.own.map((one) => one.module)]
  return [...new Set(named.filter((one) => one !== undefined))]
}

/**
 * Loads the code of configurations, which stays in memory for good, only where it is not what was loaded last. What such
 * code itself imports is not looked at.
 */
export class CodeLoader {
  #last: { key: string; config: Config } | undefined
  #files: readonly string[] = []

  /** Those of the latest configuration that was read, whether it was taken or not: they may be mended. */
  get files(): readonly string[] {
    return this.#files
  }

  /** @throws SluiceError `config_invalid` */
  async load(config: Config): Promise<Config> {
    const files = codeFiles(config)
    this.#files = files
    if (files.length === 0) return config
    const { routing, transformers } = config
    const key = JSON.stringify([routing.module, transformers.own, files.map(textOf)])
    const last = this.#last
    if (last?.key === key) {
      const { decide } = last.config.routing
      return {
        ...config,
        routing: { ...routing, ...(decide && { decide }) },
        transformers: { ...transformers, own: last.config.transformers.own },
      }
    }
    const loaded = await loadCode(config)
    this.#last = { key, config: loaded }
    return loaded
  }
}

/** What cannot be read is told by whoever loads it. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
