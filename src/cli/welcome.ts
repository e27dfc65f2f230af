import pc from 'picocolors'
import type { Sluice } from '../index.ts'
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
  process.stdout.write(`${welcomeLines(sluice, version).join('\n')}\n`)
}

/** The lines for people. No colour on anything that is copied: escape codes would come along. */
export function welcomeLines({ config, url }: Pick<Sluice, 'config' | 'url'>, version: string): string[] {
  const scripted = config.source.endsWith('built-in')
  const keyed = config.access.keys.length > 0
  const aliases = describeAliases(config)
  return [
    `${pc.bold('sluice')} ${version} is listening on ${url}`,
    `  configuration  ${config.source}`,
    ...(scripted ? scriptedLines() : labelled('providers', describeProviders(config.providers))),
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
  return [
    '  providers      the scripted provider, which plays written answers: there is no configuration and no key',
    '                 For real ones set OPENAI_API_KEY or ANTHROPIC_API_KEY, or write a sluice.toml, and start again.',
  ]
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
