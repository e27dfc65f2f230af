import type { Json, JsonObject } from '../../tokens/index.ts'
import { inputText, startUsage, stopFields, usageFields } from './anthropic-messages-parts.ts'
import { calls, fill, modelOf, repeated, type Scene, Tally } from './scene.ts'
import type { Step } from './script.ts'

/** A script as a whole message: <https://docs.claude.com/en/api/messages> */
export function wholeMessage(scene: Scene): JsonObject {
  const tally = new Tally()
  const id = scene.turn.id ?? scene.newId('msg')
  const content: JsonObject[] = []
  for (const step of scene.turn.steps ?? []) addBlocks(scene, step, content, tally)
  const usage = tally.usage(scene)
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: modelOf(scene),
    content,
    ...stopFields(scene),
    ...(usage && { usage: { ...startUsage(usage), ...usageFields(usage) } }),
  }
}

function addBlocks(scene: Scene, step: Step, content: JsonObject[], tally: Tally): void {
  for (const tool of calls(step)) {
    const text = inputText(tool)
    tally.text(tool.tool + text)
    content.push({
      type: 'tool_use',
      id: tool.id ?? scene.newId('toolu', content.length),
      name: tool.tool,
      input: parsed(text),
    })
  }
  if ('text' in step || 'refusal' in step) {
    let text = ''
    if ('repeat' in step) for (let i = 0; i < step.repeat; i++) text += repeated(step.text, i)
    else text = fill('text' in step ? step.text : step.refusal, scene.ask)
    tally.text(text)
    const last = content.at(-1)
    const apart = 'newBlock' in step && step.newBlock
    const block: JsonObject = last?.type === 'text' && !apart ? last : { type: 'text', text: '', citations: null }
    if (block !== last) content.push(block)
    block.text = `${block.text}${text}`
    if ('citations' in step && step.citations) {
      block.citations = [...((block.citations as Json[] | null) ?? []), ...(step.citations as JsonObject[])]
    }
  } else if ('reasoning' in step) {
    const text = fill(step.reasoning, scene.ask)
    tally.reasoning(text)
    const last = content.at(-1)
    const block =
      last?.type === 'thinking' && last.signature === '' ? last : { type: 'thinking', thinking: '', signature: '' }
    if (block !== last) content.push(block)
    block.thinking = `${block.thinking}${text}`
    block.signature = step.signature ?? ''
  } else if ('redacted' in step) {
    content.push({ type: 'redacted_thinking', data: step.redacted })
  } else if ('hosted' in step) {
    content.push(...(step.hosted as JsonObject[]))
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
