import { expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { checkStream, checkWhole } from './check-stream.ts'
import { chat, house, pairs, paths, pause, post, scripted, until } from './house.ts'

const text = { repeat: 30, text: ' word', pace: '2ms' }
const scripts: Script[] = [
  { steps: [text] },
  { steps: [text], headDelay: '40ms' },
  { steps: [text], fault: { cutAfterEvents: 9 } },
  { steps: [text], fault: { endAfterEvents: 3 } },
  { steps: [text], fault: { stallAfterEvents: 12 } },
  { steps: [text], fault: { stallAfterEvents: 12, comments: '5ms' } },
  { steps: [text], fault: { errorEvent: {}, afterEvents: 6 } },
  { steps: [text], fault: { status: 429 } },
  { steps: [text], fault: { cutBeforeHead: true } },
  { steps: [text], fault: { noEndMarker: true } },
  { steps: [{ repeat: 20_000, text: ' word' }] },
]

it('a crowd of good, bad and leaving streams leaves one record each and nothing else behind', async () => {
  const warnings: string[] = []
  const warn = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', warn)
  const upstream = await scripted()
  const gateway = await house({
    upstream: upstream.url,
    streaming: {
      heartbeat: '10ms',
      status_ceiling: '30ms',
      idle_timeout: '80ms',
      stall_timeout: '120ms',
      finish_grace: '40ms',
      total_timeout: '3s',
    },
  })
  const asked = 240
  await Promise.all(
    Array.from({ length: asked }, async (_, i) => {
      const pair = pairs[i % pairs.length]!
      const stream = i % 5 !== 0
      const leaving = new AbortController()
      await pause(i)
      if (i % 3 === 0) setTimeout(() => leaving.abort(), (i * 7) % 90)
      const body = chat(pair, { stream, script: scripts[i % scripts.length]! })
      const answer = await post(gateway.url + paths[pair.client], body, { signal: leaving.signal }).catch(
        () => undefined,
      )
      if (!answer || answer.broken) return expect(leaving.signal.aborted).toBe(true)
      if (stream && answer.status === 200) checkStream(pair.client, answer.body)
      else checkWhole(pair.client, answer.status, answer.body)
    }),
  )
  await until(() => gateway.gateway.running === 0, 'nothing is running', 4000)
  process.off('warning', warn)
  expect(warnings).toEqual([])
  // Those that left before their head arrived were never requests.
  expect(gateway.records.length).toBeLessThanOrEqual(asked)
  expect(gateway.records.length).toBeGreaterThan(asked * 0.9)
  expect(new Set(gateway.records.map(({ id }) => id)).size).toBe(gateway.records.length)
  for (const outcome of ['ok', 'error', 'aborted'])
    expect(gateway.records.some((record) => record.outcome === outcome)).toBe(true)
})
