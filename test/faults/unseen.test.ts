import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../src/index.ts'
import type { Script } from '../../src/providers/scripted/index.ts'
import { checkWire } from '../fixtures/check-wire.ts'
import { openFailing } from '../journeys/failing-house.ts'
import { post, until } from './house.ts'

const answer = 'The answer of the second one.'
const second: Script = { steps: [{ text: answer }] }
const thinking: Script = {
  steps: [{ reasoning: 'Let me think about it for a while.', chunk: 'word' }, { text: 'Never said.' }],
}

function askGemini(url: string, model: string, thoughts: boolean) {
  return post(`${url}/v1beta/models/${model}:streamGenerateContent?alt=sse`, {
    contents: [{ parts: [{ text: 'Hi' }] }],
    ...(thoughts && { generationConfig: { thinkingConfig: { includeThoughts: true } } }),
  })
}

describe('a client that does not get to see reasoning', () => {
  it.each(['end', 'continue'] as const)('gets the answer of another target when that breaks: %s', async (policy) => {
    for (const fault of [{ cutAfterEvents: 4 }, { errorEvent: {}, afterEvents: 4 }]) {
      const house = await openFailing({ first: { ...thinking, fault }, second, streaming: { after_content: policy } })
      const { status, body } = await askGemini(house.url, 'oa-oa', false)
      expect([status, checkWire('gemini', body)]).toMatchObject([200, { outcome: 'clean', text: answer }])
      expect([house.first.count(), house.second.count()]).toEqual([1, 1])
    }
  })

  it('gets the true status where there is no other', async () => {
    const house = await openFailing({ first: { ...thinking, fault: { cutAfterEvents: 4 } } })
    expect((await askGemini(house.url, 'oa/m', false)).status).toBe(502)
  })

  it('is not to be mistaken for one that does', async () => {
    const house = await openFailing({ first: { ...thinking, fault: { cutAfterEvents: 4 } }, second })
    const { status, body } = await askGemini(house.url, 'oa-oa', true)
    expect([status, checkWire('gemini', body).outcome, house.second.count()]).toEqual([200, 'error', 0])
  })
})

it('an answer that was complete before its error is not gone on with, even where both come in one read', async () => {
  const first: Script = {
    steps: [{ text: 'All is said.', chunk: 'whole' }],
    fault: { errorEvent: { message: 'too late' }, afterEvents: 3 },
    wire: { batch: 100 },
  }
  const house = await openFailing({ first, second, streaming: { after_content: 'continue' } })
  const { body } = await post(`${house.url}/v1/messages`, {
    model: 'oa-oa',
    stream: true,
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  expect([checkWire('anthropic-messages', body).outcome, house.second.count()]).toEqual(['error', 0])
})

it('nobody goes on with an answer whose time is up, and who was held back for its client is not blamed', async () => {
  const records: RequestRecord[] = []
  // Short words in long events: the client falls behind long before there is too much to go on with.
  const house = await openFailing({
    first: { steps: [{ repeat: 150_000, text: 'a' }] },
    streaming: { after_content: 'continue', total_timeout: '700ms' },
    records,
  })
  const call = request(`${house.url}/v1/chat/completions`, { method: 'POST' }, (response) => response.pause())
  call.on('error', () => {})
  call.end(JSON.stringify({ model: 'oa-oa', stream: true, messages: [{ role: 'user', content: 'Hi' }] }))
  await until(() => records.length === 1, 'the end of the request', 10_000)
  call.destroy()
  expect(records).toMatchObject([{ outcome: 'error', code: 'total_timeout' }])
  expect(house.second.count()).toBe(0)
  const { body } = await house.admin('targets')
  expect(body.targets).toMatchObject([{ target: 'oa/m', failed_requests: 0, running: 0 }])
})
