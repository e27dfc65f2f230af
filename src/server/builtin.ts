import type { Provider } from '../providers/index.ts'

/** The scripted provider, for a machine on which nothing is configured. It is started when it is first needed. */
export class Builtin {
  #started: Promise<{ providers: Provider[]; close(): Promise<void> }> | undefined

  async providers(): Promise<Provider[]> {
    this.#started ??= start()
    return (await this.#started).providers
  }

  async close(): Promise<void> {
    await (await this.#started)?.close()
  }
}

async function start(): Promise<{ providers: Provider[]; close(): Promise<void> }> {
  const { startScripted } = await import('../providers/scripted/index.ts')
  const server = await startScripted({ host: '127.0.0.1', port: 0, ids: 'random' })
  const provider: Provider = {
    name: 'scripted',
    dialect: 'openai-chat',
    baseUrl: `${server.url}/v1`,
    apiKeys: [],
    auth: 'provider',
    authHeader: 'authorization',
    headers: {},
    // A script can be asked for by header as well as by the model's name.
    forwards: ['x-sluice-script'],
    vendor: 'scripted',
    models: undefined,
    patterns: [],
    normalise: false,
    traits: {},
    modelTraits: [],
  }
  return { providers: [provider], close: () => server.close() }
}
