import type { JsonObject } from './json.ts'
import type { ChatRequest, Message } from './request.ts'

// English text has about four characters to a token in today's vocabularies, other scripts fewer; for a number that is
// shown for a moment and then replaced this is near enough.
const charactersPerToken = 4
const tokensPerTurn = 4
// What vendors charge for a picture of a megapixel; without its bytes decoded nothing better is known.
const tokensPerImage = 1100

/**
 * The prompt's size in tokens, guessed from lengths alone: system, tools and messages. It costs a walk over the parts
 * and no tokenizer.
 */
export function estimateInput(request: ChatRequest): number {
  let characters = 0
  let images = 0
  const add = (text: string | undefined): void => {
    characters += text?.length ?? 0
  }
  for (const piece of promptPieces(request)) {
    if (piece.type === 'text') add(piece.text)
    else images++
  }
  const turns = request.messages.length + (request.system.length > 0 ? 1 : 0)
  return Math.ceil(characters / charactersPerToken) + images * tokensPerImage + turns * tokensPerTurn
}

export type PromptPiece = { type: 'text'; text: string } | { type: 'image' }

/** Everything in a request that a model reads, piece by piece: for counting. */
export function* promptPieces(request: ChatRequest): Generator<PromptPiece> {
  for (const part of request.system) yield { type: 'text', text: part.text }
  for (const tool of request.tools) {
    if (tool.kind === 'hosted') {
      yield json(tool.definition)
      continue
    }
    yield { type: 'text', text: `${tool.name} ${tool.description ?? ''}` }
    if (tool.kind === 'function' && tool.parameters) yield json(tool.parameters)
  }
  for (const message of request.messages) yield* messagePieces(message)
  if (request.output?.type === 'json-schema') yield json(request.output.schema)
}

function* messagePieces(message: Message): Generator<PromptPiece> {
  for (const part of message.parts) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        yield { type: 'text', text: part.text }
        break
      case 'tool-call':
        yield { type: 'text', text: `${part.name} ${part.arguments}` }
        break
      case 'tool-result':
        for (const inner of part.content) {
          if (inner.type === 'text') yield { type: 'text', text: inner.text }
          else if (inner.type === 'hosted') yield json(inner.block)
          else yield { type: 'image' }
        }
        break
      case 'hosted':
        yield json(part.block)
        break
      case 'file':
        if (part.source.kind === 'text') yield { type: 'text', text: part.source.text }
        else yield { type: 'image' }
        break
      default:
        yield { type: 'image' }
    }
  }
}

function json(value: JsonObject): PromptPiece {
  return { type: 'text', text: JSON.stringify(value) }
}

export { tokensPerImage, tokensPerTurn }
