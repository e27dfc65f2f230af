/**
 * A provider that answers in both dialects and fails in every way it is asked to. Runs as a child; says its port, and
 * how many connections and answers it has open, whenever it is asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type DialectName, paths } from '../streams.ts'
import { type Plan, readPlan, textOf, type Wire, wireOf, wordOf } from './plan.ts'

export interface UpstreamReport {
  port: number
  /** Answers that are being written. */
  open: number
  /** Connections, idle ones included. */
  connections: number
}

interface Asked {
  model: string
  stream?: boolean
  messages: Array<{ role: string; content: string | Array<{ text?: string }> }>
}

let open = 0
let connections = 0

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('error', () => {})
  response.on('error', () => {})
  request.on('end', () => {
    // What stands under this path never fails, and goes on where somebody else has begun.
    const spare = request.url?.startsWith('/spare/') === true
    const path = spare ? request.url?.slice('/spare'.length) : request.url
    const dialect: DialectName = path === paths['openai-chat'] ? 'openai-chat' : 'anthropic-messages'
    const { model, stream, messages } = JSON.parse(Buffer.concat(pieces).toString()) as Asked
    const plan = spare ? { ...readPlan(model), fault: 'none' as const } : readPlan(model)
    open++
    response.on('close', () => open--)
    if (refuseKey(request, response) || refuse(request, response, dialect, plan)) return
    if (stream) {
      const said = spare ? begun(messages) : ''
      if (!textOf(plan).startsWith(said)) throw new Error(`what is to be gone on with was never said: ${said}`)
      new Play(response, plan, dialect, wireOf(dialect, model), said.length).start()
    } else answerWhole(response, dialect, plan, model)
  })
})
server.on('connection', (socket) => {
  connections++
  socket.on('close', () => connections--)
})
// Idle connections are let go soon, so that what is left behind shows.
server.keepAliveTimeout = 2000
server.listen(0, '127.0.0.1', 8192)

process.on('message', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port, open, connections } satisfies UpstreamReport)
})
process.on('disconnect', () => process.exit(0))

const eventStream = { 'content-type': 'text/event-stream; charset=utf-8' }

/** Some keys of the pool are wrong, and some have no credit. */
function refuseKey({ headers }: IncomingMessage, response: ServerResponse): boolean {
  const key = `${headers.authorization ?? ''}${headers['x-api-key'] ?? ''}`
  const status = key.endsWith('wrong') ? 401 : key.endsWith('poor') ? 402 : undefined
  if (status === undefined) return false
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end('{"error":{"type":"some_error","message":"no"}}')
  return true
}

/** What an answer says so far that is to be gone on with. */
function begun(messages: Asked['messages']): string {
  const content = messages.findLast(({ role }) => role === 'assistant')?.content ?? ''
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('')
}

/** The faults that come in place of an answer. */
function refuse(request: IncomingMessage, response: ServerResponse, dialect: DialectName, plan: Plan): boolean {
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({ type: 'error', error: { type: 'some_error', message: 'no', code: null, param: null } })
  switch (plan.fault) {
    case 'rate limit':
      response.writeHead(429, { ...json, 'retry-after': '1' }).end(body)
      return true
    case 'overloaded':
      response.writeHead(503, json).end(body)
      return true
    case 'endless refusal':
      response.writeHead(500, json).write(body.slice(0, 20))
      return true
    case 'web page':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>welcome</body></html>')
      return true
    case 'error at once':
      response.writeHead(200, eventStream).end(errorEvent(dialect))
      return true
    case 'no answer':
      request.socket.destroy()
      return true
    case 'head only':
      response.writeHead(200, eventStream).flushHeaders()
      return true
    case 'not HTTP':
      request.socket.end('SSH-2.0-OpenSSH_9.6\r\n')
      return true
    default:
      return false
  }
}

function errorEvent(dialect: DialectName): string {
  if (dialect === 'openai-chat') return 'data: {"error":{"message":"busy","type":"server_error","code":null}}\n\n'
  return 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
}

/** One stream, written as fast as it is taken or at its pace, and torn between any two bytes. */
class Play {
  readonly #response: ServerResponse
  readonly #plan: Plan
  readonly #dialect: DialectName
  readonly #wire: Wire
  #at = 0
  /** Characters that have been said by somebody else. */
  #skip: number
  #timer: NodeJS.Timeout | undefined
  /** Bytes of the last write that come with the next. */
  #rest = Buffer.alloc(0)

  constructor(response: ServerResponse, plan: Plan, dialect: DialectName, wire: Wire, skip = 0) {
    this.#skip = skip
    this.#response = response
    this.#plan = plan
    this.#dialect = dialect
    this.#wire = wire
    response.on('close', () => clearInterval(this.#timer))
  }

  start(): void {
    const { everyMs } = this.#plan
    this.#response.writeHead(200, eventStream)
    this.#write(this.#wire.head)
    if (everyMs > 0) {
      this.#timer = setInterval(() => this.#next() || clearInterval(this.#timer), everyMs)
      return
    }
    // A drain may come in the same turn, again and again; the other streams must not starve meanwhile.
    const fast = (): void => {
      while (!this.#response.writableNeedDrain) if (!this.#next()) return
      this.#response.once('drain', () => setImmediate(fast))
    }
    fast()
  }

  /** False when there is no more. */
  #next(): boolean {
    const { seed, tokens, burst, fault, after } = this.#plan
    const last = fault === 'none' || fault === 'open end' ? tokens : Math.min(tokens, after)
    let text = ''
    for (const until = Math.min(last, this.#at + burst); this.#at < until; this.#at++) {
      const word = wordOf(seed, this.#at)
      if (word.length > this.#skip) text += this.#wire.delta(word.slice(this.#skip))
      this.#skip = Math.max(0, this.#skip - word.length)
    }
    if (this.#at < last) {
      this.#write(text)
      return !this.#response.destroyed
    }
    this.#end(text)
    return false
  }

  #end(text: string): void {
    const response = this.#response
    const whole = (end: string): Buffer => Buffer.concat([this.#rest, Buffer.from(text + end)])
    switch (this.#plan.fault) {
      case 'none':
        response.end(whole(this.#wire.tail))
        return
      case 'open end':
        response.write(whole(this.#wire.tail))
        return
      case 'truncated':
        response.end(whole(''))
        return
      case 'error event':
        response.end(whole(errorEvent(this.#dialect)))
        return
      case 'garbage':
        response.write(whole('data: {"half": \n\n'))
        return
      case 'torn chunk':
        response.write(whole(''))
        // The response keeps its chunk until the end of this turn.
        setImmediate(() => response.socket?.end('zzz\r\n'))
        return
      case 'cut':
        response.write(whole(''), () => response.destroy())
        return
      case 'pings only':
        response.write(whole(''))
        this.#timer = setInterval(() => response.write(': still here\n\n'), 200)
        return
      default:
        response.write(whole(''))
    }
  }

  #write(text: string): void {
    const bytes = Buffer.concat([this.#rest, Buffer.from(text)])
    // Anywhere, in the middle of an event or of a character too.
    const cut = bytes.length - ((this.#at * 37 + this.#plan.seed) % Math.min(bytes.length, 90))
    this.#rest = bytes.subarray(cut)
    this.#response.write(bytes.subarray(0, cut))
  }
}

function answerWhole(response: ServerResponse, dialect: DialectName, plan: Plan, model: string): void {
  const { tokens } = plan
  const text = textOf(plan)
  const body =
    dialect === 'openai-chat'
      ? {
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1790000000,
          model,
          choices: [{ index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: 'stop' }],
          usage: { prompt_tokens: 25, completion_tokens: tokens, total_tokens: 25 + tokens },
        }
      : {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model,
          content: [{ type: 'text', text }],
          stop_reason: 'end_turn',
          stop_sequence: null,
          usage: { input_tokens: 25, output_tokens: tokens },
        }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
