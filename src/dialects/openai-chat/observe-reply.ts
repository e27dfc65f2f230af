import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject, mergeUsage, type Usage } from '../../tokens/index.ts'
import type { ReplyFacts } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { isError, streamError } from './error.ts'
import { brokenFinish, decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

/** What a whole answer says of itself. @throws SluiceError for an error inside a 200, and for what is no answer at all */
export function observeReply(body: JsonObject): ReplyFacts {
  const choices = choicesOf(body)
  let usage: Usage | undefined
  let first: JsonObject | undefined
  let parts = 0
  for (const choice of choices) {
    const word = filled(choice.finish_reason)
    const broken = word === undefined ? undefined : brokenFinish(word)
    if (broken) throw broken
    if (isJsonObject(choice.usage)) usage = mergeUsage(usage, decodeUsage(choice.usage))
    parts += partsIn(messageOf(choice))
    if (first === undefined || indexOf(choice) < indexOf(first)) first = choice
  }
  const groq = isJsonObject(body.x_groq) ? body.x_groq : undefined
  const told = isJsonObject(body.usage) ? body.usage : groq?.usage
  if (isJsonObject(told)) {
    const counts = decodeUsage(told)
    usage = usage ? mergeUsage(usage, counts) : counts
  }
  return {
    model: filled(body.model),
    finish:
      first && decodeFinish(filled(first.finish_reason), hasCalls(messageOf(first)), filled(first.stop_reason)).reason,
    usage,
    parts,
  }
}

/** The choices of a whole answer. @throws SluiceError where there are none, and for an error in their place */
export function choicesOf(body: JsonObject): JsonObject[] {
  if (isError(body, 'message')) throw streamError(body)
  const choices = Array.isArray(body.choices) ? body.choices.filter(isJsonObject) : []
  if (choices.length > 0) return choices
  throw new SluiceError('upstream_protocol', 'cannot read the answer: it has no `choices`')
}

function messageOf(choice: JsonObject): JsonObject {
  return isJsonObject(choice.message) ? choice.message : isJsonObject(choice.delta) ? choice.delta : {}
}

function indexOf(choice: JsonObject): number {
  return typeof choice.index === 'number' ? choice.index : 0
}

function hasCalls({ tool_calls: calls, function_call: call }: JsonObject): boolean {
  return (Array.isArray(calls) ? calls.length > 0 : isJsonObject(calls)) || isJsonObject(call)
}

/** How many blocks the message would be, were it taken apart: its reasoning, its text, each of its calls. */
function partsIn(message: JsonObject): number {
  const { reasoning_content, reasoning, reasoning_text, reasoning_details, content, refusal, tool_calls, images } =
    message
  let parts = list(images)
  if (filled(reasoning_content) ?? filled(reasoning) ?? filled(reasoning_text)) parts++
  else if (list(reasoning_details) > 0) parts++
  if (filled(content) !== undefined || list(content) > 0) parts++
  if (filled(refusal) !== undefined) parts++
  if (isJsonObject(message.audio)) parts++
  if (isJsonObject(message.function_call)) parts++
  return parts + (isJsonObject(tool_calls) ? 1 : list(tool_calls))
}

function list(value: Json | undefined): number {
  return Array.isArray(value) ? value.length : 0
}
