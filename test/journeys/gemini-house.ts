import { GoogleGenAI } from '@google/genai'
import type { ConfigOptions } from '../../src/index.ts'
import { createSluice, type Sluice } from '../../src/index.ts'
import { type Script, type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { testedClient } from '../transport/client.ts'

/** Google's SDK, a gateway and the scripted provider, strict in every language, all on real sockets. */
export interface GeminiHouse {
  scripted: ScriptedServer
  sluice: Sluice
  google: GoogleGenAI
  /** The body of the last chat request as it reached the provider, or of that number. */
  sent(index?: number): JsonObject
  close(): Promise<void>
}

export const upstreams = ['gemini', 'openai-chat', 'anthropic-messages'] as const
export type Upstream = (typeof upstreams)[number]

/** A model at the provider that speaks the dialect. */
export function modelAt(upstream: Upstream, name = 'journey'): string {
  return `${{ gemini: 'ge', 'openai-chat': 'oa', 'anthropic-messages': 'an' }[upstream]}/${name}`
}

export interface GeminiHouseOptions extends Omit<ConfigOptions, 'providers' | 'log'> {
  script?: Script
  scripts?: Record<string, Script>
  /** The version of the API that the SDK calls. */
  apiVersion?: string
}

export async function openGeminiHouse(options: GeminiHouseOptions = {}): Promise<GeminiHouse> {
  const { script, scripts, apiVersion, ...config } = options
  const scripted = await startScripted({
    ...(script && { script }),
    ...(scripts && { scripts: { scripts } }),
    strict: true,
  })
  const sluice = await createSluice({
    config: {
      transport: { client: testedClient },
      ...config,
      // What a failure looks like is tested here; that it is tried again has tests of its own.
      streaming: { max_retries: 0, ...config.streaming },
      providers: [
        { name: 'oa', kind: 'openai', base_url: `${scripted.url}/v1`, api_keys: ['key-oa'] },
        { name: 'an', kind: 'anthropic', base_url: scripted.url, api_keys: ['key-an'] },
        { name: 'ge', dialect: 'gemini', base_url: scripted.url, api_keys: ['key-ge'] },
      ],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  return {
    scripted,
    sluice,
    google: new GoogleGenAI({
      apiKey: 'client-key',
      httpOptions: { baseUrl: sluice.url, ...(apiVersion && { apiVersion }), retryOptions: { attempts: 1 } },
    }),
    sent(index = -1) {
      const found = scripted.requests.filter(({ method }) => method === 'POST').at(index)
      if (!found) throw new Error(`no request ${index} reached the provider`)
      return found.body as JsonObject
    },
    async close() {
      await sluice.close()
      await scripted.close()
    },
  }
}
