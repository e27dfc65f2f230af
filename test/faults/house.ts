import { request } from 'node:http'
import { afterEach } from 'vitest'
import { type ConfigOptions, readConfig } from '../../src/config/index.ts'
import { Gateway } from '../../src/gateway/index.ts'
import { type Log, type RequestRecord, silentLog } from '../../src/observe/index.ts'
import { type ScriptedOptions, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import { listen } from '../../src/server/listen.ts'
import { openTransport } from '../../src/transport/index.ts'
import { testedClient } from '../transport/client.ts'
import { poisoned } from '../transport/poisoned.ts'

export const dialects = ['openai-chat', 'anthropic-messages'] as const
export type DialectName = (typeof dialects)[number]
export const paths = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const

/** Every client dialect before every upstream dialect. */
export const pairs = dialects.flatMap((client) => dialects.map((upstream) => ({ client, upstream })))
export type Pair = (typeof pairs)[number]

const closing: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Runs when the test is over, last first. */
export function atEnd(close: () => Promise<unknown>): void {
  closing.push(close)
}

export async function scripted(options?: ScriptedOptions): Promise<ScriptedServer> {
  const server = await startScripted(options)
  atEnd(() => server.close())
  return server
}

export interface House {
  url: string
  port: number
  gateway: Gateway
  records: RequestRecord[]
}

export interface HouseOptions extends Omit<ConfigOptions, 'providers' | 'log'> {
  /** The address of whoever plays both providers. */
  upstream: string
  env?: Record<string, string>
  /** Where lines go beside the records. */
  log?: Partial<Log>
  normalise?: boolean
}

/** A gateway that listens, before one upstream in every language: `openai-chat/MODEL`, `anthropic-messages/MODEL`, … */
export async function house({ upstream, env = {}, log, normalise, ...options }: HouseOptions): Promise<House> {
  const shared = { api_keys: ['provider-key'], ...(normalise && { normalise }) }
  const config = readConfig({
    options: {
      ...options,
      // What a failure looks like is tested here; that it is tried again has tests of its own.
      streaming: { max_retries: 0, ...options.streaming },
      server: { port: 0, ...options.server },
      providers: [
        { name: 'openai-chat', dialect: 'openai-chat', base_url: `${upstream}/v1`, ...shared },
        { name: 'anthropic-messages', dialect: 'anthropic-messages', base_url: upstream, ...shared },
        { name: 'ollama', dialect: 'ollama', base_url: upstream, ...shared },
        { name: 'openai-responses', dialect: 'openai-responses', base_url: `${upstream}/v1`, ...shared },
        { name: 'gemini', dialect: 'gemini', base_url: upstream, ...shared },
        { name: 'bedrock-converse', dialect: 'bedrock-converse', base_url: upstream, ...shared },
      ],
    },
    env,
    flags: {},
  })
  const records: RequestRecord[] = []
  const { connectTimeoutMs } = config.streaming
  const transport = poisoned(openTransport({ client: testedClient, connectTimeoutMs, env }))
  const gateway = new Gateway({
    config,
    transport,
    log: { ...silentLog, ...log, request: (record) => records.push(record) },
  })
  const listening = await listen(gateway, config.server)
  atEnd(async () => {
    gateway.stop()
    await listening.close()
    await transport.close()
  })
  const host = config.server.host.includes(':') ? `[${config.server.host}]` : config.server.host
  return {
    url: `http://${host}:${listening.port}`,
    port: listening.port,
    gateway,
    records,
  }
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
  /** Each read, and when it came, in milliseconds after the request. */
  reads: Array<{ at: number; text: string }>
  /** The connection broke before the end of the body. */
  broken: boolean
  ms: number
}

/** What a client of a dialect sends. A `script` is played by the scripted provider, whatever stands in between. */
export function chat(
  pair: Pair,
  fields: { script?: object | string; stream?: boolean } & Record<string, unknown>,
): object {
  const { script, ...rest } = fields
  const content = script === undefined ? 'Hi' : JSON.stringify({ sluice_script: script })
  return {
    model: `${pair.upstream}/m`,
    ...(pair.client === 'anthropic-messages' && { max_tokens: 1000 }),
    messages: [{ role: 'user', content }],
    ...rest,
  }
}

export function post(
  url: string,
  body: unknown,
  { signal, headers, slow }: { signal?: AbortSignal; headers?: Record<string, string>; slow?: number } = {},
): Promise<Answer> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, agent: false, signal },
      (response) => {
        const pieces: Buffer[] = []
        const reads: Answer['reads'] = []
        const done = (broken: boolean): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
            reads,
            broken,
            ms: performance.now() - started,
          })
        response.on('data', (piece: Buffer) => {
          pieces.push(piece)
          if (reads.length < 1000) reads.push({ at: performance.now() - started, text: piece.toString('latin1') })
          if (slow === undefined) return
          response.pause()
          setTimeout(() => response.resume(), slow)
        })
        response.on('end', () => done(false))
        response.on('error', () => done(true))
      },
    )
    call.on('error', reject)
    call.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}

/** Waits until `holds` is true, and not for ever. */
export async function until(holds: () => boolean, what: string, ms = 3000): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await pause(5)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
