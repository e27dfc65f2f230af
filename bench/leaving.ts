import { type ClientRequest, request } from 'node:http'
import { createSluice } from '../src/index.ts'
import { type Script, type ScriptedServer, startScripted } from '../src/providers/scripted/index.ts'
import { pause } from './process.ts'
import { median } from './rounds.ts'
import { crowdOf, randomOf } from './soak/load.ts'
import { digits, ratio, table } from './table.ts'

interface Moment {
  name: string
  script: Script
  /** Before the number, in the model's name: what holds for it. */
  model?: string
  whole?: true
  /** Nobody calls the provider without the gateway in between. */
  direct?: true
}

const endless = { repeat: 100_000, text: ' word', pace: 3 }

const moments: readonly Moment[] = [
  { name: 'in a stream, without the gateway', script: { steps: [endless] }, direct: true },
  { name: 'in a stream', script: { steps: [endless] } },
  { name: 'before the head', script: { steps: [], headDelay: 60_000 } },
  { name: 'before the first content', script: { steps: [{ wait: 60_000 }] } },
  { name: 'in a whole answer', script: { steps: [{ wait: 60_000 }] }, whole: true },
  {
    name: 'in a stream made of a whole answer',
    script: { steps: [{ repeat: 2000, text: ' word' }], streaming: 'ignores' },
    model: 'slow-',
  },
  { name: 'waiting to ask once more', script: { fault: { status: 503 } } },
  { name: 'waiting to go on', script: { steps: [endless], fault: { cutAfterEvents: 4 } }, model: 'go-' },
]

const perRound = 25

/** How soon a provider's connection is closed when the client has left, in each phase of a request. */
export async function leaving(rounds: number): Promise<string> {
  const server = await startScripted({ logLimit: 100_000 })
  const dialect = 'openai-chat'
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      streaming: {
        models: [
          { match: '*/go-*', after_content: 'continue' },
          { match: '*/slow-*', simulate_rate: 50 },
        ],
      },
      providers: [
        { name: 'p', dialect, base_url: `${server.url}/v1` },
        { name: 'blank', dialect, base_url: `${server.url}/v1` },
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  try {
    const random = randomOf(3)
    // Nobody shall have to wait for whoever finds out what the provider can do.
    await ended(ask(sluice.url, 'p/warm', { steps: [{ text: 'Hi' }] }))
    const rows: string[][] = []
    let base: number | undefined
    for (const moment of moments) {
      const delays: number[] = []
      await crowdOf(rounds * perRound, 10, async (i) => {
        const model = `${moment.model ?? ''}${rows.length}-${i}`
        const name = moment.direct ? model : `p/${model}`
        const call = ask(moment.direct ? server.url : sluice.url, name, moment.script, !moment.whole)
        const seen = await came(server, model)
        await pause(random() * 40)
        const from = performance.now()
        call.destroy()
        if (seen.finished || seen.cut || seen.aborted) return
        await server.settled(seen.index)
        delays.push(performance.now() - from)
      })
      base ??= median(delays)
      rows.push(row(moment.name, rounds * perRound, delays, base))
    }
    rows.push(await waitingForLeader(server, sluice.url, rounds * perRound))
    const asked = server.count()
    await pause(1200)
    const { running } = (await (await fetch(`${sluice.url}/admin/v1/status`)).json()) as { running: number }
    const open = server.requests.filter((one) => !one.finished && !one.cut && !one.aborted).length
    if (running > 0 || open > 0 || server.count() !== asked) {
      throw new Error(`leaving: ${running} requests run, ${open} calls are open, ${server.count() - asked} came later`)
    }
    return [
      '## leaving: how soon the provider hears that the client has gone',
      '',
      'From the moment the client closes its connection to the one at which the provider sees its own closed, over',
      'loopback, in one process. Where no call is open there is nothing to close. Checked: in the end no call is open, no',
      'request runs, and nobody is asked any more. The last column: against a client that calls the provider itself.',
      '',
      table(['the client leaves', 'clients', 'with a call', 'median', 'p99', 'longest', 'against none between'], rows),
    ].join('\n')
  } finally {
    await sluice.close()
    await server.close()
  }
}

/** One finds out what a provider can do; the others wait for that, and leave. */
async function waitingForLeader(server: ScriptedServer, url: string, count: number): Promise<string[]> {
  const leader = ask(url, 'blank/leader', { steps: [], headDelay: 60_000 })
  await came(server, 'leader')
  await crowdOf(count, 50, async (i) => {
    const call = ask(url, `blank/waits-${i}`, { steps: [] })
    await pause(20)
    call.destroy()
  })
  await pause(50)
  leader.destroy()
  await pause(50)
  const asked = server.requests.filter(({ model }) => model.startsWith('waits-')).length
  if (asked > 0) throw new Error(`leaving: ${asked} requests were made for clients that had left before`)
  return row('waiting for what another one finds out', count, [], undefined)
}

function row(name: string, clients: number, delays: number[], base: number | undefined): string[] {
  delays.sort((a, b) => a - b)
  if (delays.length === 0) return [name, String(clients), '0', '-', '-', '-', '-']
  const [middle, late, longest] = [median(delays), delays[Math.floor(delays.length * 0.99)], delays.at(-1)]
  const times = [middle, late, longest].map((ms) => `${digits(ms)} ms`)
  return [name, String(clients), String(delays.length), ...times, ratio(middle, base)]
}

function ask(url: string, model: string, script: Script, stream = true): ClientRequest {
  const content = JSON.stringify({ sluice_script: script })
  const call = request(`${url}/v1/chat/completions`, { method: 'POST', agent: false }, (response) => {
    response.on('error', () => {})
    response.resume()
  })
  call.on('error', () => {})
  call.end(JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }))
  return call
}

function ended(call: ClientRequest): Promise<void> {
  return new Promise((resolve) => call.once('close', () => resolve()))
}

/** The provider's first request for that model. */
async function came(server: ScriptedServer, model: string): Promise<ScriptedServer['requests'][number]> {
  const until = performance.now() + 10_000
  for (;;) {
    const seen = server.requests.findLast((one) => one.model === model)
    if (seen) return seen
    if (performance.now() > until) throw new Error(`leaving: no request for ${model} came`)
    await pause(1)
  }
}
