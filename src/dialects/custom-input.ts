import type { JsonObject } from '../tokens/index.ts'
import { parse } from './lenient.ts'

/**
 * A custom tool takes free text, and many APIs have only tools that take JSON. So the text travels as the one string
 * `input` of an object, both ways, a fragment at a time.
 */
export const opening = '{"input":'

/** Whether a custom tool's text has to follow a form, which can only be described in a schema, not enforced. */
export function hasFormat(format: JsonObject | undefined): format is JsonObject {
  return format !== undefined && format.type !== 'text'
}

/** The schema under which a custom tool is offered. */
export function inputSchema(format: JsonObject | undefined): JsonObject {
  const rule = hasFormat(format) ? ` It must follow this format: ${JSON.stringify(format)}` : ''
  const description = `The whole input of the tool, as plain text.${rule}`
  return {
    type: 'object',
    properties: { input: { type: 'string', description } },
    required: ['input'],
    additionalProperties: false,
  }
}

/** The whole input of a call, as JSON. */
export function wrapInput(text: string): string {
  return `${opening}${JSON.stringify(text)}}`
}

/** The inside of a JSON string literal. Fragments may be joined, even where a surrogate pair is cut. */
export function insideString(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

const head = /^\s*\{\s*"input"\s*:\s*"/
/** A head that could still become whole. Longer than any white space a model would write there. */
const headLimit = 64

/**
 * Takes the text out of such an object while it is being written. What turns out to have another form is held back and
 * given out whole at the end.
 */
export class InputReader {
  #held = ''
  #state: 'before' | 'inside' | 'over' | 'other' = 'before'

  push(fragment: string): string {
    if (this.#state === 'over') return ''
    this.#held += fragment
    if (this.#state === 'other') return ''
    if (this.#state === 'before') {
      const match = head.exec(this.#held)
      if (!match) {
        if (this.#held.length > headLimit) this.#state = 'other'
        return ''
      }
      this.#state = 'inside'
      this.#held = this.#held.slice(match[0].length)
    }
    return this.#take()
  }

  /** What is still held, when the call is over. */
  end(): string {
    if (this.#state === 'inside' || this.#state === 'over') return ''
    const value = parse(this.#held)
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value.input === 'string') {
      return value.input
    }
    return this.#held.trim() === '{}' ? '' : this.#held
  }

  /** The text up to the closing quote, or up to an escape that is not whole yet. */
  #take(): string {
    const quote = closingQuote(this.#held)
    const raw = quote === -1 ? wholeEscapes(this.#held) : this.#held.slice(0, quote)
    this.#held = quote === -1 ? this.#held.slice(raw.length) : ''
    if (quote !== -1) this.#state = 'over'
    const value = parse(`"${raw}"`)
    return typeof value === 'string' ? value : raw
  }
}

function closingQuote(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at
  }
  return -1
}

/** `text` without an escape sequence at its end that is cut. */
function wholeEscapes(text: string): string {
  const cut = /(?<=^|[^\\])((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$/.exec(text)
  return cut ? text.slice(0, cut.index + cut[1]!.length) : text
}
