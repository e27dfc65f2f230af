import {
  type ChatReply,
  isJsonObject,
  type JsonObject,
  type ReplyChoice,
  type StreamToken,
} from '../../tokens/index.ts'
import type { DecodeOptions, EncodeOptions } from '../dialect.ts'
import { isTextMark } from '../kept-text.ts'
import { toAnnotation } from './annotation.ts'
import { ChatStreamDecoder } from './decode-stream.ts'
import { encodeFinish } from './finish.ts'
import { choicesOf } from './observe-reply.ts'
import { SealedReasoning } from './reasoning-state.ts'
import { encodeUsage, hasCounts } from './usage.ts'
import { dialectName, type WireLogProbs, type WireMessage } from './wire.ts'

/** A whole answer of a provider. @throws SluiceError for an error inside a 200, and for what is no answer at all */
export function decodeReply(answer: JsonObject, options: DecodeOptions): StreamToken[] {
  const body = unwrapped(answer)
  choicesOf(body)
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  const decoder = new ChatStreamDecoder(options)
  decoder.chunk(body, emit)
  decoder.finish(emit)
  return tokens
}

/** Answers to prompts lie in an envelope: `data.completion`, or `data.completions` by model (Straico). */
function unwrapped(answer: JsonObject): JsonObject {
  const { data, choices } = answer
  if (choices !== undefined || !isJsonObject(data)) return answer
  const [first] = isJsonObject(data.completions) ? Object.values(data.completions) : [data]
  if (!isJsonObject(first) || !isJsonObject(first.completion)) return answer
  const { completion, ...beside } = first
  return { ...beside, ...(completion as JsonObject) }
}

/** A whole answer for a client. */
export function encodeReply(reply: ChatReply, options: EncodeOptions): JsonObject {
  const facts: JsonObject = {}
  const usageFacts: JsonObject = {}
  for (const { dialect, choice, fields } of reply.metadata) {
    if (dialect !== dialectName || choice !== undefined) continue
    const { usage, ...rest } = fields
    Object.assign(facts, rest)
    if (isJsonObject(usage)) Object.assign(usageFacts, usage)
  }
  return {
    id: reply.id ?? `chatcmpl-${options.requestId}`,
    object: 'chat.completion',
    created: reply.created ?? options.created,
    model: reply.model ?? options.model,
    choices: reply.choices.map((choice) => encodeChoice(choice, reply, options) as unknown as JsonObject),
    ...(reply.usage &&
      hasCounts(reply.usage) && { usage: encodeUsage(reply.usage, usageFacts) as unknown as JsonObject }),
    ...facts,
  }
}

function encodeChoice({ choice, parts, finish }: ReplyChoice, reply: ChatReply, options: EncodeOptions): object {
  const message: WireMessage = { role: 'assistant', content: null, refusal: null, annotations: [] }
  const fields = options.reasoningFields ?? 'reasoning_content'
  const state = new SealedReasoning()
  const logprobs: WireLogProbs = { content: null, refusal: null }
  const calls: NonNullable<WireMessage['tool_calls']> = []
  let hosted = false
  for (const part of parts) {
    const opaque = part.type === 'reasoning' || part.type === 'tool-call' ? (part.opaque ?? []) : []
    const values = opaque.filter((one) => !isTextMark(one))
    if ((part.type === 'reasoning' || part.type === 'tool-call') && values.length > 0) {
      const reasoning = part.type === 'reasoning'
      const owner = reasoning ? { id: part.id } : { call: part.id }
      state.add(state.place(), values, reasoning ? part.text : '', owner)
    }
    switch (part.type) {
      case 'text': {
        const field = part.refusal ? 'refusal' : 'content'
        const start = message.content?.length ?? 0
        if (part.text !== '') message[field] = (message[field] ?? '') + part.text
        if (part.logprobs) logprobs[field] = [...(logprobs[field] ?? []), ...part.logprobs]
        if (part.refusal) break
        state.text(part.text.length)
        for (const one of part.citations ?? []) {
          const annotation = toAnnotation(one, start, start + part.text.length)
          if (annotation) message.annotations.push(annotation)
          else options.onWarning?.({ field: 'citations', action: 'dropped', reason: 'no such citations in this API' })
        }
        break
      }
      case 'reasoning':
        if (part.text === '' || fields === 'none') break
        if (fields !== 'reasoning') message.reasoning_content = (message.reasoning_content ?? '') + part.text
        if (fields !== 'reasoning_content') message.reasoning = (message.reasoning ?? '') + part.text
        break
      case 'tool-call': {
        const { id, name } = part
        state.call()
        calls.push(
          part.kind === 'custom'
            ? { id, type: 'custom', custom: { name, input: part.arguments } }
            : { id, type: 'function', function: { name, arguments: part.arguments || '{}' } },
        )
        break
      }
      case 'media':
        if (part.kind === 'audio') {
          const { id, data, transcript, expiresAt } = part
          message.audio = { id: id ?? '', data, transcript, expires_at: expiresAt ?? 0 }
        } else {
          const url = `data:${part.mediaType ?? 'image/png'};base64,${part.data}`
          message.images ??= []
          message.images.push({ type: 'image_url', image_url: { url } })
        }
        break
      default:
        hosted = true
    }
  }
  if (finish.reason === 'malformed_call') {
    options.onWarning?.({
      field: 'tool_calls',
      action: 'dropped',
      reason: 'the model broke off a tool call that cannot be run',
    })
  }
  if (hosted) options.onWarning?.({ field: 'hosted tools', action: 'dropped', reason: 'no such blocks in this API' })
  if (calls.length > 0) message.tool_calls = calls
  // `content` is null only beside something else: a client that finds nothing at all expects a text.
  else if (message.refusal === null && !message.audio) message.content ??= ''
  if (state.details && fields !== 'none') message.reasoning_details = state.details
  const facts: JsonObject = {}
  const deltaFacts: JsonObject = {}
  for (const entry of reply.metadata) {
    if (entry.dialect !== dialectName || entry.choice !== choice) continue
    const { delta, ...rest } = entry.fields
    Object.assign(facts, rest)
    if (isJsonObject(delta)) Object.assign(deltaFacts, delta)
  }
  return {
    index: choice,
    message: fields === 'none' ? message : { ...message, ...deltaFacts },
    logprobs: logprobs.content || logprobs.refusal ? logprobs : null,
    finish_reason: encodeFinish(finish.reason, calls.length > 0),
    ...facts,
  }
}
