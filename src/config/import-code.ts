import { pathToFileURL } from 'node:url'

let loads = 0

/** A module of the user's. One that was changed since is loaded anew; what is loaded stays in memory, as modules do. */
export async function importCode(file: string): Promise<{ default?: unknown }> {
  const url = pathToFileURL(file)
  // Modules are known by their address, so that another one is another module.
  if (++loads > 1) url.searchParams.set('load', String(loads))
  try {
    return (await import(url.href)) as { default?: unknown }
  } catch (error) {
    throw advised(error)
  }
}

/** Whoever tries sluice from its sources has no package of that name, or one that is not built. */
function advised(error: unknown): unknown {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  if (code !== 'ERR_MODULE_NOT_FOUND') return error
  const missing = /^Cannot find package 'sluice'/.test(message)
    ? 'it imports sluice, which is not installed beside it: run `npm install sluice` there'
    : /^Cannot find module '[^']*[\\/]dist[\\/]/.test(message)
      ? 'it imports sluice, which is not built: run `npm run build` in its checkout'
      : undefined
  return missing === undefined
    ? error
    : new Error(`${missing}, or import types alone (\`import type\`), which need neither`, { cause: error })
}
