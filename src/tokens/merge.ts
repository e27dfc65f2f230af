import type { StreamToken } from './token.ts'

/** The same stream in fewer tokens: adjacent deltas of one block are joined. The content does not change. */
export function* merge(tokens: Iterable<StreamToken>): Generator<StreamToken> {
  let held: StreamToken | undefined
  let pieces: string[] = []
  for (const token of tokens) {
    const piece = joinable(token)
    if (piece !== undefined && held?.type === token.type && sameBlock(held, token)) {
      pieces.push(piece)
      continue
    }
    if (held) yield whole(held, pieces)
    held = undefined
    if (piece === undefined) {
      yield token
    } else {
      held = token
      pieces = [piece]
    }
  }
  if (held) yield whole(held, pieces)
}

function joinable(token: StreamToken): string | undefined {
  if (token.type === 'text-delta') return token.logprobs ? undefined : token.text
  if (token.type === 'reasoning-delta') return token.text
  if (token.type === 'tool-call-delta' || token.type === 'hosted-call-delta') return token.arguments
  return undefined
}

function sameBlock(a: StreamToken, b: StreamToken): boolean {
  return 'index' in a && 'index' in b && a.index === b.index && a.choice === b.choice
}

function whole(token: StreamToken, pieces: string[]): StreamToken {
  if (pieces.length === 1) return token
  const text = pieces.join('')
  return token.type === 'tool-call-delta' || token.type === 'hosted-call-delta'
    ? { ...token, arguments: text }
    : ({ ...token, text } as StreamToken)
}
