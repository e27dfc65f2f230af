import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { inputText, startUsage, stopFields, usageFields } from './anthropic-messages-parts.ts'
import { aside } from './aside.ts'
import { deltas, fragments } from './deltas.ts'
import { millis } from './duration.ts'
import { type Item, pace } from './item.ts'
import { calls, fill, finishOf, modelOf, repeated, type Scene, Tally } from './scene.ts'
import type { Step, ToolStep } from './script.ts'

/** A script as the events of a message: <https://docs.claude.com/en/docs/build-with-claude/streaming> */
export function* streamMessage(scene: Scene): Generator<Item> {
  const tally = new Tally()
  const before = tally.usage(scene)
  const id = scene.turn.id ?? scene.newId('msg')
  yield event('message_start', {
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: modelOf(scene),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      ...(before && { usage: startUsage(before) }),
    },
  })
  const blocks = new Blocks()
  for (const step of scene.turn.steps ?? []) yield* streamStep(scene, step, blocks, tally)
  yield* blocks.close()
  const usage = tally.usage(scene)
  if (finishOf(scene.turn) !== false) {
    yield event('message_delta', { delta: stopFields(scene), ...(usage && { usage: usageFields(usage) }) })
  }
  yield { ...event('message_stop', {}), end: true } as Item
}

function event(type: string, fields: JsonObject): Item {
  return { kind: 'event', event: type, data: JSON.stringify({ type, ...fields }) }
}

/** One block is open at a time; a step of the same kind as the open block goes on in it. */
class Blocks {
  #index = -1
  #open = ''

  /** The index that the next block gets. */
  get next(): number {
    return this.#index + 1
  }

  delta(delta: JsonObject): Item {
    return event('content_block_delta', { index: this.#index, delta })
  }

  *open(kind: string, block: JsonObject): Generator<Item> {
    yield* this.close()
    this.#index++
    this.#open = kind
    yield event('content_block_start', { index: this.#index, content_block: block })
  }

  *continue(kind: string, block: JsonObject): Generator<Item> {
    if (this.#open !== kind) yield* this.open(kind, block)
  }

  *close(): Generator<Item> {
    if (this.#open !== '') yield event('content_block_stop', { index: this.#index })
    this.#open = ''
  }
}

function* streamStep(scene: Scene, step: Step, blocks: Blocks, tally: Tally): Generator<Item> {
  const tools = calls(step)
  if (tools.length > 0) {
    for (const tool of tools) {
      const between = millis(tool.pace) || millis('pace' in step ? step.pace : undefined)
      yield* streamCall(scene, tool, between, blocks, tally)
    }
  } else if ('repeat' in step) {
    yield* blocks.continue('text', { type: 'text', text: '' })
    const between = millis(step.pace)
    const same = step.text.includes('{{i}}') ? undefined : blocks.delta({ type: 'text_delta', text: step.text })
    for (let i = 0; i < step.repeat; i++) {
      if (i > 0 && between > 0) yield pace(between)
      const text = repeated(step.text, i)
      tally.text(text)
      yield same ?? blocks.delta({ type: 'text_delta', text })
    }
  } else if ('text' in step || 'refusal' in step) {
    const text = fill('text' in step ? step.text : step.refusal, scene.ask)
    if ('text' in step && step.newBlock) yield* blocks.close()
    yield* blocks.continue('text', { type: 'text', text: '' })
    for (const item of paced(text, step)) {
      if (typeof item === 'string') {
        tally.text(item)
        yield blocks.delta({ type: 'text_delta', text: item })
      } else yield item
    }
    const citations = 'text' in step ? (step.citations ?? []) : []
    for (const citation of citations) yield blocks.delta({ type: 'citations_delta', citation: citation as JsonObject })
  } else if ('reasoning' in step) {
    yield* blocks.continue('thinking', { type: 'thinking', thinking: '', signature: '' })
    for (const item of paced(fill(step.reasoning, scene.ask), step)) {
      if (typeof item === 'string') {
        tally.reasoning(item)
        yield blocks.delta({ type: 'thinking_delta', thinking: item })
      } else yield item
    }
    if (step.signature !== undefined) {
      yield blocks.delta({ type: 'signature_delta', signature: step.signature })
      yield* blocks.close()
    }
  } else if ('redacted' in step) {
    yield* blocks.open('redacted', { type: 'redacted_thinking', data: step.redacted })
    yield* blocks.close()
  } else if ('hosted' in step) {
    for (const block of step.hosted) yield* streamHosted(block as JsonObject, blocks)
  } else {
    yield* aside(step, messagesPing)
  }
}

function* streamCall(scene: Scene, tool: ToolStep, between: number, blocks: Blocks, tally: Tally): Generator<Item> {
  const text = inputText(tool)
  tally.text(tool.tool + text)
  yield* blocks.open('tool_use', {
    type: 'tool_use',
    id: tool.id ?? scene.newId('toolu', blocks.next),
    name: tool.tool,
    input: {},
  })
  // As at Anthropic, the first fragment is empty.
  yield blocks.delta({ type: 'input_json_delta', partial_json: '' })
  for (const piece of fragments(text, tool.pieces)) {
    if (between > 0) yield pace(between)
    yield blocks.delta({ type: 'input_json_delta', partial_json: piece })
  }
  yield* blocks.close()
}

/** Calls of hosted tools stream their input; every other hosted block comes whole. */
function* streamHosted(block: JsonObject, blocks: Blocks): Generator<Item> {
  if (isJsonObject(block.input)) {
    yield* blocks.open('hosted', { ...block, input: {} })
    for (const piece of fragments(JSON.stringify(block.input))) {
      yield blocks.delta({ type: 'input_json_delta', partial_json: piece })
    }
  } else {
    yield* blocks.open('hosted', block)
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

/** Not counted as an event: it may come at any time and says nothing. */
export const messagesPing: Item = { kind: 'comment', text: 'event: ping\ndata: {"type":"ping"}\n\n' }
