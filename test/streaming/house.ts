import { afterEach } from 'vitest'
import { type ConfigOptions, createSluice, type Sluice } from '../../src/index.ts'
import { type ScriptedOptions, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'

/** A gateway before a scripted server of which it knows nothing, in three languages: `oa`, `an`, `ge`. */
export interface StreamingHouse {
  scripted: ScriptedServer
  sluice: Sluice
  /** Asks as a client of Chat Completions does, and reads what comes. */
  ask(options?: Ask): Promise<Told>
}

export interface Ask {
  /** Default `oa/model`. */
  model?: string
  /** Default true. */
  stream?: boolean
  headers?: Record<string, string>
  tools?: boolean
  signal?: AbortSignal
}

export interface Told {
  status: number
  /** What `x-sluice-stream` says. */
  label: string | null
  text: string
  /** The code of the error, at whatever place it stands. */
  error: string | undefined
  /** How many pieces the text came in. */
  pieces: number
  finishes: number
  done: number
  body: string
}

const open: Array<() => Promise<void>> = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

export async function openStreamingHouse(
  streaming: ConfigOptions['streaming'] = {},
  scriptedOptions: ScriptedOptions = {},
  storage: ConfigOptions['storage'] = { path: ':memory:' },
): Promise<StreamingHouse> {
  const scripted = await startScripted({ script: { steps: [{ text: answer }] }, ...scriptedOptions })
  open.push(() => scripted.close())
  const sluice = await createSluice({
    config: {
      streaming: { max_retries: 0, ...streaming },
      storage,
      providers: [
        { name: 'oa', dialect: 'openai-chat', base_url: `${scripted.url}/v1` },
        { name: 'an', dialect: 'anthropic-messages', base_url: scripted.url },
        { name: 'ge', dialect: 'gemini', base_url: scripted.url },
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  open.push(() => sluice.close())
  return { scripted, sluice, ask: (options) => askChat(sluice.url, options) }
}

export const answer = 'Streams of words, one by one, as they are written.'

const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }

export async function askChat(url: string, options: Ask = {}): Promise<Told> {
  const { model = 'oa/model', stream = true, headers = {}, tools = false, signal } = options
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model,
      stream,
      messages: [{ role: 'user', content: 'Hello' }],
      ...(tools && { tools: [tool] }),
    }),
    ...(signal && { signal }),
  })
  const body = await response.text()
  const told = { status: response.status, label: response.headers.get('x-sluice-stream'), body }
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const json = JSON.parse(body) as Piece
    const text = json.choices?.[0]?.message?.content ?? ''
    return { ...told, text, error: json.error?.code, pieces: text === '' ? 0 : 1, finishes: 1, done: 0 }
  }
  const data = [...body.matchAll(/^data: (.*)$/gm)].map(([, one]) => one ?? '')
  const events = data.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one) as Piece)
  const texts = events.map(({ choices }) => choices?.[0]?.delta?.content ?? '').filter((one) => one !== '')
  return {
    ...told,
    text: texts.join(''),
    error: events.find(({ error }) => error)?.error?.code,
    pieces: texts.length,
    finishes: events.filter(({ choices }) => choices?.[0]?.finish_reason).length,
    done: data.length - events.length,
  }
}

interface Piece {
  choices?: Array<{ delta?: { content?: string }; message?: { content?: string }; finish_reason?: string }>
  error?: { code?: string }
}
