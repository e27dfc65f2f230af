import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Command, InvalidArgumentError } from 'commander'
import type { ClientDialectName } from '../dialects/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import { CommandError } from './failure.ts'
import { leaveSoon } from './leave-soon.ts'
import { table as printed } from './table.ts'

interface RouteFlags {
  explain?: boolean
  dialect?: string
  model?: string
  header?: Record<string, string>
  config?: string
}

export function routeCommand(): Command {
  return new Command('route')
    .description('Say where a request would go, and why. Nothing is sent.')
    .argument('<file>', 'the JSON body of a request; - reads standard input')
    .option('--explain', 'print what each phase decides, with every rule that is passed by')
    .option('-d, --dialect <name>', 'the language of the request (default: told by its fields)')
    .option('-m, --model <name>', 'the model, where the path names it and not the body')
    .option('-H, --header <line>', 'a header of the request, as `name: value`; may be repeated', readHeader)
    .option('-c, --config <file>', 'the configuration (default: the one that start would take)')
    .addHelpText(
      'after',
      `
How targets do just now is not known here: all are taken to be well, idle and
not measured.

Examples:
  sluice route request.json
  sluice route --explain request.json --header 'user-agent: claude-cli/2.1'`,
    )
    .action(showRoute)
}

function readHeader(line: string, before: Record<string, string> = {}): Record<string, string> {
  const at = line.indexOf(':')
  if (at <= 0) throw new InvalidArgumentError('Write it as `name: value`.')
  return { ...before, [line.slice(0, at).trim().toLowerCase()]: line.slice(at + 1).trim() }
}

async function showRoute(file: string, flags: RouteFlags): Promise<void> {
  const { loadRouting, readConfig, routingTable } = await import('../config/index.ts')
  const { clientDialects } = await import('../dialects/index.ts')
  const { factsOf, parseBody } = await import('../gateway/index.ts')
  const { explainRows, nothingKnown, route } = await import('../routing/index.ts')
  const config = await loadRouting(readConfig({ file: flags.config, env: process.env }))
  const body = parseBody(await readBody(file))
  const { header = {} } = flags
  const name = flags.dialect ?? dialectOf(body.json, header)
  if (!Object.hasOwn(clientDialects, name)) {
    const known = Object.keys(clientDialects).join(', ')
    throw new CommandError(`cannot read the request as ${name}: there is no such dialect; write one of ${known}`)
  }
  const client = clientDialects[name as ClientDialectName]
  const facts = factsOf(client, body, header, {
    ...(flags.model !== undefined && { asked: { model: flags.model } }),
    tags: config.routing.tags,
  })
  const table = routingTable(config)
  if (table.providers.length === 0) {
    const why = 'no provider is configured, and the scripted one answers whatever is asked'
    throw new CommandError(`cannot say where the request would go: ${why}; add [[providers]] to a configuration`)
  }
  if (!facts.model && !header['x-sluice-model'] && facts.subagentTag() === undefined) {
    throw new CommandError(
      'cannot say where the request would go: it names no model; put `model` into it, or use --model',
    )
  }
  await facts.settle(table)
  const { routes, explanation, warnings } = route(facts, table, nothingKnown, client.client.defaultTag)
  const lines = flags.explain
    ? [printed(['phase', 'what', 'outcome'], explainRows(explanation, facts, table))]
    : routes.map(({ provider, model }) => `${provider.name}/${model}`)
  process.stdout.write(`${lines.join('\n')}\n`)
  for (const warning of warnings) process.stderr.write(`sluice: ${warning}\n`)
  leaveSoon()
}

async function readBody(file: string): Promise<Uint8Array> {
  if (file === '-') return new TextEncoder().encode(await text(process.stdin))
  try {
    return await readFile(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `reading it gave ${code}`
    throw new CommandError(`cannot read the request ${file}: ${why}; name the file with its body`, { cause })
  }
}

/** Requests of the different languages can be told apart by what only one of them has. */
function dialectOf(body: JsonObject, headers: Record<string, string>): ClientDialectName {
  if (body.contents !== undefined) return 'gemini'
  if (body.input !== undefined) return 'openai-responses'
  if (body.system !== undefined || headers['anthropic-version'] !== undefined) return 'anthropic-messages'
  return 'openai-chat'
}
