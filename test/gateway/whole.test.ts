import { describe, expect, it } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import type { SluiceError } from '../../src/errors/index.ts'
import { wholeFromStream } from '../../src/gateway/delivery/whole.ts'
import { SseParser } from '../../src/sse/index.ts'
import type { ChatReply } from '../../src/tokens/index.ts'

function collecting(dialect: 'openai-chat' | 'anthropic-messages', maxBytes = 1e6) {
  const decoder = dialects[dialect].upstream.decodeStream({ vendor: 'v', family: 'f' })
  const replies: ChatReply[] = []
  const errors: SluiceError[] = []
  const relay = wholeFromStream(new SseParser({ flushTail: true }), decoder, maxBytes, {
    onReply: (reply) => replies.push(reply),
    onFailure: (error) => errors.push(error),
  })
  return { relay, replies, errors, read: (text: string) => relay.data(new TextEncoder().encode(text)) }
}

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, ...more }] })}\n\n`
const failed = {
  'openai-chat': 'data: {"error":{"message":"no more","type":"server_error"}}\n\n',
  'anthropic-messages':
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"no more"}}\n\n',
}

describe('a whole answer out of a stream', () => {
  it.each(['openai-chat', 'anthropic-messages'] as const)(
    'an error in it is told at once, whether or not %s hangs up behind it',
    (dialect) => {
      const { relay, errors, replies, read } = collecting(dialect)
      read(failed[dialect])
      expect(errors.map(({ message }) => message)).toEqual(['no more'])
      relay.end()
      relay.fail(errors[0]!)
      expect([errors.length, replies, relay.progress.over]).toEqual([1, [], true])
    },
  )

  it('comes once, at its end marker or where the stream ends behind the finish', () => {
    for (const marker of ['data: [DONE]\n\n', '']) {
      const { relay, errors, replies, read } = collecting('openai-chat')
      read(
        chunk({ role: 'assistant', content: 'Hel' }) + chunk({ content: 'lo' }) + chunk({}, { finish_reason: 'stop' }),
      )
      expect([relay.progress.finished, replies]).toEqual([true, []])
      read(marker)
      relay.end()
      expect([errors, replies.length]).toEqual([[], 1])
      expect(replies[0]?.choices[0]?.parts).toEqual([{ type: 'text', text: 'Hello' }])
    }
  })

  it('that is larger than allowed is an error while it comes, however small its events', () => {
    const { relay, errors, replies, read } = collecting('openai-chat', 1000)
    for (let i = 0; i < 20; i++) read(chunk({ content: 'Hello' }))
    relay.end()
    expect([errors.map(({ code }) => code), replies]).toEqual([['event_too_large'], []])
  })

  it('that was cut off is none', () => {
    const { relay, errors, replies, read } = collecting('openai-chat')
    read(chunk({ role: 'assistant', content: 'Hel' }))
    relay.end()
    expect([errors.map(({ code }) => code), replies]).toEqual([['upstream_truncated'], []])
  })
})
