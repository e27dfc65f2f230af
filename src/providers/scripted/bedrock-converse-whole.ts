import type { Json, JsonObject } from '../../tokens/index.ts'
import { inputText, stopFields, usageFields } from './bedrock-converse-parts.ts'
import { calls, fill, repeated, type Scene, Tally } from './scene.ts'
import type { Step } from './script.ts'

/** A script as a whole answer: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html> */
export function wholeConverse(scene: Scene): JsonObject {
  const tally = new Tally()
  const content: JsonObject[] = []
  for (const step of scene.turn.steps ?? []) addBlocks(scene, step, content, tally)
  return {
    output: { message: { role: 'assistant', content } },
    ...stopFields(scene),
    ...usageFields(tally.usage(scene)),
  }
}

function addBlocks(scene: Scene, step: Step, content: JsonObject[], tally: Tally): void {
  for (const tool of calls(step)) {
    const text = inputText(tool)
    tally.text(tool.tool + text)
    const toolUseId = tool.id ?? scene.newId('tooluse', content.length)
    content.push({ toolUse: { toolUseId, name: tool.tool, input: parsed(text) } })
  }
  if ('text' in step || 'refusal' in step) {
    let text = ''
    if ('repeat' in step) for (let i = 0; i < step.repeat; i++) text += repeated(step.text, i)
    else text = fill('text' in step ? step.text : step.refusal, scene.ask)
    tally.text(text)
    if ('citations' in step && step.citations) {
      content.push({ citationsContent: { content: [{ text }], citations: step.citations as JsonObject[] } })
      return
    }
    const last = content.at(-1)
    if (typeof last?.text === 'string' && !('newBlock' in step && step.newBlock)) last.text += text
    else content.push({ text })
  } else if ('reasoning' in step) {
    const text = fill(step.reasoning, scene.ask)
    tally.reasoning(text)
    const { signature } = step
    content.push({ reasoningContent: { reasoningText: { text, ...(signature !== undefined && { signature }) } } })
  } else if ('redacted' in step) {
    content.push({ reasoningContent: { redactedContent: step.redacted } })
  }
}

/** Arguments that are no JSON stay a string, which no real server would send: the script asked for it. */
function parsed(text: string): Json {
  if (text === '') return {}
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
