import type { SseMessage } from '../../sse/index.ts'
import { millis } from './duration.ts'
import type { Item } from './item.ts'
import type { Reply } from './reply.ts'
import type { Fault, Wire } from './script.ts'
import type { Wrapping } from './wrapping.ts'

export interface Performance {
  fault: Fault | undefined
  wire: Wire | undefined
  /** What the language writes as a sign of life. */
  ping: Item
  /** How events are written. */
  wrapping: Wrapping
  errorEvent(words: { type?: string; message?: string; code?: string }): SseMessage
}

/** Neither SSE nor JSON: stray bytes, and a data line that no parser of JSON takes. */
export const garbage = '\u0000\u0001<html>502 Bad Gateway</html>\n\ndata: {"broken\u0007": [1,,\n\n'

/** Gives text the line ends that the script asks for. */
type Ending = (text: string | Uint8Array) => string | Uint8Array

/** After so many events without a wait the event loop gets a turn, or one fast reader would starve all others. */
const turnEvery = 64

/** Plays an answer to its end, or to the fault that the script puts in its way. */
export async function play(items: Iterable<Item>, reply: Reply, performance: Performance): Promise<void> {
  const { fault, wire = {} } = performance
  const { wrapping } = performance
  const ending: Ending = (text) => (typeof text === 'string' ? wrapping.lineEnds(text, wire.lineEnd) : text)
  const stopAt = stopsAfter(fault)
  const once = fault !== undefined && 'noEndMarker' in fault
  const twice = fault !== undefined && 'duplicateEnd' in fault
  const ping = performance.ping.kind === 'comment' ? performance.ping.text : ''
  let events = 0
  let sinceTurn = 0
  for (const item of items) {
    if (reply.closed) return
    if (item.kind === 'pace' || item.kind === 'wait') {
      if (item.kind === 'wait') await reply.flush()
      await reply.sleep(item.ms)
      sinceTurn = 0
      continue
    }
    if (item.kind !== 'event') {
      const waiting = reply.send(item.kind === 'raw' ? item.text : ending(item.text))
      if (waiting) await waiting
      continue
    }
    if (events >= stopAt) break
    if (item.end && once) continue
    const text = ending(wrapping.write(wire.huge !== undefined && events === 1 ? padded(item, wire.huge) : item))
    const waiting = reply.send(text)
    if (waiting) await waiting
    if (item.end && twice) await reply.send(text)
    events++
    if (wire.comments !== undefined && events % wire.comments === 0)
      await reply.send(ending(wrapping.comment('keep-alive')))
    if (wire.pings !== undefined && events % wire.pings === 0) await reply.send(ending(ping))
    if (++sinceTurn === turnEvery) {
      sinceTurn = 0
      await reply.pause()
    }
  }
  if (fault !== undefined && events >= stopAt) await strike(fault, reply, performance, ending(ping), ending)
  else if (fault !== undefined && 'trailing' in fault) await reply.send(fault.trailing)
  // An answer that ends early ends without what would make it look whole.
  const rest = fault !== undefined && events >= stopAt && !('errorEvent' in fault) ? '' : wrapping.close()
  if (rest !== '') await reply.send(rest)
  if (!reply.closed) await reply.end()
}

/** A whole answer has no events. Zero events are then nothing at all, any other number is the first half of the body. */
export async function playWhole(body: string, reply: Reply, performance: Performance): Promise<void> {
  const { fault } = performance
  const stopAt = stopsAfter(fault)
  if (stopAt === Number.POSITIVE_INFINITY) {
    await reply.send(fault !== undefined && 'trailing' in fault ? body + fault.trailing : body)
  } else {
    if (stopAt > 0) await reply.send(body.slice(0, Math.ceil(body.length / 2)))
    if (fault) await strike(fault, reply, performance, ' ', (text) => text)
  }
  if (!reply.closed) await reply.end()
}

async function strike(
  fault: Fault,
  reply: Reply,
  performance: Performance,
  signOfLife: string | Uint8Array,
  ending: Ending,
): Promise<void> {
  if ('errorEvent' in fault)
    await reply.send(ending(performance.wrapping.write(performance.errorEvent(fault.errorEvent))))
  else if ('garbageAfterEvents' in fault) await reply.send(garbage)
  else if ('cutAfterEvents' in fault) await reply.cut()
  else if ('stallAfterEvents' in fault) {
    await reply.flush()
    const every = fault.comments === undefined ? Number.POSITIVE_INFINITY : Math.max(1, millis(fault.comments))
    while (!reply.closed) {
      await reply.sleep(every)
      await reply.send(signOfLife)
      await reply.flush()
    }
  }
}

/** After how many events the answer stops being a good one. */
export function stopsAfter(fault: Fault | undefined): number {
  if (fault === undefined) return Number.POSITIVE_INFINITY
  if ('errorEvent' in fault) return fault.afterEvents ?? 0
  if ('cutAfterEvents' in fault) return fault.cutAfterEvents
  if ('endAfterEvents' in fault) return fault.endAfterEvents
  if ('stallAfterEvents' in fault) return fault.stallAfterEvents
  if ('garbageAfterEvents' in fault) return fault.garbageAfterEvents
  return Number.POSITIVE_INFINITY
}

/** A field that no client knows makes the event as large as asked for and changes nothing else. */
function padded(item: SseMessage, bytes: number): SseMessage {
  const missing = bytes - Buffer.byteLength(item.data) - '"padding":"",'.length
  if (missing <= 0 || !item.data.startsWith('{')) return item
  return { ...item, data: `{"padding":"${'x'.repeat(missing)}",${item.data.slice(1)}` }
}
