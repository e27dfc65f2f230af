import { promptPieces, tokensPerImage, tokensPerTurn } from './estimate.ts'
import type { ChatRequest } from './request.ts'

interface Encoding {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number
}

let encoding: Promise<Encoding> | undefined

/**
 * The prompt's size in tokens of the o200k vocabulary: system, tools and messages. An estimate for every model with
 * another vocabulary. The tokenizer is loaded by the first call: a gateway that never counts pays nothing for it.
 */
export async function countInput(request: ChatRequest): Promise<number> {
  encoding ??= import('gpt-tokenizer/encoding/o200k_base')
  const { countTokens } = await encoding
  let tokens = tokensPerTurn * (request.messages.length + (request.system.length > 0 ? 1 : 0))
  for (const piece of promptPieces(request)) {
    if (piece.type === 'image') tokens += tokensPerImage
    else for (const text of slices(piece.text)) tokens += countTokens(text, asText)
  }
  return tokens
}

// What a user writes is text, also where it looks like a mark of the vocabulary: `<|endoftext|>`.
const asText = { disallowedSpecial: new Set<string>() }

const longest = 256
// A space breaks every word of the tokenizer but those of white space alone.
const longRun = new RegExp(`[^ ]{${longest}}|\\s{${longest}}`)

/**
 * The tokenizer splits a text into words and takes time in the square of each (a minute for 200,000 Chinese characters
 * in a row). So a text with a run that long is counted in slices, at the price of about one token for each cut.
 */
function* slices(text: string): Generator<string> {
  if (!longRun.test(text)) {
    yield text
    return
  }
  for (let at = 0; at < text.length; at += longest) yield text.slice(at, at + longest)
}
