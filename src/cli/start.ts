import { Command } from 'commander'
import { addConfigFlags, type ConfigFlagValues, configFlags } from './config-flags.ts'
import { onHangup, onStopSignals } from './signals.ts'

export function startCommand(): Command {
  const command = new Command('start').description('Run the gateway.').addHelpText(
    'after',
    `
Without a configuration the providers whose keys are in the environment are
used (such as OPENAI_API_KEY; \`sluice providers\` names them all); without any
key a scripted provider answers, which needs no network.

Examples:
  sluice start
  sluice start --config ./sluice.toml --port 8080
  ANTHROPIC_API_KEY=… sluice start --log-level debug`,
  )
  return addConfigFlags(command)
    .option('--no-watch', 'read the configuration once; kill -HUP has it read again')
    .action(start)
}

interface StartFlags extends ConfigFlagValues {
  /** False with `--no-watch`. */
  watch: boolean
}

async function start(values: StartFlags): Promise<void> {
  const { createSluice } = await import('../index.ts')
  const { welcome } = await import('./welcome.ts')
  const { version } = await import('../observe/index.ts')
  const sluice = await createSluice({
    ...(values.config !== undefined && { config: values.config }),
    ...configFlags(values),
    // Without the flag the file has its say.
    ...(!values.watch && { watch: false }),
  })
  onStopSignals({
    drain: () => sluice.drain(),
    close: () => sluice.close(),
    waiting: 'finishing the running answers; a second signal cuts them',
  })
  onHangup({ reload: () => sluice.reload(), close: () => sluice.close() })
  // Only now: whoever starts sluice may take the first line for the sign that it can be stopped gently.
  welcome(sluice, version())
}
