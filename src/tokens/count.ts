import { promptPieces, tokensPerImage, tokensPerTurn } from './estimate.ts'
import type { ChatRequest } from './request.ts'

let encoding: Promise<{ countTokens(text: string): number }> | undefined

/**
 * The prompt's size in tokens of the o200k vocabulary: system, tools and messages. An estimate for every model with
 * another vocabulary. The tokenizer is loaded by the first call: a gateway that never counts pays nothing for it.
 */
export async function countInput(request: ChatRequest): Promise<number> {
  encoding ??= import('gpt-tokenizer/encoding/o200k_base')
  const { countTokens } = await encoding
  let tokens = tokensPerTurn * (request.messages.length + (request.system.length > 0 ? 1 : 0))
  for (const piece of promptPieces(request)) {
    tokens += piece.type === 'text' ? countTokens(piece.text) : tokensPerImage
  }
  return tokens
}
