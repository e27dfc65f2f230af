import { EventShape } from '../event-shape.ts'
import { parse } from '../lenient.ts'
import { lineOf } from './read-line.ts'

/** What stands before the time in every line of a stream, and behind it; the time is the one thing that changes. */
const stamp = /^\{"model":"(?:[^"\\]|\\.)*","created_at":"[^"\\]*",/

/** Keys of a line that say nothing but one text. */
const quietLine = new Set(['model', 'created_at', 'message', 'response', 'thinking', 'done'])
const quietMessage = new Set(['role', 'content', 'thinking'])

/**
 * Cuts the text out of lines that carry nothing else, without parsing them. Every line has a time before its text, so
 * what stands behind the time is what is learned; all servers of this API write the model and the time first.
 */
export class PlainLine {
  #shape: EventShape | undefined
  #learned = false
  #lessons = 0
  /** Up to the time. */
  #head = ''
  /** Of the text that `match` gave. */
  kind: 'text' | 'reasoning' = 'text'

  match(data: string): string | undefined {
    if (!this.#learned || !data.startsWith(this.#head)) return undefined
    const rest = behindTime(data, this.#head.length)
    if (rest === undefined) return undefined
    const text = this.#shape?.match(rest)
    if (text === undefined || text === '') return undefined
    if (this.#lessons > 0) this.#lessons--
    return text
  }

  /** A line that was parsed, and that could have been such a one. */
  learn(data: string): void {
    // A server whose lines differ in more than text and time teaches in vain.
    if (this.#lessons >= 8) return
    this.#lessons++
    const [head] = stamp.exec(data) ?? []
    if (head === undefined) return
    const plain = plainText(parse(data))
    if (!plain) return
    const start = head.lastIndexOf('"', head.length - 3) + 1
    const rest = behindTime(data, start)
    if (rest === undefined) return
    const { kind } = plain
    const shape = new EventShape((line) => {
      const found = plainText(line)
      return found?.kind === kind ? found.text : undefined
    })
    if (!shape.learn(rest, plain.text)) return
    this.#shape = shape
    this.#head = data.slice(0, start)
    this.kind = kind
    this.#learned = true
  }
}

/** The line without the model and the time, an object again. */
function behindTime(data: string, time: number): string | undefined {
  const end = data.indexOf('"', time)
  return end === -1 || data.charCodeAt(end + 1) !== 0x2c ? undefined : `{${data.slice(end + 2)}`
}

function plainText(body: unknown): { kind: 'text' | 'reasoning'; text: string } | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const line = body as Record<string, never>
  for (const key of Object.keys(line)) if (!quietLine.has(key)) return undefined
  for (const key of Object.keys(line.message ?? {})) if (!quietMessage.has(key)) return undefined
  const { text, thinking } = lineOf(line)
  if ((text === '') === (thinking === '')) return undefined
  return text === '' ? { kind: 'reasoning', text: thinking } : { kind: 'text', text }
}
