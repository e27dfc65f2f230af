import type { Json, JsonObject } from '../../tokens/index.ts'
import { aside } from './aside.ts'
import { deltas, fragments } from './deltas.ts'
import { millis } from './duration.ts'
import { type Item, pace } from './item.ts'
import { chatPing } from './openai-chat.ts'
import { logprobs } from './openai-chat-parts.ts'
import { ending, isHostedItem, responseUsage } from './openai-responses-parts.ts'
import { argumentsText, calls, created, fill, finishOf, modelOf, repeated, type Scene, Tally } from './scene.ts'
import type { Step, StepKinds, ToolStep } from './script.ts'

/** A script as the events of a response: <https://platform.openai.com/docs/api-reference/responses-streaming> */
export function* streamResponse(scene: Scene): Generator<Item> {
  const { turn } = scene
  const tally = new Tally()
  const items = new Items(scene, tally)
  const base = {
    id: turn.id ?? scene.newId('resp'),
    object: 'response',
    created_at: created,
    model: modelOf(scene),
    ...settings,
  }
  const begun = { ...base, status: 'in_progress', output: [], usage: null }
  yield items.event('response.created', { response: begun })
  yield items.event('response.in_progress', { response: begun })
  for (const step of turn.steps ?? []) yield* items.step(step)
  const finish = finishOf(turn)
  const end = ending(finish === false ? 'stop' : finish)
  yield* items.close(end.status)
  if (finish === false) return
  const usage = tally.usage(scene)
  const response = { ...base, ...end, output: items.output, usage: usage ? responseUsage(usage) : null }
  yield { ...items.event(`response.${end.status}`, { response }), end: true } as Item
}

/** The same as a whole answer. */
export function wholeResponse(scene: Scene): JsonObject {
  let last: Item | undefined
  for (const item of streamResponse(scene)) if (item.kind === 'event') last = item
  const { response } = JSON.parse((last as { data: string }).data) as { response?: JsonObject }
  return response ?? {}
}

const settings: JsonObject = {
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  service_tier: 'default',
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  metadata: {},
}

/** A message that is open, with its one part. */
interface Message {
  id: string
  refusal: boolean
  text: string
  annotations: JsonObject[]
  logprobs: Json[]
}

/** The items of an answer, one after the other; texts in a row go on in one message. */
class Items {
  readonly output: JsonObject[] = []
  readonly #scene: Scene
  readonly #tally: Tally
  #message: Message | undefined
  #number = 0

  constructor(scene: Scene, tally: Tally) {
    this.#scene = scene
    this.#tally = tally
  }

  event(type: string, fields: JsonObject): Item {
    return { kind: 'event', event: type, data: JSON.stringify({ type, sequence_number: this.#number++, ...fields }) }
  }

  *step(step: Step): Generator<Item> {
    const tools = calls(step)
    if (tools.length > 0) {
      yield* this.close()
      for (const tool of tools) yield* this.#call(tool, millis('pace' in step ? step.pace : undefined))
    } else if ('repeat' in step) {
      yield* this.#repeat(step)
    } else if ('text' in step || 'refusal' in step) {
      yield* this.#text(step)
    } else if ('reasoning' in step) {
      yield* this.close()
      yield* this.#reasoning(step)
    } else if ('redacted' in step) {
      yield* this.close()
      yield* this.#whole({ type: 'reasoning', id: this.#id('rs'), summary: [], encrypted_content: step.redacted })
    } else if ('hosted' in step) {
      yield* this.close()
      for (const block of step.hosted) if (isHostedItem(block)) yield* this.#whole(block)
    } else {
      yield* aside(step, chatPing)
    }
  }

  /** Ends the open message. */
  *close(status = 'completed'): Generator<Item> {
    const message = this.#message
    if (!message) return
    this.#message = undefined
    const at = { ...this.#at(message.id), content_index: 0 }
    const part = partOf(message)
    if (message.refusal) yield this.event('response.refusal.done', { ...at, refusal: message.text })
    else {
      yield this.event('response.output_text.done', { ...at, text: message.text, logprobs: message.logprobs })
    }
    yield this.event('response.content_part.done', { ...at, part })
    yield this.#done({ id: message.id, type: 'message', status, role: 'assistant', content: [part] })
  }

  *#open(refusal: boolean): Generator<Item, Message> {
    if (this.#message && this.#message.refusal !== refusal) yield* this.close()
    if (this.#message) return this.#message
    const id = this.#id('msg')
    const message: Message = { id, refusal, text: '', annotations: [], logprobs: [] }
    this.#message = message
    yield this.#added({ id, type: 'message', status: 'in_progress', role: 'assistant', content: [] })
    yield this.event('response.content_part.added', { ...this.#at(id), content_index: 0, part: partOf(message) })
    return message
  }

  *#text(step: StepKinds['text'] | StepKinds['refusal']): Generator<Item> {
    const refusal = 'refusal' in step
    if ('text' in step && step.newBlock) yield* this.close()
    const message = yield* this.#open(refusal)
    const { ask, turn } = this.#scene
    const type = refusal ? 'response.refusal.delta' : 'response.output_text.delta'
    for (const piece of this.#paced(fill(refusal ? step.refusal : step.text, ask), step)) {
      if (typeof piece !== 'string') {
        yield piece
        continue
      }
      this.#tally.text(piece)
      message.text += piece
      const logs = !refusal && (turn.logprobs ?? ask.logprobs) ? logprobs([piece], ask.topLogprobs).content : []
      message.logprobs.push(...(logs as Json[]))
      const at = { ...this.#at(message.id), content_index: 0, delta: piece }
      yield this.event(type, refusal ? at : { ...at, logprobs: logs as Json[] })
    }
    for (const annotation of ('text' in step && (step.citations as JsonObject[] | undefined)) || []) {
      const at = { ...this.#at(message.id), content_index: 0, annotation_index: message.annotations.length }
      message.annotations.push(annotation)
      yield this.event('response.output_text.annotation.added', { ...at, annotation })
    }
  }

  *#repeat(step: StepKinds['repeat']): Generator<Item> {
    const message = yield* this.#open(false)
    const between = millis(step.pace)
    const at = { ...this.#at(message.id), content_index: 0 }
    const pieces: string[] = []
    for (let i = 0; i < step.repeat; i++) {
      if (i > 0 && between > 0) yield pace(between)
      const piece = repeated(step.text, i)
      this.#tally.text(piece)
      pieces.push(piece)
      yield this.event('response.output_text.delta', { ...at, delta: piece, logprobs: [] })
    }
    message.text += pieces.join('')
  }

  *#reasoning(step: StepKinds['reasoning']): Generator<Item> {
    const id = this.#id('rs')
    // Open models show what they think, in place of a summary.
    const open = step.field === 'reasoning_content'
    const at = { ...this.#at(id), ...(open ? { content_index: 0 } : { summary_index: 0 }) }
    const [part, words] = open
      ? ['response.content_part', 'response.reasoning_text']
      : ['response.reasoning_summary_part', 'response.reasoning_summary_text']
    const type = open ? 'reasoning_text' : 'summary_text'
    let text = ''
    yield this.#added({ id, type: 'reasoning', summary: [] })
    yield this.event(`${part}.added`, { ...at, part: { type, text } })
    for (const piece of this.#paced(fill(step.reasoning, this.#scene.ask), step)) {
      if (typeof piece !== 'string') {
        yield piece
        continue
      }
      this.#tally.reasoning(piece)
      text += piece
      yield this.event(`${words}.delta`, { ...at, delta: piece })
    }
    yield this.event(`${words}.done`, { ...at, text })
    yield this.event(`${part}.done`, { ...at, part: { type, text } })
    yield this.#done({
      id,
      type: 'reasoning',
      summary: open ? [] : [{ type, text }],
      ...(open && { content: [{ type, text }] }),
      ...(step.signature !== undefined && { encrypted_content: step.signature }),
    })
  }

  *#call(tool: ToolStep, between: number): Generator<Item> {
    const custom = tool.custom === true
    const id = this.#id(custom ? 'ctc' : 'fc')
    const whole = argumentsText(tool)
    const field = custom ? 'input' : 'arguments'
    const words = custom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
    const item = (status: string, text: string): JsonObject => ({
      id,
      type: custom ? 'custom_tool_call' : 'function_call',
      status,
      call_id: callId,
      name: tool.tool,
      [field]: text,
    })
    const callId = tool.id ?? this.#scene.newId('call', this.output.length)
    this.#tally.text(tool.tool + whole)
    yield this.#added(item('in_progress', ''))
    const ms = millis(tool.pace) || between
    for (const piece of fragments(whole, tool.pieces)) {
      if (ms > 0) yield pace(ms)
      yield this.event(`${words}.delta`, { ...this.#at(id), delta: piece })
    }
    const text = fragments(whole, tool.pieces).join('')
    yield this.event(`${words}.done`, { ...this.#at(id), [field]: text })
    yield this.#done(item('completed', text))
  }

  *#whole(item: JsonObject): Generator<Item> {
    yield this.#added(item)
    yield this.#done(item)
  }

  #at(id: string): { item_id: string; output_index: number } {
    return { item_id: id, output_index: this.output.length }
  }

  #added(item: JsonObject): Item {
    return this.event('response.output_item.added', { output_index: this.output.length, item })
  }

  #done(item: JsonObject): Item {
    const output_index = this.output.length
    this.output.push(item)
    return this.event('response.output_item.done', { output_index, item })
  }

  #id(prefix: string): string {
    return this.#scene.newId(prefix, this.output.length)
  }

  *#paced(text: string, step: StepKinds['text' | 'reasoning' | 'refusal']): Generator<string | Item> {
    const between = millis(step.pace)
    let first = true
    for (const piece of deltas(text, step.chunk)) {
      if (!first && between > 0) yield pace(between)
      first = false
      yield piece
    }
  }
}

function partOf({ refusal, text, annotations, logprobs: logs }: Message): JsonObject {
  return refusal ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations, logprobs: logs }
}
