import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach } from 'vitest'
import { type ScriptedOptions, type ScriptedServer, startScripted } from '../../../src/providers/scripted/index.ts'
import { SseParser } from '../../../src/sse/index.ts'

export const paths = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const
export type Language = keyof typeof paths
export const languages = Object.keys(paths) as Language[]

const open: ScriptedServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

/** A server that the end of the test closes. */
export async function start(options?: ScriptedOptions): Promise<ScriptedServer> {
  const server = await startScripted(options)
  open.push(server)
  return server
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** Each read as it came. */
  reads: Buffer[]
  /** The connection broke before the end of the body. */
  broken: boolean
}

export function ask(fields: object = {}): object {
  return { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi there' }], stream: true, ...fields }
}

/** A POST that reports how the bytes came and whether they came to an end. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers, agent: false }, (response) => {
      const reads: Buffer[] = []
      const done = (broken: boolean) => () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(reads).toString(),
          reads,
          broken,
        })
      response.on('data', (read: Buffer) => reads.push(read))
      response.on('end', done(false))
      response.on('error', done(true))
    })
    call.on('error', reject)
    call.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}

export interface WireEvent {
  event: string
  data: string
}

export function events(text: string): WireEvent[] {
  const found: WireEvent[] = []
  new SseParser().push(new TextEncoder().encode(text), ({ event, data }) => found.push({ event, data }))
  return found
}

/** Every event's payload; the end marker of openai-chat is no JSON and is left out. */
export function payloads(text: string): Array<Record<string, unknown>> {
  return events(text)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as Record<string, unknown>)
}

/** The visible text of a stream of either language. */
export function textOf(text: string): string {
  return payloads(text)
    .map((payload) => {
      const { choices, delta } = payload as {
        choices?: Array<{ delta: { content?: string } }>
        delta?: { text?: string }
      }
      return choices?.[0]?.delta.content ?? delta?.text ?? ''
    })
    .join('')
}

/** Everything that a raw HTTP/1.x exchange puts on the socket. */
export function rawExchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      got += part
    })
    socket.on('end', () => resolve(got))
    socket.on('error', reject)
  })
}
