import { writeComment } from '../../sse/index.ts'
import { millis } from './duration.ts'
import type { Item } from './item.ts'
import type { Step } from './script.ts'

/** Steps that mean the same in every language because they are no part of the answer; other steps give nothing. */
export function* aside(step: Step, ping: Item): Generator<Item> {
  if ('wait' in step) yield { kind: 'wait', ms: millis(step.wait) }
  else if ('comment' in step) yield { kind: 'comment', text: writeComment(step.comment) }
  else if ('ping' in step) yield ping
  else if ('raw' in step) yield { kind: 'raw', text: step.raw }
  else if ('event' in step) {
    const { event, data } = step.event
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    yield event === undefined ? { kind: 'event', data: text } : { kind: 'event', event, data: text }
  }
}
