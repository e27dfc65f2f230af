import type { Post } from '../../providers/index.ts'
import type { House } from '../house.ts'
import type { Plan } from '../plan.ts'
import { call } from './call.ts'
import { readRefusal } from './refusal.ts'

/** How requests are sent that have to go before another one. What the provider refuses is the error it would be there. */
export function poster({ transport, clock, streaming }: House, planned: Plan, signal: AbortSignal): Post {
  return async ({ url, headers, body }) => {
    const request = { name: planned.provider.name, method: 'POST', url, headers, body } as const
    const options = { clock, timeoutMs: streaming.idleTimeoutMs, maxBytes: 1024 * 1024, signal }
    const { head, text } = await call(transport, request, options)
    if (head.status >= 300) throw readRefusal(planned, head.headers, head.status, text)
    return { status: head.status, text }
  }
}
