/**
 * `npm run bench`: every bench but the long ones, or those that are named. `--rounds N` repeats each measurement N times (each bench has
 * its own default); medians are printed. What the numbers mean stands in docs/benchmarks.md.
 */
import { parseArgs } from 'node:util'

interface Bench {
  rounds: number
  load: () => Promise<(rounds: number) => Promise<string>>
  /** Runs only when it is named: it takes long. */
  named?: true
}

const benches: Record<string, Bench> = {
  sse: { rounds: 15, load: async () => (await import('./sse.ts')).sse },
  hostile: { rounds: 5, load: async () => (await import('./hostile.ts')).hostile },
  bpe: { rounds: 7, load: async () => (await import('./bpe.ts')).bpe },
  dialects: { rounds: 15, load: async () => (await import('./dialects.ts')).dialects },
  pipeline: { rounds: 9, load: async () => (await import('./pipeline.ts')).pipeline },
  transformers: { rounds: 9, load: async () => (await import('./transformers.ts')).transformers },
  routing: { rounds: 9, load: async () => (await import('./routing.ts')).routing },
  recovery: { rounds: 10, load: async () => (await import('./recovery.ts')).recovery },
  continuing: { rounds: 4, load: async () => (await import('./continuing.ts')).continuing },
  hedging: { rounds: 5, load: async () => (await import('./hedging.ts')).hedging },
  leaving: { rounds: 5, load: async () => (await import('./leaving.ts')).leaving },
  detection: { rounds: 3, load: async () => (await import('./detection.ts')).detection },
  request: { rounds: 5, load: async () => (await import('./request.ts')).request },
  relay: { rounds: 2, load: async () => (await import('./relay.ts')).relay },
  memory: { rounds: 1, load: async () => (await import('./memory.ts')).memory },
  'pipeline-long': { rounds: 10, load: async () => (await import('./pipeline-long.ts')).pipelineLong, named: true },
  soak: { rounds: 16, load: async () => (await import('./soak.ts')).soak, named: true },
}
for (const act of [
  'faults',
  'failing',
  'long',
  'slow',
  'crawl',
  'whole',
  'crowd',
  'stop',
  'frozen',
  'short',
  'marathon',
] as const) {
  const load = async () => {
    const { soak } = await import('./soak.ts')
    return (rounds: number) => soak(rounds, [act])
  }
  // Of the marathon it is minutes.
  benches[`soak-${act}`] = { rounds: act === 'marathon' ? 30 : 16, load, named: true }
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } })
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(`cannot run ${unknown.join(', ')}: the benches are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
if (values.rounds !== undefined && !/^[1-9]\d*$/.test(values.rounds)) {
  console.error(`cannot run ${values.rounds} rounds: write a whole number from 1`)
  process.exit(2)
}

for (const [name, { rounds, load, named }] of Object.entries(benches)) {
  if (positionals.length > 0 ? !positionals.includes(name) : named) continue
  const from = performance.now()
  const bench = await load()
  const count = values.rounds === undefined ? rounds : Number(values.rounds)
  console.log(`${await bench(count)}\n`)
  console.log(`(Node ${process.versions.node}, ${count} rounds, ${((performance.now() - from) / 1000).toFixed(0)} s)\n`)
}
