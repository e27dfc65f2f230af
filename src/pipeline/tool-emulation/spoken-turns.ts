import type { AssistantPart, Message, TextPart, ToolResultPart, UserPart } from '../../tokens/index.ts'
import { callWords, resultWords } from './tool-words.ts'

export interface SpokenTurns {
  messages: Message[]
  /** The id of the last call that was made: the conversation has it once. */
  seed: string
}

/**
 * A conversation without calls and results: they stand in it as texts. Results go to the user, in the order of their
 * calls, and what the user said behind them is of the same message; turns of the assistant that belong together become
 * one. So roles alternate wherever they did before.
 */
export function spokenTurns(messages: readonly Message[]): SpokenTurns {
  const out: Message[] = []
  const calls = new Map<string, Call>()
  /** Messages that were made here, and may take up the next one. */
  const made = new Set<Message>()
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!
    const last = out.at(-1)
    if (message.role === 'tool') {
      const results = [...message.parts]
      for (let next = messages[i + 1]; next?.role === 'tool'; next = messages[++i + 1]) results.push(...next.parts)
      const answer: Message = { role: 'user', parts: resultParts(results, calls) }
      made.add(answer)
      out.push(answer)
    } else if (message.role === 'assistant') {
      for (const part of message.parts) {
        if (part.type === 'tool-call') calls.set(part.id, { name: part.name, place: calls.size })
      }
      const works = message.parts.some(({ type }) => type === 'tool-call')
      const parts = works ? spokenParts(message.parts) : message.parts
      const joins = last?.role === 'assistant' && made.has(last)
      const turn: Message = joins ? { ...last, parts: [...last.parts, ...parts] } : { ...message, parts }
      if (works || joins) made.add(turn)
      if (joins) out[out.length - 1] = turn
      else out.push(turn)
    } else if (message.role === 'user' && last?.role === 'user' && made.has(last) && message.name === undefined) {
      const turn: Message = { ...message, parts: [...last.parts, ...message.parts] }
      made.add(turn)
      out[out.length - 1] = turn
    } else out.push(message)
  }
  return { messages: out, seed: [...calls.keys()].at(-1) ?? '' }
}

function spokenParts(parts: readonly AssistantPart[]): AssistantPart[] {
  let out: AssistantPart[] = []
  for (const part of parts) {
    if (part.type !== 'tool-call') out.push(part)
    else out = appendedText(out, callWords(part), part.cache)
  }
  return out
}

interface Call {
  name: string
  place: number
}

function resultParts(results: readonly ToolResultPart[], calls: ReadonlyMap<string, Call>): UserPart[] {
  const place = (id: string): number => calls.get(id)?.place ?? calls.size
  const sorted = results.length === 1 ? results : [...results].sort((a, b) => place(a.id) - place(b.id))
  let out: UserPart[] = []
  for (const { id, content, isError, cache } of sorted) {
    const texts: string[] = []
    const late: UserPart[] = []
    let mark = cache
    for (const part of content) {
      if (part.type === 'text') {
        texts.push(part.text)
        mark = part.cache ?? mark
      } else if (part.type === 'file' && part.source.kind === 'text') {
        const head = [part.title ?? part.filename, part.context].filter((line) => line !== undefined)
        texts.push([...head, part.source.text].join('\n\n'))
      } else {
        texts.push(`[${part.type}: it follows]`)
        late.push(part)
      }
    }
    const words = resultWords({ id, name: calls.get(id)?.name, text: texts.join('\n\n'), isError })
    out = [...appendedText(out, words, mark), ...late]
  }
  return out
}

/**
 * A text behind others: in the last one, unless that has something of its own which vouches for it. Whether it has a mark
 * for the cache does not matter, since marks move from turn to turn.
 */
export function appendedText<P extends UserPart | AssistantPart>(
  parts: readonly P[],
  text: string,
  cache?: TextPart['cache'],
): Array<P | TextPart> {
  const last: UserPart | AssistantPart | undefined = parts.at(-1)
  const plain = last?.type === 'text' && !last.citations && !last.opaque && !last.extra && !last.refusal
  if (!plain || last?.type !== 'text') return [...parts, { type: 'text', text, ...(cache && { cache }) }]
  const mark = cache ?? last.cache
  const joined = last.text === '' ? text : `${last.text}\n\n${text}`
  return [...parts.slice(0, -1), { type: 'text', text: joined, ...(mark && { cache: mark }) }]
}
