import { createSluice } from '../src/index.ts'
import { startScripted } from '../src/providers/scripted/index.ts'
import { median } from './rounds.ts'
import { digits, table } from './table.ts'

const beginning = 'The first half of the answer, '
const rest = 'and then the second half of it.'
const perRound = 50

/** How long a client waits at the seam when another target goes on with its answer, and at the start when one fails. */
export async function continuing(rounds: number): Promise<string> {
  const broken = await startScripted({
    script: { steps: [{ text: beginning, chunk: 'whole' }, { text: 'never heard' }], fault: { cutAfterEvents: 2 } },
  })
  const failing = await startScripted({ script: { steps: [], fault: { status: 503 } } })
  const good = await startScripted({ script: { steps: [{ text: rest, chunk: 'whole' }] } })
  const dialect = 'openai-chat'
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      streaming: { after_content: 'continue', max_retries: 0 },
      providers: [
        { name: 'broken', dialect, base_url: `${broken.url}/v1` },
        { name: 'failing', dialect, base_url: `${failing.url}/v1` },
        { name: 'good', dialect, base_url: `${good.url}/v1` },
      ],
      models: [
        // Each time another model, as one that fails again and again is passed over.
        { name: 'continued-*', targets: ['broken/*', 'good/*'] },
        { name: 'second-*', targets: ['failing/*', 'good/*'] },
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  try {
    const first: number[] = []
    const seams: number[] = []
    const seconds: number[] = []
    for (let i = 0; i < rounds * perRound; i++) {
      first.push((await pieces(sluice.url, 'good/m', rest)).at(-1) ?? 0)
      const [before = 0, after = 0] = await pieces(sluice.url, `continued-${i}`, beginning + rest)
      seams.push(after - before)
      seconds.push((await pieces(sluice.url, `second-${i}`, rest)).at(-1) ?? 0)
    }
    const row = (name: string, all: number[]): string[] => {
      all.sort((a, b) => a - b)
      const above = median(all) - median(first)
      return [name, ...[median(all), all[Math.floor(all.length * 0.99)], above].map((ms) => `${digits(ms)} ms`)]
    }
    return [
      '## continuing: what a failure costs the client in time',
      '',
      'Over loopback, asked one after the other. The last column: above the first token of a target that is well.',
      'Checked first: each answer is whole, and said once.',
      '',
      table(
        ['wait', 'median', 'p99', 'above'],
        [
          row('first token of a target that is well', first),
          row('first token where the first target fails', seconds),
          row('between the two halves of an answer', seams),
        ],
      ),
    ].join('\n')
  } finally {
    await sluice.close()
    for (const server of [broken, failing, good]) await server.close()
  }
}

/** When each piece of text came, from the question on. */
async function pieces(url: string, model: string, expected: string): Promise<number[]> {
  const from = performance.now()
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const times: number[] = []
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    for (const [, said] of decoder.decode(bytes).matchAll(/"content":"([^"]+)"/g)) {
      text += said
      times.push(performance.now() - from)
    }
  }
  if (text !== expected) throw new Error(`the answer of ${model} is not right: ${text}`)
  return times
}
