import type { Json, JsonObject } from '../../tokens/index.ts'
import { deltas } from './deltas.ts'
import { callText, countFields, finishWord, logprobsOf, timeOf } from './ollama-parts.ts'
import { argumentsText, calls, fill, finishOf, modelOf, repeated, type Scene, Tally } from './scene.ts'

/** A script as a whole answer: <https://github.com/ollama/ollama/blob/main/docs/api.md> */
export function wholeOllama(scene: Scene): JsonObject {
  const { ask, turn } = scene
  const tally = new Tally()
  let content = ''
  let thinking = ''
  const pieces: string[] = []
  const toolCalls: Json[] = []
  for (const step of turn.steps ?? []) {
    if ('repeat' in step) {
      for (let i = 0; i < step.repeat; i++) content += repeated(step.text, i)
    } else if ('text' in step) {
      const text = fill(step.text, ask)
      content += text
      if (turn.logprobs ?? ask.logprobs) pieces.push(...deltas(text, step.chunk))
    } else if ('refusal' in step) content += fill(step.refusal, ask)
    else if ('reasoning' in step) thinking += fill(step.reasoning, ask)
    for (const tool of calls(step)) {
      tally.text(tool.tool + argumentsText(tool))
      const id = tool.id ?? scene.newId('call', toolCalls.length)
      toolCalls.push(JSON.parse(callText(tool, id, toolCalls.length)) as Json)
    }
  }
  tally.text(content)
  tally.reasoning(thinking)
  const finish = finishOf(turn)
  const more = { ...(thinking !== '' && { thinking }), ...(toolCalls.length > 0 && { tool_calls: toolCalls }) }
  const said: JsonObject =
    ask.form === 'generate' ? { response: content, ...more } : { message: { role: 'assistant', content, ...more } }
  return {
    model: modelOf(scene),
    created_at: timeOf(0),
    ...said,
    ...(pieces.length > 0 && { logprobs: logprobsOf(pieces, ask.topLogprobs) }),
    done: finish !== false,
    ...(finish !== false && { done_reason: finishWord(finish) }),
    ...countFields(tally.usage(scene)),
  }
}
