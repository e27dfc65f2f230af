import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fetchFrom, type GoesOn, ResumableStream } from '../src/pipeline/index.ts'
import { writeSse } from '../src/sse/index.ts'
import { median } from './rounds.ts'
import { digits, ratio, table } from './table.ts'

interface Case {
  name: string
  goesOn: GoesOn
  /** Every so many events bring an id. */
  ids: number
  /** The body ends too early, instead of a connection that is reset. */
  endsEarly?: true
}

const cases: Case[] = [
  { name: 'connection reset, an id for each event', goesOn: 'behind-id', ids: 1 },
  { name: 'body ends too early, an id for each event', goesOn: 'behind-id', ids: 1, endsEarly: true },
  { name: 'connection reset, an id for every 100th event', goesOn: 'behind-id', ids: 100 },
  { name: 'connection reset, told again from the start', goesOn: 'at-start', ids: 1 },
]

const count = 4000
const breaks = 40
const words = Array.from({ length: count }, (_, i) => `{"text":"piece ${i} of a stream ${'·'.repeat(i % 50)}"}`)

/** How long a reader waits for the next event when its connection breaks, over loopback. */
export async function recovery(rounds: number): Promise<string> {
  const source = await openSource()
  try {
    const rows: string[][] = []
    for (const one of cases) {
      const gaps: number[] = []
      const plain: number[] = []
      for (let round = 0; round < rounds; round++) {
        gaps.push(...(await brokenStream(source, one)))
        plain.push(await firstBytes(source.url))
      }
      gaps.sort((a, b) => a - b)
      const p99 = gaps[Math.floor(gaps.length * 0.99)]
      const cells = [median(gaps), p99, gaps.at(-1)].map((ms) => `${digits(ms)} ms`)
      rows.push([one.name, String(gaps.length), ...cells, ratio(median(gaps), median(plain))])
    }
    return [
      '## recovery: a stream that breaks is taken up again',
      '',
      'From the moment a break is seen to the first new event. The last column: against a plain request of `fetch` to the',
      'same server, from its start to the first bytes.',
      `Checked first: each of the ${count} events of a stream comes once and in order.`,
      '',
      table(['break', 'breaks', 'median', 'p99', 'longest', 'against a request'], rows),
    ].join('\n')
  } finally {
    source.close()
  }
}

async function brokenStream(source: Source, { name, goesOn, ids, endsEarly }: Case): Promise<number[]> {
  const gaps: number[] = []
  const stream = new ResumableStream({
    open: fetchFrom(`${source.url}?ids=${ids}&broken=${endsEarly ? 'end' : 'reset'}&run=${source.run()}`),
    goesOn,
    isEnd: ({ data }) => data === 'over',
    onResume: ({ gapMs }) => gaps.push(gapMs),
  })
  const seen: string[] = []
  await stream.run(({ data }) => seen.push(data))
  const right = seen.length === count + 1 && words.every((word, i) => seen[i] === word)
  if (!right || gaps.length !== breaks) {
    throw new Error(`recovery, ${name}: ${seen.length} events of ${count + 1} over ${gaps.length} breaks of ${breaks}`)
  }
  return gaps
}

async function firstBytes(url: string): Promise<number> {
  const from = performance.now()
  const { body } = await fetch(`${url}?ids=1&broken=never`)
  const reader = body!.getReader()
  await reader.read()
  const ms = performance.now() - from
  await reader.cancel()
  return ms
}

interface Source {
  url: string
  /** The name of another stream. */
  run(): number
  close(): void
}

/** Cuts each stream at even distances, in the middle of an event. */
async function openSource(): Promise<Source> {
  const cut = new Map<string | null, number>()
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const every = Number(query.get('ids'))
    const asked = request.headers['last-event-id']
    const from = typeof asked === 'string' ? Number(asked) + 1 : 0
    const done = cut.get(query.get('run')) ?? 0
    const breaking = query.get('broken') !== 'never' && done < breaks
    const to = breaking ? Math.floor(((done + 1) * count) / (breaks + 1)) : count
    let text = ''
    for (let i = from; i < to; i++) text += writeSse({ data: words[i]!, ...(i % every === 0 && { id: String(i) }) })
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (!breaking) {
      response.end(`${text}data: over\n\n`)
      return
    }
    cut.set(query.get('run'), done + 1)
    text += 'data: {"te'
    if (query.get('broken') === 'end') response.end(text)
    // What was written must have left before the line is cut, or the event that is waited for goes with it.
    else response.write(text, () => setTimeout(() => response.destroy(), 2))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let run = 0
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    run: () => ++run,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
