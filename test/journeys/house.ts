import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterEach } from 'vitest'
import { type ConfigOptions, createSluice, type Sluice } from '../../src/index.ts'
import { type Script, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { testedClient } from '../transport/client.ts'

/** The official SDKs, a gateway and the scripted provider, all on real sockets. */
export interface House {
  scripted: ScriptedServer
  sluice: Sluice
  openai: OpenAI
  anthropic: Anthropic
  ollama: Ollama
  /** The headers of the last answer that either client got. */
  readonly head: Headers
  /** The body of the chat request of that number as it reached the provider. Negative numbers count from the end. */
  sent(index?: number): JsonObject
}

export interface HouseOptions extends Omit<ConfigOptions, 'providers' | 'log'> {
  /** Answers every request. */
  script?: Script
  /** Scripts that models are named after. */
  scripts?: Record<string, Script>
  /** The scripted provider is as particular as the vendors are. */
  strict?: boolean
  /** The key that both clients show. */
  clientKey?: string
  /** Providers beside the usual ones; by the address of the scripted server. */
  more?: (url: string) => NonNullable<ConfigOptions['providers']>
}

const packaged = { kind: 'ai-sdk', api_keys: ['provider-key'] }

const open: Array<() => Promise<void>> = []

const responses = { kind: 'openai', dialect: 'openai-responses' as const, api_keys: ['provider-key-re'] }

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/**
 * Providers at one scripted server: `oa` speaks openai-chat, `an` speaks anthropic-messages, `re` speaks openai-responses
 * and `rn` does so with an accent; those that begin with `p` are packages of the AI SDK for the same. The end
 * of the test closes everything.
 */
export async function openHouse({
  script,
  scripts,
  strict = false,
  clientKey = 'client-key',
  more = () => [],
  ...config
}: HouseOptions = {}): Promise<House> {
  const scripted = await startScripted({ strict, ...(script && { script }), ...(scripts && { scripts: { scripts } }) })
  open.push(() => scripted.close())
  const sluice = await createSluice({
    config: {
      transport: { client: testedClient },
      ...config,
      // What a failure looks like is tested here; that it is tried again has tests of its own.
      streaming: { max_retries: 0, ...config.streaming },
      providers: [
        { name: 'oa', kind: 'openai', base_url: `${scripted.url}/v1`, api_keys: ['provider-key-oa'] },
        { name: 'an', kind: 'anthropic', base_url: scripted.url, api_keys: ['provider-key-an'] },
        { ...responses, name: 're', base_url: `${scripted.url}/v1` },
        { ...responses, name: 'rn', base_url: `${scripted.url}/v1`, normalise: true },
        { name: 'ol', kind: 'ollama', base_url: scripted.url },
        { name: 'be', kind: 'bedrock', base_url: scripted.url, api_keys: ['provider-key-be'] },
        { ...packaged, name: 'pc', package: '@ai-sdk/openai', method: 'chat', base_url: `${scripted.url}/v1` },
        { ...packaged, name: 'pr', package: '@ai-sdk/openai', base_url: `${scripted.url}/v1` },
        {
          ...packaged,
          name: 'pa',
          package: '@ai-sdk/anthropic',
          base_url: `${scripted.url}/v1`,
          cache_options: { anthropic: { cacheControl: { type: 'ephemeral' } } },
        },
        { ...packaged, name: 'pg', package: '@ai-sdk/google', base_url: `${scripted.url}/v1beta` },
        {
          ...packaged,
          name: 'pk',
          package: '@ai-sdk/openai-compatible',
          base_url: `${scripted.url}/v1`,
          options: { name: 'house', includeUsage: true },
        },
        ...more(scripted.url),
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  open.push(() => sluice.close())
  let head = new Headers()
  const fetchAndNote: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    head = response.headers
    return response
  }
  const shared = { apiKey: clientKey, maxRetries: 0, fetch: fetchAndNote }
  return {
    scripted,
    sluice,
    openai: new OpenAI({ ...shared, baseURL: `${sluice.url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: sluice.url }),
    ollama: new Ollama({ host: sluice.url, fetch: fetchAndNote, headers: { authorization: `Bearer ${clientKey}` } }),
    get head() {
      return head
    },
    sent(index = -1) {
      const chats = scripted.requests.filter(({ path }) =>
        /\/(completions|messages|responses|api\/chat|api\/generate|converse|converse-stream)(\?|$)|enerateContent/.test(
          path,
        ),
      )
      const found = chats.at(index)
      if (!found) throw new Error(`no chat request ${index} reached the provider: there were ${chats.length}`)
      return found.body as JsonObject
    },
  }
}
