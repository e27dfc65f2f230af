import type { IncomingMessage } from 'node:http'
import type { Ask, Language } from './ask.ts'
import { type Call, sendError, sendJson } from './call.ts'
import type { Choice } from './choose.ts'
import { millis } from './duration.ts'
import { type Performance, play, playWhole } from './play.ts'
import type { Fault, Turn } from './script.ts'
import { voices } from './voices.ts'
import { sseWrapping } from './wrapping.ts'

/** Answers a request with the script that was chosen for it, its faults included. */
export async function perform(call: Call, ask: Ask, choice: Choice, operation: 'chat' | 'count'): Promise<void> {
  const { reply, requestId } = call
  const { turn } = choice
  const fault = faultOf(choice, call.failures)
  reply.shape({ wire: turn.wire, cutAfterBytes: fault && 'cutAfterBytes' in fault ? fault.cutAfterBytes : undefined })
  if (turn.headDelay !== undefined) await reply.sleep(millis(turn.headDelay))
  if (reply.closed) return
  if (fault && 'cutBeforeHead' in fault) return reply.cut()

  const extra = extraHeaders(turn)
  if (!keyFits(call.request, turn.requireKey)) return sendError(call, { status: 401 }, extra)
  if (fault && 'status' in fault) {
    const { retryAfter, body, ...facts } = fault
    const headers = { ...retryAfterHeaders(retryAfter), ...extra }
    if (body === undefined) return sendError(call, facts, headers)
    return reply.whole(fault.status, { 'content-type': 'text/html', ...headers }, body)
  }
  if (operation === 'count') {
    const said = turn.usage ? turn.usage.input : undefined
    const tokens = said ?? ask.inputTokens
    return sendJson(call, 200, { [countFields[call.language] ?? 'input_tokens']: tokens }, extra)
  }

  const voice = voices[call.language]
  const scene = { turn, ask, newId: call.newId }
  const wrapping = voice.wrapping?.(ask) ?? sseWrapping()
  const performance: Performance = {
    fault,
    wire: turn.wire,
    ping: voice.ping,
    wrapping,
    errorEvent: (words) => voice.errorEvent(words, requestId),
  }
  const headers = { [voice.requestIdHeader]: requestId, ...extra }
  if (ask.stream) {
    reply.head(200, { 'content-type': wrapping.contentType, 'cache-control': 'no-cache', ...headers })
    return play(voice.stream(scene), reply, performance)
  }
  // A whole answer takes as long as its waits. The pace of its deltas is left out: there are none.
  for (const step of turn.steps ?? []) if ('wait' in step) await reply.sleep(millis(step.wait))
  if (fault && 'errorEvent' in fault) {
    return sendError(call, { status: call.language === 'anthropic-messages' ? 529 : 500, ...fault.errorEvent }, extra)
  }
  const body = voice.whole(scene)
  if (!fault && turn.wire?.write === undefined) return sendJson(call, 200, body, extra)
  reply.head(200, { 'content-type': 'application/json', ...headers })
  return playWhole(JSON.stringify(body), reply, performance)
}

const countFields: Partial<Record<Language, string>> = { 'bedrock-converse': 'inputTokens', gemini: 'totalTokens' }

function faultOf({ turn, key }: Choice, failures: Map<string, number>): Fault | undefined {
  const { fault } = turn
  if (fault?.times === undefined) return fault
  const before = failures.get(key) ?? 0
  if (before >= fault.times) return undefined
  // Scripts inside requests are many; those that were counted longest ago are forgotten.
  failures.delete(key)
  failures.set(key, before + 1)
  if (failures.size > 1000) failures.delete(failures.keys().next().value as string)
  return fault
}

/** In lower case, so that they replace those of the stand-in and never stand beside them. */
function extraHeaders({ headers = {}, contentType }: Turn): Record<string, string> {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return contentType === undefined ? lower : { ...lower, 'content-type': contentType }
}

/** `retry-after` knows only whole seconds; `retry-after-ms` says the rest to those who read it. */
function retryAfterHeaders(duration: number | string | undefined): Record<string, string> {
  if (duration === undefined) return {}
  const ms = millis(duration)
  const seconds = { 'retry-after': String(Math.ceil(ms / 1000)) }
  return ms % 1000 === 0 ? seconds : { ...seconds, 'retry-after-ms': String(ms) }
}

function keyFits(request: IncomingMessage, wanted: boolean | string | undefined): boolean {
  if (wanted === undefined || wanted === false) return true
  const { headers } = request
  const bearer = /^bearer\s+(.*)$/i.exec(headers.authorization ?? '')?.[1]
  const keys = [bearer, headers['x-api-key'], headers['api-key'], headers['x-goog-api-key']].filter(Boolean)
  return wanted === true ? keys.length > 0 : keys.includes(wanted)
}
