import { pause } from './process.ts'
import { type Ask, type End, pairs, readWhole } from './soak/client.ts'
import { failing, marathon } from './soak/failing.ts'
import { type Gateway, type Sample, startGateway } from './soak/gateway.ts'
import { growth, mib } from './soak/growth.ts'
import { checked, crowdOf, cycle, planOf, randomOf, Upstream } from './soak/load.ts'
import { type Fault, faults } from './soak/plan.ts'
import { table } from './table.ts'
import { program } from './targets.ts'

/** An act is a load of its own on a gateway of its own; it gives a page, or throws when a stream was wrong. */
type Act = (upstream: Upstream, cycles: number) => Promise<string[]>

const acts = { faults: faulty, failing, long, slow, crawl, whole, crowd, stop, frozen } satisfies Record<string, Act>
/** Those that run only when they are named. */
const others = { short: (upstream) => failing(upstream, 2, 250, 300), marathon } satisfies Record<string, Act>

export type ActName = keyof typeof acts | keyof typeof others

/** Hours in minutes: short lives, long streams, slow clients, crowds and endings, and what each leaves behind. */
export async function soak(cycles: number, chosen = Object.keys(acts) as ActName[]): Promise<string> {
  const upstream = new Upstream()
  const pages = [`## soak: what is left behind`, '', `sluice runs ${program.said}.`]
  for (const name of chosen) {
    const from = performance.now()
    const lines = await { ...acts, ...others }[name](upstream, cycles)
    pages.push('', `### ${name} (${((performance.now() - from) / 1000).toFixed(0)} s)`, '', ...lines)
  }
  await upstream.stop()
  return pages.join('\n')
}

/** Thousands of short streams, half of which go wrong on one side or the other. */
async function faulty(upstream: Upstream, cycles: number): Promise<string[]> {
  const settings =
    '[streaming]\nheartbeat = "300ms"\nstatus_ceiling = "1s"\nidle_timeout = "2s"\nstall_timeout = "3s"\ntotal_timeout = "6s"\nfinish_grace = "1s"'
  const gateway = await startGateway(await upstream.port(), settings)
  const ends: Record<End, number> = { whole: 0, failed: 0, left: 0 }
  const random = randomOf(7)
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!
  const kinds = Object.keys(faults) as Fault[]
  const one = async (): Promise<void> => {
    const tokens = 1 + Math.floor(random() * 300)
    const fault = random() < 0.4 ? pick(kinds) : 'none'
    const everyMs = random() < 0.3 ? 1 + Math.floor(random() * 5) : 0
    const plan = planOf({
      tokens,
      burst: 1 + Math.floor(random() * 40),
      everyMs,
      fault,
      after: 1 + Math.floor(random() * tokens),
    })
    const leave = random() < 0.2 ? pick(['asking', 'asked', 'head', 1, 2, 5] as const) : undefined
    ends[
      await checked({ port: gateway.port, pair: pick(pairs), plan, keepAlive: random() < 0.5, ...(leave && { leave }) })
    ]++
  }
  const samples = await cycle(gateway, upstream, cycles, () => crowdOf(400, 100, one))
  await gateway.stop()
  return [
    `${cycles} cycles of 400 streams, 100 at once, in all four pairs: ${ends.whole} whole, ${ends.failed} failed by the provider and told so, ${ends.left} left by their clients.`,
    '',
    ...growth(samples, 400),
  ]
}

/** Streams of 10,000 tokens, as fast as they go. */
async function long(upstream: Upstream): Promise<string[]> {
  const rows: string[][] = []
  for (const [count, times] of [
    [1, 8],
    [10, 6],
    [50, 4],
    [100, 4],
  ] as const) {
    const gateway = await startGateway(await upstream.port())
    let turn = 0
    let most = 0
    const samples = await cycle(gateway, upstream, times, async () => {
      const all = crowdOf(count, count, () =>
        checked({
          port: gateway.port,
          pair: pairs[turn++ % pairs.length]!,
          plan: planOf({ tokens: 10_000, burst: 16 }),
          keepAlive: true,
        }),
      )
      most = Math.max(most, (await gateway.peak(all)).most)
    })
    await gateway.stop()
    const [idle, first] = [samples[0]!, samples[1]!]
    const last = samples.at(-1)!
    rows.push([
      `${count} at once, ${times} times`,
      mib(first.heap),
      mib(last.heap),
      mib(idle.rss),
      mib(most),
      mib(last.rss),
      `${idle.files} → ${last.files}`,
    ])
  }
  return [table(['MiB', 'heap after 1', 'heap at the end', 'RSS idle', 'RSS at most', 'RSS at the end', 'files'], rows)]
}

/** Clients that read 100 KB/s for a while and then everything; a provider's silence that is ours must not count. */
async function slow(upstream: Upstream): Promise<string[]> {
  const rows: string[][] = []
  const loads = [...pairs.map((pair) => [pair]), pairs]
  for (const mix of loads) {
    // Shorter than the time in which nothing is read.
    const gateway = await startGateway(
      await upstream.port(),
      '[streaming]\nidle_timeout = "10s"\nstall_timeout = "10s"',
    )
    const count = mix.length === 1 ? 1 : 200
    const run = (tokens: number, bytesPerSecond: number): Promise<void> =>
      crowdOf(count, count, (i) => {
        const slowly = { bytesPerSecond, forMs: 20_000 }
        const plan = planOf({ tokens, burst: 32 })
        return checked({ port: gateway.port, pair: mix[i % mix.length]!, plan, keepAlive: false, slowly })
      })
    await run(count === 1 ? 20_000 : 100, Number.POSITIVE_INFINITY)
    const before = await gateway.sample()
    // 200 MB for one, 5 MB each for many.
    const chat = mix[0]!.provider === 'openai-chat'
    const all = run(count > 1 ? 24_000 : chat ? 600_000 : 1_600_000, 100_000)
    all.catch(() => {})
    const slowly = await gateway.peak(pause(17_000))
    const held = await gateway.sample()
    const fast = await gateway.peak(all)
    await upstream.idle()
    const after = await gateway.sample()
    await gateway.stop()
    const living = ({ heap, external }: Sample): number => heap + external
    rows.push([
      count === 1 ? `${mix[0]!.client} from ${mix[0]!.provider}` : `${count} at once, all pairs`,
      mib(slowly.most - before.rss),
      mib(living(held) - living(before)),
      mib(fast.most - before.rss),
      mib(living(after) - living(before)),
    ])
  }
  return [table(['growth in MiB', 'slow: RSS', 'slow: heap and buffers', 'then fast: RSS', 'afterwards'], rows)]
}

/**
 * 250 clients that hardly read, of 200 MB each: all that waits for them stays inside one budget, here a quarter of what
 * it usually is. A thousand would fill the kernel's memory for sockets (4 MB for each on loopback) before ours.
 */
async function crawl(upstream: Upstream): Promise<string[]> {
  const count = 250
  const gateway = await startGateway(await upstream.port(), '[streaming]\nbuffer_budget = "16MiB"')
  const ask = (i: number, tokens: number): Omit<Ask, 'keepAlive'> & { keepAlive: false } => ({
    port: gateway.port,
    pair: pairs[i % pairs.length]!,
    plan: planOf({ tokens, burst: 32 }),
    keepAlive: false,
  })
  await crowdOf(200, 50, (i) => checked(ask(i, 1000)))
  await upstream.idle()
  const before = await gateway.sample()
  const slowly = { bytesPerSecond: 10_000, forMs: Number.POSITIVE_INFINITY }
  let over = false
  const all = crowdOf(count, count, (i) => {
    const tokens = pairs[i % pairs.length]!.provider === 'openai-chat' ? 600_000 : 1_600_000
    return checked({ ...ask(i, tokens), slowly, leaveWhen: () => over })
  })
  all.catch(() => {})
  const { most, result: waiting } = await gateway.peak(heldUp(gateway, count))
  const held = await gateway.sample()
  // Who reads is served meanwhile.
  for (let i = 0; i < pairs.length; i++) await checked(ask(i, 2000))
  over = true
  await all
  await upstream.idle()
  const after = await gateway.sample()
  await gateway.stop()
  const living = ({ heap, external }: Sample): number => heap + external
  const growth = living(held) - living(before)
  // A stream itself takes some 60 KB, sockets and all.
  const allowed = (16 + count / 16) * 1024 * 1024
  if (growth > allowed) throw new Error(`${count} slow clients hold ${mib(growth)} MiB, more than ${mib(allowed)}`)
  return [
    table(
      ['held up', 'RSS at most', 'heap and buffers', 'afterwards'],
      [[String(waiting), mib(most - before.rss), mib(growth), mib(living(after) - living(before))]],
    ),
  ]
}

/** Waits until nearly every client has left something untaken, behind all that the kernel takes; how many have. */
async function heldUp(gateway: Gateway, count: number): Promise<number> {
  const until = performance.now() + 180_000
  for (;;) {
    const { resources } = await gateway.sample(false)
    // Writes that wait for their socket, by the name that Node has for them.
    const waiting = resources.SimpleWriteWrap ?? 0
    if (waiting >= count * 0.9) return waiting
    if (performance.now() > until) throw new Error(`only ${waiting} of ${count} slow clients were ever held up`)
    await pause(500)
  }
}

/** 10,000 answers that are no streams. */
async function whole(upstream: Upstream): Promise<string[]> {
  const lines: string[] = []
  for (const keepAlive of [true, false]) {
    const gateway = await startGateway(await upstream.port())
    const samples = await cycle(gateway, upstream, 16, () =>
      crowdOf(625, 32, (i) =>
        readWhole({ port: gateway.port, pair: pairs[i % 4]!, plan: planOf({ tokens: 50 }), keepAlive }),
      ),
    )
    await gateway.stop()
    lines.push(
      `16 cycles of 625, 32 at once, ${keepAlive ? 'with' : 'without'} keep-alive:`,
      '',
      ...growth(samples, 625),
      '',
    )
  }
  return lines
}

/** 2,000 streams at once on one process. */
async function crowd(upstream: Upstream): Promise<string[]> {
  const gateway = await startGateway(await upstream.port())
  await crowdOf(50, 50, (i) =>
    checked({ port: gateway.port, pair: pairs[i % 4]!, plan: planOf({ tokens: 100 }), keepAlive: false }),
  )
  const rows: string[][] = []
  const idle = await gateway.sample()
  for (let turn = 1; turn <= 4; turn++) {
    let slowest = 0
    const run = crowdOf(2000, 2000, async (i) => {
      const from = performance.now()
      await checked({
        port: gateway.port,
        pair: pairs[i % 4]!,
        plan: planOf({ tokens: 100, burst: 5, everyMs: 500 }),
        keepAlive: false,
      })
      slowest = Math.max(slowest, performance.now() - from)
    })
    const opened = pause(7000).then(async () => ({ ...(await gateway.sample()), open: (await upstream.report()).open }))
    const { most } = await gateway.peak(run)
    const during = await opened
    await upstream.idle()
    await pause(2500)
    const after = await gateway.sample()
    rows.push([
      String(turn),
      String(during.open),
      ((during.rss - idle.rss) / 2000 / 1024).toFixed(1),
      ((during.heap - idle.heap) / 2000 / 1024).toFixed(1),
      mib(most),
      mib(after.rss),
      mib(after.heap),
      String(during.files),
      String(after.files),
      (slowest / 1000).toFixed(1),
    ])
  }
  await gateway.stop()
  return [
    `Before: RSS ${mib(idle.rss)}, heap ${mib(idle.heap)} MiB, ${idle.files} files. Each stream is paced to last 10.0 s.`,
    '',
    table(
      [
        'time',
        'open',
        'RSS KiB a stream',
        'heap KiB a stream',
        'RSS at most',
        'RSS after',
        'heap after',
        'files',
        'files after',
        'slowest s',
      ],
      rows,
    ),
  ]
}

/** SIGTERM while long streams run: with time enough all are whole, with too little all have one honest error. */
async function stop(upstream: Upstream): Promise<string[]> {
  const lines: string[] = []
  for (const [grace, wanted] of [
    ['30s', 'whole'],
    ['1s', 'failed'],
  ] as const) {
    const gateway = await startGateway(await upstream.port(), `[server]\ndrain_timeout = "${grace}"`)
    const ends: End[] = []
    const run = crowdOf(50, 50, async (i) => {
      const plan = planOf({ tokens: 10_000, burst: 20, everyMs: 10 })
      const keepAlive = i % 2 === 0
      ends.push(await checked({ port: gateway.port, pair: pairs[i % 4]!, plan, keepAlive, mayFail: grace === '1s' }))
    })
    await pause(2000)
    const { open } = await upstream.report()
    const from = performance.now()
    const code = await gateway.stop()
    const took = (performance.now() - from) / 1000
    await run
    if (code !== 0 || ends.some((end) => end !== wanted)) {
      throw new Error(`stopped with a grace of ${grace}: exit code ${code}, streams ${ends.join(', ')}`)
    }
    lines.push(
      `- ${open} of 50 streams ran at SIGTERM, drain_timeout ${grace}: all ${wanted}, exit after ${took.toFixed(1)} s`,
    )
  }
  return lines
}

/** The process stands still for twice the idle timeout, as in a machine that sleeps; the provider does not. */
async function frozen(upstream: Upstream): Promise<string[]> {
  const gateway = await startGateway(await upstream.port(), '[streaming]\nidle_timeout = "2s"\nstall_timeout = "2s"')
  const run = crowdOf(40, 40, (i) => {
    const plan = planOf({ burst: 1, everyMs: 80 })
    return checked({ port: gateway.port, pair: pairs[i % 4]!, plan, keepAlive: false })
  })
  // Whoever awaits `run` below hears of its failure.
  run.catch(() => {})
  await pause(2000)
  process.kill(gateway.pid, 'SIGSTOP')
  await pause(4000)
  process.kill(gateway.pid, 'SIGCONT')
  await run
  await gateway.stop()
  return ['40 streams, a gateway that stood still for 4 s with an idle timeout of 2 s: all whole.']
}
