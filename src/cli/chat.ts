import { Command } from 'commander'
import { CommandError } from './failure.ts'
import { leaveSoon } from './leave-soon.ts'
import { type Remote, remoteModels, usualModel, usualUrl } from './remote.ts'
import { findSeat, type SeatFlags } from './seat.ts'

interface ChatFlags extends SeatFlags {
  model?: string
}

export function chatCommand(): Command {
  return new Command('chat')
    .description('Talk to a model from the terminal.')
    .argument('[prompt...]', 'what to ask; without it a conversation begins, or a piped text is asked')
    .option('-m, --model <name>', 'the model (default: the first that there is)')
    .option('--url <address>', `a running sluice (default: ${usualUrl} if one answers, else one of its own)`)
    .option('--key <key>', 'the client key to show (default: $SLUICE_KEY)')
    .option('-c, --config <file>', 'start one of its own with this configuration')
    .addHelpText(
      'after',
      `
The answer goes to standard output; reasoning and timing go to standard error.

Examples:
  sluice chat "Why is the sky blue?"
  sluice chat -m anthropic/claude-haiku-4-5
  git diff | sluice chat -m smart > review.md`,
    )
    .action(chat)
}

async function chat(words: string[], flags: ChatFlags): Promise<void> {
  const prompt = words.length > 0 ? words.join(' ') : process.stdin.isTTY ? undefined : await readAll(process.stdin)
  if (prompt !== undefined && prompt.trim() === '') {
    throw new CommandError('cannot ask anything: the prompt is empty; write one behind `sluice chat`')
  }
  const seat = await findSeat(flags, () => ({ logLevel: 'silent' }))
  try {
    const model = flags.model ?? seat.model ?? (await firstModel(seat.remote))
    const { converse, askOnce } = await import('./conversation.ts')
    if (prompt === undefined) await converse(seat.remote, model)
    else await askOnce(seat.remote, model, prompt)
  } finally {
    await seat.sluice?.close()
  }
  leaveSoon()
}

async function firstModel(remote: Remote): Promise<string> {
  const first = usualModel(await remoteModels(remote))
  if (first !== undefined) return first
  throw new CommandError(`cannot choose a model: ${remote.url} lists none; name one with --model provider/model`)
}

async function readAll(input: NodeJS.ReadStream): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of input) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8').trim()
}
