import pc from 'picocolors'
import { isLoopbackHost } from '../access/index.ts'
import type { Config } from '../config/index.ts'
import type { Sluice } from '../index.ts'
import { presets } from '../providers/index.ts'
import { describeAliases, describeProviders, exampleModel } from './summary.ts'

/**
 * Says what is running and how to use it: on standard output for people, as one line of the log where that was asked
 * to be JSON.
 */
export function welcome(sluice: Sluice, version: string): void {
  const { config, log, url } = sluice
  if (config.log.format === 'json') {
    log.info('listening', {
      url,
      version,
      source: config.source,
      providers: config.providers.map((one) => one.name).join(','),
      models: config.aliases.map((one) => one.name).join(','),
    })
    return
  }
  process.stdout.write(`${welcomeLines(sluice, version, process.env).join('\n')}\n`)
}

type Environment = Record<string, string | undefined>

/** The lines for people. No colour on anything that is copied: escape codes would come along. */
export function welcomeLines(
  { config, url }: Pick<Sluice, 'config' | 'url'>,
  version: string,
  env: Environment = {},
): string[] {
  const scripted = config.source.endsWith('built-in')
  const keyed = config.access.keys.length > 0
  const aliases = describeAliases(config)
  return [
    `${pc.bold('sluice')} ${version} is listening on ${url}`,
    ...reachLines(config, url),
    `  configuration  ${config.source}`,
    ...(scripted ? scriptedLines() : labelled('providers', describeProviders(config.providers))),
    ...labelled('unused', idleKeys(config, env)),
    ...labelled('models', aliases),
    '',
    'Try it:',
    `  ${curlLine(url, exampleModel(config) ?? (scripted ? 'demo' : 'MODEL'), keyed)}`,
    '',
    'Point your programs here:',
    `  Claude Code  ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${keyed ? '$SLUICE_KEY' : 'sluice'} claude`,
    `  OpenAI SDKs  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${keyed ? '$SLUICE_KEY' : 'sluice'}`,
    ...(keyed ? [pc.dim('  (with one of your client keys in $SLUICE_KEY)')] : []),
  ]
}

function scriptedLines(): string[] {
  return labelled('providers', [
    'the scripted provider, which plays written answers: no other is configured',
    'For real ones set OPENAI_API_KEY or ANTHROPIC_API_KEY, or write a sluice.toml, and start again.',
  ])
}

/** Keys that switch no provider on, because an address meant for other programs stands beside them. */
function idleKeys({ source, providers }: Pick<Config, 'source' | 'providers'>, env: Environment): string[] {
  if (!/(?:environment|built-in)$/.test(source)) return []
  const set = (name: string): boolean => (env[name] ?? '').trim() !== ''
  return Object.values(presets).flatMap(({ name, keyEnv, baseUrlEnv }) => {
    const key = keyEnv.find(set)
    const address = baseUrlEnv.find(set)
    if (key === undefined || address === undefined || providers.some((one) => one.name === name)) return []
    return [`${key}: ${address} is this sluice itself; unset it where sluice starts to have ${name}`]
  })
}

/** Said only where it is more than the address in the first line, which is always one that this machine can call. */
function reachLines({ server: { host }, access }: Pick<Config, 'server' | 'access'>, url: string): string[] {
  if (isLoopbackHost(host)) return []
  const callers = access.keys.length > 0 ? 'for whoever shows a client key' : 'for everybody'
  return labelled('reachable', [`at ${host}, port ${new URL(url).port}, ${callers}`])
}

function labelled(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `  ${(i === 0 ? title : '').padEnd(13)}  ${line}`)
}

/** One line for a shell; `-N` shows the tokens as they come. */
export function curlLine(url: string, model: string, keyed: boolean): string {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Say hello' }] })
  const key = keyed ? ` -H "authorization: Bearer $SLUICE_KEY"` : ''
  return `curl -N ${url}/v1/chat/completions -H 'content-type: application/json'${key} -d '${body.replaceAll("'", "'\\''")}'`
}
