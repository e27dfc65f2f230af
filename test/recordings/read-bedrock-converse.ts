import { isJsonObject, type JsonObject } from '../../src/tokens/index.ts'
import { counts, distinct, emptyReading, type Outcome, parsed, type Reading, sum } from './reading.ts'

/** What stands in the events of Converse, each `{name: payload}`. Its vendor's SDK does nothing but hand them out. */
export function readBedrockConverse(events: readonly JsonObject[]): Outcome {
  const reading = emptyReading()
  const calls = new Map<number, { name: string; args: string }>()
  const sources: Array<string | undefined> = []
  let finish: string | undefined
  for (const event of events) {
    const [name = '', payload] = Object.entries(event)[0] ?? []
    const fields = object(payload)
    const at = fields.contentBlockIndex as number
    if (name === 'contentBlockStart') {
      const { toolUse } = object(fields.start)
      if (toolUse) calls.set(at, { name: object(toolUse).name as string, args: '' })
    } else if (name === 'contentBlockDelta') {
      const { text, reasoningContent, toolUse, citation } = object(fields.delta)
      reading.text += text ?? ''
      reading.reasoning += object(reasoningContent).text ?? ''
      const call = calls.get(at)
      if (call) call.args += object(toolUse).input ?? ''
      if (citation) sources.push(sourceOf(object(citation)))
    } else if (name === 'messageStop') finish = fields.stopReason as string
    else if (name === 'metadata') reading.usage = countsOf(object(fields.usage))
    else if (name.toLowerCase().includes('exception')) return 'fails'
  }
  if (finish === undefined) return 'fails'
  reading.calls = [...calls.values()].map((call) => ({ name: call.name, arguments: parsed(call.args) }))
  reading.sources = distinct(sources)
  reading.finish = finishes[finish] ?? 'unknown'
  return reading
}

function countsOf(usage: JsonObject): Reading['usage'] {
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheWriteInputTokens } = usage as Record<string, number>
  return counts({
    input: sum(inputTokens, cacheReadInputTokens, cacheWriteInputTokens),
    output: outputTokens,
    cacheRead: cacheReadInputTokens,
    cacheWrite: cacheWriteInputTokens,
  })
}

function sourceOf({ location, title }: JsonObject): string | undefined {
  const web = object(object(location).web)
  return (web.url ?? title) as string | undefined
}

function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

const finishes: Record<string, Reading['finish']> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
  malformed_tool_use: 'malformed_call',
  malformed_model_output: 'malformed_call',
}
