import { Command } from 'commander'
import type { Preset, Provider } from '../providers/index.ts'

interface ProvidersFlags {
  config?: string
}

export function providersCommand(): Command {
  return new Command('providers')
    .description(
      'List the providers that are configured and the presets that can be, with what is peculiar about each.',
    )
    .argument('[name]', 'only this one')
    .option('-c, --config <file>', 'the configuration (default: the one that start would take)')
    .addHelpText(
      'after',
      `
Keys are never shown, only whether there are any.

Examples:
  sluice providers
  sluice providers mistral`,
    )
    .action(providers)
}

async function providers(name: string | undefined, { config: file }: ProvidersFlags): Promise<void> {
  const { readConfig } = await import('../config/index.ts')
  const { presets } = await import('../providers/index.ts')
  const { describeProviders } = await import('./summary.ts')
  const config = readConfig({ file, env: process.env })
  const wanted = (one: { name: string }): boolean => name === undefined || one.name === name
  const configured = config.providers.filter(wanted)
  const known = (Object.values(presets) as Preset[]).filter(wanted)
  if (configured.length + known.length === 0) {
    const { SluiceError } = await import('../errors/index.ts')
    throw new SluiceError(
      'config_invalid',
      `cannot find the provider "${name}": it is neither configured nor a preset; leave the name out to see all`,
    )
  }
  const lines: string[] = []
  if (configured.length > 0) {
    const heads = describeProviders(configured)
    lines.push(`configured in ${config.source}`)
    for (const [i, one] of configured.entries()) lines.push(`  ${heads[i]}`, ...(await quirkLines(one)))
    lines.push('')
  }
  if (known.length > 0) lines.push('presets')
  for (const one of known) {
    lines.push(`  ${presetLine(one, process.env)}`, ...(await quirkLines(one)))
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** A preset in a line: its language, its address, and which variable of the environment would switch it on. */
export function presetLine(
  { name, dialect, baseUrl, basePath, keyEnv }: Preset,
  env: Record<string, string | undefined>,
): string {
  const address = baseUrl ?? `an address of your own${basePath === undefined ? '' : `, ending in ${basePath}`}`
  const set = keyEnv.find((variable) => env[variable]?.trim())
  const key =
    keyEnv.length === 0 ? 'no key from the environment' : `${set ?? keyEnv[0]} ${set ? 'is set' : 'is not set'}`
  return [`${name.padEnd(17)} ${dialect}`, address, key].join(', ')
}

async function quirkLines(one: Preset | Provider): Promise<string[]> {
  const { quirkWords } = await import('../providers/index.ts')
  return quirkWords(one).map((words) => `      ${words.replaceAll('`', '')}`)
}
