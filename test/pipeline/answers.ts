import { type DecodeOptions, openaiChat } from '../../src/dialects/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const chunk = (delta: object, finish: string | null = null): string =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'gpt-example',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })

/** The JSON texts of a chat stream whose deltas are these, without the end marker. */
export const chatChunks = (...texts: string[]): string[] => [
  chunk({ role: 'assistant', content: '' }),
  ...texts.map((content) => chunk({ content })),
  chunk({}, 'stop'),
]

export const sse = (data: readonly string[]): string => data.map((one) => `data: ${one}\n\n`).join('')

/** A whole chat stream. */
export const chatStream = (...texts: string[]): string => sse([...chatChunks(...texts), '[DONE]'])

/** A chat stream that stops after its deltas, without a finish reason. */
export const cutStream = (...texts: string[]): string => sse(chatChunks(...texts).slice(0, -1))

export const wholeReply = (content: string): string =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'gpt-example',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  })

export const decodeOptions: DecodeOptions = { vendor: 'unknown', family: 'unknown' }

/** What the decoder makes of these JSON texts when nothing stands around it. */
export function decoded(data: readonly string[]): StreamToken[] {
  const tokens: StreamToken[] = []
  const decoder = openaiChat.upstream.decodeStream(decodeOptions)
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  for (const one of data) decoder.push({ event: 'message', data: one, id: '', end: 0 }, emit)
  decoder.end?.(emit)
  return tokens
}

export function textOf(tokens: readonly StreamToken[]): string {
  return tokens.map((token) => (token.type === 'text-delta' ? token.text : '')).join('')
}

/** How a list of tokens ends: `end`, or the code of the error; anything behind the terminal is named as well. */
export function endings(tokens: readonly StreamToken[]): string[] {
  const errors = tokens.flatMap((token) => (token.type === 'error' ? [token.error.code as string] : []))
  const finishes = tokens.filter((token) => token.type === 'finish').map(() => 'finish')
  return [...finishes, ...errors]
}

export function cutEvery(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

/** Gives pieces when it is asked and notes what it is asked. With `stalls` it never ends. */
export class WatchedSource<Piece> implements AsyncIterable<Piece> {
  readonly #pieces: readonly Piece[]
  readonly #end: 'end' | 'stall' | Error
  reads = 0
  closed = 0

  constructor(pieces: readonly Piece[], end: 'end' | 'stall' | Error = 'end') {
    this.#pieces = pieces
    this.#end = end
  }

  [Symbol.asyncIterator](): AsyncIterator<Piece> {
    return {
      next: async () => {
        const piece = this.#pieces[this.reads++]
        if (piece !== undefined) return { value: piece, done: false }
        if (this.#end === 'stall') await new Promise(() => {})
        if (this.#end instanceof Error) throw this.#end
        return { value: undefined, done: true }
      },
      return: async () => {
        this.closed++
        return { value: undefined, done: true }
      },
    }
  }
}
