import { type Command, InvalidArgumentError } from 'commander'
import type { ConfigFlags } from '../config/index.ts'

/** The flags that choose and overrule the configuration, as commander hands them over. */
export interface ConfigFlagValues {
  config?: string
  host?: string
  port?: number
  state?: string
  logLevel?: NonNullable<ConfigFlags['logLevel']>
  logFormat?: NonNullable<ConfigFlags['logFormat']>
}

/** Adds them to a command. Their values are checked with the file, so that both are explained alike. */
export function addConfigFlags(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration (default: ./sluice.toml, then ~/.config/sluice/sluice.toml)')
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
    .option('-p, --port <number>', 'the port to listen on; 0 takes any free one (default: 4114)', readPort)
    .option('--state <folder>', 'where state is kept, or :memory: (default: ~/.local/state/sluice)')
    .option('--log-level <level>', 'silent, error, warn, info or debug (default: info)')
    .option('--log-format <format>', 'auto, pretty or json (default: auto)')
}

export function configFlags({ host, port, state, logLevel, logFormat }: ConfigFlagValues): ConfigFlags {
  return { host, port, state, logLevel, logFormat }
}

/** @throws InvalidArgumentError which commander words around the flag */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('Write a whole number from 0 to 65535.')
}
