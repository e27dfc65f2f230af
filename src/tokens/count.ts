import { TokenCounter } from './bpe/counter.ts'
import { promptPieces, tokensPerImage, tokensPerTurn } from './estimate.ts'
import type { ChatRequest } from './request.ts'

/**
 * The prompt's size in tokens of the o200k vocabulary: system, tools and messages. An estimate for every model with
 * another vocabulary, and for the marks that a vendor puts around turns. The vocabulary is loaded by the first call: a
 * gateway that never counts pays nothing for it.
 */
export async function countInput(request: ChatRequest): Promise<number> {
  const counter = await TokenCounter.open('o200k_base')
  let tokens = tokensPerTurn * (request.messages.length + (request.system.length > 0 ? 1 : 0))
  for (const piece of promptPieces(request)) {
    tokens += piece.type === 'image' ? tokensPerImage : counter.count(piece.text)
  }
  return tokens
}
