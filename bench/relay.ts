import type { LoadJob, LoadReport } from './load.ts'
import { planName } from './plan.ts'
import { ask, type Child, cpuSeconds, pause, pinned, script, start } from './process.ts'
import { interleave, median } from './rounds.ts'
import { type DialectName, fingerprint, words } from './streams.ts'
import { digits, ratio, table } from './table.ts'
import { nginx, plainNode, program, providerOf, sluice, startTarget, type Target } from './targets.ts'
import type { UpstreamReport } from './upstream.ts'

/** One way through a target: what the client speaks, what the upstream speaks. */
interface Route {
  target: Target
  client: DialectName
  upstream: DialectName
  /** The model's name without the plan. */
  prefix: string
}

interface Load {
  name: string
  tokens: number
  burst: number
  everyMs: number
  streams: number
  repeat: number
}

interface Cost {
  tokensPerSecond: number
  cpuPerToken: number | undefined
}

const tokens = 10_000
const fast = { tokens, burst: 16, everyMs: 0 }
/** Few streams are read several times over: processor time is counted in hundredths of a second. */
const loads: Load[] = [
  { name: '1 stream', ...fast, streams: 1, repeat: 40 },
  { name: '10', ...fast, streams: 10, repeat: 5 },
  { name: '50', ...fast, streams: 50, repeat: 2 },
  { name: '100', ...fast, streams: 100, repeat: 1 },
  { name: '200 paced', tokens: 100, burst: 1, everyMs: 50, streams: 200, repeat: 1 },
]

const chat = 'openai-chat'
const messages = 'anthropic-messages'

/** Whole streams over loopback: what the gateway costs beside nginx and a plain Node pass-through. */
export async function relay(rounds: number): Promise<string> {
  const upstream = start(script('upstream.ts'), { place: 'load', ipc: true })
  const load = start(script('load.ts'), { place: 'load', ipc: true })
  const { port } = await ask<UpstreamReport>(upstream, {})
  const front = await nginx(port)
  const proxy = front && (await startTarget(front))
  const plain = await startTarget(await plainNode(port))
  const untouched = await startTarget(await sluice(port))
  const translating = await startTarget(await sluice(port))
  const both = (name: string, target: Target): Array<[string, Route]> =>
    [chat, messages].map((one) => [`${name}, ${one}`, { target, client: one, upstream: one, prefix: '' } as Route])
  const routes: Record<string, Route> = Object.fromEntries([
    ...(proxy ? both('nginx', proxy) : []),
    ...both('plain', plain),
    ['untouched, openai-chat', { target: untouched, client: chat, upstream: chat, prefix: `${providerOf[chat]}/` }],
    [
      'untouched, anthropic-messages',
      { target: untouched, client: messages, upstream: messages, prefix: `${providerOf[messages]}/` },
    ],
    [
      'translated, openai-chat',
      { target: translating, client: messages, upstream: chat, prefix: `${providerOf[chat]}/` },
    ],
    [
      'translated, anthropic-messages',
      { target: translating, client: chat, upstream: messages, prefix: `${providerOf[messages]}/` },
    ],
  ] as Array<[string, Route]>)

  for (const route of Object.values(routes)) await check(load, route)
  const costs = new Map<string, Record<string, Cost>>()
  for (const one of loads) costs.set(one.name, await measure(load, one, routes, rounds))

  await Promise.all([upstream, load, plain.child, untouched.child, translating.child].map((child) => child.stop()))
  await proxy?.child.stop()
  return report(costs, proxy !== undefined)
}

/** The whole text of one stream, and then enough of them to be warm. */
async function check(load: Child, route: Route): Promise<void> {
  const job = jobOf(route, { ...loads[0]!, repeat: 1 })
  const { text, faults } = await ask<LoadReport>(load, { ...job, wantText: true })
  const whole = fingerprint(text) === fingerprint(words(tokens, 'ascii').join(''))
  if (!whole || faults.length > 0) throw new Error(`cannot compare: the text is not whole (${faults.join('; ')})`)
  refuse(await ask<LoadReport>(load, { ...job, streams: 50, repeat: 1 }))
}

async function measure(
  load: Child,
  one: Load,
  routes: Readonly<Record<string, Route>>,
  rounds: number,
): Promise<Record<string, Cost>> {
  const results = await interleave(
    rounds,
    Object.fromEntries(
      Object.entries(routes).map(([name, route]) => [
        name,
        async (): Promise<Cost> => {
          await pause(100)
          const { pid } = route.target.child
          const before = cpuSeconds(pid)
          const report = await ask<LoadReport>(load, jobOf(route, one))
          const after = cpuSeconds(pid)
          refuse(report)
          return {
            tokensPerSecond: report.tokens / report.seconds,
            cpuPerToken: before === undefined || after === undefined ? undefined : (after - before) / report.tokens,
          }
        },
      ]),
    ),
  )
  return Object.fromEntries(
    Object.entries(results).map(([name, costs]) => {
      const cpu = costs.flatMap(({ cpuPerToken }) => cpuPerToken ?? [])
      return [
        name,
        {
          tokensPerSecond: median(costs.map(({ tokensPerSecond }) => tokensPerSecond)),
          cpuPerToken: cpu.length > 0 ? median(cpu) : undefined,
        },
      ]
    }),
  )
}

function jobOf({ target, client, prefix }: Route, one: Load): LoadJob {
  return {
    port: target.port,
    dialect: client,
    model: prefix + planName(one),
    tokens: one.tokens,
    streams: one.streams,
    repeat: one.repeat,
  }
}

function refuse({ faults }: LoadReport): void {
  if (faults.length > 0) throw new Error(`cannot compare: a stream was not whole: ${faults.join('; ')}`)
}

function report(costs: ReadonlyMap<string, Record<string, Cost>>, hasNginx: boolean): string {
  const shown = [chat, messages].flatMap((dialect) =>
    ['plain', 'untouched', 'translated'].map((way) => ({ way, dialect })),
  )
  const names = {
    plain: 'plain Node, ',
    untouched: 'sluice untouched, ',
    translated: 'sluice translated from ',
  } as Record<string, string>
  const rows = (read: (cost: Cost | undefined) => number | undefined, which: string[]): string[][] =>
    shown.map(({ way, dialect }) => [
      `${names[way]}${dialect}`,
      ...which.map((name) => {
        const all = costs.get(name)!
        const own = read(all[`${way}, ${dialect}`])
        return `${ratio(own, read(all[`nginx, ${dialect}`]))} / ${ratio(own, read(all[`plain, ${dialect}`]))}`
      }),
    ])
  const every = loads.map(({ name }) => name)
  const saturated = every.slice(0, -1)
  const paced = costs.get('200 paced')!
  const absolute = (name: string): string => digits((paced[name]?.cpuPerToken ?? Number.NaN) * 1e6)
  return [
    '## relay: whole streams over loopback',
    '',
    `Every cell: against nginx (proxy_buffering off) / against a plain Node pass-through (node:http, undici.request),`,
    `with the same upstream bytes. sluice runs ${program.said}. ${tokens} tokens a stream, 16 events a write, as fast as it goes;`,
    'paced: 200 streams, 20 tokens a second each, 5 s, an event a write. Checked first: the hash of a whole text; then in',
    'every stream the number of tokens and the end mark.',
    ...(hasNginx ? [] : ['**nginx is not installed: its half of each cell is missing.**']),
    ...(pinned ? [] : ['**Nothing is pinned to a processor (one processor, or no taskset): expect noise.**']),
    '',
    'Processor time a token (lower is better):',
    '',
    table(
      ['', ...every],
      rows((cost) => cost?.cpuPerToken, every),
    ),
    '',
    'Tokens a second (higher is better; the load itself is a limit, the same for all):',
    '',
    table(
      ['', ...saturated],
      rows((cost) => cost?.tokensPerSecond, saturated),
    ),
    '',
    `Paced, CPU seconds a million tokens in this run: ${['nginx', 'plain', 'untouched', 'translated'].map((way) => `${way} ${absolute(`${way}, ${chat}`)}`).join(', ')} (openai-chat).`,
  ].join('\n')
}
