import { writeComment } from '../../sse/index.ts'
import type { Json, JsonObject } from '../../tokens/index.ts'
import { aside } from './aside.ts'
import { deltas } from './deltas.ts'
import { millis } from './duration.ts'
import { callPart, finishFields, logprobsResult, usageFields } from './gemini-parts.ts'
import { type Item, pace } from './item.ts'
import { argumentsText, calls, fill, modelOf, repeated, type Scene, Tally } from './scene.ts'
import type { Step } from './script.ts'

/** A script as the chunks of an answer: <https://ai.google.dev/api/generate-content> */
export function* streamGemini(scene: Scene): Generator<Item> {
  const tally = new Tally()
  const answer = new Chunks(scene, tally)
  const choices = scene.turn.choices ?? scene.ask.choices
  for (let index = 0; index < choices; index++) {
    let signature: string | undefined
    for (const step of scene.turn.steps ?? []) signature = yield* streamStep(answer, step, index, signature)
    // State that no part has carried goes out on an empty one.
    if (signature !== undefined) yield answer.chunk(index, { text: '', thoughtSignature: signature })
  }
  yield answer.last(choices)
}

/** Signs of life are no part of this API; readers of events pass over comments. */
export const geminiPing: Item = { kind: 'comment', text: writeComment('ping') }

class Chunks {
  readonly scene: Scene
  readonly tally: Tally
  readonly #tail: JsonObject

  constructor(scene: Scene, tally: Tally) {
    this.scene = scene
    this.tally = tally
    this.#tail = { modelVersion: modelOf(scene), responseId: scene.turn.id ?? scene.newId('resp') }
  }

  chunk(index: number, part: JsonObject, more: JsonObject = {}): Item {
    return this.#event([{ content: { role: 'model', parts: [part] }, index, ...more }])
  }

  last(choices: number): Item {
    const finish = finishFields(this.scene)
    return this.#event(
      Array.from({ length: choices }, (_, index) => ({
        content: { role: 'model', parts: [{ text: '' }] },
        ...finish,
        index,
      })),
    )
  }

  #event(candidates: JsonObject[]): Item {
    const usage = this.tally.usage(this.scene)
    const chunk = { candidates, ...(usage && { usageMetadata: usageFields(usage) }), ...this.#tail }
    // As the vendor writes it: its own readers would cut the line there.
    const escaped = (char: string): string => (char === '\u2028' ? '\\u2028' : '\\u2029')
    return { kind: 'event', data: JSON.stringify(chunk).replace(/[\u2028\u2029]/g, escaped) }
  }
}

/** Gives the signature that still waits for a part. */
function* streamStep(
  answer: Chunks,
  step: Step,
  index: number,
  signature: string | undefined,
): Generator<Item, string | undefined> {
  const { scene, tally } = answer
  const between = millis('pace' in step ? step.pace : undefined)
  let waiting = signature
  for (const [at, tool] of calls(step).entries()) {
    if (at > 0 && between > 0) yield pace(between)
    tally.text(tool.tool + argumentsText(tool))
    // Of calls side by side only the first carries one.
    yield answer.chunk(index, callPart(tool, waiting))
    waiting = undefined
  }
  if ('repeat' in step) {
    for (let i = 0; i < step.repeat; i++) {
      if (i > 0 && between > 0) yield pace(between)
      const text = repeated(step.text, i)
      tally.text(text)
      yield answer.chunk(index, { text })
    }
  } else if ('text' in step || 'refusal' in step) {
    const logs = 'text' in step && (scene.turn.logprobs ?? scene.ask.logprobs)
    for (const item of paced(fill('text' in step ? step.text : step.refusal, scene.ask), step, between)) {
      if (typeof item !== 'string') {
        yield item
        continue
      }
      tally.text(item)
      const more = logs ? { logprobsResult: logprobsResult([item], scene.ask.topLogprobs) } : {}
      yield answer.chunk(index, { text: item }, more)
    }
    if ('text' in step && step.citations) {
      const groundingMetadata = { groundingChunks: step.citations as Json[] }
      yield answer.chunk(index, { text: '' }, { groundingMetadata })
    }
  } else if ('reasoning' in step) {
    for (const item of paced(fill(step.reasoning, scene.ask), step, between)) {
      if (typeof item === 'string') tally.reasoning(item)
      yield typeof item === 'string' ? answer.chunk(index, { text: item, thought: true }) : item
    }
    waiting = step.signature ?? waiting
  } else if ('redacted' in step) {
    waiting = step.redacted
  } else if (index === 0 && calls(step).length === 0) {
    yield* aside(step, geminiPing)
  }
  return waiting
}

function* paced(text: string, step: Step, between: number): Generator<string | Item> {
  let first = true
  for (const piece of deltas(text, 'chunk' in step ? step.chunk : undefined)) {
    if (!first && between > 0) yield pace(between)
    first = false
    yield piece
  }
}
