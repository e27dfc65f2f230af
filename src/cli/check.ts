import { Command } from 'commander'
import type { Provider } from '../providers/index.ts'

export function checkCommand(): Command {
  return new Command('check')
    .description('Read a configuration and explain every mistake in it, or show what it comes to.')
    .argument('[file]', 'the configuration (default: the one that start would take)')
    .addHelpText(
      'after',
      `
Exits with 1 when there are mistakes.

Examples:
  sluice check
  sluice check ./sluice.toml`,
    )
    .action(check)
}

async function check(file: string | undefined): Promise<void> {
  const { loadCode, readConfig } = await import('../config/index.ts')
  const { describeAliases, describeClients, describeProviders, describeRouting, describeTransformers } = await import(
    './summary.ts'
  )
  const config = await loadCode(readConfig({ file, env: process.env }))
  const { server, access, storage, providers } = config
  const callers =
    access.keys.length > 0
      ? `whoever shows one of ${access.keys.length} client ${access.keys.length === 1 ? 'key' : 'keys'}`
      : 'this machine only, with any key or none'
  await checkPackages(providers)
  const lines = [
    `configuration  ${config.source}`,
    `listens on     ${server.host}:${server.port}`,
    `open to        ${callers}`,
    `state in       ${storage.path === ':memory:' ? 'memory, as long as it runs' : storage.path}`,
    ...section(
      'providers',
      providers.length > 0 ? describeProviders(providers) : ['none: the scripted provider answers'],
    ),
    ...section('models', describeAliases(config)),
    ...section('routing', describeRouting(config)),
    ...section('transformers', describeTransformers(config)),
    ...section('clients', describeClients(config)),
    'no mistakes found',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Packages are loaded by the first request that needs them: that they are there at all can be said before. */
async function checkPackages(providers: readonly Provider[]): Promise<void> {
  if (providers.every((one) => !one.package)) return
  const { findPackage } = await import('../transport/index.ts')
  const { SluiceError } = await import('../errors/index.ts')
  for (const { name, package: source } of providers) {
    if (!source || findPackage(source.package) !== undefined) continue
    throw new SluiceError(
      'config_invalid',
      `cannot use provider "${name}": the package "${source.package}" is not installed here; install it with \`npm install ${source.package}\``,
    )
  }
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${(i === 0 ? title : '').padEnd(13)}  ${line}`)
}
