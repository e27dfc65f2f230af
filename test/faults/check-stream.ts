import { expect } from 'vitest'
import type { DialectName } from './house.ts'

/** What a client has seen of an answer, once it has been proved to be well formed. */
export interface Seen {
  outcome: 'clean' | 'error'
  text: string
  reasoning: string
  /** Tool calls by their place: name and arguments. */
  tools: Array<{ name: string; args: string }>
  finish: string | undefined
  usage: boolean
  /** The message of the one error. */
  error: string
  /** The type or code that the one error carries. */
  errorType: string
  comments: number
}

export interface WireEvent {
  event: string | undefined
  data: string
}

interface Payload {
  [key: string]: unknown
}

/**
 * Server-sent events, read by the letter of the standard and not by the parser of the house. The last event has to be
 * complete: bytes behind the last blank line are a torn event.
 */
export function readEvents(body: Buffer): { events: WireEvent[]; comments: number } {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  const lines = text.split(/\r\n|\r|\n/)
  expect(lines.at(-1), 'the stream ends inside a line').toBe('')
  const events: WireEvent[] = []
  let comments = 0
  let data: string[] = []
  let event: string | undefined
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ event, data: data.join('\n') })
      data = []
      event = undefined
    } else if (line.startsWith(':')) comments++
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
    else if (line.startsWith('event:')) event = line.slice(6).replace(/^ /, '')
    else if (!/^(id: ?|retry: ?|what$|\s*$)/.test(line))
      throw new Error(`no line of an event stream: ${JSON.stringify(line)}`)
  }
  expect(data, 'the stream ends inside an event').toEqual([])
  expect(event, 'the stream ends inside an event').toBeUndefined()
  return { events, comments }
}

export function checkStream(client: DialectName, body: Buffer): Seen {
  return client === 'openai-chat' ? checkChat(body) : checkMessages(body)
}

/** The chunks of a chat completion, one or more choices. */
function checkChat(body: Buffer): Seen {
  const { events, comments } = readEvents(body)
  const seen = unseen(comments)
  const roles = new Set<number>()
  const finishes = new Map<number, string>()
  const ids = new Set<unknown>()
  for (const [at, { data }] of events.entries()) {
    const last = at === events.length - 1
    if (data === '[DONE]') {
      expect(last, 'an event behind [DONE]').toBe(true)
      return { ...seen, outcome: 'clean', finish: finishes.get(0) }
    }
    const chunk = JSON.parse(data) as Payload
    if (chunk.error) {
      expect(events.slice(at + 1), 'behind the error stands [DONE] alone').toEqual([
        { event: undefined, data: '[DONE]' },
      ])
      const error = chunk.error as Payload
      expect(error.message).toBeTypeOf('string')
      expect(error.type).toBeTypeOf('string')
      return {
        ...seen,
        outcome: 'error',
        error: String(error.message),
        errorType: String(error.code ?? error.type),
        finish: finishes.get(0),
      }
    }
    expect(chunk.object).toBe('chat.completion.chunk')
    ids.add(chunk.id)
    expect(ids.size, 'the id changes').toBe(1)
    const choices = chunk.choices as Payload[]
    expect(Array.isArray(choices), 'choices is no list').toBe(true)
    if (chunk.usage) {
      expect(seen.usage, 'a second usage').toBe(false)
      seen.usage = true
    }
    for (const choice of choices) {
      const index = choice.index as number
      expect(Number.isInteger(index)).toBe(true)
      const delta = choice.delta as Payload
      expect(finishes.has(index) && Object.keys(delta).length > 0, 'a delta behind the finish').toBe(false)
      if (!roles.has(index)) expect(delta.role, 'the first delta has no role').toBe('assistant')
      roles.add(index)
      seen.text += index === 0 ? (delta.content ?? '') : ''
      seen.reasoning += delta.reasoning_content ?? delta.reasoning ?? ''
      for (const call of (delta.tool_calls as Payload[] | undefined) ?? []) readCall(seen, call)
      if (!choice.finish_reason) continue
      expect(finishes.has(index), 'a second finish').toBe(false)
      finishes.set(index, choice.finish_reason as string)
    }
  }
  throw new Error(`the stream has no end: ${body.toString().slice(-300)}`)
}

function readCall(seen: Seen, call: Payload): void {
  const index = call.index as number
  const part = (call.function ?? call.custom) as Payload
  if (index === seen.tools.length) {
    expect(call.id, 'a call begins without an id').toBeTypeOf('string')
    expect(part.name, 'a call begins without a name').toBeTypeOf('string')
    seen.tools.push({ name: part.name as string, args: '' })
  }
  const tool = seen.tools[index]
  if (!tool) throw new Error(`the calls have a gap at ${index}`)
  tool.args += part.arguments ?? part.input ?? ''
}

/** The events of a message. */
function checkMessages(body: Buffer): Seen {
  const { events, comments } = readEvents(body)
  const seen = unseen(comments)
  let started = false
  let open: { index: number; type: string; tool?: { name: string; args: string } } | undefined
  let next = 0
  for (const [at, { event, data }] of events.entries()) {
    const last = at === events.length - 1
    const payload = JSON.parse(data) as Payload
    expect(payload.type, 'the name of an event is not that in its data').toBe(event)
    if (event === 'ping') {
      seen.comments++
      continue
    }
    if (event === 'error') {
      expect(last, 'an event behind the error').toBe(true)
      expect(open, 'an open block at the error').toBeUndefined()
      const error = payload.error as Payload
      expect(error.message).toBeTypeOf('string')
      return { ...seen, outcome: 'error', error: String(error.message), errorType: String(error.type) }
    }
    expect(started, started ? 'a second start' : 'an event before the start').toBe(event !== 'message_start')
    const { index } = payload
    switch (event) {
      case 'message_start':
        started = true
        break
      case 'content_block_start': {
        expect(open, 'a block starts inside another').toBeUndefined()
        expect(seen.finish, 'a block behind the finish').toBeUndefined()
        expect(index, 'the indices of blocks have a gap').toBe(next++)
        const block = payload.content_block as Payload
        open = { index: index as number, type: block.type as string }
        if (block.type === 'tool_use') {
          expect(block.id).toBeTypeOf('string')
          open.tool = { name: block.name as string, args: '' }
          seen.tools.push(open.tool)
        }
        break
      }
      case 'content_block_delta': {
        expect(index, 'a delta outside of its block').toBe(open?.index)
        const delta = payload.delta as Payload
        seen.text += delta.text ?? ''
        seen.reasoning += delta.thinking ?? ''
        if (open?.tool) open.tool.args += delta.partial_json ?? ''
        break
      }
      case 'content_block_stop':
        expect(index, 'a stop outside of its block').toBe(open?.index)
        open = undefined
        break
      case 'message_delta': {
        expect(open, 'a finish inside a block').toBeUndefined()
        const reason = (payload.delta as Payload).stop_reason as string
        if (!reason) break
        expect(seen.finish, 'a second finish').toBeUndefined()
        seen.finish = reason
        seen.usage = Boolean(payload.usage)
        break
      }
      case 'message_stop':
        expect(open, 'the end inside a block').toBeUndefined()
        expect(last, 'an event behind the end').toBe(true)
        return { ...seen, outcome: 'clean' }
      default:
        throw new Error(`no event of a message: ${event}`)
    }
  }
  throw new Error(`the stream has no end: ${body.toString().slice(-300)}`)
}

/** A whole answer or an error, by its status. */
export function checkWhole(client: DialectName, status: number, body: Buffer): Seen {
  const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Payload
  const seen = unseen(0)
  if (status !== 200) {
    expect(status).toBeGreaterThanOrEqual(400)
    if (client === 'anthropic-messages') expect(json.type).toBe('error')
    const error = json.error as Payload
    expect(error.message).toBeTypeOf('string')
    expect(error.type).toBeTypeOf('string')
    return { ...seen, outcome: 'error', error: String(error.message), errorType: String(error.code ?? error.type) }
  }
  expect(json.error, 'an error with status 200').toBeUndefined()
  seen.usage = Boolean(json.usage)
  if (client === 'openai-chat') {
    expect(json.object).toBe('chat.completion')
    const [choice] = json.choices as Payload[]
    const message = choice?.message as Payload
    expect(message.role).toBe('assistant')
    seen.finish = choice?.finish_reason as string
    seen.text = (message.content as string | null) ?? ''
    for (const [index, call] of ((message.tool_calls as Payload[] | undefined) ?? []).entries())
      readCall(seen, { ...call, index })
  } else {
    expect(json.type).toBe('message')
    seen.finish = json.stop_reason as string
    for (const block of json.content as Payload[]) {
      if (block.type === 'text') seen.text += block.text
      if (block.type === 'thinking') seen.reasoning += block.thinking
      if (block.type === 'tool_use') seen.tools.push({ name: block.name as string, args: JSON.stringify(block.input) })
    }
  }
  expect(seen.finish, 'a whole answer without a finish').toBeTypeOf('string')
  return { ...seen, outcome: 'clean' }
}

function unseen(comments: number): Seen {
  return {
    outcome: 'error',
    text: '',
    reasoning: '',
    tools: [],
    finish: undefined,
    usage: false,
    error: '',
    errorType: '',
    comments,
  }
}

/**
 * How often a stream says that it is over, and that nothing follows. It looks at nothing else, for streams whose
 * content an upstream has spoilt and whose bytes are forwarded as they came.
 */
export function countEnds(client: DialectName, body: Buffer): number {
  const lines = body
    .toString('latin1')
    .replace(/^ï»¿/, '')
    .split(/\r\n|\r|\n/)
  const ends = lines.flatMap((line, at) => {
    if (client === 'openai-chat') return /^data: ?\[DONE\]/.test(line) ? [at] : []
    return /^data: ?\{"type":"(message_stop|error)"/.test(line) ? [at] : []
  })
  const after = lines.slice((ends.at(-1) ?? 0) + 1).filter((line) => line !== '')
  expect(after, 'bytes behind the end').toEqual([])
  return ends.length
}
