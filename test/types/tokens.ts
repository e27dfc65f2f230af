/** What users of the token model rely on, and what must not compile. Nothing here is run. */
import type { StreamDecoder } from '../../src/dialects/dialect.ts'
import { type ErrorCode, type ErrorKind, errorCodes, SluiceError } from '../../src/errors/index.ts'
import { collect, type Emit, join, type Stage } from '../../src/flow/index.ts'
import type { SseEvent } from '../../src/sse/index.ts'
import type {
  ChatReply,
  FunctionCall,
  Message,
  ReplyPart,
  StreamToken,
  TextDelta,
  ToolCall,
} from '../../src/tokens/index.ts'

/** A switch over every token needs no default, and loses its proof when one is forgotten. */
export function label(token: StreamToken): string {
  switch (token.type) {
    case 'message-start':
      return token.model ?? ''
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
    case 'tool-call-end':
    case 'hosted-call-end':
    case 'media-end':
      return `${token.choice}/${token.index}`
    case 'text-delta':
    case 'reasoning-delta':
      return token.text
    case 'tool-call-start':
      return token.name
    case 'tool-call-delta':
    case 'hosted-call-delta':
      return token.arguments
    case 'hosted-call-start':
    case 'hosted-result':
    case 'citation':
    case 'metadata':
      return token.dialect
    case 'media-start':
      return token.kind
    case 'media-delta':
      return token.transcript ?? ''
    case 'opaque':
      return token.value
    case 'usage':
      return String(token.usage.output)
    case 'finish':
      return token.reason
    case 'error':
      return token.error.code
    case 'raw':
      return token.data
  }
}

export function forgetful(token: StreamToken): string {
  switch (token.type) {
    case 'text-delta':
      return token.text
    default:
      // @ts-expect-error other tokens are left
      token satisfies never
      return ''
  }
}

export function parts(reply: ChatReply): string[] {
  return reply.choices.flatMap(({ parts }) =>
    parts.map((part: ReplyPart) => {
      if (part.type === 'tool-call') return part.arguments
      // @ts-expect-error only calls have arguments that are sure to be there
      return part.arguments ?? ''
    }),
  )
}

export const delta: TextDelta = { type: 'text-delta', choice: 0, index: 0, text: 'a' }
delta satisfies StreamToken
// @ts-expect-error a delta says which block it belongs to
export const homeless: StreamToken = { type: 'text-delta', choice: 0, text: 'a' }
// @ts-expect-error no such token
export const unknown: StreamToken = { type: 'text-stop', choice: 0, index: 0 }
// @ts-expect-error usage that is not known is absent, and never null
export const zero: StreamToken = { type: 'usage', usage: { output: null } }

export function onlyFunctions(call: ToolCall): FunctionCall | undefined {
  // @ts-expect-error a call may be one of a custom tool
  call satisfies FunctionCall
  return call.kind === 'function' ? { ...call, kind: 'function' } : undefined
}

// @ts-expect-error results of tools stand in turns of their own
export const result: Message = { role: 'user', parts: [{ type: 'tool-result', id: 'c', content: [] }] }

/** A stage that takes more may stand for one that takes less, and one that gives less for one that gives more. */
declare const anything: Stage<unknown, TextDelta>
anything satisfies Stage<StreamToken, StreamToken>
declare const decoder: StreamDecoder
decoder satisfies Stage<SseEvent, StreamToken>
declare const emit: Emit<StreamToken>
emit satisfies Emit<TextDelta>
declare const texts: Emit<TextDelta>
// @ts-expect-error it would be given tokens that it does not know
texts satisfies Emit<StreamToken>
declare const encoder: Stage<StreamToken, string>
join(decoder, encoder) satisfies Stage<SseEvent, string>
// @ts-expect-error text does not go into a decoder
join(encoder, decoder)
collect(encoder, [delta]) satisfies string[]
// @ts-expect-error a stage takes what it was made for
collect(encoder, ['a'])

errorCodes.invalid_key.status satisfies 401
'auth' satisfies ErrorKind
'invalid_key' satisfies ErrorCode
// @ts-expect-error every code stands in the table
export const other = new SluiceError('wrong_key', 'x')
