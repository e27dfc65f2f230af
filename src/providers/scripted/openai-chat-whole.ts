import type { JsonObject } from '../../tokens/index.ts'
import { deltas } from './deltas.ts'
import { finishWord, logprobs, usageObject } from './openai-chat-parts.ts'
import { argumentsText, calls, created, fill, finishOf, modelOf, repeated, type Scene, Tally } from './scene.ts'

/** A script as a whole chat completion: <https://platform.openai.com/docs/api-reference/chat/object> */
export function wholeChat(scene: Scene): JsonObject {
  const { ask, turn } = scene
  const tally = new Tally()
  const id = turn.id ?? scene.newId('chatcmpl')
  const choices = Array.from({ length: turn.choices ?? ask.choices }, (_, index) => choice(scene, index, tally))
  const usage = tally.usage(scene)
  return {
    id,
    object: 'chat.completion',
    created,
    model: modelOf(scene),
    choices,
    ...(usage && { usage: usageObject(usage) }),
    service_tier: 'default',
    system_fingerprint: null,
  }
}

function choice(scene: Scene, index: number, tally: Tally): JsonObject {
  let content = ''
  let refusal = ''
  let reasoning = ''
  const tokens: string[] = []
  const toolCalls: JsonObject[] = []
  const details: JsonObject[] = []
  const annotations: JsonObject[] = []
  for (const step of scene.turn.steps ?? []) {
    if ('repeat' in step) {
      for (let i = 0; i < step.repeat; i++) content += repeated(step.text, i)
    } else if ('text' in step) {
      const text = fill(step.text, scene.ask)
      content += text
      if (scene.turn.logprobs ?? scene.ask.logprobs) tokens.push(...deltas(text, step.chunk))
      if (step.citations) annotations.push(...(step.citations as JsonObject[]))
    } else if ('refusal' in step) refusal += fill(step.refusal, scene.ask)
    else if ('reasoning' in step) {
      const text = fill(step.reasoning, scene.ask)
      reasoning += text
      if (step.signature !== undefined || step.field === 'reasoning_details') {
        const detail: JsonObject = {
          type: 'reasoning.text',
          text,
          format: 'anthropic-claude-v1',
          index: details.length,
        }
        details.push(step.signature === undefined ? detail : { ...detail, signature: step.signature })
      }
    } else if ('redacted' in step) {
      details.push({ type: 'reasoning.encrypted', data: step.redacted, index: details.length })
    }
    for (const tool of calls(step)) {
      const text = argumentsText(tool)
      tally.text(tool.tool + text)
      const body: JsonObject = tool.custom
        ? { type: 'custom', custom: { name: tool.tool, input: text } }
        : { type: 'function', function: { name: tool.tool, arguments: text } }
      toolCalls.push({ id: tool.id ?? scene.newId('call', index * 128 + toolCalls.length), ...body })
    }
  }
  tally.text(content + refusal)
  tally.reasoning(reasoning)
  const finish = finishOf(scene.turn)
  return {
    index,
    message: {
      role: 'assistant',
      content: content === '' && (toolCalls.length > 0 || refusal !== '') ? null : content,
      refusal: refusal === '' ? null : refusal,
      ...(reasoning !== '' && { [reasoningField(scene)]: reasoning }),
      ...(details.length > 0 && { reasoning_details: details }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      annotations,
    },
    logprobs: tokens.length > 0 ? logprobs(tokens, scene.ask.topLogprobs) : null,
    finish_reason: finish === false ? null : finishWord(finish),
  }
}

function reasoningField(scene: Scene): 'reasoning' | 'reasoning_content' {
  for (const step of scene.turn.steps ?? []) {
    if ('reasoning' in step) {
      const field = step.field ?? (step.signature === undefined ? 'reasoning_content' : 'reasoning')
      return field === 'reasoning_content' ? field : 'reasoning'
    }
  }
  return 'reasoning_content'
}
