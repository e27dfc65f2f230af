import { pause } from '../process.ts'
import { providerOf } from '../targets.ts'
import { type Ask, type End, lastingAgent, type Policy, pairs } from './client.ts'
import { type Gateway, type Sample, startGateway } from './gateway.ts'
import { growth, mib } from './growth.ts'
import { checked, crowdOf, cycle, planOf, randomOf, type Upstream } from './load.ts'
import { type Fault, faults } from './plan.ts'

const settings = `[streaming]
heartbeat = "300ms"
status_ceiling = "1s"
first_token_timeout = "3s"
idle_timeout = "2s"
stall_timeout = "2500ms"
total_timeout = "8s"
finish_grace = "300ms"
max_retries = 1

[[streaming.models]]
match = "going-*"
after_content = "continue"

[[streaming.models]]
match = "hedging-*"
hedge_after = "100ms"
`

/** Each language once more with a second target in the other one: asked instead, as well, or to go on. Their keys are a mixed lot. */
function targets(port: number): string {
  const keys = 'api_keys = ["good", "wrong", "good-too", "poor"]'
  const provider = (name: string, dialect: string, path = ''): string =>
    `[[providers]]\nname = "${name}"\ndialect = "${dialect}"\nbase_url = "http://127.0.0.1:${port}${path}/v1"\n${keys}\n`
  const alias = (name: string, first: string, then: string): string =>
    `[[models]]\nname = "${name}-*"\ntargets = ["${first}/*", "${then}/*"]\n`
  const names = Object.entries(providerOf)
  return names
    .flatMap(([dialect, name], i) => {
      const spare = `spare-${names[(i + 1) % names.length]![1]}`
      return [
        provider(`tried-${name}`, dialect),
        provider(`going-${name}`, dialect),
        provider(`hedging-${name}`, dialect),
        provider(`spare-${name}`, dialect, '/spare'),
        alias(`fallback-${name}`, `tried-${name}`, spare),
        alias(`continue-${name}`, `going-${name}`, spare),
        alias(`hedged-${name}`, `hedging-${name}`, spare),
      ]
    })
    .join('\n')
}

/** Streams with and without a second target, most of which go wrong on one side or the other. */
class Mix {
  readonly ends: Record<End, number> = { whole: 0, failed: 0, left: 0 }
  /** Clients that may have left before they were seen. */
  unsure = 0
  #random = randomOf(11)
  #seed = 0
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  get asked(): number {
    return this.ends.whole + this.ends.failed + this.ends.left
  }

  /**
   * The same streams once more: their models are known by now, so that what is kept of each does not grow, and those that
   * always fail come to be passed over.
   */
  again(): void {
    this.#random = randomOf(11)
    this.#seed = 0
  }

  readonly one = async (): Promise<void> => {
    const random = this.#random
    const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!
    const tokens = 1 + Math.floor(random() * 120)
    const plan = planOf({
      seed: ++this.#seed,
      tokens,
      burst: 1 + Math.floor(random() * 40),
      everyMs: random() < 0.2 ? 1 + Math.floor(random() * 3) : 0,
      fault: random() < 0.6 ? pick(Object.keys(faults) as Fault[]) : 'none',
      after: 1 + Math.floor(random() * tokens),
    })
    const policy = pick<Policy | undefined>(['fallback', 'continue', 'hedged', 'continue', undefined])
    const leave = random() < 0.2 ? pick(['asking', 'asked', 'head', 1, 2, 5] as const) : undefined
    const ask: Ask = { port: this.#port, pair: pick(pairs), plan, keepAlive: random() < 0.5 }
    if (policy !== undefined) ask.policy = policy
    if (leave !== undefined) ask.leave = leave
    if (leave === 'asking' || leave === 'asked') this.unsure++
    this.ends[await checked(ask)]++
  }

  said(): string {
    const { whole, failed, left } = this.ends
    return `${this.asked} streams, 100 at once, four of five with a second target: ${whole} whole, ${failed} failed by the provider and told so, ${left} left by their clients`
  }
}

/** Every request has one record, and nothing of it is open. @throws Error */
async function settle(gateway: Gateway, upstream: Upstream, mix: Mix): Promise<string> {
  await upstream.idle()
  const code = await gateway.stop()
  if (code !== 0) throw new Error(`the gateway ended with ${code}`)
  const records = gateway.records()
  if (records > mix.asked || records < mix.asked - mix.unsure) {
    throw new Error(`${records} records of ${mix.asked} requests, of which ${mix.unsure} may have left unseen`)
  }
  const { open } = await upstream.report()
  return `Records: ${records}, none twice (of clients that left at once some were never seen). Open answers of the provider: ${open}.`
}

/** Cycles of `size` streams each. */
export async function failing(upstream: Upstream, cycles: number, size = 400, quietMs?: number): Promise<string[]> {
  const port = await upstream.port()
  const gateway = await startGateway(port, settings, targets(port))
  const mix = new Mix(gateway.port)
  const load = (): Promise<void> => {
    mix.again()
    return crowdOf(size, 100, mix.one)
  }
  const samples = await cycle(gateway, upstream, cycles, load, quietMs)
  checkShort(samples, size)
  const settled = await settle(gateway, upstream, mix)
  return [`${mix.said()}.`, '', ...growth(samples, size), '', settled]
}

/** Half an hour, or a million streams, whichever is over first. */
export async function marathon(upstream: Upstream, minutes: number): Promise<string[]> {
  const port = await upstream.port()
  const gateway = await startGateway(port, settings, targets(port))
  const mix = new Mix(gateway.port)
  const until = performance.now() + minutes * 60_000
  const size = 10_000
  const samples: Sample[] = []
  while (performance.now() < until && mix.asked < 1_000_000) {
    mix.again()
    await crowdOf(size, 100, async () => {
      if (performance.now() < until) await mix.one()
    })
    await upstream.idle()
    lastingAgent.destroy()
    await pause(2500)
    samples.push(await gateway.sample())
  }
  const settled = await settle(gateway, upstream, mix)
  return [`${mix.said()}.`, '', ...growth(samples, size), '', settled]
}

/** Where there are too few cycles for a slope: what a stream leaves behind is less than its prompt alone. */
function checkShort(samples: readonly Sample[], size: number): void {
  if (samples.length < 3) return
  const [before, after] = samples.slice(-2) as [Sample, Sample]
  const left = (after.heap - before.heap) / size
  if (left > 3000) throw new Error(`${left.toFixed(0)} bytes are left of each stream (${mib(after.heap)} MiB in all)`)
}
