import type { IncomingMessage } from 'node:http'
import { SluiceError } from '../../errors/index.ts'
import { isJsonObject } from '../../tokens/index.ts'
import { type Language, readAsk } from './ask.ts'
import { type ConversePath, converseBody, conversePath } from './bedrock-converse-ask.ts'
import { type Call, sendError, sendJson } from './call.ts'
import { choose, find, scriptNames } from './choose.ts'
import { type GeminiPath, geminiBody, geminiPath } from './gemini-ask.ts'
import { foundationModels, model, modelList } from './models.ts'
import { loadAnswer, tags } from './ollama-answers.ts'
import { responsesBody } from './openai-responses-ask.ts'
import { perform } from './perform.ts'
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
  const path = pathOf(request.url ?? '/')
  const call: Call = { ...begun, language: languageOf(path, request), requestId: begun.newId('req') }
  const text = await readBody(request)
  if (text === undefined) return sendError(call, { status: 413, message: 'The body is over 64 MiB.' })
  entry.body = parsed(text)

  const gemini = call.language === 'gemini' ? geminiPath(path) : undefined
  if (path === '/models' || (path.startsWith('/models/') && method !== 'POST')) return sendModels(call, path)
  if (path === '' && method !== 'POST') return call.reply.whole(200, { 'content-type': 'text/plain' }, greeting)
  if (path === '/api/tags') return sendJson(call, 200, tags(scriptNames(call.options.scripts)))
  if (path === '/api/version') return sendJson(call, 200, { version: '0.13.0' })
  if (path === '/foundation-models') return sendJson(call, 200, foundationModels(scriptNames(call.options.scripts)))
  const converse = conversePath(path)
  const operation = converse?.operation ?? gemini?.operation ?? operations[path]
  if (!operation) return sendError(call, { status: 404, message: `No such path: ${method} ${request.url}` })
  if (method !== 'POST') return sendError(call, { status: 405, message: `${path} wants POST, not ${method}` })
  try {
    const load = call.language === 'ollama' ? loadAnswer(entry.body, path) : undefined
    if (load) return sendJson(call, 200, load)
    const array = gemini?.stream && !/[?&]alt=sse(&|$)/.test(request.url ?? '')
    const form = path === '/api/generate' ? 'generate' : array ? 'array' : undefined
    const body = said(entry.body, call.language, converse, gemini)
    const ask = readAsk(body, call.language, operation, form)
    const choice = choose(ask, request.headers, call.options.script, call.options.scripts)
    entry.script = choice.name
    const refused = call.options.strict ? refusal(entry.body, call.language, operation) : undefined
    if (refused) return sendError(call, { status: 400, ...refused })
    await perform(call, ask, choice, operation)
  } catch (thrown) {
    if (!SluiceError.is(thrown)) throw thrown
    const { message, param } = thrown
    sendError(call, param === undefined ? { status: 400, message } : { status: 400, message, param })
  }
}

/** A body whose API has other words than most, or says part of what is asked in the path. */
function said(
  body: unknown,
  language: Language,
  converse: ConversePath | undefined,
  gemini: GeminiPath | undefined,
): unknown {
  if (!isJsonObject(body)) return body
  if (language === 'openai-responses') return responsesBody(body)
  if (converse) return converseBody(body, converse)
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

/** Without the query string, a trailing slash and the version, which all may be there or not. */
function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? ''
  return path.replace(/\/+$/, '').replace(/^\/v1(?:alpha|beta)?(?=\/|$)/, '')
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}

/** Undefined: too large. */
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
