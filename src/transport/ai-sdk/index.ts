/**
 * Calls of packages of the AI SDK behind the interface of a transport: what would be a request is a call of a language
 * model in this very process, and the package makes the requests. Packages are loaded by the first call.
 */
import { SluiceError } from '../../errors/index.ts'
import type { ProxyEnv } from '../proxies.ts'
import type { Transport, UpstreamCall } from '../transport.ts'
import { ModelCall } from './call.ts'
import { loadPackage, type ModelMaker } from './load.ts'
import type { PackageSource } from './source.ts'

export { findPackage } from './find-package.ts'
export type { PackageSource } from './source.ts'

/** The addresses of packages: `ai-sdk://<provider>/stream/<model>`, or `generate` in the place of `stream`. */
export const packageScheme = 'ai-sdk:'

export interface PackageTransportOptions {
  /** By the name of the provider in the address. */
  packages: ReadonlyMap<string, PackageSource>
  connectTimeoutMs: number
  env: ProxyEnv
}

export function packageTransport({ packages, connectTimeoutMs, env }: PackageTransportOptions): Transport {
  const opened = new Map<string, Promise<ModelMaker>>()
  const running = new Set<UpstreamCall>()
  let web: Promise<Web> | undefined
  const open = (name: string): Promise<ModelMaker> => {
    const known = opened.get(name)
    if (known) return known
    web ??= openWeb(connectTimeoutMs, env)
    const opening = web.then(({ fetch }) => loadPackage(sourceOf(packages, name), { fetch }))
    opened.set(name, opening)
    // What is missing now may have been installed when the next request comes.
    opening.catch(() => opened.delete(name))
    return opening
  }
  return {
    send(request, handler) {
      if ('open' in request) {
        throw new SluiceError('unsupported', 'cannot pass the request on: its provider is a package and has no address')
      }
      const { host, pathname } = new URL(request.url)
      const [, operation, model = ''] = pathname.split('/')
      const call: UpstreamCall = new ModelCall(
        {
          name: request.name ?? host,
          operation: operation === 'stream' ? 'stream' : 'generate',
          model: decodeURIComponent(model),
          open: open(host),
          onOver: () => running.delete(call),
        },
        request,
        handler,
      )
      running.add(call)
      return call
    },
    async close() {
      for (const call of running) call.abort()
      await (await web)?.close()
    },
  }
}

function sourceOf(packages: ReadonlyMap<string, PackageSource>, name: string): PackageSource {
  const source = packages.get(name)
  if (source) return source
  throw new SluiceError('internal', `cannot call ${name}: no package is known for it`)
}

interface Web {
  fetch: (input: never, init?: object) => Promise<unknown>
  close(): Promise<void>
}

/**
 * The `fetch` that packages are given: through the proxies of the environment, and without timeouts of its own after
 * the connection, since the gateway alone knows what counts as a sign of life.
 */
async function openWeb(connectTimeoutMs: number, env: ProxyEnv): Promise<Web> {
  const [{ fetch }, { openDispatcher }] = await Promise.all([import('undici'), import('../undici.ts')])
  const pool = openDispatcher({ connectTimeoutMs, env })
  const dispatcher = pool.compose(
    (dispatch) => (options, handler) => dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler),
  )
  return { fetch: (input, init) => fetch(input, { ...init, dispatcher }), close: () => pool.destroy() }
}
