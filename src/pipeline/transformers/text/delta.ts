import type { HostedCallDelta, ReasoningDelta, StreamToken, TextDelta, ToolCallDelta } from '../../../tokens/index.ts'

/** A token that carries a piece of a block's text. */
export type Delta = TextDelta | ReasoningDelta | ToolCallDelta | HostedCallDelta

export function isDelta(token: StreamToken): token is Delta {
  switch (token.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-call-delta':
    case 'hosted-call-delta':
      return true
    default:
      return false
  }
}

/** What the delta carries: text, or the text of arguments. */
export function textOf(delta: Delta): string {
  return delta.type === 'text-delta' || delta.type === 'reasoning-delta' ? delta.text : delta.arguments
}

/** A delta of the same block with another text. Log-probabilities speak of the old text and are left out. */
export function withText(delta: Delta, text: string): Delta {
  const { choice, index } = delta
  switch (delta.type) {
    case 'text-delta':
      return { type: 'text-delta', choice, index, text }
    case 'reasoning-delta':
      return { type: 'reasoning-delta', choice, index, text }
    default:
      return { type: delta.type, choice, index, arguments: text }
  }
}
