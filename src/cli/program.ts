import { Command } from 'commander'
import { version } from '../observe/index.ts'
import { chatCommand } from './chat.ts'
import { checkCommand } from './check.ts'
import { printFailure } from './failure.ts'
import { importCommand } from './import.ts'
import { leaveSoon } from './leave-soon.ts'
import { modelsCommand } from './models.ts'
import { probeCommand } from './probe.ts'
import { providersCommand } from './providers.ts'
import { routeCommand } from './route.ts'
import { runCommand } from './run.ts'
import { scriptCommand } from './script.ts'
import { startCommand } from './start.ts'
import { statusCommand } from './status.ts'
import { transformersCommand } from './transformers.ts'

/**
 * Runs the command line. Commands load what they need when they are called, so that `--help` answers at once.
 * A failure is printed and becomes the exit code.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('sluice')
    .description('A streaming-first gateway for large-language-model APIs.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'Print the help of a command.')
    // What stands behind the agent's name of `run` is the agent's.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'sluice: ')) })
  for (const make of [
    startCommand,
    statusCommand,
    checkCommand,
    modelsCommand,
    providersCommand,
    probeCommand,
    routeCommand,
    transformersCommand,
    importCommand,
    runCommand,
    chatCommand,
    scriptCommand,
  ]) {
    program.addCommand(make().copyInheritedSettings(program))
  }
  program.addHelpText(
    'after',
    `
Examples:
  sluice start                 run the gateway
  sluice check sluice.toml     explain every mistake in a configuration
  sluice chat "Say hello"      talk to a model from the terminal
  sluice run claude            run Claude Code through the gateway`,
  )
  // `sluice chat … | head` closes the pipe early, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    await program.parseAsync(argv as string[])
  } catch (thrown) {
    printFailure(thrown, /--log-level[ =]debug/.test(argv.join(' ')))
    process.exitCode = 1
    leaveSoon()
  }
}
