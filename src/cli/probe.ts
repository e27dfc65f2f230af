import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import { CommandError } from './failure.ts'
import { leaveSoon } from './leave-soon.ts'
import { operatorAt, operatorKeyHelp } from './operator.ts'
import { answers, call, type Remote, usualUrl } from './remote.ts'
import { table } from './table.ts'

interface ProbeFlags {
  url?: string
  key?: string
  config?: string
  all?: boolean
  json?: boolean
}

/** A model as `POST /admin/v1/probe` tells of it. */
interface ProbedModel {
  name: string
  provider: string
  model: string
  found: Array<{ capability: string; can: boolean; evidence: string }>
  requests: number
  usage: { input?: number; output?: number; cost?: { amount: number; unit: string } }
  error?: string
}

export function probeCommand(): Command {
  return new Command('probe')
    .description('Find out whether models stream, by asking them. This costs a few tokens.')
    .argument('<models...>', 'names as clients use them, such as house/qwen3')
    .option('--all', 'also try tools in a stream, and a beginning of the answer')
    .option('--json', 'print what was found as JSON')
    .option('--url <address>', `a running sluice to ask (default: ${usualUrl}, else one that is started for it)`)
    .option('--key <key>', operatorKeyHelp)
    .option('-c, --config <file>', 'use this configuration, and no running sluice')
    .addHelpText(
      'after',
      `
What was found out counts for \`[streaming] detection_ttl\`, as what sluice learns
from requests does. Where there are client keys only an operator may ask a running
sluice: see \`operator_keys\` under [access]. That of the configuration is shown to
a sluice on this machine only.

Examples:
  sluice probe straico/openai/gpt-4o
  sluice probe --all house/qwen3 house/llama
  sluice probe --config ./sluice.toml smart`,
    )
    .action(probe)
}

async function probe(models: string[], { url, key, config, all = false, json = false }: ProbeFlags): Promise<void> {
  const remote = await operatorAt(url ?? usualUrl, key)
  const ask = config === undefined && (url !== undefined || (await answers(remote)))
  const found = ask ? await askRemote(remote, models, all) : await askHere(config, models, all)
  if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else process.stdout.write(`${report(found)}\n`)
  if (found.some(({ error }) => error !== undefined)) process.exitCode = 1
  leaveSoon()
}

async function askRemote(remote: Remote, models: string[], all: boolean): Promise<ProbedModel[]> {
  const response = await call(remote, '/admin/v1/probe', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ models, all }),
  })
  const body = (await response.json().catch(() => undefined)) as { data?: ProbedModel[] } | undefined
  if (Array.isArray(body?.data)) return body.data
  throw new CommandError(`cannot read the answer of ${remote.url}: it is no list; is that a sluice?`)
}

/** A sluice of one's own for the length of a question, with the state of the one that is usually run. */
async function askHere(config: string | undefined, models: string[], all: boolean): Promise<ProbedModel[]> {
  const { createSluice } = await import('../server/index.ts')
  const key = randomUUID()
  const sluice = await createSluice({
    ...(config !== undefined && { config }),
    host: '127.0.0.1',
    port: 0,
    logLevel: 'error',
    // Whoever may read the configuration needs no key out of it.
    operatorKey: key,
  })
  try {
    return await askRemote({ url: sluice.url, key }, models, all)
  } finally {
    await sluice.close()
  }
}

function report(models: ProbedModel[]): string {
  const rows = models.flatMap(({ provider, model, found, error }) => [
    ...found.map(({ capability, can, evidence }) => [`${provider}/${model}`, capability, can ? 'yes' : 'no', evidence]),
    ...(error === undefined ? [] : [[`${provider}/${model}`, '', 'failed', error]]),
  ])
  return `${table(['model', 'can it', '', 'because'], rows)}\n\n${costs(models)}`
}

function costs(models: ProbedModel[]): string {
  const requests = models.reduce((sum, one) => sum + one.requests, 0)
  const told = models.filter(({ usage }) => usage.input !== undefined || usage.output !== undefined)
  const tokens = (field: 'input' | 'output'): number => told.reduce((sum, { usage }) => sum + (usage[field] ?? 0), 0)
  const money = new Map<string, number>()
  for (const { usage } of models) {
    if (usage.cost) money.set(usage.cost.unit, (money.get(usage.cost.unit) ?? 0) + usage.cost.amount)
  }
  const facts = [`${requests} requests`]
  if (told.length > 0) facts.push(`${tokens('input')} tokens in, ${tokens('output')} out`)
  if (told.length < models.length) facts.push('of some models nobody said how many')
  for (const [unit, amount] of money) facts.push(`${amount} ${unit}`)
  return facts.join(', ')
}
