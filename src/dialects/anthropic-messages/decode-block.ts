import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import type { DecodeOptions } from '../dialect.ts'
import { EventShape } from '../event-shape.ts'
import { rest, text } from '../lenient.ts'
import { dialect } from './wire.ts'

/** One block of an answer while it is open. */
export interface Block {
  /** By what kind of deltas it is filled. */
  readonly kind: 'text' | 'thinking' | 'input' | 'whole'
  /** It is a call of one of the client's tools. */
  readonly call?: boolean
  /** Knows the usual delta of this very block, its index included. */
  readonly shape?: EventShape
  start(emit: Emit<StreamToken>): void
  /** The text out of the usual delta. */
  delta(piece: string, emit: Emit<StreamToken>): void
  /** A parsed delta; false when it is unknown. */
  read(delta: JsonObject, data: string, emit: Emit<StreamToken>): boolean
  end(emit: Emit<StreamToken>): void
}

type MakeBlock = (content: JsonObject, wireIndex: number, index: number, options: DecodeOptions) => Block

/** The block that a `content_block_start` opens. Unknown types are taken whole. */
export function blockOf(content: JsonObject, wireIndex: number, index: number, options: DecodeOptions): Block {
  const type = text(content, 'type') ?? ''
  const make = makers.get(type) ?? (type.endsWith('_tool_use') ? hostedCallBlock : wholeBlock)
  return make(content, wireIndex, index, options)
}

/** A shape for deltas of `type` that carry nothing but `field`, for the block at `wireIndex`. */
function shapeOf(wireIndex: number, type: string, field: string): EventShape {
  return new EventShape((parsed) => {
    if (!isJsonObject(parsed) || parsed.type !== 'content_block_delta' || parsed.index !== wireIndex) return undefined
    const delta = parsed.delta
    if (!isJsonObject(delta) || delta.type !== type) return undefined
    return Object.keys(parsed).length === 3 && Object.keys(delta).length === 2 ? delta[field] : undefined
  })
}

export const textBlock: MakeBlock = (content, wireIndex, index) => {
  const at = { choice: 0, index }
  const shape = shapeOf(wireIndex, 'text_delta', 'text')
  const cite = (citation: unknown, emit: Emit<StreamToken>): void => {
    if (isJsonObject(citation)) emit({ type: 'citation', ...at, dialect, citation })
  }
  return {
    kind: 'text',
    shape,
    start(emit) {
      emit({ type: 'text-start', ...at })
      const first = text(content, 'text')
      if (first) this.delta(first, emit)
      if (Array.isArray(content.citations)) for (const one of content.citations) cite(one, emit)
    },
    delta(piece, emit) {
      if (piece !== '') emit({ type: 'text-delta', choice: 0, index, text: piece })
    },
    read(delta, data, emit) {
      if (delta.type === 'citations_delta') {
        cite(delta.citation, emit)
        return true
      }
      const piece = text(delta, 'text')
      if (delta.type !== 'text_delta' || piece === undefined) return false
      shape.learn(data, piece)
      this.delta(piece, emit)
      return true
    },
    end: (emit) => emit({ type: 'text-end', ...at }),
  }
}

export const thinkingBlock: MakeBlock = (content, wireIndex, index, { vendor, family }) => {
  const at = { choice: 0, index }
  const shape = shapeOf(wireIndex, 'thinking_delta', 'thinking')
  // Set, not appended: the whole value comes once, and the last one counts.
  let signature = text(content, 'signature')
  return {
    kind: 'thinking',
    shape,
    start(emit) {
      emit({ type: 'reasoning-start', ...at })
      const first = text(content, 'thinking')
      if (first) this.delta(first, emit)
    },
    delta(piece, emit) {
      if (piece !== '') emit({ type: 'reasoning-delta', choice: 0, index, text: piece })
    },
    read(delta, data, emit) {
      if (delta.type === 'signature_delta') {
        signature = text(delta, 'signature') ?? signature
        return true
      }
      const piece = text(delta, 'thinking')
      if (delta.type !== 'thinking_delta' || piece === undefined) return false
      shape.learn(data, piece)
      this.delta(piece, emit)
      return true
    },
    end(emit) {
      if (signature) emit({ type: 'opaque', ...at, vendor, family, kind: 'signature', value: signature })
      emit({ type: 'reasoning-end', ...at })
    },
  }
}

const redactedBlock: MakeBlock = (content, _wireIndex, index, { vendor, family }) => {
  const at = { choice: 0, index }
  return {
    kind: 'whole',
    start(emit) {
      emit({ type: 'reasoning-start', ...at })
      const value = text(content, 'data')
      if (value) emit({ type: 'opaque', ...at, vendor, family, kind: 'redacted', value })
    },
    delta() {},
    read: () => false,
    end: (emit) => emit({ type: 'reasoning-end', ...at }),
  }
}

/** What differs between the two kinds of blocks whose input comes as JSON. */
interface InputBlock {
  call?: boolean
  start(emit: Emit<StreamToken>): void
  /** A fragment of the input. */
  input(piece: string, emit: Emit<StreamToken>): void
  end(emit: Emit<StreamToken>): void
}

function inputBlock(content: JsonObject, wireIndex: number, { input, end, ...rest }: InputBlock): Block {
  const shape = shapeOf(wireIndex, 'input_json_delta', 'partial_json')
  const whole = wholeInput(content)
  let empty = true
  return {
    kind: 'input',
    shape,
    ...rest,
    delta(piece, emit) {
      if (piece === '') return
      empty = false
      input(piece, emit)
    },
    read(delta, data, emit) {
      const piece = text(delta, 'partial_json')
      if (delta.type !== 'input_json_delta' || piece === undefined) return false
      shape.learn(data, piece)
      this.delta(piece, emit)
      return true
    },
    end(emit) {
      if (empty && whole !== undefined) input(whole, emit)
      end(emit)
    },
  }
}

const callFields: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input'])

const callBlock: MakeBlock = (content, wireIndex, index, { customTools, toolNames }) => {
  const at = { choice: 0, index }
  const wireName = text(content, 'name') ?? ''
  const name = toolNames?.get(wireName) ?? wireName
  const custom = customTools?.has(name) ? new InputReader() : undefined
  return inputBlock(content, wireIndex, {
    call: true,
    start(emit) {
      const extra = rest(content, callFields)
      emit({
        type: 'tool-call-start',
        ...at,
        id: text(content, 'id') || newId(),
        name,
        kind: custom ? 'custom' : 'function',
        ...(extra && { meta: { [dialect]: extra } }),
      })
    },
    input(piece, emit) {
      const fragment = custom ? custom.push(piece) : piece
      if (fragment !== '') emit({ type: 'tool-call-delta', choice: 0, index, arguments: fragment })
    },
    end(emit) {
      const held = custom?.end()
      if (held) emit({ type: 'tool-call-delta', ...at, arguments: held })
      emit({ type: 'tool-call-end', ...at })
    },
  })
}

const hostedCallBlock: MakeBlock = (content, wireIndex, index) => {
  const at = { choice: 0, index }
  return inputBlock(content, wireIndex, {
    // The input travels in deltas, even when it came whole: so a stream and a reply fold to the same.
    start: (emit) => emit({ type: 'hosted-call-start', ...at, dialect, block: { ...content, input: {} } }),
    input: (piece, emit) => emit({ type: 'hosted-call-delta', choice: 0, index, arguments: piece }),
    end: (emit) => emit({ type: 'hosted-call-end', ...at }),
  })
}

/** A block that only this dialect knows. It waits for its stop, since some are still filled by a delta. */
const wholeBlock: MakeBlock = (content, _wireIndex, index) => {
  const block = { ...content }
  return {
    kind: 'whole',
    start() {},
    delta() {},
    read(delta) {
      if (delta.type !== 'compaction_delta' || typeof delta.content !== 'string') return false
      block.content = (typeof block.content === 'string' ? block.content : '') + delta.content
      return true
    },
    end: (emit) => emit({ type: 'hosted-result', choice: 0, index, dialect, block }),
  }
}

/** The input when it came with the start of the block; `{}` there is only a placeholder. */
function wholeInput(content: JsonObject): string | undefined {
  const input = content.input
  return isJsonObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : undefined
}

const makers: ReadonlyMap<string, MakeBlock> = new Map([
  ['text', textBlock],
  ['thinking', thinkingBlock],
  ['redacted_thinking', redactedBlock],
  ['tool_use', callBlock],
])

/** For a server that names no id: results could not refer to the call, and two turns must not agree by chance. */
function newId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`
}
