import { afterEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/tokens/index.ts'
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

/**
 * The chunks of a body by the rules of Google's own reader: a block is one line of data or nothing but comments, ends
 * with a blank line, and its JSON holds no character at which that reader would cut the line.
 */
function chunks(body: string, form: 'sse' | 'array'): JsonObject[] {
  if (form === 'array') return JSON.parse(body) as JsonObject[]
  if (body === '') return []
  expect(body).toMatch(/(\n\n|\r\n\r\n)$/)
  return body
    .split(/\r\n\r\n|\n\n/)
    .slice(0, -1)
    .flatMap((block) => {
      if (/^:/.test(block) && !/\n(?!:)/.test(block)) return []
      expect(block).toMatch(/^data: \{.*\}$/)
      return [JSON.parse(block.slice('data: '.length)) as JsonObject]
    })
}

const isError = (chunk: JsonObject): boolean => chunk.error !== undefined
const isLast = (chunk: JsonObject): boolean =>
  isError(chunk) || ((chunk.candidates ?? []) as JsonObject[]).some((one) => one.finishReason !== undefined)

describe.each(cases)('$script from $upstream, as $form', ({ upstream, script, form }) => {
  it(broken.includes(script) ? 'ends in one error' : 'ends in one finish', async () => {
    house = await openGeminiHouse({ streaming: { heartbeat: '30ms', idle_timeout: '150ms', finish_grace: '50ms' } })
    const path = `/v1beta/models/${modelAt(upstream, script)}:streamGenerateContent${form === 'sse' ? '?alt=sse' : ''}`
    const response = await fetch(house.sluice.url + path, {
      method: 'POST',
      body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    })
    const body = await response.text()
    const found = response.status === 200 ? chunks(body, form) : [JSON.parse(body) as JsonObject]
    expect(found.filter(isLast)).toEqual([found.at(-1)])
    const { error } = found.at(-1)!
    expect(error !== undefined).toBe(isBroken(upstream, script))
    if (error) expect((error as { code: number }).code).toBeGreaterThanOrEqual(400)
  })
})

/** Chat Completions have an end marker, and an answer that has it is whole without a word on why it ended. */
function isBroken(upstream: string, script: string): boolean {
  if (script === 'no-finish') return upstream === 'gemini'
  return broken.includes(script)
}
