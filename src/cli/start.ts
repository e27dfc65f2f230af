import { Command } from 'commander'
import { addConfigFlags, type ConfigFlagValues, configFlags } from './config-flags.ts'
import { onStopSignals } from './signals.ts'

export function startCommand(): Command {
  const command = new Command('start').description('Run the gateway.').addHelpText(
    'after',
    `
Without a configuration the providers whose keys are in the environment are
used (OPENAI_API_KEY, ANTHROPIC_API_KEY); without any key a scripted provider
answers, which needs no network.

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
  const sluice = await createSluice({
    ...(values.config !== undefined && { config: values.config }),
    ...configFlags(values),
  })
  onStopSignals({
    drain: () => sluice.drain(),
    close: () => sluice.close(),
    waiting: 'finishing the running answers; a second signal cuts them',
  })
  // Only now: whoever starts sluice may take the first line for the sign that it can be stopped gently.
  welcome(sluice, version())
}
