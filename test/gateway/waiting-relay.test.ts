import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { newProgress } from '../../src/gateway/delivery/relay.ts'
import { type TokenTarget, WaitingRow } from '../../src/gateway/delivery/waiting-relay.ts'
import { type ChainedTransformer, pass } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'

const at = { choice: 0, index: 0 }
const word = (text: string): StreamToken => ({ type: 'text-delta', ...at, text })
const begin: StreamToken[] = [{ type: 'message-start' }, { type: 'text-start', ...at }]
const finish: StreamToken[] = [
  { type: 'text-end', ...at },
  { type: 'finish', choice: 0, reason: 'stop' },
]

/** A row with a transformer that waits until it is told to go on, and what comes out of it. */
function open({ limit = 256, spoils = '' } = {}) {
  const waiting: Array<() => void> = []
  const told: string[] = []
  const progress = newProgress()
  const target: TokenTarget = {
    progress,
    token: (token) => told.push(token.type === 'text-delta' ? token.text : token.type),
    flush: () => {
      if (told.at(-1) !== 'flush') told.push('flush')
    },
    complete: () => {
      progress.over = true
      told.push('complete')
    },
    fail: (error) => {
      progress.over = true
      told.push(`fail ${error.code}`)
    },
  }
  let signal: AbortSignal | undefined
  const slow: ChainedTransformer = {
    name: 'slow',
    async: true,
    limit,
    async transform(token, given) {
      signal = given
      if (token.type === 'text-delta') await new Promise<void>((resolve) => waiting.push(resolve))
      if (token.type === 'text-delta' && token.text === spoils) throw new SluiceError('content_refused', 'no')
      return pass
    },
  }
  const row = new WaitingRow({
    transformers: [slow],
    target,
    clock: new FakeClock(),
    onFull: (full) => told.push(full ? 'full' : 'room'),
    onOver: (ended) => told.push(ended ? 'over' : 'cut'),
  })
  const goOn = async (): Promise<void> => {
    waiting.shift()?.()
    await soon()
  }
  return { row, told, goOn, signal: () => signal }
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

describe('an answer through a transformer that waits', () => {
  it('comes in order, also when the provider is long done', async () => {
    const { row, told, goOn } = open()
    row.push([...begin, word('a'), word('b'), ...finish])
    row.end()
    await soon()
    expect(row.outlasts).toBe(true)
    await goOn()
    expect(told).toEqual(['message-start', 'flush', 'text-start', 'flush', 'a', 'flush'])
    await goOn()
    expect(told.filter((one) => one !== 'flush').slice(3)).toEqual(['b', 'text-end', 'finish', 'complete', 'over'])
    expect(row.outlasts).toBe(false)
  })

  it('pauses the provider while too much waits', async () => {
    const { row, told, goOn } = open({ limit: 2 })
    row.push(begin)
    await soon()
    row.push([word('a'), word('b'), word('c')])
    expect(told).toContain('full')
    expect(told).not.toContain('room')
    await goOn()
    expect(told).toContain('room')
  })

  it('that fails while the provider is still at it is cut there', async () => {
    const { row, told, goOn } = open({ spoils: 'b' })
    row.push([...begin, word('a'), word('b'), word('c')])
    await soon()
    await goOn()
    await goOn()
    expect(told.slice(-2)).toEqual(['fail content_refused', 'cut'])
    expect(row.outlasts).toBe(false)
    row.push([word('d')])
    row.end()
    await goOn()
    expect(told.at(-1)).toBe('cut')
  })

  it('that nobody wants any more gives nothing more, and its transformer is told', async () => {
    const { row, told, goOn, signal } = open({ limit: 1 })
    row.push([...begin, word('a'), word('b')])
    await soon()
    row.end()
    expect(signal()?.aborted).toBe(false)
    row.stop()
    expect(signal()?.aborted).toBe(true)
    expect(row.outlasts).toBe(false)
    const before = told.length
    await goOn()
    expect(told).toHaveLength(before)
    expect(told.filter((one) => one === 'full')).toHaveLength(told.filter((one) => one === 'room').length)
  })

  it('that breaks lets go what waits, and says so once', async () => {
    const { row, told, goOn } = open()
    row.push([...begin, word('a')])
    row.fail(new SluiceError('upstream_truncated', 'broken'))
    row.fail(new SluiceError('upstream_truncated', 'broken'))
    await goOn()
    expect(told).toEqual(['fail upstream_truncated'])
  })
})
