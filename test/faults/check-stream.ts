import { expect } from 'vitest'
import { checkChat } from '../fixtures/check-chat.ts'
import { checkMessages } from '../fixtures/check-messages.ts'
import { type Seen, unseen } from '../fixtures/seen.ts'
import type { DialectName } from './house.ts'

export { readEvents } from '../fixtures/read-events.ts'
export type { Seen }

interface Payload {
  [key: string]: unknown
}

export function checkStream(client: DialectName, body: Buffer): Seen {
  return client === 'openai-chat' ? checkChat(body) : checkMessages(body)
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
    for (const call of (message.tool_calls as Payload[] | undefined) ?? []) {
      const part = (call.function ?? call.custom) as Payload
      seen.tools.push({ name: part.name as string, args: String(part.arguments ?? part.input) })
    }
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
