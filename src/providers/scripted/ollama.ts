import type { JsonObject } from '../../tokens/index.ts'
import { aside } from './aside.ts'
import { deltas } from './deltas.ts'
import { millis } from './duration.ts'
import { type Item, pace } from './item.ts'
import { callText, countFields, finishWord, logprobsOf, timeOf } from './ollama-parts.ts'
import { argumentsText, calls, fill, finishOf, modelOf, repeated, type Scene, Tally } from './scene.ts'

/** A script as the lines of an answer: <https://github.com/ollama/ollama/blob/main/docs/api.md> */
export function* streamOllama(scene: Scene): Generator<Item> {
  const { ask, turn } = scene
  const tally = new Tally()
  let lines = 0
  let index = 0
  const head = (): string => `{"model":${JSON.stringify(modelOf(scene))},"created_at":"${timeOf(lines++)}",`
  // The text of a message, since calls are written as text.
  const line = (text: string, inside = '', more = ''): Item => {
    const said = `${JSON.stringify(text)}${inside}`
    const content = ask.form === 'generate' ? `"response":${said}` : `"message":{"role":"assistant","content":${said}}`
    return { kind: 'event', data: `${head()}${content}${more},"done":false}` }
  }
  for (const step of turn.steps ?? []) {
    const between = millis('pace' in step ? step.pace : undefined)
    const tools = calls(step)
    for (const [at, tool] of tools.entries()) {
      if (at > 0 && between > 0) yield pace(between)
      const id = tool.id ?? scene.newId('call', index)
      yield line('', `,"tool_calls":[${callText(tool, id, index++)}]`)
      tally.text(tool.tool + argumentsText(tool))
    }
    if (tools.length > 0) continue
    if ('repeat' in step) {
      for (let i = 0; i < step.repeat; i++) {
        if (i > 0 && between > 0) yield pace(between)
        const text = repeated(step.text, i)
        tally.text(text)
        yield line(text)
      }
      continue
    }
    const whole =
      'text' in step ? step.text : 'reasoning' in step ? step.reasoning : 'refusal' in step ? step.refusal : undefined
    if (whole === undefined) {
      if ('comment' in step) yield ollamaPing
      else yield* aside(step, ollamaPing)
      continue
    }
    const withLogs = 'text' in step && (turn.logprobs ?? ask.logprobs)
    let first = true
    for (const piece of deltas(fill(whole, ask), 'chunk' in step ? step.chunk : undefined)) {
      if (!first && between > 0) yield pace(between)
      first = false
      if ('reasoning' in step) {
        tally.reasoning(piece)
        yield line('', `,"thinking":${JSON.stringify(piece)}`)
      } else {
        tally.text(piece)
        const logs = withLogs ? `,"logprobs":${JSON.stringify(logprobsOf([piece], ask.topLogprobs))}` : ''
        yield line(piece, '', logs)
      }
    }
  }
  const finish = finishOf(turn)
  if (finish === false) return
  const empty: JsonObject = ask.form === 'generate' ? { response: '' } : { message: { role: 'assistant', content: '' } }
  const last = { ...empty, done: true, done_reason: finishWord(finish), ...countFields(tally.usage(scene)) }
  yield { kind: 'event', data: head() + JSON.stringify(last).slice(1), end: true }
}

/** There is no sign of life in this language; a blank line is what readers pass over. */
export const ollamaPing: Item = { kind: 'comment', text: '\n' }
