import { Command } from 'commander'
import { CommandError } from './failure.ts'
import { answers, type Remote, remoteAt, usualUrl } from './remote.ts'

interface ChatFlags {
  model?: string
  url?: string
  key?: string
  config?: string
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
  const seat = await findSeat(flags)
  try {
    const model = flags.model ?? seat.model ?? (await firstModel(seat.remote))
    const { converse, askOnce } = await import('./conversation.ts')
    if (prompt === undefined) await converse(seat.remote, model)
    else await askOnce(seat.remote, model, prompt)
  } finally {
    await seat.leave()
  }
}

/** Whom the conversation is with. */
interface Seat {
  remote: Remote
  /** The model to take when none is named, where that is known. */
  model?: string
  leave(): Promise<void>
}

async function findSeat({ url, key, config }: ChatFlags): Promise<Seat> {
  const remote = remoteAt(url ?? usualUrl, key)
  if (config === undefined && (url !== undefined || (await answers(remote)))) {
    return { remote, leave: async () => {} }
  }
  const { createSluice } = await import('../index.ts')
  const { exampleModel } = await import('./summary.ts')
  const sluice = await createSluice({
    ...(config !== undefined && { config }),
    host: '127.0.0.1',
    port: 0,
    logLevel: 'silent',
  })
  const scripted = sluice.config.source.endsWith('built-in')
  if (scripted) process.stderr.write('sluice: no provider is configured; the scripted one answers\n')
  const model = exampleModel(sluice.config) ?? (scripted ? 'demo' : undefined)
  return {
    remote: { url: sluice.url, key: sluice.config.access.keys[0] },
    ...(model !== undefined && { model }),
    leave: () => sluice.close(),
  }
}

async function firstModel(remote: Remote): Promise<string> {
  const { remoteModels } = await import('./remote.ts')
  const [first] = await remoteModels(remote)
  // No script is called so, and what plays instead introduces itself.
  if (first?.startsWith('scripted/')) return 'scripted/demo'
  if (first !== undefined) return first
  throw new CommandError(`cannot choose a model: ${remote.url} lists none; name one with --model provider/model`)
}

async function readAll(input: NodeJS.ReadStream): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of input) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8').trim()
}
