import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import type { Sluice } from '../index.ts'
import { agents, type Pointing } from './agents/index.ts'
import { leaveSoon } from './leave-soon.ts'
import { remoteModels, usualModel, usualUrl } from './remote.ts'
import { findSeat, type Seat, type SeatFlags } from './seat.ts'

interface RunFlags extends SeatFlags {
  model?: string
  smallModel?: string
}

export function runCommand(): Command {
  return new Command('run')
    .description('Run a coding agent through the gateway, with no change to any of its files.')
    .addArgument(new Argument('<agent>', 'the agent, which has to be installed').choices(agents.map((one) => one.name)))
    .argument('[args...]', 'what the agent is given, as it stands')
    .option('-m, --model <name>', 'the model it works with (default: the one it asks for by itself)')
    .option('--small-model <name>', 'the model for titles and the like (default: that of --model)')
    .option('--url <address>', `a running sluice (default: ${usualUrl} if one answers, else one of its own)`)
    .option('--key <key>', 'the client key to show (default: $SLUICE_KEY)')
    .option('-c, --config <file>', 'start one of its own with this configuration')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Options of sluice stand before the agent's name; all that stands behind it is the
agent's. The exit code is the agent's own.

Examples:
  sluice run claude
  sluice run -m openai/gpt-4.1 --small-model openai/gpt-4.1-mini claude
  sluice run -m anthropic/claude-haiku-4-5 codex exec "Fix the failing test"
  sluice run gemini -p "What does this project do?"`,
    )
    .action(runAgent)
}

async function runAgent(name: string, words: string[], flags: RunFlags): Promise<void> {
  const agent = agents.find((one) => one.name === name)!
  const { findProgram } = await import('./find-program.ts')
  const { runProgram } = await import('./run-program.ts')
  const { directTo } = await import('./direct.ts')
  const { openRunLog } = await import('./run-log.ts')
  const program = findProgram(agent, process.env)
  let logFile: string | undefined
  const seat = await findSeat(flags, () => {
    const opened = openRunLog(flags.config)
    logFile = opened.file
    return { log: opened.log }
  })
  const { remote, sluice } = seat
  const folder = mkdtempSync(join(tmpdir(), 'sluice-run-'))
  try {
    const { env, args } = agent.settings(await pointing(seat, flags, folder))
    const whose =
      sluice === undefined ? 'which was running already' : `which ends with it; its log: ${logFile ?? 'none'}`
    process.stderr.write(`sluice: ${agent.title} goes through ${remote.url}, ${whose}\n`)
    await runProgram({
      program,
      // One `--` behind the name only says that what follows is not for sluice.
      args: [...args, ...(words[0] === '--' ? words.slice(1) : words)],
      env: { ...process.env, ...directTo(remote.url, process.env), ...env },
      afterwards: () => drain(sluice),
      atOnce: async () => sluice?.close(),
    })
  } finally {
    await sluice?.close()
    rmSync(folder, { recursive: true, force: true })
  }
  leaveSoon()
}

/** Asking for the models shows as well whether the key is the right one: agents are slow to say so. */
async function pointing({ remote, model: usual, sluice }: Seat, flags: RunFlags, folder: string): Promise<Pointing> {
  const listed = await remoteModels(remote)
  const first = usual ?? usualModel(listed)
  // A stand-in plays under any name. By this one no agent takes it for a model that it knows something about.
  const standIn = sluice
    ? sluice.config.source.endsWith('built-in')
    : listed.every((one) => one.startsWith('scripted/'))
  return {
    url: remote.url,
    key: remote.key ?? 'sluice',
    model: flags.model ?? (standIn ? first : undefined),
    smallModel: flags.smallModel,
    models: first === undefined ? listed : [...new Set([first, ...listed])],
    env: process.env,
    folder,
  }
}

async function drain(sluice: Sluice | undefined): Promise<void> {
  if (sluice === undefined) return
  // Said only when there is something to wait for.
  const said = setTimeout(() => process.stderr.write('sluice: finishing the running answers; Ctrl-C cuts them\n'), 500)
  await sluice.drain().finally(() => clearTimeout(said))
}
