import type { JsonObject } from '../../tokens/index.ts'
import { aside } from './aside.ts'
import { inputText, stopFields, usageFields } from './bedrock-converse-parts.ts'
import { deltas, fragments } from './deltas.ts'
import { millis } from './duration.ts'
import { type Item, pace } from './item.ts'
import { calls, fill, finishOf, repeated, type Scene, Tally } from './scene.ts'
import type { Step, ToolStep } from './script.ts'

/**
 * A script as the events of an answer:
 * <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>
 */
export function* streamConverse(scene: Scene): Generator<Item> {
  const tally = new Tally()
  const blocks = new Blocks()
  yield blocks.event('messageStart', { role: 'assistant' })
  for (const step of scene.turn.steps ?? []) yield* streamStep(scene, step, blocks, tally)
  yield* blocks.close()
  if (finishOf(scene.turn) !== false) yield blocks.event('messageStop', stopFields(scene))
  yield { ...blocks.event('metadata', usageFields(tally.usage(scene))), end: true } as Item
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** One block is open at a time; a step of the same kind as the open block goes on in it. */
class Blocks {
  #index = -1
  #open = ''
  #events = 0

  /** The index that the next block gets. */
  get next(): number {
    return this.#index + 1
  }

  /** Every payload is padded by some letters against those who count bytes. */
  event(event: string, fields: JsonObject): Item {
    const p = letters.slice(0, (this.#events++ * 7) % letters.length)
    return { kind: 'event', event, data: JSON.stringify({ ...fields, p }) }
  }

  delta(delta: JsonObject): Item {
    return this.event('contentBlockDelta', { contentBlockIndex: this.#index, delta })
  }

  /** Only calls have an event that opens them. */
  *open(kind: string, start?: JsonObject): Generator<Item> {
    yield* this.close()
    this.#index++
    this.#open = kind
    if (start) yield this.event('contentBlockStart', { contentBlockIndex: this.#index, start })
  }

  *continue(kind: string): Generator<Item> {
    if (this.#open !== kind) yield* this.open(kind)
  }

  *close(): Generator<Item> {
    if (this.#open !== '') yield this.event('contentBlockStop', { contentBlockIndex: this.#index })
    this.#open = ''
  }
}

function* streamStep(scene: Scene, step: Step, blocks: Blocks, tally: Tally): Generator<Item> {
  const tools = calls(step)
  for (const tool of tools) {
    const between = millis(tool.pace) || millis('pace' in step ? step.pace : undefined)
    yield* streamCall(scene, tool, between, blocks, tally)
  }
  if (tools.length > 0) return
  if ('repeat' in step) {
    yield* blocks.continue('text')
    const between = millis(step.pace)
    for (let i = 0; i < step.repeat; i++) {
      if (i > 0 && between > 0) yield pace(between)
      const text = repeated(step.text, i)
      tally.text(text)
      yield blocks.delta({ text })
    }
  } else if ('text' in step || 'refusal' in step) {
    if ('text' in step && step.newBlock) yield* blocks.close()
    yield* blocks.continue('text')
    for (const item of paced(fill('text' in step ? step.text : step.refusal, scene.ask), step)) {
      if (typeof item === 'string') {
        tally.text(item)
        yield blocks.delta({ text: item })
      } else yield item
    }
    const citations = 'text' in step ? (step.citations ?? []) : []
    for (const citation of citations) yield blocks.delta({ citation: citation as JsonObject })
  } else if ('reasoning' in step) {
    yield* blocks.continue('reasoning')
    for (const item of paced(fill(step.reasoning, scene.ask), step)) {
      if (typeof item === 'string') {
        tally.reasoning(item)
        yield blocks.delta({ reasoningContent: { text: item } })
      } else yield item
    }
    if (step.signature !== undefined) {
      yield blocks.delta({ reasoningContent: { signature: step.signature } })
      yield* blocks.close()
    }
  } else if ('redacted' in step) {
    yield* blocks.open('redacted')
    yield blocks.delta({ reasoningContent: { redactedContent: step.redacted } })
    yield* blocks.close()
  } else if (!('comment' in step)) {
    yield* aside(step, conversePing)
  }
}

function* streamCall(scene: Scene, tool: ToolStep, between: number, blocks: Blocks, tally: Tally): Generator<Item> {
  const text = inputText(tool)
  tally.text(tool.tool + text)
  const toolUseId = tool.id ?? scene.newId('tooluse', blocks.next)
  yield* blocks.open('call', { toolUse: { toolUseId, name: tool.tool } })
  for (const piece of fragments(text, tool.pieces)) {
    if (between > 0) yield pace(between)
    yield blocks.delta({ toolUse: { input: piece } })
  }
  yield* blocks.close()
}

function* paced(
  text: string,
  step: { chunk?: number | 'word' | 'whole'; pace?: number | string },
): Generator<string | Item> {
  const between = millis(step.pace)
  let first = true
  for (const piece of deltas(text, step.chunk)) {
    if (!first && between > 0) yield pace(between)
    first = false
    yield piece
  }
}

/** There is no sign of life in this language. */
export const conversePing: Item = { kind: 'comment', text: '' }
