import type { ClientDialectName } from '../../../src/dialects/index.ts'
import type { ErrorCode } from '../../../src/errors/index.ts'
import { type Phase, seals } from './phases.ts'
import type { Row } from './rows.ts'

/** One target; two of them; two of which the second goes on with what the first has begun. */
export const policies = ['single', 'fallback', 'continue'] as const
export type Policy = (typeof policies)[number]

/** How often a target is asked again, here. */
export const retries = 1

export interface Situation {
  client: ClientDialectName
  /** What the first target speaks. */
  upstream: ClientDialectName
  policy: Policy
  row: Row
  phase: Phase
}

/** What a client gets of it, and how often each of the two targets is asked. */
export interface Expected {
  outcome: 'answered' | 'refused' | 'broken'
  /** Whose words it reads, where it is answered. */
  by?: 'first' | 'second' | 'both'
  status: number
  code?: ErrorCode
  asked: [first: number, second: number]
}

/** Where nothing of the answer can have reached the client. */
export function isBefore(phase: Phase): boolean {
  return phase !== 'reasoning' && phase !== 'text' && phase !== 'tool' && phase !== 'finish'
}

/** What has to come of a fault. */
export function expected(situation: Situation): Expected {
  const { upstream, policy, row, phase } = situation
  const { alone, harmless, final = false } = { ...row, ...row.except?.[phase] }
  const others = policy !== 'single'
  if (isBefore(phase)) {
    if (others && !final) return { outcome: 'answered', by: 'second', status: 200, asked: [1, 1] }
    return { outcome: 'refused', ...toldBy(situation, alone), asked: [row.again && !others ? 1 + retries : 1, 0] }
  }
  const unfinished = row.unfinishes?.includes(upstream) === true
  if (phase === 'finish' && !unfinished && (harmless || row.unseenBy?.includes(upstream))) {
    return { outcome: 'answered', by: 'first', status: 200, asked: [1, 0] }
  }
  const goesOn = phase === 'text' || unfinished || (phase === 'reasoning' && !seals(upstream))
  if (policy === 'continue' && goesOn) return { outcome: 'answered', by: 'both', status: 200, asked: [1, 1] }
  return { outcome: 'broken', status: 200, code: row.midst ?? 'stream_interrupted', asked: [1, 0] }
}

type Told = Pick<Expected, 'status' | 'code'>

/** What is said a little otherwise by one language, or to one. */
function toldBy({ client, upstream }: Situation, { status, code }: Told): Told {
  // Gemini has no words of its own for these.
  const worded = upstream === 'gemini' && (status === 402 || status === 413) ? 'upstream_invalid_request' : code
  // Anthropic's number for it.
  const overloaded = client === 'anthropic-messages' && code === 'upstream_overloaded'
  return { status: overloaded ? 529 : status, ...(worded && { code: worded }) }
}
