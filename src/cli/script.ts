import { Command } from 'commander'
import type { Script, ScriptFile } from '../providers/scripted/index.ts'
import { readPort } from './config-flags.ts'
import { CommandError, listenFailure } from './failure.ts'
import { onStopSignals } from './signals.ts'

interface ScriptFlags {
  host?: string
  port?: number
  streaming?: string
}

export function scriptCommand(): Command {
  return new Command('script')
    .description('Run the scripted provider alone: written answers, with delays and faults, for tests and demos.')
    .argument('[file]', 'a file of scripts (default: the built-in ones)')
    .option('-p, --port <number>', 'the port to listen on; 0 takes any free one (default: 4115)', readPort)
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
    .option('--streaming <habit>', 'stream in this way whatever a script says: refuses, ignores, buffers, ...')
    .addHelpText(
      'after',
      `
It speaks the APIs of OpenAI, Anthropic, Google, Ollama, Bedrock and Straico.
The model's name in a request chooses the script.

Examples:
  sluice script
  sluice script ./answers.json --port 9000
  sluice script --streaming ignores`,
    )
    .action(script)
}

async function script(file: string | undefined, flags: ScriptFlags): Promise<void> {
  const { host = '127.0.0.1', port = 4115, streaming } = flags
  const { builtinScripts, habitWords, readScriptFile, startScripted } = await import('../providers/scripted/index.ts')
  const scripts = file === undefined ? undefined : readScriptFile(await readText(file), file)
  const only = scripts && onlyScript(scripts)
  const chosen = only ? { script: only } : scripts && { scripts }
  const habit = habitWords.find((word) => word === streaming)
  if (streaming !== undefined && !habit) {
    throw new CommandError(`cannot stream as --streaming says: ${streaming}; choose one of ${habitWords.join(', ')}`)
  }
  const streams = habit && { streaming: habit }
  const server = await startScripted({ host, port, ids: 'random', ...chosen, ...streams }).catch((thrown) => {
    throw listenFailure(thrown, host, port)
  })
  onStopSignals({ drain: () => server.close(), close: () => server.close() })
  const names = only
    ? `${file}, whatever is asked`
    : listed([...Object.keys(scripts?.scripts ?? {}), ...Object.keys(builtinScripts)])
  process.stdout.write(
    [
      `the scripted provider is listening on ${server.url}`,
      `  scripts      ${names}`,
      `  OpenAI       ${server.url}/v1`,
      `  Anthropic    ${server.url} (Google, Ollama, Bedrock and Straico as well)`,
      '',
    ].join('\n'),
  )
}

/** A file of one script answers everything, a model that is called like a built-in one too. */
function onlyScript({ scripts = {}, default: script }: ScriptFile): Script | undefined {
  return Object.keys(scripts).length === 0 && typeof script === 'object' ? script : undefined
}

/** In lines of a terminal's usual width, below each other. */
function listed(names: readonly string[]): string {
  const lines = ['']
  for (const name of names) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = name
    else if (line.length + name.length > 62) lines.push(name)
    else lines[lines.length - 1] = `${line}, ${name}`
  }
  return lines.join(`,\n${' '.repeat(15)}`)
}

async function readText(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  return readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    const why = thrown.code === 'ENOENT' ? 'there is no such file' : (thrown.code ?? thrown.message)
    throw new CommandError(`cannot read the scripts ${file}: ${why}; mend the path`, { cause: thrown })
  })
}
