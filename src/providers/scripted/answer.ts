import type { IncomingMessage } from 'node:http'
import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { type Language, readAsk } from './ask.ts'
import { type ConversePath, converseBody, conversePath } from './bedrock-converse-ask.ts'
import { type Call, sendError, sendJson } from './call.ts'
import { chooseAll, find, scriptNames } from './choose.ts'
import { decoded } from './decoded.ts'
import { type GeminiPath, geminiBody, geminiPath } from './gemini-ask.ts'
import { wantsStream } from './habits.ts'
import { foundationModels, model, modelList } from './models.ts'
import { loadAnswer, tags } from './ollama-answers.ts'
import { responsesBody } from './openai-responses-ask.ts'
import { perform, performCount } from './perform.ts'
import { isStraico, type StraicoForm, straicoBody, straicoForm } from './straico-ask.ts'
import { answerAside } from './straico-routes.ts'
import { straicoRefusal } from './straico-strict.ts'
import { refusal } from './strict.ts'

const largestBody = 64 * 1024 * 1024

const operations: Record<string, 'chat' | 'count'> = {
  '/api/chat': 'chat',
  '/api/generate': 'chat',
  '/chat/completions': 'chat',
  '/responses': 'chat',
  '/responses/input_tokens': 'count',
  '/messages': 'chat',
  '/messages/count_tokens': 'count',
}

const greeting =
  'This is the scripted provider of sluice. It answers POST /v1/chat/completions and POST /v1/messages.\n'

/** Reads a request, finds what it wants, and answers it. */
export async function answer(begun: Omit<Call, 'language' | 'requestId'>): Promise<void> {
  const { request, entry } = begun
  const { method } = request
  const versioned = (request.url ?? '/').split('?', 1)[0]?.replace(/\/+$/, '') ?? ''
  const path = versioned.replace(/^\/v1(?:alpha|beta)?(?=\/|$)/, '')
  const straico = isStraico(versioned) || (begun.options.straico !== undefined && path.startsWith('/models'))
  const language = straico ? 'straico' : languageOf(path, request)
  const call: Call = { ...begun, language, requestId: begun.newId('req') }
  const bytes = await readBody(request)
  if (bytes === undefined) return sendError(call, { status: 413, message: 'The body is over 64 MiB.' })
  if (!/^multipart\//i.test(request.headers['content-type'] ?? '')) entry.body = parsed(bytes.toString())
  if (straico && (await answerAside(call, versioned, bytes))) return

  const gemini = call.language === 'gemini' ? geminiPath(path) : undefined
  if (path === '/models' || (path.startsWith('/models/') && method !== 'POST')) return sendModels(call, path)
  if (path === '' && method !== 'POST') return call.reply.whole(200, { 'content-type': 'text/plain' }, greeting)
  if (path === '/api/tags') return sendJson(call, 200, tags(scriptNames(call.options.scripts)))
  if (path === '/api/version') return sendJson(call, 200, { version: '0.13.0' })
  if (path === '/foundation-models') return sendJson(call, 200, foundationModels(scriptNames(call.options.scripts)))
  const converse = conversePath(path)
  const spoken = straico ? straicoForm(versioned) : undefined
  const operation = converse?.operation ?? gemini?.operation ?? (spoken ? 'chat' : operations[path])
  if (!operation) return sendError(call, { status: 404, message: `No such path: ${method} ${request.url}` })
  if (method !== 'POST') return sendError(call, { status: 405, message: `${path} wants POST, not ${method}` })
  try {
    const load = call.language === 'ollama' ? loadAnswer(entry.body, path) : undefined
    if (load) return sendJson(call, 200, load)
    const array = gemini?.stream && !/[?&]alt=sse(&|$)/.test(request.url ?? '')
    const prompted = spoken === 'chat' ? undefined : spoken
    const form = path === '/api/generate' ? 'generate' : array ? 'array' : prompted
    const body = said(entry.body, call.language, { converse, gemini, spoken })
    if (operation === 'chat') note(call, body)
    const read = readAsk(body, call.language, operation, form)
    const { script, scripts, strict = false } = call.options
    const choice = chooseAll(read, request.headers, script, scripts)
    entry.script = choice.name
    if (operation === 'count') {
      const refused = strict ? refusal(entry.body, language, operation) : undefined
      return refused ? sendError(call, { status: 400, ...refused }) : performCount(call, read, choice)
    }
    const habit = call.habits.next(read, choice.turn.streaming, choice.key)
    const ask = { ...read, stream: wantsStream(habit, read, request.headers) }
    await call.gates.pass('head', entry, call.reply)
    const refused = spoken
      ? straicoRefusal(entry.body as JsonObject, spoken, { strict, streams: habit.habit !== 'ignores' })
      : strict
        ? refusal(entry.body, language, operation)
        : undefined
    if (refused) return sendError(call, { status: 400, ...refused })
    await perform(call, ask, choice, habit)
  } catch (thrown) {
    if (!SluiceError.is(thrown)) throw thrown
    const { message, param } = thrown
    sendError(call, { status: straico ? 422 : 400, message, ...(param !== undefined && { param }) })
  }
}

/** Writes down what was asked before anything can be wrong with it. */
function note({ entry, counts, language }: Call, body: unknown): void {
  if (!isJsonObject(body) || typeof body.model !== 'string') return
  entry.model = body.model
  entry.stream = language === 'ollama' ? body.stream !== false : body.stream === true
  counts.came(entry)
}

interface Place {
  converse: ConversePath | undefined
  gemini: GeminiPath | undefined
  spoken: StraicoForm | undefined
}

/** A body whose API has other words than most, or says part of what is asked in the path. */
function said(body: unknown, language: Language, { converse, gemini, spoken }: Place): unknown {
  if (!isJsonObject(body)) return body
  if (language === 'openai-responses') return responsesBody(body)
  if (converse) return converseBody(body, converse)
  if (spoken) return straicoBody(body, spoken)
  return gemini ? geminiBody(body, gemini) : body
}

function sendModels(call: Call, path: string): void {
  const { scripts } = call.options
  if (path === '/models') {
    sendJson(call, 200, modelList(scriptNames(scripts), call.language))
    return
  }
  const id = decoded(path.slice('/models/'.length))
  const known = find(id, scripts) ?? find(id.slice(id.lastIndexOf('/') + 1), scripts)
  if (known) sendJson(call, 200, model(id, call.language))
  else sendError(call, { status: 404, message: `There is no model "${id}".` })
}

function languageOf(path: string, request: IncomingMessage): Language {
  if (path.startsWith('/chat/')) return 'openai-chat'
  if (path.startsWith('/responses')) return 'openai-responses'
  if (path.startsWith('/model/')) return 'bedrock-converse'
  if (path.startsWith('/api/')) return 'ollama'
  if (geminiPath(path) || request.headers['x-goog-api-key'] !== undefined) return 'gemini'
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

/** Undefined: too large. */
async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
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
    return Buffer.alloc(0)
  }
  return Buffer.concat(parts)
}
