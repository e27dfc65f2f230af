import type { ChatReply, ReplyPart } from './reply.ts'
import type { StreamToken } from './token.ts'

/**
 * A whole answer as the stream it could have been: `fold(unfold(reply))` equals `reply`. Each block comes in one
 * delta.
 */
export function* unfold(reply: ChatReply): Generator<StreamToken> {
  const { id, model, created } = reply
  yield {
    type: 'message-start',
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(created !== undefined && { created }),
  }
  for (const { choice, parts } of reply.choices) {
    for (const [index, part] of parts.entries()) yield* unfoldPart(part, choice, index)
  }
  for (const entry of reply.metadata) yield { type: 'metadata', ...entry }
  for (const { choice, finish } of reply.choices) yield { type: 'finish', choice, ...finish }
  if (reply.usage) yield { type: 'usage', usage: reply.usage }
}

function* unfoldPart(part: ReplyPart, choice: number, index: number): Generator<StreamToken> {
  const at = { choice, index }
  switch (part.type) {
    case 'text': {
      const { type: _, text, logprobs, citations, opaque, ...head } = part
      yield { type: 'text-start', ...at, ...head }
      if (text !== '' || logprobs) yield { type: 'text-delta', ...at, text, ...(logprobs && { logprobs }) }
      for (const one of citations ?? []) yield { type: 'citation', ...at, ...one }
      for (const one of opaque ?? []) yield { type: 'opaque', ...at, ...one }
      yield { type: 'text-end', ...at }
      return
    }
    case 'reasoning': {
      const { type: _, text, opaque, ...head } = part
      yield { type: 'reasoning-start', ...at, ...head }
      if (text !== '') yield { type: 'reasoning-delta', ...at, text }
      for (const one of opaque ?? []) yield { type: 'opaque', ...at, ...one }
      yield { type: 'reasoning-end', ...at }
      return
    }
    case 'tool-call': {
      const { type: _, arguments: args, opaque, ...head } = part
      yield { type: 'tool-call-start', ...at, ...head }
      if (args !== '') yield { type: 'tool-call-delta', ...at, arguments: args }
      for (const one of opaque ?? []) yield { type: 'opaque', ...at, ...one }
      yield { type: 'tool-call-end', ...at }
      return
    }
    case 'hosted-call': {
      const { dialect, block } = part
      yield { type: 'hosted-call-start', ...at, dialect, block }
      if (part.arguments !== '') yield { type: 'hosted-call-delta', ...at, arguments: part.arguments }
      yield { type: 'hosted-call-end', ...at }
      return
    }
    case 'hosted-result':
      yield { ...part, ...at }
      return
    case 'media': {
      const { type: _, data, transcript, expiresAt, ...head } = part
      yield { type: 'media-start', ...at, ...head }
      yield {
        type: 'media-delta',
        ...at,
        data,
        transcript,
        ...(expiresAt !== undefined && { expiresAt }),
      }
      yield { type: 'media-end', ...at }
      return
    }
    default:
      part satisfies never
  }
}
