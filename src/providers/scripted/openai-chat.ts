import { writeComment } from '../../sse/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import { aside } from './aside.ts'
import { deltas, fragments } from './deltas.ts'
import { millis } from './duration.ts'
import { type Item, pace } from './item.ts'
import { finishWord, logprobs, reasoningDelta, usageObject } from './openai-chat-parts.ts'
import { argumentsText, calls, created, fill, finishOf, modelOf, repeated, type Scene, Tally } from './scene.ts'
import type { Step, ToolStep } from './script.ts'

/** A script as the events of a chat completion: <https://platform.openai.com/docs/api-reference/chat-streaming> */
export function* streamChat(scene: Scene): Generator<Item> {
  const { ask, turn } = scene
  const tally = new Tally()
  // Only two things differ between the chunks of an answer, so the rest is written once.
  const head = `{"id":${JSON.stringify(turn.id ?? scene.newId('chatcmpl'))},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(modelOf(scene))},"service_tier":"default","system_fingerprint":null,"choices":[`
  const tail = ask.includeUsage ? '],"usage":null}' : ']}'
  const chunk =
    (choice: number): Chunk =>
    (delta, finish = null, logs) => ({
      kind: 'event',
      data: `${head}{"index":${choice},"delta":${JSON.stringify(delta)},"logprobs":${logs ? JSON.stringify(logs) : 'null'},"finish_reason":${JSON.stringify(finish)}}${tail}`,
    })
  const choices = turn.choices ?? ask.choices
  yield* inTurns(Array.from({ length: choices }, (_, choice) => streamChoice(scene, choice, tally, chunk(choice))))
  const usage = tally.usage(scene)
  if (ask.includeUsage && usage) {
    yield { kind: 'event', data: `${head}],"usage":${JSON.stringify(usageObject(usage))}}` }
  }
  yield { kind: 'event', data: '[DONE]', end: true }
}

type Chunk = (delta: JsonObject, finish?: string | null, logprobs?: JsonObject) => Item

function* streamChoice(scene: Scene, choice: number, tally: Tally, chunk: Chunk): Generator<Item> {
  yield chunk({ role: 'assistant', content: '', refusal: null })
  let index = 0
  for (const step of scene.turn.steps ?? []) {
    const tools = calls(step)
    if (tools.length > 0) {
      const first = choice * 128 + index
      const ids = tools.map((tool, at) => tool.id ?? scene.newId('call', first + at))
      yield* streamCalls(tools, ids, index, millis('pace' in step ? step.pace : undefined), chunk)
      for (const tool of tools) tally.text(tool.tool + argumentsText(tool))
      index += tools.length
    } else if (isContent(step)) {
      yield* streamContent(scene, step, tally, chunk)
    } else if (choice === 0) {
      yield* aside(step, chatPing)
    }
  }
  const finish = finishOf(scene.turn)
  if (finish !== false) yield chunk({}, finishWord(finish))
}

type ContentStep = Extract<Step, { text: string } | { reasoning: string } | { refusal: string } | { redacted: string }>

function isContent(step: Step): step is ContentStep {
  return 'text' in step || 'reasoning' in step || 'refusal' in step || 'redacted' in step
}

function* streamContent(scene: Scene, step: ContentStep, tally: Tally, chunk: Chunk): Generator<Item> {
  if ('redacted' in step) {
    yield chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: step.redacted, index: 0 }] })
    return
  }
  const between = millis(step.pace)
  if ('repeat' in step) {
    const same = step.text.includes('{{i}}') ? undefined : chunk({ content: step.text })
    for (let i = 0; i < step.repeat; i++) {
      if (i > 0 && between > 0) yield pace(between)
      const text = repeated(step.text, i)
      tally.text(text)
      yield same ?? chunk({ content: text })
    }
    return
  }
  const withLogs = 'text' in step && (scene.turn.logprobs ?? scene.ask.logprobs)
  const whole = 'text' in step ? step.text : 'reasoning' in step ? step.reasoning : step.refusal
  let first = true
  for (const piece of deltas(fill(whole, scene.ask), step.chunk)) {
    if (!first && between > 0) yield pace(between)
    first = false
    if ('reasoning' in step) tally.reasoning(piece)
    else tally.text(piece)
    if ('text' in step) {
      yield chunk({ content: piece }, null, withLogs ? logprobs([piece], scene.ask.topLogprobs) : undefined)
    } else if ('reasoning' in step) {
      yield chunk(reasoningDelta(step, piece))
    } else {
      yield chunk({ refusal: piece })
    }
  }
  if ('reasoning' in step && step.signature !== undefined) yield chunk(reasoningDelta(step, '', step.signature))
  if ('text' in step && step.citations) yield chunk({ annotations: step.citations as JsonObject[] })
}

/** Calls side by side: their openings first, then a fragment of each in turn. */
function* streamCalls(tools: ToolStep[], ids: string[], from: number, between: number, chunk: Chunk): Generator<Item> {
  const rows = tools.map((tool) => fragments(argumentsText(tool), tool.pieces))
  for (const [at, tool] of tools.entries()) {
    const opening: JsonObject = tool.custom
      ? { type: 'custom', custom: { name: tool.tool, input: '' } }
      : { type: 'function', function: { name: tool.tool, arguments: '' } }
    yield chunk({ tool_calls: [{ index: from + at, id: ids[at], ...opening }] })
  }
  const longest = Math.max(...rows.map((row) => row.length))
  for (let round = 0; round < longest; round++) {
    for (const [at, tool] of tools.entries()) {
      const piece = rows[at]?.[round]
      if (piece === undefined) continue
      const ms = millis(tool.pace) || between
      if (ms > 0) yield pace(ms)
      const body: JsonObject = tool.custom ? { custom: { input: piece } } : { function: { arguments: piece } }
      yield chunk({ tool_calls: [{ index: from + at, ...body }] })
    }
  }
}

export const chatPing: Item = { kind: 'comment', text: writeComment('ping') }

/** Several answers at once, an event of each in turn; the pauses are those of the first. */
function* inTurns(streams: Generator<Item>[]): Generator<Item> {
  const [leader] = streams
  if (streams.length === 1 && leader) return yield* leader
  const open = new Set(streams)
  while (open.size > 0) {
    for (const stream of open) {
      for (;;) {
        const next = stream.next()
        if (next.done) {
          open.delete(stream)
          break
        }
        if (next.value.kind !== 'pace' || stream === leader) yield next.value
        if (next.value.kind === 'event') break
      }
    }
  }
}
