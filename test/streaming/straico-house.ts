import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { afterEach } from 'vitest'
import { type ConfigOptions, createSluice, type Sluice } from '../../src/index.ts'
import { type RequestRecord, silentLog } from '../../src/observe/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { type ScriptedOptions, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

/** A gateway before a scripted Straico that takes no field it does not know, and the vendors' own SDKs before it. */
export interface StraicoHouse {
  scripted: ScriptedServer
  sluice: Sluice
  records: RequestRecord[]
  clients: Record<ClientName, Client>
  /** The headers of the last answer that a client got. */
  readonly head: Headers
  /** The body of the last completion that was asked for. */
  sent(): JsonObject
  /** Once the record of so many requests is there. */
  recorded(count: number): Promise<RequestRecord[]>
}

export const clientNames = ['chat', 'responses', 'messages', 'gemini'] as const
export type ClientName = (typeof clientNames)[number]

export interface Heard {
  text: string
  /** The texts in the pieces in which they came. */
  pieces: string[]
  reasoning: string
  finish: string | undefined
  /** What the SDK says of usage. */
  usage: JsonObject | undefined
  /** How many events the SDK gave out before the first piece of text. */
  before: number
}

export interface Question {
  text?: string
  system?: string
  stop?: string[]
  signal?: AbortSignal
  /** Fields of the client's own. */
  more?: object
  /** Default `vendor/model`. */
  model?: string
}

export interface Client {
  stream(question?: Question): Promise<Heard>
}

export interface StraicoOptions extends ScriptedOptions {
  config?: Omit<ConfigOptions, 'providers' | 'log'>
  /** Beside the name, the address and a key. */
  provider?: Partial<ProviderOptions>
}

const realFetch = globalThis.fetch
const open: Array<() => Promise<void>> = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

export async function openStraico({ config, provider, ...options }: StraicoOptions = {}): Promise<StraicoHouse> {
  const scripted = await startScripted({ strict: true, straico: {}, ...options })
  open.push(() => scripted.close())
  const records: RequestRecord[] = []
  let told = (): void => {}
  const request = (record: RequestRecord): void => {
    records.push(record)
    told()
  }
  const sluice = await createSluice({
    config: {
      storage: { path: ':memory:' },
      ...config,
      // What a failure looks like is tested here; that it is tried again has tests of its own.
      streaming: { max_retries: 0, ...config?.streaming },
      providers: [{ name: 'straico', base_url: scripted.url, api_keys: ['coins-key'], ...provider }],
    },
    env: {},
    port: 0,
    log: { ...silentLog, request },
  })
  open.push(() => sluice.close())
  let head = new Headers()
  const noted: typeof fetch = async (input, init) => {
    const response = await realFetch(input, init)
    head = response.headers
    return response
  }
  return {
    scripted,
    sluice,
    records,
    clients: clientsOf(sluice.url, noted),
    get head() {
      return head
    },
    sent() {
      const asked = scripted.requests.findLast(({ path }) => path.includes('/completion'))
      if (!asked) throw new Error('nobody asked for a completion')
      return asked.body as JsonObject
    },
    async recorded(count) {
      while (records.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve
        })
      }
      return records
    },
  }
}

const heard = (): Heard => ({
  text: '',
  pieces: [],
  reasoning: '',
  finish: undefined,
  usage: undefined,
  before: 0,
})

function say(to: Heard, text: string | null | undefined): void {
  if (!text) {
    if (to.pieces.length === 0) to.before++
    return
  }
  to.pieces.push(text)
  to.text += text
}

export function clientsOf(url: string, fetch: typeof globalThis.fetch): Record<ClientName, Client> {
  const shared = { apiKey: 'client-key', maxRetries: 0, fetch }
  const openai = new OpenAI({ ...shared, baseURL: `${url}/v1` })
  const anthropic = new Anthropic({ ...shared, baseURL: url })
  const google = new GoogleGenAI({ apiKey: 'client-key', httpOptions: { baseUrl: url } })
  const named = (model = 'vendor/model') => `straico/${model}`
  return {
    chat: {
      async stream({ text = 'Hi', system, stop, signal, more, model }: Question = {}) {
        const out = heard()
        const stream = await openai.chat.completions.create(
          {
            model: named(model),
            stream: true,
            stream_options: { include_usage: true },
            messages: [
              ...(system === undefined ? [] : [{ role: 'developer' as const, content: system }]),
              { role: 'user', content: text },
            ],
            ...(stop && { stop }),
            ...more,
          },
          { signal },
        )
        for await (const { choices, usage } of stream) {
          const [choice] = choices
          const delta = choice?.delta as { content?: string; reasoning_content?: string } | undefined
          say(out, delta?.content)
          out.reasoning += delta?.reasoning_content ?? ''
          if (choice?.finish_reason) out.finish = choice.finish_reason
          if (usage) out.usage = usage as unknown as JsonObject
        }
        return out
      },
    },
    responses: {
      async stream({ text = 'Hi', system, signal, more, model }: Question = {}) {
        const out = heard()
        const stream = await openai.responses.create(
          {
            model: named(model),
            stream: true,
            input: text,
            ...(system !== undefined && { instructions: system }),
            ...more,
          },
          { signal },
        )
        for await (const event of stream) {
          say(out, event.type === 'response.output_text.delta' ? event.delta : undefined)
          if (event.type === 'response.reasoning_text.delta') out.reasoning += event.delta
          if (event.type === 'response.reasoning_summary_text.delta') out.reasoning += event.delta
          if (event.type === 'response.completed' || event.type === 'response.incomplete') {
            out.finish = event.response.incomplete_details?.reason ?? event.response.status
            out.usage = event.response.usage as unknown as JsonObject
          }
          if (event.type === 'response.failed') throw new Error(event.response.error?.message)
        }
        return out
      },
    },
    messages: {
      async stream({ text = 'Hi', system, stop, signal, more, model }: Question = {}) {
        const out = heard()
        const stream = anthropic.messages.stream(
          {
            model: named(model),
            max_tokens: 100,
            messages: [{ role: 'user', content: text }],
            ...(system !== undefined && { system }),
            ...(stop && { stop_sequences: stop }),
            ...more,
          },
          { signal },
        )
        for await (const event of stream) {
          const delta = event.type === 'content_block_delta' ? event.delta : undefined
          say(out, delta?.type === 'text_delta' ? delta.text : undefined)
          if (delta?.type === 'thinking_delta') out.reasoning += delta.thinking
        }
        const message = await stream.finalMessage()
        const { stop_reason: reason, stop_sequence: sequence } = message
        out.finish = sequence === null ? (reason ?? undefined) : `${reason} ${sequence}`
        out.usage = message.usage as unknown as JsonObject
        return out
      },
    },
    gemini: {
      async stream({ text = 'Hi', system, stop, signal, more, model }: Question = {}) {
        const out = heard()
        // This SDK takes none but the one that everybody has.
        globalThis.fetch = fetch
        const asked = google.models.generateContentStream({
          model: named(model),
          contents: text,
          config: {
            ...(system !== undefined && { systemInstruction: system }),
            ...(stop && { stopSequences: stop }),
            ...(signal && { abortSignal: signal }),
            ...more,
          },
        })
        const stream = await asked.finally(() => {
          globalThis.fetch = realFetch
        })
        for await (const chunk of stream) {
          const [candidate] = chunk.candidates ?? []
          for (const part of candidate?.content?.parts ?? []) {
            if (part.thought) out.reasoning += part.text ?? ''
            else say(out, part.text)
          }
          if (candidate?.finishReason) out.finish = candidate.finishReason
          if (chunk.usageMetadata) out.usage = chunk.usageMetadata as unknown as JsonObject
        }
        return out
      },
    },
  }
}
