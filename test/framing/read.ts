import type { EventParser, SseEvent } from '../../src/sse/index.ts'

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** As a Node Buffer, whose `slice` is a view and no copy. */
class Lent extends Uint8Array<ArrayBuffer> {
  override slice(from?: number, to?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(from, to)
  }
}

/** What a parser makes of some pieces: the events, and the code of the error that ended it. */
export function read(parser: EventParser, pieces: readonly Uint8Array[]): { events: SseEvent[]; error?: string } {
  const events: SseEvent[] = []
  const emit = (event: SseEvent): void => {
    events.push(event)
  }
  try {
    for (const piece of pieces) {
      // A copy that is overwritten behind the parser's back: it must keep nothing of what it was lent.
      const lent = Lent.from(piece)
      parser.push(lent, emit)
      lent.fill(0x21)
    }
    parser.end(emit)
  } catch (error) {
    const { name, code } = error as { name: string; code: string }
    // Whatever comes in, nothing but a SluiceError may come out.
    if (name !== 'SluiceError') throw error
    return { events, error: code }
  }
  return { events }
}

/** Every way to cut the input once, and even pieces of each size. */
export function cuttings(input: Uint8Array): Uint8Array[][] {
  const once = Array.from({ length: input.length + 1 }, (_, at) => [input.subarray(0, at), input.subarray(at)])
  return [...once, ...Array.from({ length: Math.min(input.length, 40) }, (_, i) => pieces(input, i + 1))]
}

export function pieces(input: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(input.length / size) }, (_, i) => input.subarray(i * size, (i + 1) * size))
}

/** The input cut at some places, which may lie behind its end. */
export function cutAt(input: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...places.filter((at) => at < input.length).sort((x, y) => x - y), input.length]
  return sorted.map((to, i) => input.subarray(sorted[i - 1] ?? 0, to))
}
