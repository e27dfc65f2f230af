import type { Clock } from '../../src/flow/index.ts'
import type { StreamPosition } from '../../src/pipeline/index.ts'

/** A block of an event stream: its lines without their ends. */
export type Block = readonly string[]

/** How one connection goes wrong. */
export interface Cut {
  /** So many bytes arrive. */
  after: number
  /** In reads of this size. */
  size: number
  /** `error`: the connection is reset; `end`: the body ends as if that were all. */
  how: 'error' | 'end'
}

/** A source that keeps all it has sent, and goes on behind the id that it is asked for. */
export class CutSource {
  readonly #blocks: readonly Block[]
  readonly #lineEnd: string
  readonly #cuts: Cut[]
  /** What it was asked for, in order. */
  readonly asked: StreamPosition[] = []
  /** Bodies that were left before their end. */
  left = 0

  constructor(blocks: readonly Block[], cuts: Iterable<Cut> = [], lineEnd = '\n') {
    this.#blocks = blocks
    this.#cuts = [...cuts]
    this.#lineEnd = lineEnd
  }

  get bytes(): Uint8Array {
    return this.#bytesFrom(0)
  }

  readonly behindId = (position: StreamPosition): AsyncIterable<Uint8Array> => {
    const { lastEventId } = position
    const from = lastEventId === '' ? 0 : this.#blocks.findLastIndex((block) => idOf(block) === lastEventId) + 1
    return this.#answer(position, from)
  }

  readonly atStart = (position: StreamPosition): AsyncIterable<Uint8Array> => this.#answer(position, 0)

  /** Goes on at the event that was named, as some sources do. */
  readonly atId = (position: StreamPosition): AsyncIterable<Uint8Array> => {
    const at = this.#blocks.findIndex((block) => idOf(block) === position.lastEventId)
    return this.#answer(position, Math.max(0, at))
  }

  readonly behindLast = (position: StreamPosition): AsyncIterable<Uint8Array> => {
    let left = position.delivered
    const from = this.#blocks.findIndex((block) => left === 0 || (hasData(block) && --left < 0))
    return this.#answer(position, from === -1 ? this.#blocks.length : from)
  }

  #bytesFrom(block: number): Uint8Array {
    const text = this.#blocks
      .slice(block)
      .map((lines) => [...lines, '', ''].slice(0, -1).join(this.#lineEnd) + this.#lineEnd)
      .join('')
    return new TextEncoder().encode(text)
  }

  async *#answer(position: StreamPosition, from: number): AsyncGenerator<Uint8Array> {
    this.asked.push(position)
    const cut = this.#cuts.shift()
    const all = this.#bytesFrom(from)
    const bytes = cut ? all.subarray(0, cut.after) : all
    const size = cut?.size ?? 7
    let whole = false
    try {
      for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
      whole = true
    } finally {
      if (!whole) this.left++
    }
    if (cut?.how === 'error') throw new Error('connection reset')
  }
}

/** Time that passes as soon as somebody waits for it. */
export class EagerClock implements Clock {
  #now = 0
  readonly waits: number[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    this.waits.push(ms)
    this.#now += ms
    let wanted = true
    void Promise.resolve().then(() => wanted && callback())
    return () => {
      wanted = false
    }
  }
}

function idOf(block: Block): string | undefined {
  return block.findLast((line) => line.startsWith('id: '))?.slice('id: '.length)
}

function hasData(block: Block): boolean {
  return block.some((line) => line.startsWith('data'))
}
