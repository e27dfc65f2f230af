import { expect, it } from 'vitest'
import { type HouseOptions, openHouse } from './house.ts'

/** Thinks for a while, so that a sign of life is due, and tells what it thought. */
const slow: HouseOptions = {
  script: { steps: [{ wait: '250ms' }, { reasoning: 'Hmm.' }, { text: 'Hello' }] },
  streaming: { heartbeat: '40ms', status_ceiling: '40ms' },
}

/** A client that knows lines of data and blank ones, and of a delta only what OpenAI writes. */
async function readStrictly(url: string, headers: Record<string, string>): Promise<{ text: string; odd: string[] }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'oa/m', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const odd: string[] = []
  let text = ''
  for (const line of (await response.text()).split('\n')) {
    if (line === '' || line === 'data: [DONE]') continue
    if (!line.startsWith('data: ')) {
      odd.push(line)
      continue
    }
    const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: Record<string, unknown> }[] }
    for (const { delta } of choices) {
      text += delta.content ?? ''
      odd.push(...Object.keys(delta).filter((key) => !['role', 'content', 'tool_calls', 'refusal'].includes(key)))
    }
  }
  return { text, odd: [...new Set(odd)] }
}

it('a client of which nothing is known gets comments and reasoning', async () => {
  const { sluice } = await openHouse(slow)
  const { text, odd } = await readStrictly(sluice.url, { 'user-agent': 'our-agent/1.2' })
  expect([text, odd]).toEqual(['Hello', [': sluice', 'reasoning_content']])
})

it('a client that says it is strict gets neither', async () => {
  const { sluice } = await openHouse(slow)
  const read = await readStrictly(sluice.url, { 'user-agent': 'our-agent/1.2', 'x-sluice-client': 'strict' })
  expect(read).toEqual({ text: 'Hello', odd: [] })
})

it('a client of which the configuration says so gets none, whatever the others get', async () => {
  const clients = [{ name: 'ours', user_agent: 'our-agent/*', comments: false, reasoning: 'none' as const }]
  const { sluice } = await openHouse({ ...slow, clients })
  expect(await readStrictly(sluice.url, { 'user-agent': 'our-agent/1.2' })).toEqual({ text: 'Hello', odd: [] })
  const { odd } = await readStrictly(sluice.url, { 'user-agent': 'another/1' })
  expect(odd).toEqual([': sluice', 'reasoning_content'])
})
