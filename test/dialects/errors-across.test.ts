import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { anthropicMessages, openaiChat } from '../../src/dialects/index.ts'

const anthropicWords = [
  'authentication_error',
  'billing_error',
  'permission_error',
  'not_found_error',
  'request_too_large',
  'rate_limit_error',
  'api_error',
  'timeout_error',
  'overloaded_error',
]
const openaiWords = ['insufficient_quota', 'rate_limit_exceeded', 'server_error', 'service_unavailable_error', 'tokens']

const options = { requestId: 'r', model: 'm', created: 0, includeUsage: false }

/** An error of one API, told to clients of the other. */
function told(from: Dialect, to: Dialect, status: number, body: object) {
  const error = from.upstream.decodeError(status, JSON.stringify(body))
  const answer = to.client.encodeError(error, 'req_1')
  const events: string[] = []
  to.client.encodeStream(options).fail?.(error, ({ data }) => events.push(data))
  return { ...answer, said: answer.body.error as { type: string; code?: string }, events: events.join('') }
}

const statuses = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]

describe('an error is told in the words of the client’s API, not in those of the provider’s', () => {
  it.each(anthropicWords.flatMap((type) => statuses.map((status) => [type, status] as const)))(
    'to openai-chat: %s, %i',
    (type, status) => {
      const body = { type: 'error', error: { type, message: 'm', details: { error_code: 'x_y' } }, request_id: 'r' }
      const { said, events, status: shown } = told(anthropicMessages, openaiChat, status, body)
      expect(anthropicWords.filter((word) => word !== 'request_too_large')).not.toContain(said.type)
      expect(said.code).not.toBe('x_y')
      expect(events).not.toContain(`"type":"${type}"`)
      expect(shown).toBeGreaterThanOrEqual(400)
      expect(shown).not.toBe(529)
    },
  )

  it.each(openaiWords.flatMap((type) => statuses.map((status) => [type, status] as const)))(
    'to anthropic-messages: %s, %i',
    (type, status) => {
      const { said, events } = told(openaiChat, anthropicMessages, status, {
        error: { message: 'm', type, code: 'x_y' },
      })
      expect([...anthropicWords, 'invalid_request_error']).toContain(said.type)
      expect(JSON.stringify(said)).not.toContain('x_y')
      expect(events).not.toContain(`"type":"${type}"`)
    },
  )
})
