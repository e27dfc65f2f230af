import type { IncomingMessage } from 'node:http'
import { SluiceError } from '../../errors/index.ts'
import { type Ask, type Language, readAsk } from './ask.ts'
import { choose, find, scriptNames } from './choose.ts'
import { millis } from './duration.ts'
import type { ScriptedRequest } from './log.ts'
import { model, modelList } from './models.ts'
import { play, playWhole } from './play.ts'
import type { Reply } from './reply.ts'
import type { ErrorFacts } from './scene.ts'
import type { Fault, Turn } from './script.ts'
import type { ScriptedOptions } from './server.ts'
import { voices } from './voices.ts'

export interface Call {
  request: IncomingMessage
  entry: ScriptedRequest
  reply: Reply
  /** How often each script with `times` has failed already. */
  failures: Map<string, number>
  newId: (prefix: string, at?: number) => string
  options: ScriptedOptions
}

const largestBody = 64 * 1024 * 1024

/** Reads a request, finds what it wants, and answers it. */
export async function answer(call: Call): Promise<void> {
  const { request, entry } = call
  const path =
    (request.url ?? '/')
      .split('?', 1)[0]
      ?.replace(/\/+$/, '')
      .replace(/^\/v1(?=\/|$)/, '') ?? ''
  const language = languageOf(path, request)
  const requestId = call.newId('req')
  const text = await readBody(request)
  if (text === undefined)
    return sendError(call, language, requestId, { status: 413, message: 'The body is over 64 MiB.' })
  entry.body = parsed(text)

  if (path === '/models' || path.startsWith('/models/')) return sendModels(call, path, language, requestId)
  const operation = operations[path]
  if (!operation) {
    if (path === '' && request.method !== 'POST')
      return call.reply.whole(200, { 'content-type': 'text/plain' }, greeting)
    return sendError(call, language, requestId, {
      status: 404,
      message: `No such path: ${request.method} ${request.url}`,
    })
  }
  if (request.method !== 'POST') {
    return sendError(call, language, requestId, { status: 405, message: `${path} wants POST, not ${request.method}` })
  }
  let ask: Ask
  let chosen: ReturnType<typeof choose>
  try {
    ask = readAsk(entry.body, language, operation)
    chosen = choose(ask, request.headers, call.options.script, call.options.scripts)
  } catch (thrown) {
    const { message, param } = SluiceError.from(thrown)
    return sendError(call, language, requestId, { status: 400, message, ...(param !== undefined && { param }) })
  }
  entry.script = chosen.name
  await perform(call, ask, chosen.turn, faultOf(chosen.turn, chosen.key, call.failures), operation, requestId)
}

const operations: Record<string, 'chat' | 'count'> = {
  '/chat/completions': 'chat',
  '/messages': 'chat',
  '/messages/count_tokens': 'count',
}

const greeting =
  'This is the scripted provider of sluice. It answers POST /v1/chat/completions and POST /v1/messages.\n'

async function perform(
  call: Call,
  ask: Ask,
  turn: Turn,
  fault: Fault | undefined,
  operation: 'chat' | 'count',
  requestId: string,
): Promise<void> {
  const { reply } = call
  const voice = voices[ask.language]
  reply.shape({ wire: turn.wire, cutAfterBytes: fault && 'cutAfterBytes' in fault ? fault.cutAfterBytes : undefined })
  if (turn.headDelay !== undefined) await reply.sleep(millis(turn.headDelay))
  if (reply.closed) return
  if (fault && 'cutBeforeHead' in fault) return reply.cut()
  const extra = turn.headers ?? {}
  if (!keyFits(call.request, turn.requireKey)) {
    return sendError(call, ask.language, requestId, { status: 401 }, extra)
  }
  if (fault && 'status' in fault) {
    return sendError(call, ask.language, requestId, fault, { ...retryAfter(fault.retryAfter), ...extra })
  }
  const headers = { [voice.requestIdHeader]: requestId, ...extra }
  const json = { 'content-type': turn.contentType ?? 'application/json' }
  if (operation === 'count') {
    const said = turn.usage ? turn.usage.input : undefined
    return reply.whole(200, { ...json, ...headers }, JSON.stringify({ input_tokens: said ?? ask.inputTokens }))
  }
  const scene = { turn, ask, newId: call.newId }
  const performance = {
    fault,
    wire: turn.wire,
    ping: voice.ping,
    errorEvent: (words: object) => voice.errorEvent(words, requestId),
  }
  if (ask.stream) {
    reply.head(200, {
      'content-type': turn.contentType ?? 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      ...headers,
    })
    return play(voice.stream(scene), reply, performance)
  }
  // A whole answer takes as long as its waits. The pace of its deltas is left out: there are none.
  for (const step of turn.steps ?? []) if ('wait' in step) await reply.sleep(millis(step.wait))
  if (fault && 'errorEvent' in fault) {
    const { type, code, message } = fault.errorEvent
    const status = ask.language === 'anthropic-messages' ? 529 : 500
    return sendError(call, ask.language, requestId, { status, type, code, message }, extra)
  }
  const body = JSON.stringify(voice.whole(scene))
  if (!fault && turn.wire?.write === undefined) return reply.whole(200, { ...json, ...headers }, body)
  reply.head(200, { ...json, ...headers })
  return playWhole(body, reply, performance)
}

function faultOf(turn: Turn, key: string, failures: Map<string, number>): Fault | undefined {
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

function sendError(
  call: Call,
  language: Language,
  requestId: string,
  facts: { [K in keyof ErrorFacts]: ErrorFacts[K] | undefined } & { status: number },
  extra: Record<string, string> = {},
): void {
  const voice = voices[language]
  const { status, type, code, message, param } = facts
  const body = voice.error(
    {
      status,
      ...(type !== undefined && { type }),
      ...(code !== undefined && { code }),
      ...(message !== undefined && { message }),
      ...(param !== undefined && { param }),
    },
    requestId,
  )
  const headers = { 'content-type': 'application/json', [voice.requestIdHeader]: requestId, ...extra }
  call.reply.whole(status, headers, JSON.stringify(body))
}

function sendModels(call: Call, path: string, language: Language, requestId: string): void {
  const json = { 'content-type': 'application/json' }
  const names = scriptNames(call.options.scripts)
  if (path === '/models') {
    call.reply.whole(200, json, JSON.stringify(modelList(names, language)))
    return
  }
  const id = decodeURIComponent(path.slice('/models/'.length))
  const known = find(id, call.options.scripts) ?? find(id.slice(id.lastIndexOf('/') + 1), call.options.scripts)
  if (known) call.reply.whole(200, json, JSON.stringify(model(id, language)))
  else sendError(call, language, requestId, { status: 404, message: `There is no model "${id}".` })
}

/** `retry-after` knows only whole seconds; `retry-after-ms` says the rest to those who read it. */
function retryAfter(duration: number | string | undefined): Record<string, string> {
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

function languageOf(path: string, request: IncomingMessage): Language {
  if (path.startsWith('/chat/')) return 'openai-chat'
  const anthropic = path.startsWith('/messages') || request.headers['anthropic-version'] !== undefined
  return anthropic ? 'anthropic-messages' : 'openai-chat'
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size > largestBody) return undefined
      parts.push(part)
    }
  } catch {
    // The client went away while it was sending; what it would have got nobody reads.
    return ''
  }
  return Buffer.concat(parts).toString()
}
