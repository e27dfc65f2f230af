import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DialectName, dialects } from '../src/dialects/index.ts'
import { type SseEvent, SseParser } from '../src/sse/index.ts'
import { estimateText, mergeUsage, type StreamToken, TokenCounter, type Usage } from '../src/tokens/index.ts'
import { median } from './rounds.ts'
import { table } from './table.ts'

/**
 * How far the count of what a stream delivered is from the output that its provider reported. `folder` holds a folder
 * for each dialect, with streams as `<case>.sse`, or as `<case>.jsonl` with the data of one event in a line. They must
 * be recordings of real providers, or the numbers mean nothing.
 */
export async function recordedUsage(folder: string): Promise<string> {
  const counter = await TokenCounter.open('o200k_base')
  const rows: string[][] = []
  const errors: Record<'count' | 'estimate', number[]> = { count: [], estimate: [] }
  let apart = 0
  for (const { name: dialect } of readdirSync(folder, { withFileTypes: true })) {
    if (!Object.hasOwn(dialects, dialect)) continue
    for (const file of readdirSync(join(folder, dialect)).sort()) {
      if (!/^[^.]+\.sse$|\.jsonl$/.test(file) || file.endsWith('.tokens.jsonl')) continue
      const { text, usage, whole } = delivered(dialect as DialectName, join(folder, dialect, file))
      if (usage.output === undefined || usage.output < 20 || !whole) {
        apart++
        continue
      }
      const count = counter.count(text)
      const estimate = estimateText(text)
      const off = (tokens: number): string => `${((tokens / usage.output! - 1) * 100).toFixed(0)} %`
      errors.count.push(Math.abs(count / usage.output - 1))
      errors.estimate.push(Math.abs(estimate / usage.output - 1))
      const name = file.replace(/\.(sse|jsonl)$/, '')
      rows.push([`${dialect} ${name}`, `${usage.output}`, `${count}`, off(count), estimate.toFixed(0), off(estimate)])
    }
  }
  if (rows.length === 0) return `No stream under ${folder} reports the size of an output that it holds all of.`
  const typical = (values: number[]): string => `${(median(values) * 100).toFixed(0)} %`
  return [
    'Text, reasoning and tool calls as they were delivered, counted with o200k and estimated by script, against the',
    'output that the provider reported. Marks around blocks and calls are in the report only.',
    '',
    table(['stream', 'reported', 'counted', 'off', 'estimated', 'off'], rows),
    '',
    `Usual error: ${typical(errors.count)} counted, ${typical(errors.estimate)} estimated. Left out: ${apart} streams that`,
    'report nothing, less than 20 tokens, or more than they deliver (hidden reasoning, hosted tools).',
  ].join('\n')
}

function delivered(dialect: DialectName, path: string): { text: string; usage: Usage; whole: boolean } {
  const decoder = dialects[dialect].upstream.decodeStream({ vendor: 'recorded', family: 'recorded' })
  let text = ''
  let reasoned = false
  let whole = true
  let usage: Usage = {}
  const take = (token: StreamToken): void => {
    if (token.type === 'text-delta' || token.type === 'reasoning-delta') text += token.text
    if (token.type === 'reasoning-delta') reasoned = true
    if (token.type === 'tool-call-start') text += token.name
    if (token.type === 'tool-call-delta') text += token.arguments
    if (token.type === 'hosted-call-start' || token.type === 'error') whole = false
    if (token.type === 'usage') usage = mergeUsage(usage, token.usage)
  }
  for (const event of events(path)) decoder.push(event, take)
  decoder.end?.(take)
  return { text, usage, whole: whole && (reasoned || !usage.reasoning) }
}

function events(path: string): SseEvent[] {
  const bytes = readFileSync(path)
  const found: SseEvent[] = []
  if (path.endsWith('.sse')) {
    new SseParser({ flushTail: true }).push(bytes, (event) => found.push(event))
    return found
  }
  for (const data of bytes.toString().split('\n').filter(Boolean)) {
    const type = data.startsWith('{') ? (JSON.parse(data) as { type?: string }).type : undefined
    found.push({ event: type ?? 'message', data, id: '', end: 0 })
  }
  return found
}
