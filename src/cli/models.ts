import { Command } from 'commander'
import { answers, remoteAt, remoteModels, usualUrl } from './remote.ts'

interface ModelsFlags {
  url?: string
  key?: string
  config?: string
}

export function modelsCommand(): Command {
  return new Command('models')
    .description('List the model names that clients can use.')
    .option('--url <address>', `a running sluice to ask (default: ${usualUrl}, else the configuration)`)
    .option('--key <key>', 'the client key to show (default: $SLUICE_KEY)')
    .option('-c, --config <file>', 'read this configuration and ask nobody')
    .addHelpText(
      'after',
      `
\`provider/*\` stands for a provider that takes any name.

Examples:
  sluice models
  sluice models --url http://127.0.0.1:8080
  sluice models --config ./sluice.toml`,
    )
    .action(models)
}

async function models({ url, key, config }: ModelsFlags): Promise<void> {
  const remote = remoteAt(url ?? usualUrl, key)
  const ask = config === undefined && (url !== undefined || (await answers(remote)))
  const names = ask ? await remoteModels(remote) : await configuredModels(config)
  for (const name of names) process.stdout.write(`${name}\n`)
  if (names.length === 0) process.stderr.write('sluice: no model has a name here; use `provider/model`\n')
}

/** What is known without asking anybody; `provider/*` stands for a provider that takes any name. */
async function configuredModels(file: string | undefined): Promise<string[]> {
  const { readConfig } = await import('../config/index.ts')
  const { modelNames } = await import('../routing/index.ts')
  const config = readConfig({ file, env: process.env })
  if (config.providers.length === 0) {
    const { builtinScripts } = await import('../providers/scripted/index.ts')
    process.stderr.write('sluice: no provider is configured; these are the scripted ones that start would play\n')
    return Object.keys(builtinScripts).map((name) => `scripted/${name}`)
  }
  const open = config.providers.filter((one) => one.models === undefined).map((one) => `${one.name}/*`)
  return [...modelNames(config), ...open]
}
