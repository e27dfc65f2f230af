import { type Child, pause, ask as question, script, start } from '../process.ts'
import { type Ask, type End, lastingAgent, readStream } from './client.ts'
import type { Gateway, Sample } from './gateway.ts'
import type { Plan } from './plan.ts'
import type { UpstreamReport } from './upstream.ts'

/** The provider, and what it sees. */
export class Upstream {
  readonly #child: Child = start(script('soak/upstream.ts'), { place: 'load', ipc: true })

  report(): Promise<UpstreamReport> {
    return question<UpstreamReport>(this.#child, {})
  }

  async port(): Promise<number> {
    return (await this.report()).port
  }

  /** Waits for the last answer to be given up or taken. */
  async idle(limitMs = 20_000): Promise<void> {
    const until = performance.now() + limitMs
    for (;;) {
      const { open } = await this.report()
      if (open === 0) return
      if (performance.now() > until)
        throw new Error(`${open} answers of the provider are still open, and nobody reads them`)
      await pause(100)
    }
  }

  stop(): Promise<void> {
    return this.#child.stop()
  }
}

/** Repeats a load; a sample before the first and after each, when all is quiet. */
export async function cycle(
  gateway: Gateway,
  upstream: Upstream,
  cycles: number,
  load: () => Promise<void>,
  quietMs = 2500,
): Promise<Sample[]> {
  const samples = [await gateway.sample()]
  for (let i = 0; i < cycles; i++) {
    await load()
    await upstream.idle()
    lastingAgent.destroy()
    // Idle connections to the provider are let go first; only then what is left can be compared.
    await pause(quietMs)
    samples.push(await gateway.sample())
  }
  return samples
}

/** Runs `count` jobs, so many of them at once. */
export async function crowdOf(count: number, atOnce: number, job: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await job(next++)
    }),
  )
}

export async function checked(one: Ask): Promise<End> {
  try {
    return await readStream(one)
  } catch (error) {
    const { pair, plan, leave, policy } = one
    throw new Error(
      `${pair.client} from ${pair.provider}, ${JSON.stringify({ ...plan, leave, policy })}: ${(error as Error).message}`,
    )
  }
}

let seeds = 0

export function planOf(plan: Partial<Plan>): Plan {
  return { seed: ++seeds, tokens: 100, burst: 8, everyMs: 0, fault: 'none', after: 0, ...plan }
}

/** The same numbers each time, so that a run that fails can be run again. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
