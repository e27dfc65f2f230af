import type { ClientDialectName } from '../../src/dialects/index.ts'
import { createSluice, type Sluice } from '../../src/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import { testedClient } from '../transport/client.ts'
import { Playback } from './playback.ts'
import { readBedrockConverse } from './read-bedrock-converse.ts'
import type { Form, Outcome } from './reading.ts'
import type { Recording } from './recording.ts'
import { readWithSdk } from './vendor-sdks.ts'

/**
 * How the gateway takes the provider of a recording: as its preset says; as nobody in particular, so that clients of its
 * own language get what it says untouched; as one whose answers are always decoded and encoded again; or as one that
 * answers only as a stream.
 */
export type Manner = 'plain' | 'bare' | 'normalised' | 'stream-only'

const prefixes: Record<Manner, string> = { plain: 'r', bare: 'b', normalised: 'n', 'stream-only': 's' }

/** The recordings on one server, and a gateway before it with a provider for each. */
export class RecordingHouse {
  readonly #recordings: Recording[]
  readonly #playback: Playback
  #played = ''
  #sluice: Sluice | undefined

  constructor(recordings: Recording[]) {
    this.#recordings = recordings
    this.#playback = new Playback(recordings)
  }

  async open(): Promise<void> {
    this.#played = await this.#playback.listen()
    const providers = this.#recordings.flatMap((recording, at) => {
      const manners: Manner[] = ['plain', 'bare', 'normalised']
      if (isChat(recording)) manners.push('stream-only')
      return manners.map((manner) => this.#provider(recording, at, manner))
    })
    this.#sluice = await createSluice({
      config: { transport: { client: testedClient }, streaming: { max_retries: 0 }, providers },
      env: {},
      port: 0,
      logLevel: 'silent',
    })
  }

  async close(): Promise<void> {
    await this.#sluice?.close()
    await this.#playback.close()
  }

  /** The answer as the SDK of its vendor reads it, with nothing between them. */
  async vendors(recording: Recording, form: Form): Promise<Outcome> {
    const { dialect, model, events } = recording
    if (dialect === 'bedrock-converse') return readBedrockConverse(events ?? [])
    const url = `${this.#played}/r${this.#recordings.indexOf(recording)}`
    return readWithSdk(dialect, { url, model, form, strict: false })
  }

  /** The answer as the SDK of another vendor reads it through the gateway. */
  through(client: ClientDialectName, recording: Recording, form: Form, manner: Manner): Promise<Outcome> {
    // What goes on untouched is as its vendor sent it.
    const strict = manner !== 'bare'
    return readWithSdk(client, { url: this.#url, model: this.#model(recording, manner), form, strict })
  }

  /** The bytes that a client of the recording's own dialect is sent. */
  async bytes(client: ClientDialectName, recording: Recording): Promise<Buffer> {
    const model = this.#model(recording, 'bare')
    const [path, body] = questions[client](model)
    const response = await fetch(this.#url + path, { method: 'POST', body: JSON.stringify(body) })
    return Buffer.from(await response.arrayBuffer())
  }

  get #url(): string {
    if (!this.#sluice) throw new Error('the house is not open')
    return this.#sluice.url
  }

  #model(recording: Recording, manner: Manner): string {
    return `${prefixes[manner]}${this.#recordings.indexOf(recording)}/${recording.model}`
  }

  #provider({ provider, dialect }: Recording, at: number, manner: Manner): ProviderOptions {
    const name = `${prefixes[manner]}${at}`
    const version = dialect.startsWith('openai') ? '/v1' : ''
    return {
      ...(manner === 'bare' ? { dialect } : provider),
      name,
      base_url: `${this.#played}/${name}${version}`,
      api_keys: ['provider-key'],
      ...(manner === 'normalised' && { normalise: true }),
      ...(manner === 'stream-only' && { quirks: { stream_only: true } }),
    }
  }
}

export const isChat = ({ dialect }: Recording): boolean => dialect === 'openai-chat'

const user = [{ role: 'user', content: 'q' }]
const questions: Record<ClientDialectName, (model: string) => [path: string, body: object]> = {
  'openai-chat': (model) => [
    '/v1/chat/completions',
    { model, messages: user, stream: true, stream_options: { include_usage: true } },
  ],
  'openai-responses': (model) => ['/v1/responses', { model, input: 'q', stream: true }],
  'anthropic-messages': (model) => ['/v1/messages', { model, max_tokens: 100, messages: user, stream: true }],
  gemini: (model) => [
    `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    { contents: [{ role: 'user', parts: [{ text: 'q' }] }] },
  ],
  ollama: (model) => ['/api/chat', { model, messages: user, stream: true }],
}
