import type { Json, JsonObject } from '../../tokens/index.ts'
import { deltas } from './deltas.ts'
import { callPart, finishFields, logprobsResult, usageFields } from './gemini-parts.ts'
import { argumentsText, calls, fill, modelOf, repeated, type Scene, Tally } from './scene.ts'

/** A script as a whole answer: <https://ai.google.dev/api/generate-content#generatecontentresponse> */
export function wholeGemini(scene: Scene): JsonObject {
  const tally = new Tally()
  const choices = scene.turn.choices ?? scene.ask.choices
  const candidates = Array.from({ length: choices }, (_, index) => candidate(scene, index, tally))
  const usage = tally.usage(scene)
  return {
    candidates,
    ...(usage && { usageMetadata: usageFields(usage) }),
    modelVersion: modelOf(scene),
    responseId: scene.turn.id ?? scene.newId('resp'),
  }
}

function candidate(scene: Scene, index: number, tally: Tally): JsonObject {
  const { turn, ask } = scene
  const parts: JsonObject[] = []
  const pieces: string[] = []
  const sources: Json[] = []
  let signature: string | undefined
  const say = (text: string, thought: boolean): void => {
    if (text === '') return
    const last = parts.at(-1)
    if (typeof last?.text === 'string' && (last.thought === true) === thought && !last.thoughtSignature)
      last.text += text
    else parts.push({ text, ...(thought && { thought }) })
  }
  for (const step of turn.steps ?? []) {
    for (const tool of calls(step)) {
      tally.text(tool.tool + argumentsText(tool))
      parts.push(callPart(tool, signature))
      signature = undefined
    }
    if ('reasoning' in step) {
      const text = fill(step.reasoning, ask)
      tally.reasoning(text)
      say(text, true)
      signature = step.signature ?? signature
    } else if ('redacted' in step) {
      signature = step.redacted
    } else if ('text' in step || 'refusal' in step) {
      let text = ''
      if ('repeat' in step) for (let i = 0; i < step.repeat; i++) text += repeated(step.text, i)
      else text = fill('text' in step ? step.text : step.refusal, ask)
      tally.text(text)
      say(text, false)
      if ('text' in step && (turn.logprobs ?? ask.logprobs)) {
        pieces.push(...deltas(text, 'chunk' in step ? step.chunk : undefined))
      }
      if ('citations' in step && step.citations) sources.push(...(step.citations as Json[]))
    }
  }
  // State that no part has carried stands on the last text.
  if (signature !== undefined) parts.push({ text: '', thoughtSignature: signature })
  return {
    content: { ...(parts.length > 0 && { parts }), role: 'model' },
    ...finishFields(scene),
    index,
    ...(pieces.length > 0 && { logprobsResult: logprobsResult(pieces, ask.topLogprobs) }),
    ...(sources.length > 0 && { groundingMetadata: { groundingChunks: sources } }),
  }
}
