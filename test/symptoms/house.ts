import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { type ConfigOptions, createSluice, type RequestRecord, type Sluice } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { hostile } from '../faults/hostile.ts'
import { atEnd } from '../faults/house.ts'
import { readEvents, type WireEvent } from '../fixtures/read-events.ts'
import { testedClient } from '../transport/client.ts'

/** What a provider was asked. `body` is `{}` where it was no JSON. */
export interface Ask {
  path: string
  headers: IncomingHttpHeaders
  body: JsonObject
}

/** What a provider does with a question: the body of an event stream, or anything else, by hand. */
export type Play = string | ((response: ServerResponse, ask: Ask) => unknown)

export interface RawAnswer {
  status: number
  headers: Headers
  text: string
  /** The events of a stream, by the letter of the standard. */
  events: WireEvent[]
  /** Their data as JSON, but for `[DONE]`. */
  data: JsonObject[]
}

/** A gateway that listens, the SDKs in front of it and a provider of our own making behind it. */
export interface House {
  sluice: Sluice
  openai: OpenAI
  anthropic: Anthropic
  google: GoogleGenAI
  /** What the provider was asked, in order. */
  asked: Ask[]
  /** The records of the log. */
  records: RequestRecord[]
  /** A request without an SDK, to look at the bytes. `onText` is told of each read. */
  post(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
    onText?: (text: string) => void,
  ): Promise<RawAnswer>
}

export interface HouseOptions extends Omit<ConfigOptions, 'providers' | 'log'> {
  /** Answers are told anew even where both ends speak one dialect. */
  normalise?: boolean
  /** What is peculiar about the provider, in every language. */
  quirks?: NonNullable<ProviderOptions['quirks']>
}

/**
 * A model is `DIALECT/NAME`: the provider plays all five. Several plays answer one request each, the last one all that
 * follow. The end of the test closes everything.
 */
export async function openHouse(plays: Play | readonly Play[], options: HouseOptions = {}): Promise<House> {
  const { normalise, quirks, ...config } = options
  const list = Array.isArray(plays) ? (plays as readonly Play[]) : [plays as Play]
  const asked: Ask[] = []
  const { url } = await hostile((response, { url: path = '', headers }, text) => {
    const play = list[Math.min(asked.length, list.length - 1)]!
    const ask: Ask = { path, headers, body: text.startsWith('{') ? (JSON.parse(text) as JsonObject) : {} }
    asked.push(ask)
    if (typeof play === 'function') play(response, ask)
    else response.writeHead(200, { 'content-type': 'text/event-stream' }).end(play)
  })
  const records: RequestRecord[] = []
  const shared = { api_keys: ['provider-key'], ...(normalise && { normalise }), ...(quirks && { quirks }) }
  const sluice = await createSluice({
    config: {
      transport: { client: testedClient },
      ...config,
      // What a failure looks like is tested here; that it is tried again has tests of its own.
      streaming: { max_retries: 0, ...config.streaming },
      providers: [
        { name: 'openai-chat', dialect: 'openai-chat', base_url: `${url}/v1`, ...shared },
        // OpenAI itself, which takes more than those that are like it.
        { name: 'openai', kind: 'openai', base_url: `${url}/v1`, ...shared },
        { name: 'openai-responses', dialect: 'openai-responses', base_url: `${url}/v1`, ...shared },
        { name: 'anthropic-messages', dialect: 'anthropic-messages', base_url: url, ...shared },
        { name: 'gemini', dialect: 'gemini', base_url: url, ...shared },
        { name: 'ollama', dialect: 'ollama', base_url: url, ...shared },
      ],
    },
    env: {},
    port: 0,
    log: { ...silentLog, request: (record) => records.push(record) },
  })
  atEnd(() => sluice.close())
  const client = { apiKey: 'client-key', maxRetries: 0 }
  return {
    sluice,
    asked,
    records,
    openai: new OpenAI({ ...client, baseURL: `${sluice.url}/v1` }),
    anthropic: new Anthropic({ ...client, baseURL: sluice.url }),
    google: new GoogleGenAI({
      apiKey: 'client-key',
      httpOptions: { baseUrl: sluice.url, retryOptions: { attempts: 1 } },
    }),
    async post(path, body, headers = {}, onText = () => {}) {
      const response = await fetch(sluice.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      let text = ''
      for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        text += piece
        onText(piece)
      }
      const stream = /^text\/event-stream/.test(response.headers.get('content-type') ?? '')
      const { events } = stream ? readEvents(Buffer.from(text)) : { events: [] }
      const data = events.flatMap((event) => (event.data === '[DONE]' ? [] : [JSON.parse(event.data) as JsonObject]))
      return { status: response.status, headers: response.headers, text, events, data }
    },
  }
}
