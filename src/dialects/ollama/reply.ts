import {
  type ChatReply,
  isJsonObject,
  type Json,
  type JsonObject,
  type StreamToken,
  unfold,
} from '../../tokens/index.ts'
import type { DecodeOptions, EncodeOptions } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { OllamaDecoder } from './decode-stream.ts'
import { OllamaEncoder } from './encode-stream.ts'
import { generateForm } from './wire.ts'

/** A whole answer of a provider. @throws SluiceError for an error in its place, and for what is no answer */
export function decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[] {
  const tokens: StreamToken[] = []
  new OllamaDecoder(options).reply(body, (token) => {
    tokens.push(token)
  })
  return tokens
}

/** A whole answer for a client: the last line of the stream that it would be, with the content of all of them. */
export function encodeReply(reply: ChatReply, options: EncodeOptions): JsonObject {
  const lines: JsonObject[] = []
  const take = ({ data }: { data: string }): void => {
    lines.push(JSON.parse(data) as JsonObject)
  }
  const encoder = new OllamaEncoder(options)
  for (const token of unfold(reply)) encoder.push(token, take)
  encoder.end(take)
  const last = lines.at(-1) ?? {}
  let text = ''
  let thinking = ''
  const calls: Json[] = []
  const logprobs: Json[] = []
  for (const line of lines) {
    const said = isJsonObject(line.message) ? line.message : line
    text += filled(said.content) ?? filled(said.response) ?? ''
    thinking += filled(said.thinking) ?? ''
    if (Array.isArray(said.tool_calls)) calls.push(...said.tool_calls)
    if (Array.isArray(line.logprobs)) logprobs.push(...line.logprobs)
  }
  const more = { ...(thinking !== '' && { thinking }), ...(calls.length > 0 && { tool_calls: calls }) }
  const { model, created_at, message, response: _, ...facts } = last
  // When it was thought about and when written is not known of an answer that came in one piece.
  delete facts.prompt_eval_duration
  delete facts.eval_duration
  const content =
    options.form === generateForm
      ? { response: text, ...more }
      : { message: { ...(isJsonObject(message) && message), role: 'assistant', content: text, ...more } }
  return { model, created_at, ...content, ...facts, ...(logprobs.length > 0 && { logprobs }) }
}
