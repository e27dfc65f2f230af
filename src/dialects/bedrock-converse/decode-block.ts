import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import type { DecodeOptions } from '../dialect.ts'
import { EventShape } from '../event-shape.ts'
import { text } from '../lenient.ts'
import { dialect, padding } from './wire.ts'

/** One block of an answer while it is open. */
export interface Block {
  readonly kind: 'text' | 'reasoning' | 'call' | 'image'
  /** Knows the usual delta of this very block: its index stands in it. */
  readonly shape?: EventShape
  start(emit: Emit<StreamToken>): void
  /** The text out of the usual delta. */
  delta(piece: string, emit: Emit<StreamToken>): void
  /** A parsed delta; false when it is unknown. */
  read(delta: JsonObject, data: string, emit: Emit<StreamToken>): boolean
  end(emit: Emit<StreamToken>): void
}

/** By which kind of block a delta is taken. Blocks of text and reasoning have no start of their own. */
export function kindOf(delta: JsonObject): Block['kind'] | undefined {
  if (delta.text !== undefined || delta.citation !== undefined) return 'text'
  if (delta.toolUse !== undefined) return 'call'
  if (delta.reasoningContent !== undefined) return 'reasoning'
  return delta.image === undefined ? undefined : 'image'
}

/** A shape for deltas in which `read` finds a text and nothing else. What stands around the delta means nothing. */
function shapeOf(read: (delta: JsonObject) => unknown): EventShape {
  return new EventShape(
    (parsed) => {
      const delta = isJsonObject(parsed) ? parsed.delta : undefined
      return isJsonObject(delta) && Object.keys(delta).length === 1 ? read(delta) : undefined
    },
    [padding],
  )
}

/** The field of an object that has no other. */
function only(value: unknown, field: string): unknown {
  return isJsonObject(value) && Object.keys(value).length === 1 ? value[field] : undefined
}

export function textBlock(index: number): Block {
  const shape = shapeOf((delta) => delta.text)
  return {
    kind: 'text',
    shape,
    start: (emit) => emit({ type: 'text-start', choice: 0, index }),
    delta(piece, emit) {
      if (piece !== '') emit({ type: 'text-delta', choice: 0, index, text: piece })
    },
    read(delta, data, emit) {
      const piece = text(delta, 'text')
      if (piece !== undefined) {
        shape.learn(data, piece)
        this.delta(piece, emit)
      }
      const { citation } = delta
      if (!isJsonObject(citation)) return piece !== undefined
      emit({ type: 'citation', choice: 0, index, dialect, citation: located(citation) })
      return true
    },
    end: (emit) => emit({ type: 'text-end', choice: 0, index }),
  }
}

/** A source on the web with its address where other dialects look for one. */
function located(citation: JsonObject): JsonObject {
  const web = isJsonObject(citation.location) ? citation.location.web : undefined
  return isJsonObject(web) && typeof web.url === 'string' ? { ...citation, url: web.url } : citation
}

export function reasoningBlock(index: number, { vendor, family }: DecodeOptions): Block {
  const at = { choice: 0, index }
  const shape = shapeOf((delta) => only(delta.reasoningContent, 'text'))
  let signature = ''
  const redacted: string[] = []
  return {
    kind: 'reasoning',
    shape,
    start: (emit) => emit({ type: 'reasoning-start', ...at }),
    delta(piece, emit) {
      if (piece !== '') emit({ type: 'reasoning-delta', choice: 0, index, text: piece })
    },
    read(delta, data, emit) {
      const content = isJsonObject(delta.reasoningContent) ? delta.reasoningContent : {}
      const piece = text(content, 'text')
      const sign = text(content, 'signature')
      const veiled = text(content, 'redactedContent')
      signature += sign ?? ''
      if (veiled) redacted.push(veiled)
      if (piece !== undefined) {
        shape.learn(data, piece)
        this.delta(piece, emit)
      }
      return piece !== undefined || sign !== undefined || veiled !== undefined
    },
    end(emit) {
      if (signature !== '') emit({ type: 'opaque', ...at, vendor, family, kind: 'signature', value: signature })
      if (redacted.length > 0) {
        emit({ type: 'opaque', ...at, vendor, family, kind: 'redacted', value: joinBase64(redacted) })
      }
      emit({ type: 'reasoning-end', ...at })
    },
  }
}

/** Each piece is padded for itself, so they are joined as bytes. */
function joinBase64(pieces: readonly string[]): string {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  try {
    return btoa(pieces.map(atob).join(''))
  } catch {
    return pieces.join('')
  }
}

export function callBlock(call: JsonObject, index: number, options: DecodeOptions): Block {
  const at = { choice: 0, index }
  const shape = shapeOf((delta) => only(delta.toolUse, 'input'))
  const wireName = text(call, 'name') ?? ''
  const name = options.toolNames?.get(wireName) ?? wireName
  const custom = options.customTools?.has(name) ? new InputReader() : undefined
  return {
    kind: 'call',
    shape,
    start(emit) {
      const id = text(call, 'toolUseId') || newId()
      emit({ type: 'tool-call-start', ...at, id, name, kind: custom ? 'custom' : 'function' })
    },
    delta(piece, emit) {
      const fragment = custom ? custom.push(piece) : piece
      if (fragment !== '') emit({ type: 'tool-call-delta', choice: 0, index, arguments: fragment })
    },
    read(delta, data, emit) {
      const input = isJsonObject(delta.toolUse) ? delta.toolUse.input : undefined
      if (typeof input !== 'string') return false
      shape.learn(data, input)
      this.delta(input, emit)
      return true
    },
    end(emit) {
      const held = custom?.end()
      if (held) emit({ type: 'tool-call-delta', ...at, arguments: held })
      emit({ type: 'tool-call-end', ...at })
    },
  }
}

export function imageBlock(image: JsonObject, index: number): Block {
  const at = { choice: 0, index }
  return {
    kind: 'image',
    start: (emit) =>
      emit({ type: 'media-start', ...at, kind: 'image', mediaType: `image/${text(image, 'format') ?? 'png'}` }),
    delta() {},
    read({ image: piece }, _data, emit) {
      const source = isJsonObject(piece) && isJsonObject(piece.source) ? piece.source : {}
      const bytes = text(source, 'bytes')
      if (bytes) emit({ type: 'media-delta', ...at, data: bytes })
      return bytes !== undefined
    },
    end: (emit) => emit({ type: 'media-end', ...at }),
  }
}

/** For a server that names no id: results could not refer to the call, and two turns must not agree by chance. */
function newId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`
}
