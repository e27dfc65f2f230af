import { expect } from 'vitest'

/** What a client of Ollama's API has seen of an answer, once it has been proved to be well formed. */
export interface SeenLines {
  outcome: 'clean' | 'error'
  text: string
  thinking: string
  tools: Array<{ name: string; args: string }>
  finish: string | undefined
  usage: boolean
  error: string
}

interface Line {
  model?: unknown
  created_at?: unknown
  message?: { role?: string; content?: string; thinking?: string; tool_calls?: Call[] }
  done?: boolean
  done_reason?: string
  eval_count?: number
  error?: unknown
}

interface Call {
  id?: string
  function: { name: string; arguments: unknown }
}

const unseen = (): SeenLines => ({
  outcome: 'error',
  text: '',
  thinking: '',
  tools: [],
  finish: undefined,
  usage: false,
  error: '',
})

/** The lines of a stream, read by the letter: each is one object, and the last one is its one end. */
export function checkLines(body: Buffer): SeenLines {
  const lines = new TextDecoder('utf-8', { fatal: true }).decode(body).split('\n')
  expect(lines.pop(), 'the stream ends inside a line').toBe('')
  const seen = unseen()
  for (const [at, text] of lines.entries()) {
    const last = at === lines.length - 1
    const line = JSON.parse(text) as Line
    if (line.error !== undefined) {
      expect(last, 'a line behind the error').toBe(true)
      expect(Object.keys(line)).toEqual(['error'])
      expect(line.error).toBeTypeOf('string')
      return { ...seen, error: String(line.error) }
    }
    read(line, seen)
    expect(line.done, 'the end is not the last line, or the last line is no end').toBe(last)
    if (last) return { ...seen, outcome: 'clean' }
  }
  throw new Error(`the stream has no end: ${body.toString().slice(-300)}`)
}

export function checkWholeLine(status: number, body: Buffer): SeenLines {
  const line = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Line
  const seen = unseen()
  if (status !== 200) {
    expect(status).toBeGreaterThanOrEqual(400)
    expect(Object.keys(line)).toEqual(['error'])
    return { ...seen, error: String(line.error) }
  }
  read(line, seen)
  expect(line.done).toBe(true)
  return { ...seen, outcome: 'clean' }
}

function read(line: Line, seen: SeenLines): void {
  expect(line.model).toBeTypeOf('string')
  expect(Date.parse(String(line.created_at))).toBeGreaterThan(0)
  const { message } = line
  expect(message?.role).toBe('assistant')
  expect(message?.content).toBeTypeOf('string')
  seen.text += message?.content ?? ''
  seen.thinking += message?.thinking ?? ''
  for (const { id, function: inner } of message?.tool_calls ?? []) {
    expect(id, 'a call without an id').toBeTypeOf('string')
    expect(inner.arguments, 'arguments that are no object').toBeTypeOf('object')
    seen.tools.push({ name: inner.name, args: JSON.stringify(inner.arguments) })
  }
  if (!line.done) return
  expect(line.done_reason).toBeTypeOf('string')
  seen.finish = line.done_reason
  seen.usage = line.eval_count !== undefined
}
