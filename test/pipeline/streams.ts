import { collect } from '../../src/flow/index.ts'
import { type StreamTransformer, TransformerStage } from '../../src/pipeline/index.ts'
import { type FinishReason, grammar, type LogProb, merge, type StreamToken } from '../../src/tokens/index.ts'

export const at = { choice: 0, index: 0 }
export const start: StreamToken = { type: 'message-start', id: 'm', model: 'model-1' }

export function finish(reason: FinishReason = 'stop', choice = 0): StreamToken {
  return { type: 'finish', choice, reason }
}

export function delta(text: string, logprobs?: LogProb[], place = at): StreamToken {
  return { type: 'text-delta', ...place, text, ...(logprobs && { logprobs }) }
}

export function textBlock(texts: readonly string[], place = at): StreamToken[] {
  return [
    { type: 'text-start', ...place },
    ...texts.map((text) => delta(text, undefined, place)),
    { type: 'text-end', ...place },
  ]
}

/** A whole stream that says so. */
export function saying(...texts: string[]): StreamToken[] {
  return [start, ...textBlock(texts), finish()]
}

/** Runs a stream through; what comes out is checked to be legal. */
export function through(transformer: StreamTransformer, tokens: readonly StreamToken[]): StreamToken[] {
  return collect(grammar(), collect(new TransformerStage(transformer), tokens))
}

/** The deltas of each piece of input, as they come out: what waits is seen to wait. */
export function step(transformer: StreamTransformer, texts: readonly string[]): string[] {
  const stage = new TransformerStage(transformer)
  let out = ''
  const emit = (token: StreamToken): void => {
    if (token.type === 'text-delta') out += token.text
  }
  stage.push(start, emit)
  stage.push({ type: 'text-start', ...at }, emit)
  return texts.map((text) => {
    out = ''
    stage.push(delta(text), emit)
    return out
  })
}

/** What is said, in short: each block as `kind text`, then the finish. */
export function told(tokens: readonly StreamToken[]): string[] {
  return [...merge(tokens)].flatMap((token) => {
    switch (token.type) {
      case 'text-delta':
        return [`text ${token.index} ${token.text}`]
      case 'reasoning-delta':
        return [`reasoning ${token.index} ${token.text}`]
      case 'tool-call-delta':
        return [`call ${token.index} ${token.arguments}`]
      case 'finish':
        return [`finish ${token.choice} ${token.reason}`]
      case 'error':
        return [`error ${token.error.code}`]
      default:
        return []
    }
  })
}
