import { Command } from 'commander'
import { addConfigFlags, type ConfigFlagValues, configFlags } from './config-flags.ts'
import { CommandError, listenFailure, printFailure } from './failure.ts'
import { onStopSignals } from './signals.ts'

export function startCommand(): Command {
  const command = new Command('start')
    .description('Run the gateway.')
    .addHelpText(
      'after',
      `
Without a configuration the providers whose keys are in the environment are used (OPENAI_API_KEY,
ANTHROPIC_API_KEY); without any key a scripted provider answers, which needs no network.

Examples:
  sluice start
  sluice start --config ./sluice.toml --port 8080
  ANTHROPIC_API_KEY=… sluice start --log-level debug`,
    )
  return addConfigFlags(command).action(start)
}

async function start(values: ConfigFlagValues): Promise<void> {
  const { createSluice } = await import('../index.ts')
  const { welcome } = await import('./welcome.ts')
  const { version } = await import('./version.ts')
  const flags = configFlags(values)
  const sluice = await createSluice({ config: values.config, ...flags }).catch((thrown: unknown) => {
    throw listenFailure(thrown, flags.host ?? '127.0.0.1', flags.port ?? 4114)
  })
  welcome(sluice, version())
  onStopSignals({
    drain: () => sluice.drain(),
    close: () => sluice.close(),
    waiting: 'finishing the running streams; once more to cut them',
  })
}
