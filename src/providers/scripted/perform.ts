import type { IncomingMessage } from 'node:http'
import type { Ask, Language } from './ask.ts'
import { type Call, sendError, sendJson } from './call.ts'
import type { Choice } from './choose.ts'
import { millis } from './duration.ts'
import type { Habit } from './habit.ts'
import { type Performance, play, playWhole } from './play.ts'
import { refuse } from './refusing.ts'
import type { ReplyShape } from './reply.ts'
import type { Scene } from './scene.ts'
import type { Fault, Turn } from './script.ts'
import { voices } from './voices.ts'
import { sseWrapping } from './wrapping.ts'

/** Answers a request with the script that was chosen for it, its faults included, as a server of such a habit does. */
export async function perform(call: Call, ask: Ask, choice: Choice, habit: Habit): Promise<void> {
  const { reply, requestId } = call
  const { turn } = choice
  const fault = await begin(call, choice, ask.stream && habit.habit === 'buffers' ? heldBy(habit) : undefined)
  if (fault === false) return
  const extra = extraHeaders(turn)
  if (refuse(call, ask, habit, extra)) return

  const voice = voices[call.language]
  const others = choice.others?.map((other) => ({ ...other, newId: call.newId }))
  const scene: Scene = { turn, ask, newId: call.newId, ...(others && { others }) }
  if (voice.cost) {
    if (call.ledger.left === 0) return sendError(call, { status: 402 }, extra)
    if (!(fault && 'errorBody' in fault)) call.ledger.charge(call.entry, voice.cost(scene))
  }
  const wrapping = voice.wrapping?.(ask) ?? sseWrapping()
  const performance: Performance = {
    fault,
    wire: turn.wire,
    ping: voice.ping,
    wrapping,
    errorEvent: (words) => voice.errorEvent(words, requestId),
  }
  const headers = { [voice.requestIdHeader]: requestId, ...extra }
  if (streamed(ask, habit) && !(fault && 'errorBody' in fault)) {
    const contentType = habit.habit === 'events-as-json' ? 'application/json' : wrapping.contentType
    reply.head(200, { 'content-type': contentType, 'cache-control': 'no-cache', ...headers })
    await call.gates.pass('body', call.entry, reply)
    return play(voice.stream(scene), reply, performance)
  }
  // A whole answer takes as long as its waits. The pace of its deltas is left out: there are none.
  for (const step of turn.steps ?? []) if ('wait' in step) await reply.sleep(millis(step.wait))
  const status = voice.status?.(scene) ?? 200
  if (fault && 'errorBody' in fault) {
    call.entry.refused = true
    return sendJson(call, status, voice.error({ status: 500, ...fault.errorBody }, requestId), extra)
  }
  if (fault && 'errorEvent' in fault) {
    return sendError(call, { status: call.language === 'anthropic-messages' ? 529 : 500, ...fault.errorEvent }, extra)
  }
  const body = voice.whole(scene)
  const lies = ask.stream && habit.habit === 'json-as-events'
  const claimed = { 'content-type': lies ? 'text/event-stream; charset=utf-8' : 'application/json', ...extra }
  if (!fault && turn.wire?.write === undefined && !call.gates.anyBody) return sendJson(call, status, body, claimed)
  reply.head(status, { ...headers, ...claimed })
  await call.gates.pass('body', call.entry, reply)
  return playWhole(JSON.stringify(body), reply, performance)
}

/** Answers how many tokens a request has. */
export async function performCount(call: Call, ask: Ask, choice: Choice): Promise<void> {
  if ((await begin(call, choice)) === false) return
  const { turn } = choice
  const tokens = (turn.usage ? turn.usage.input : undefined) ?? ask.inputTokens
  sendJson(call, 200, { [countFields[call.language] ?? 'input_tokens']: tokens }, extraHeaders(turn))
}

/** What happens before there is an answer. False: it has been answered, or never will be. */
async function begin(call: Call, choice: Choice, held?: ReplyShape['held']): Promise<Fault | undefined | false> {
  const { reply } = call
  const { turn } = choice
  const fault = faultOf(choice, call.failures)
  const cutAfterBytes = fault && 'cutAfterBytes' in fault ? fault.cutAfterBytes : undefined
  reply.shape({ wire: turn.wire, cutAfterBytes, held })
  if (turn.headDelay !== undefined) await reply.sleep(millis(turn.headDelay))
  if (reply.closed) return false
  if (fault && 'cutBeforeHead' in fault) {
    await reply.cut()
    return false
  }
  const extra = extraHeaders(turn)
  if (!keyFits(call.request, turn.requireKey)) {
    sendError(call, { status: 401 }, extra)
    return false
  }
  if (!fault || !('status' in fault)) return fault
  const { retryAfter, body, ...facts } = fault
  const headers = { ...retryAfterHeaders(retryAfter), ...extra }
  if (body === undefined) sendError(call, facts, headers)
  else reply.whole(fault.status, { 'content-type': 'text/html', ...headers }, body)
  return false
}

function heldBy({ headFirst }: Habit): ReplyShape['held'] {
  return headFirst === true ? 'body' : 'all'
}

/** Whether the answer is a stream, be it asked for or not. */
function streamed({ stream, form }: Ask, { habit }: Habit): boolean {
  if (habit === 'streams-always') return form !== 'prompt' && form !== 'prompts'
  return stream && habit !== 'ignores' && habit !== 'json-as-events'
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
