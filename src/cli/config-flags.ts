import type { Command } from 'commander'
import type { ConfigFlags } from '../config/index.ts'

/** The flags that choose and overrule the configuration, as commander hands them over. */
export interface ConfigFlagValues {
  config?: string
  host?: string
  port?: string
  logLevel?: NonNullable<ConfigFlags['logLevel']>
  logFormat?: NonNullable<ConfigFlags['logFormat']>
}

/** Adds them to a command. Their values are checked with the file, so that both are explained alike. */
export function addConfigFlags(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration (default: ./sluice.toml, then ~/.config/sluice/sluice.toml)')
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
    .option('-p, --port <number>', 'the port to listen on; 0 takes any free one (default: 4114)')
    .option('--log-level <level>', 'silent, error, warn, info or debug (default: info)')
    .option('--log-format <format>', 'auto, pretty or json (default: auto)')
}

export function configFlags({ host, port, logLevel, logFormat }: ConfigFlagValues): ConfigFlags {
  return { host, port, logLevel, logFormat }
}
