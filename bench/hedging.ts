import { createSluice, type Sluice } from '../src/index.ts'
import { startScripted } from '../src/providers/scripted/index.ts'
import { median } from './rounds.ts'
import { digits, table } from './table.ts'

/** In milliseconds: how long a target takes to begin, most of the time and once in a while. */
const usual = 20
const slow = 400
const slowEvery = 20
const hedgeAfter = 60
const perRound = 200
/** Clients at a time. */
const lanes = 10

/** How long clients wait for the first token of a target that is slow now and then, alone and with a second one beside it. */
export async function hedging(rounds: number): Promise<string> {
  // The first plays what the prompt says; the second is always the same.
  const moody = await startScripted({ logLimit: 10 })
  const even = await startScripted({ logLimit: 10, script: scriptOf(usual) })
  const dialect = 'openai-chat'
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      streaming: { models: [{ match: '*/hedged', hedge_after: `${hedgeAfter}ms` }] },
      providers: [
        { name: 'moody', dialect, base_url: `${moody.url}/v1` },
        { name: 'even', dialect, base_url: `${even.url}/v1` },
      ],
      models: ['alone', 'hedged'].map((name) => ({ name, targets: [`moody/${name}`, `even/${name}`] })),
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  try {
    const waits: Record<string, number[]> = { alone: [], hedged: [] }
    let twice = 0
    for (let round = 0; round < rounds; round++) {
      for (const name of ['alone', 'hedged']) {
        const asked = Array.from({ length: perRound }, (_, i) => (i % slowEvery === 0 ? slow : usual))
        await Promise.all(
          Array.from({ length: lanes }, async () => {
            for (let wait = asked.pop(); wait !== undefined; wait = asked.pop()) {
              const { ms, attempts } = await firstToken(sluice, name, wait)
              waits[name]!.push(ms)
              if (attempts > 1) twice++
            }
          }),
        )
      }
    }
    const row = (name: string): string[] => {
      const all = waits[name]!.sort((a, b) => a - b)
      const at = (share: number) => `${digits(all[Math.floor(all.length * share)]!)} ms`
      return [
        name,
        `${digits(median(all))} ms`,
        at(0.96),
        at(0.99),
        name === 'hedged' ? share(twice, all.length) : '0 %',
      ]
    }
    return [
      '## hedging: a second target for answers that are slow to begin',
      '',
      `A target takes ${usual} ms to begin, and ${slow} ms once in ${slowEvery} times; another one is asked after ${hedgeAfter} ms.`,
      'Checked first: each answer is whole. Time to the first token, and how many requests went to both targets.',
      '',
      table(['first token', 'median', 'p96', 'p99', 'asked twice'], [row('alone'), row('hedged')]),
    ].join('\n')
  } finally {
    await sluice.close()
    await moody.close()
    await even.close()
  }
}

function share(part: number, whole: number): string {
  return `${digits((part / whole) * 100)} %`
}

function scriptOf(wait: number) {
  return { steps: [{ wait }, { text: 'Here ' }, { text: 'it is.' }] }
}

async function firstToken({ url }: Sluice, model: string, wait: number): Promise<{ ms: number; attempts: number }> {
  const from = performance.now()
  const content = JSON.stringify({ sluice_script: scriptOf(wait) })
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] }),
  })
  let ms = 0
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    for (const [, said] of decoder.decode(bytes, { stream: true }).matchAll(/"content":"([^"]+)"/g)) {
      text += said
      ms ||= performance.now() - from
    }
  }
  if (text !== 'Here it is.') throw new Error(`the answer of ${model} is not right: ${response.status} ${text}`)
  return { ms, attempts: Number.parseInt(response.headers.get('x-sluice-attempts') ?? '', 10) }
}
