import type { IncomingMessage } from 'node:http'
import type { Language } from './ask.ts'
import type { RequestCounts } from './counts.ts'
import type { Gates } from './gate.ts'
import type { Habits } from './habits.ts'
import type { Ledger } from './ledger.ts'
import type { ScriptedRequest } from './log.ts'
import type { ScriptedOptions } from './options.ts'
import type { Reply } from './reply.ts'
import type { ErrorFacts } from './scene.ts'
import type { Upload } from './uploads.ts'
import { voices } from './voices.ts'

/** One request on its way to its answer. */
export interface Call {
  request: IncomingMessage
  entry: ScriptedRequest
  reply: Reply
  language: Language
  requestId: string
  newId: (prefix: string, at?: number) => string
  /** How often each script with `times` has failed already. */
  failures: Map<string, number>
  habits: Habits
  gates: Gates
  counts: RequestCounts
  ledger: Ledger
  uploads: Upload[]
  options: ScriptedOptions
}

export function sendJson(call: Call, status: number, body: object, headers: Record<string, string> = {}): void {
  const { requestIdHeader } = voices[call.language]
  const fixed = { 'content-type': 'application/json', [requestIdHeader]: call.requestId }
  call.reply.whole(status, { ...fixed, ...headers }, JSON.stringify(body))
}

/** An error in the form of the dialect. What the facts leave out is filled in with what the vendor says. */
export function sendError(call: Call, facts: ErrorFacts, headers?: Record<string, string>): void {
  const voice = voices[call.language]
  const all = { ...voice.errorHeaders?.(facts), ...headers }
  sendJson(call, facts.status, voice.error(facts, call.requestId), all)
}
