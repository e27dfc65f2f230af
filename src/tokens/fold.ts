import { SluiceError } from '../errors/index.ts'
import type { Finish } from './finish.ts'
import type { ChatReply, ReplyPart } from './reply.ts'
import type { StreamToken } from './token.ts'
import { mergeUsage } from './usage.ts'

/**
 * A stream as one whole answer. Fragments are kept in lists and joined once at the end, so that the cost grows with
 * the tokens.
 *
 * @throws the error of an `error` token; `upstream_truncated` when no choice was finished.
 */
export function fold(tokens: Iterable<StreamToken>): ChatReply {
  const folder = new Folder()
  for (const token of tokens) folder.push(token)
  return folder.reply()
}

interface Open {
  part: ReplyPart
  pieces: string[]
  transcript: string[]
}

/** The same, a token at a time, for those who fold while they read. */
export class Folder {
  readonly #reply: ChatReply = { choices: [], metadata: [] }
  readonly #blocks = new Map<number, Map<number, Open>>()
  readonly #finishes = new Map<number, Finish>()
  #error: SluiceError | undefined

  push(token: StreamToken): void {
    switch (token.type) {
      case 'message-start': {
        const { id, model, created } = token
        Object.assign(this.#reply, defined({ id, model, created }))
        return
      }
      case 'text-start':
        this.#open(token, {
          type: 'text',
          text: '',
          ...defined({ refusal: token.refusal, id: token.id, meta: token.meta }),
        })
        return
      case 'reasoning-start':
        this.#open(token, { type: 'reasoning', text: '', ...defined({ id: token.id, meta: token.meta }) })
        return
      case 'tool-call-start': {
        const { id, name, kind, meta } = token
        this.#open(token, { type: 'tool-call', id, name, kind, arguments: '', ...defined({ meta }) })
        return
      }
      case 'hosted-call-start':
        this.#open(token, { type: 'hosted-call', dialect: token.dialect, block: token.block, arguments: '' })
        return
      case 'hosted-result':
        this.#open(token, { type: 'hosted-result', dialect: token.dialect, block: token.block })
        return
      case 'media-start': {
        const { kind, id, mediaType, meta } = token
        this.#open(token, { type: 'media', kind, data: '', transcript: '', ...defined({ id, mediaType, meta }) })
        return
      }
      case 'text-delta': {
        const open = this.#find(token)
        open.pieces.push(token.text)
        if (token.logprobs && open.part.type === 'text') {
          open.part.logprobs ??= []
          for (const one of token.logprobs) open.part.logprobs.push(one)
        }
        return
      }
      case 'reasoning-delta':
        this.#find(token).pieces.push(token.text)
        return
      case 'tool-call-delta':
      case 'hosted-call-delta':
        this.#find(token).pieces.push(token.arguments)
        return
      case 'media-delta': {
        const open = this.#find(token)
        if (token.data !== undefined) open.pieces.push(token.data)
        if (token.transcript !== undefined) open.transcript.push(token.transcript)
        if (token.expiresAt !== undefined && open.part.type === 'media') open.part.expiresAt = token.expiresAt
        return
      }
      case 'opaque': {
        const { part } = this.#find(token)
        if (part.type !== 'reasoning' && part.type !== 'tool-call' && part.type !== 'text') return
        const { kind, value, vendor, family } = token
        part.opaque ??= []
        part.opaque.push({ kind, value, ...defined({ vendor, family }) })
        return
      }
      case 'citation': {
        const { part } = this.#find(token)
        if (part.type !== 'text') return
        part.citations ??= []
        part.citations.push({ dialect: token.dialect, citation: token.citation })
        return
      }
      case 'metadata': {
        const { dialect, choice, fields } = token
        this.#reply.metadata.push({ dialect, fields, ...defined({ choice }) })
        return
      }
      case 'usage':
        this.#reply.usage = mergeUsage(this.#reply.usage, token.usage)
        return
      case 'finish': {
        const { reason, native, stopSequence, details } = token
        this.#finishes.set(token.choice, { reason, ...defined({ native, stopSequence, details }) })
        return
      }
      case 'error':
        this.#error = token.error
        return
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end':
      case 'raw':
        return
      default:
        token satisfies never
    }
  }

  /** @throws as `fold` does. */
  reply(): ChatReply {
    if (this.#error) throw this.#error
    if (this.#finishes.size === 0) {
      throw new SluiceError('upstream_truncated', 'cannot give a whole answer: the stream ended before it was finished')
    }
    const choices = [...new Set([...this.#blocks.keys(), ...this.#finishes.keys()])].sort((a, b) => a - b)
    this.#reply.choices = choices.map((choice) => {
      const finish = this.#finishes.get(choice)
      if (!finish) {
        throw new SluiceError('upstream_truncated', `cannot give a whole answer: choice ${choice} was never finished`)
      }
      const blocks = [...(this.#blocks.get(choice) ?? [])].sort(([a], [b]) => a - b)
      return { choice, parts: blocks.map(([, open]) => close(open)), finish }
    })
    return this.#reply
  }

  #open(at: { choice: number; index: number }, part: ReplyPart): void {
    let blocks = this.#blocks.get(at.choice)
    if (!blocks) {
      blocks = new Map()
      this.#blocks.set(at.choice, blocks)
    }
    blocks.set(at.index, { part, pieces: [], transcript: [] })
  }

  #find(token: { type: string; choice: number; index: number }): Open {
    const open = this.#blocks.get(token.choice)?.get(token.index)
    if (open) return open
    throw new SluiceError(
      'token_grammar',
      `cannot fold the stream: ${token.type} for block ${token.index}, which was not started`,
    )
  }
}

function close({ part, pieces, transcript }: Open): ReplyPart {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      part.text = pieces.join('')
      break
    case 'tool-call':
    case 'hosted-call':
      part.arguments = pieces.join('')
      break
    case 'media':
      part.data = pieces.join('')
      part.transcript = transcript.join('')
      break
  }
  return part
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> }
}
