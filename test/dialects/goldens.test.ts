import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { fold, type StreamToken } from '../../src/tokens/index.ts'
import { checkWire } from '../fixtures/check-wire.ts'
import {
  clientEnding,
  clientNames,
  decode,
  dialectNames,
  encode,
  goldens,
  kept,
  tokenLines,
} from '../fixtures/goldens.ts'

const streams = dialectNames.flatMap((dialect) =>
  goldens(dialect).map(({ name, bytes }) => ({
    dialect,
    name,
    bytes,
    others: clientNames.filter((other) => other !== dialect),
  })),
)

// Some dialects write the time on every line.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_790_000_000_000 })
})
afterAll(() => {
  vi.useRealTimers()
})

const finished = (tokens: readonly StreamToken[]): boolean => tokens.some(({ type }) => type === 'finish')

describe.each(streams)('$dialect/$name', ({ dialect, name, bytes, others }) => {
  const whole = decode(dialect, [bytes])

  it('is the tokens beside it', () => {
    const found = tokenLines(whole)
    expect(found).toBe(kept(dialect, name, 'tokens.jsonl', () => found))
  })

  it.each(others)('is the stream beside it for a client of %s', (other) => {
    const found = encode(other, whole)
    expect(found).toBe(kept(dialect, name, clientEnding(other), () => found))
    const { outcome } = checkWire(other, new TextEncoder().encode(found))
    if (whole.at(-1)?.type === 'error') expect(outcome).toBe('error')
  })

  it('is the same for everyone wherever the network cuts it', () => {
    const all = (tokens: StreamToken[]): string[] => [
      tokenLines(tokens),
      ...others.map((other) => encode(other, tokens)),
    ]
    const wanted = all(whole)
    for (let cut = 1; cut < bytes.length; cut++) {
      const reads = [bytes.subarray(0, cut), bytes.subarray(cut)]
      expect(all(decode(dialect, reads)), `cut at byte ${cut}`).toEqual(wanted)
    }
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
    expect(all(decode(dialect, single)), 'a byte at a time').toEqual(wanted)
  })

  it('never looks finished when it breaks off before the answer is whole', () => {
    const parts = finished(whole) && JSON.stringify(fold(whole).choices.map((choice) => choice.parts))
    for (let length = 0; length < bytes.length; length++) {
      const tokens = decode(dialect, [bytes.subarray(0, length)])
      if (finished(tokens)) expect(JSON.stringify(fold(tokens).choices.map((choice) => choice.parts))).toBe(parts)
      else expect(tokens.at(-1)?.type).toBe('error')
    }
  })
})
