import { afterEach, describe, expect, it } from 'vitest'
import { checkGemini } from '../fixtures/check-gemini.ts'
import { type GeminiHouse, modelAt, openGeminiHouse, upstreams } from '../journeys/gemini-house.ts'

let house: GeminiHouse | undefined

afterEach(async () => {
  await house?.close()
})

/** Streams that end well, and streams that break. */
const good = ['text', 'unicode', 'torn', 'crlf', 'heartbeats', 'huge', 'empty', 'two-ends', 'no-end', 'trailing']
const broken = ['error-event', 'cut', 'truncated', 'garbage', 'stall', 'no-finish']
const cases = upstreams.flatMap((upstream) =>
  [...good, ...broken].flatMap((script) => (['sse', 'array'] as const).map((form) => ({ upstream, script, form }))),
)

describe.each(cases)('$script from $upstream, as $form', ({ upstream, script, form }) => {
  it(broken.includes(script) ? 'ends in one error' : 'ends in one finish', async () => {
    house = await openGeminiHouse({ streaming: { heartbeat: '30ms', idle_timeout: '150ms', finish_grace: '50ms' } })
    const path = `/v1beta/models/${modelAt(upstream, script)}:streamGenerateContent${form === 'sse' ? '?alt=sse' : ''}`
    const response = await fetch(house.sluice.url + path, {
      method: 'POST',
      body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    })
    const body = await response.text()
    if (response.status === 200) {
      expect(checkGemini(body, form === 'sse' ? 'sse' : 'json-array').outcome).toBe(
        isBroken(upstream, script) ? 'error' : 'clean',
      )
      return
    }
    const { error } = JSON.parse(body) as { error: { code: number } }
    expect(isBroken(upstream, script)).toBe(true)
    expect(error.code).toBeGreaterThanOrEqual(400)
  })
})

/** Chat Completions have an end marker, and an answer that has it is whole without a word on why it ended. */
function isBroken(upstream: string, script: string): boolean {
  if (script === 'no-finish') return upstream === 'gemini'
  return broken.includes(script)
}
