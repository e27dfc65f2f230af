import { request } from 'node:http'
import type { LoadJob, LoadReport } from './load.ts'
import { planName } from './plan.ts'
import { ask, type Child, pause, residentBytes, script, start } from './process.ts'
import { interleave, median } from './rounds.ts'
import { type DialectName, paths } from './streams.ts'
import { digits, ratio, table } from './table.ts'
import { type Command, nginx, plainNode, program, providerOf, sluice, startTarget, type Target } from './targets.ts'
import type { UpstreamReport } from './upstream.ts'

interface Way {
  command: (upstreamPort: number) => Promise<Command | undefined>
  client: DialectName
  prefix: string
}

const chat = 'openai-chat'
const through = `${providerOf[chat]}/`

/** Each with an upstream that speaks openai-chat. */
const ways: Record<string, Way> = {
  nginx: { command: nginx, client: chat, prefix: '' },
  'plain Node': { command: plainNode, client: chat, prefix: '' },
  'sluice untouched': { command: sluice, client: chat, prefix: through },
  'sluice translated': { command: sluice, client: 'anthropic-messages', prefix: through },
}

interface Figures {
  idle: number
  perStream: number
  slowGrowth: number
  fastGrowth: number
  closeMs: number
  closed: number
  coldMs: number
}

const streams = 500
const cuts = 15
const pauseMs = 100
const MiB = 1024 * 1024

/** What streams hold in memory, how long an abandoned one lives on, and how long the first answer takes. */
export async function memory(rounds: number): Promise<string> {
  const upstream = start(script('upstream.ts'), { place: 'load', ipc: true })
  const load = start(script('load.ts'), { place: 'load', ipc: true })
  const { port } = await ask<UpstreamReport>(upstream, {})
  const found: Array<[string, Way]> = []
  for (const [name, way] of Object.entries(ways)) if (await way.command(port)) found.push([name, way])
  const all = await interleave(
    rounds,
    Object.fromEntries(found.map(([name, way]) => [name, () => measure(way, upstream, load, port)])),
  )
  await Promise.all([upstream.stop(), load.stop()])

  const plain = all['plain Node']!
  const mid = (figures: readonly Figures[], key: keyof Figures): number => median(figures.map((one) => one[key]))
  const against = (figures: readonly Figures[], key: keyof Figures): string => ratio(mid(figures, key), mid(plain, key))
  const rows = Object.entries(all).map(([name, figures]) => [
    name,
    against(figures, 'idle'),
    against(figures, 'perStream'),
    `${digits(mid(figures, 'slowGrowth') / MiB)} (${digits(mid(figures, 'fastGrowth') / MiB)})`,
    `${mid(figures, 'closed')} of ${cuts}`,
    against(figures, 'closeMs'),
    against(figures, 'coldMs'),
  ])
  const ours = all['sluice untouched']!
  return [
    '## memory: what streams hold, and what happens at their ends',
    '',
    `Ratios to a plain Node pass-through of the same run; lower is better. sluice runs ${program.said}.`,
    `RSS a stream: ${streams} open streams, an event a second each. Slow client: growth of RSS in MiB while one client reads`,
    '100 KB/s of a stream of 20 MB (in brackets: while one reads five of them as fast as it can, before). Close: from the',
    "client's close to the upstream's. Cold start: from the start of the process to the end of its first answer.",
    '',
    table(['', 'idle RSS', 'RSS a stream', 'slow client (fast), MiB', 'upstream closed', 'close', 'cold start'], rows),
    '',
    `In this run, sluice untouched: idle ${digits(mid(ours, 'idle') / MiB)} MiB, ${digits(mid(ours, 'perStream') / 1024)} KiB a stream, closed after ${digits(mid(ours, 'closeMs'))} ms, first answer after ${digits(mid(ours, 'coldMs'))} ms.`,
  ].join('\n')
}

async function measure(way: Way, upstream: Child, load: Child, upstreamPort: number): Promise<Figures> {
  const coldMs = await cold(way, upstreamPort)
  const target = await startTarget((await way.command(upstreamPort))!)
  const run = (job: Partial<LoadJob> & Pick<LoadJob, 'model' | 'tokens'>): Promise<LoadReport> =>
    ask<LoadReport>(load, { port: target.port, dialect: way.client, streams: 1, repeat: 1, ...job })
  const plan = (tokens: number, burst: number, everyMs: number) => ({
    model: way.prefix + planName({ tokens, burst, everyMs }),
    tokens,
  })
  whole(await run({ ...plan(100, 1, 0), streams: 20 }))
  await pause(500)
  const idle = resident(target)

  const [open, during] = await Promise.all([
    run({ ...plan(3, 1, 1000), streams }),
    peak(target, 2800, async () => (await ask<UpstreamReport>(upstream, {})).open === streams),
  ])
  whole(open)

  // Some 20 MB: more than the sockets on the way hold.
  const long = plan(60_000, 16, 0)
  const fastGrowth = await growth(target, run({ ...long, repeat: 5, leaveAfterMs: 1000 }), 1000)
  const slowGrowth = await growth(target, run({ ...long, leaveAfterMs: 2500, slowly: 100_000 }), 2500)
  await pause(200)

  await ask<UpstreamReport>(upstream, {})
  const { cutAt } = await run({ ...plan(400, 1, 20), repeat: cuts, cutAfter: 5, cutPauseMs: pauseMs })
  await pause(200)
  const closes = (await ask<UpstreamReport>(upstream, {})).cutAt
  const delays = cutAt.flatMap((at) =>
    closes
      .filter((close) => close >= at && close < at + pauseMs)
      .slice(0, 1)
      .map((close) => close - at),
  )
  await target.child.stop()
  return {
    idle,
    perStream: (during - idle) / streams,
    slowGrowth,
    fastGrowth,
    closeMs: delays.length > 0 ? median(delays) : Number.NaN,
    closed: delays.length,
    coldMs,
  }
}

/** From the start of the process to the end of the first answer with status 200. */
async function cold(way: Way, upstreamPort: number): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const { port, command } = (await way.command(upstreamPort))!
    const from = performance.now()
    const child = start(command, { place: 'target' })
    while (!(await answers(port, way))) {
      if (performance.now() - from > 15_000) throw new Error(`cannot measure: no answer from ${command.join(' ')}`)
      await pause(2)
    }
    times.push(performance.now() - from)
    await child.stop()
  }
  return median(times)
}

function answers(port: number, { client, prefix }: Way): Promise<boolean> {
  const model = prefix + planName({ tokens: 2, burst: 1, everyMs: 0 })
  const body = JSON.stringify({ model, stream: true, max_tokens: 10, messages: [{ role: 'user', content: 'Hello.' }] })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve) => {
    const call = request({ port, host: '127.0.0.1', path: paths[client], method: 'POST', agent: false, headers })
    call.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
      response.on('error', () => resolve(false))
    })
    call.on('error', () => resolve(false))
    call.end(body)
  })
}

function resident({ child }: Target): number {
  return residentBytes(child.pid) ?? Number.NaN
}

/** How much the process grew at most while a load ran. */
async function growth(target: Target, load: Promise<LoadReport>, ms: number): Promise<number> {
  const before = resident(target)
  const [, most] = await Promise.all([load, peak(target, ms)])
  return most - before
}

/** The most that the process held; `reached` must have been true once, or the load was not what it should be. */
async function peak(target: Target, ms: number, reached?: () => Promise<boolean>): Promise<number> {
  const until = performance.now() + ms
  let most = 0
  let held = reached === undefined
  while (performance.now() < until) {
    most = Math.max(most, resident(target))
    held ||= (await reached?.()) ?? true
    await pause(50)
  }
  if (!held) throw new Error('cannot measure: the streams were never all open at once')
  return most
}

function whole({ faults }: LoadReport): void {
  if (faults.length > 0) throw new Error(`cannot compare: a stream was not whole: ${faults.join('; ')}`)
}
