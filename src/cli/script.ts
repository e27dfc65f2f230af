import { Command } from 'commander'
import { readPort } from './config-flags.ts'
import { CommandError, listenFailure } from './failure.ts'
import { onStopSignals } from './signals.ts'

interface ScriptFlags {
  host: string
  port: number
}

export function scriptCommand(): Command {
  return new Command('script')
    .description('Run the scripted provider alone: written answers, with delays and faults, for tests and demos.')
    .argument('[file]', 'a file of scripts (default: the built-in ones)')
    .option('-p, --port <number>', 'the port to listen on; 0 takes any free one', readPort, 4115)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .addHelpText(
      'after',
      `
It speaks the APIs of OpenAI and Anthropic. The model's name in a request chooses the script.

Examples:
  sluice script
  sluice script ./answers.json --port 9000`,
    )
    .action(script)
}

async function script(file: string | undefined, { host, port }: ScriptFlags): Promise<void> {
  const { builtinScripts, readScriptFile, startScripted } = await import('../providers/scripted/index.ts')
  const scripts = file === undefined ? undefined : readScriptFile(await readText(file), file)
  const server = await startScripted({ host, port, ids: 'random', ...(scripts && { scripts }) }).catch((thrown) => {
    throw listenFailure(thrown, host, port)
  })
  onStopSignals({ drain: () => server.close(), close: () => server.close() })
  const names = Object.keys(builtinScripts)
  process.stdout.write(
    [
      `the scripted provider is listening on ${server.url}`,
      `  scripts      ${file === undefined ? names.join(', ') : `${file}, and the built-in ${names.join(', ')}`}`,
      `  OpenAI       ${server.url}/v1`,
      `  Anthropic    ${server.url}`,
      '',
    ].join('\n'),
  )
}

async function readText(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  return readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    const why = thrown.code === 'ENOENT' ? 'there is no such file' : (thrown.code ?? thrown.message)
    throw new CommandError(`cannot read the scripts ${file}: ${why}; mend the path`, { cause: thrown })
  })
}
