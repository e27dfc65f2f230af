import { TokenCounter } from './bpe/counter.ts'
import { promptPieces, tokensPerImage, tokensPerTurn } from './estimate.ts'
import type { ChatRequest } from './request.ts'

/**
 * The prompt's size in tokens of the o200k vocabulary: system, tools and messages. An estimate for every model with
 * another vocabulary, and for the marks that a vendor puts around turns. The vocabulary is loaded by the first call: a
 * gateway that never counts pays nothing for it.
 *
 * A large prompt is counted in portions, with the turns of others in between: a word of many megabytes would keep them
 * waiting for seconds.
 */
export async function countInput(request: ChatRequest): Promise<number> {
  const counter = await TokenCounter.open('o200k_base')
  let tokens = tokensPerTurn * (request.messages.length + (request.system.length > 0 ? 1 : 0))
  let read = 0
  for (const piece of promptPieces(request)) {
    if (piece.type === 'image') {
      tokens += tokensPerImage
      continue
    }
    for (const part of portions(piece.text)) {
      tokens += counter.count(part)
      read += part.length
      if (read < portion) continue
      read = 0
      await new Promise((resolve) => setTimeout(resolve))
    }
  }
  return tokens
}

/** In characters; the worst text of that length takes some tens of milliseconds. */
const portion = 64 * 1024

/**
 * A text in pieces whose counts add up to its own: a word of the tokenizer may begin with a space but has none behind
 * its first character. A text that has no such place is cut all the same, at the price of about one token.
 */
function* portions(text: string): Generator<string> {
  let from = 0
  while (text.length - from > portion) {
    const part = text.slice(from, from + portion)
    let to = part.lastIndexOf(' ')
    // Behind other white space a space may belong to it.
    while (to > 0 && part.charCodeAt(to - 1) <= 0x20) to = part.lastIndexOf(' ', to - 1)
    if (to <= 0) to = portion
    yield part.slice(0, to)
    from += to
  }
  yield text.slice(from)
}
