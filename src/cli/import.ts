import { readFile } from 'node:fs/promises'
import { Argument, Command } from 'commander'
import { isJsonObject, type JsonObject } from '../tokens/index.ts'
import { CommandError } from './failure.ts'
import type { Imported } from './import/draft.ts'

type Source = 'ccr' | 'litellm'

export function importCommand(): Command {
  return new Command('import')
    .description("Write another gateway's configuration as one for sluice, to standard output.")
    .addArgument(new Argument('<from>', 'whose configuration it is').choices(['ccr', 'litellm']))
    .argument('<file>', 'its config.json (claude-code-router) or config.yaml (LiteLLM)')
    .addHelpText(
      'after',
      `
What has no counterpart is told on standard error. Keys that stand in the file
come along.

Examples:
  sluice import ccr ~/.claude-code-router/config.json > sluice.toml
  sluice import litellm config.yaml > sluice.toml`,
    )
    .action(importFile)
}

async function importFile(from: Source, file: string): Promise<void> {
  const { stringify } = await import('smol-toml')
  const text = await readText(file)
  const { config, warnings } = await convert(from, text, file)
  process.stdout.write(`# Made by \`sluice import ${from}\`; \`sluice check\` says whether it works here.\n\n`)
  process.stdout.write(`${stringify(config)}\n`)
  for (const warning of warnings) process.stderr.write(`sluice: ${warning}\n`)
}

async function convert(from: Source, text: string, file: string): Promise<Imported> {
  let value: unknown
  try {
    if (from === 'ccr') value = (await import('./import/loose-json.ts')).parseLooseJson(text)
    else value = (await import('yaml')).parse(text)
  } catch (thrown) {
    // The parser goes on with the lines around, which may hold keys.
    const said = (thrown as Error).message.split('\n', 1)[0]?.replace(/:$/, '')
    throw new CommandError(`cannot read ${file}: ${said}; mend it there first`)
  }
  if (!isJsonObject(value)) throw new CommandError(`cannot read ${file}: it holds no table; name a configuration`)
  checkKind(from, value, file)
  if (from === 'ccr') return (await import('./import/ccr.ts')).importCcr(value)
  return (await import('./import/litellm.ts')).importLitellm(value)
}

/** What each of them has, and the other has not. */
const marks: Readonly<Record<Source, readonly string[]>> = {
  ccr: ['Providers', 'providers', 'Router'],
  litellm: ['model_list', 'router_settings', 'litellm_settings', 'general_settings'],
}

/** Nothing would come of the file of another program, and nobody would be told. */
function checkKind(from: Source, value: JsonObject, file: string): void {
  const fits = (one: Source): boolean => marks[one].some((key) => Object.hasOwn(value, key))
  if (fits(from)) return
  const other = from === 'ccr' ? 'litellm' : 'ccr'
  const wanted = marks[from].map((key) => `\`${key}\``).join(', ')
  const advice = fits(other) ? `it looks like one for \`sluice import ${other}\`` : 'name another file'
  throw new CommandError(`cannot convert ${file}: it has none of ${wanted}; ${advice}`)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `reading it gave ${code}`
    throw new CommandError(`cannot read ${file}: ${why}; name the configuration to convert`, { cause })
  }
}
