import { Command } from 'commander'

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
  const { readConfig } = await import('../config/index.ts')
  const { describeAliases, describeProviders } = await import('./summary.ts')
  const config = readConfig({ file, env: process.env })
  const { server, access, storage, providers } = config
  const callers =
    access.keys.length > 0
      ? `whoever shows one of ${access.keys.length} client ${access.keys.length === 1 ? 'key' : 'keys'}`
      : 'this machine only, with any key or none'
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
    'no mistakes found',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${(i === 0 ? title : '').padEnd(13)}  ${line}`)
}
