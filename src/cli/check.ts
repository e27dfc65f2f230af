import { Command } from 'commander'
import type { Config } from '../config/index.ts'
import { leaveSoon } from './leave-soon.ts'

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
  const { loadCode, readConfig, showProblem } = await import('../config/index.ts')
  const { describeAliases, describeClients, describeProviders, describeRouting, describeTransformers } = await import(
    './summary.ts'
  )
  const config = await loadCode(readConfig({ file, env: process.env, thorough: true }))
  const { server, access, storage, providers, notes = [] } = config
  const lines = [
    `configuration  ${config.source}`,
    `listens on     ${server.host}:${server.port}`,
    ...describeAccess(access),
    `state in       ${storage.path === ':memory:' ? 'memory, as long as it runs' : storage.path}`,
    ...section(
      'providers',
      providers.length > 0 ? describeProviders(providers) : ['none: the scripted provider answers'],
    ),
    ...section('models', describeAliases(config)),
    ...section('routing', describeRouting(config)),
    ...section('transformers', describeTransformers(config)),
    ...section('clients', describeClients(config)),
    ...section('worth a look', notes.map(showProblem)),
    'no mistakes found',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  leaveSoon()
}

function describeAccess({ keys, operatorKeys }: Config['access']): string[] {
  if (keys.length === 0) return ['open to        this machine only, with any key or none']
  const counts = [
    { noun: 'client', count: keys.length - operatorKeys.length },
    { noun: 'operator', count: operatorKeys.length },
  ]
  const some = counts
    .filter(({ count }) => count > 0)
    .map(({ noun, count }) => `${count} ${noun} ${count === 1 ? 'key' : 'keys'}`)
  const open = `open to        whoever shows one of ${some.join(' or ')}`
  if (operatorKeys.length > 0) return [open]
  return [
    open,
    'operators      none: /admin/v1, sluice status and sluice probe are refused; to have one, set operator_keys under [access]',
  ]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${(i === 0 ? title : '').padEnd(13)}  ${line}`)
}
